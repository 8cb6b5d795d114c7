"""Read and write sysctls of the calling thread's namespace."""

import os


def path(key: str) -> str:
    """Return the path of a sysctl's file. Dots and slashes are swapped, as in sysctl(8):
    net.ipv4.conf.eth0/100.rp_filter belongs to the link eth0.100."""
    return "/proc/sys/" + key.translate(str.maketrans("./", "/."))


def read(key: str) -> str:
    """Return the value of a sysctl, with single spaces between words. Raises FileNotFoundError if
    there is no such sysctl."""
    fd = os.open(path(key), os.O_RDONLY | os.O_CLOEXEC)
    try:
        return " ".join(os.read(fd, 4096).decode().split())
    finally:
        os.close(fd)


def write(key: str, value: str) -> None:
    """Set a sysctl to this value. Raises FileNotFoundError if there is no such sysctl, OSError if
    the kernel refuses the value."""
    fd = os.open(path(key), os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, value.encode())
    finally:
        os.close(fd)
