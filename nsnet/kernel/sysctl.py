"""Kernel settings of the namespace in which the calling thread stands."""

import os


def path(key: str) -> str:
    """The file of a setting, as sysctl(8) finds it: dots and slashes change places.

    net.ipv4.conf.eth0/100.rp_filter is a setting of the link eth0.100.
    """
    return "/proc/sys/" + key.translate(str.maketrans("./", "/."))


def read(key: str) -> str:
    """The value, words apart by one space. Raises FileNotFoundError: no such setting."""
    fd = os.open(path(key), os.O_RDONLY | os.O_CLOEXEC)
    try:
        return " ".join(os.read(fd, 4096).decode().split())
    finally:
        os.close(fd)


def write(key: str, value: str) -> None:
    """The setting has this value. Raises FileNotFoundError: no such setting; OSError."""
    fd = os.open(path(key), os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, value.encode())
    finally:
        os.close(fd)
