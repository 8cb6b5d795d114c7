"""Read and write sysctls of the calling thread's namespace."""

import os


def path(key: str) -> str:
    """Return the file of a sysctl. As in sysctl(8), dots and slashes are swapped:
    net.ipv4.conf.eth0/100.rp_filter belongs to the link eth0.100."""
    return "/proc/sys/" + key.translate(str.maketrans("./", "/."))


def read(key: str) -> str:
    """Return the value, with single spaces between words. Raises FileNotFoundError: no such
    sysctl."""
    fd = os.open(path(key), os.O_RDONLY | os.O_CLOEXEC)
    try:
        return " ".join(os.read(fd, 4096).decode().split())
    finally:
        os.close(fd)


def write(key: str, value: str) -> None:
    """Set the value. Raises FileNotFoundError: no such sysctl; OSError."""
    fd = os.open(path(key), os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, value.encode())
    finally:
        os.close(fd)
