"""Run a command in a namespace of a lab, with the hostname and the /sys of its pod or node.

python -m nsnet.kernel.enter NETNS HOSTNAME COMMAND…
"""

import os
import socket
import sys
from collections.abc import Sequence

from nsnet.kernel import netns, uapi


def enter(name: str, hostname: str) -> None:
    """Move the calling process into the namespace for good, and give it the hostname and a /sys of
    the namespace. Raises FileNotFoundError if the namespace does not exist."""
    fd = netns.open_named(name)
    netns.setns(fd)
    os.close(fd)
    netns.unshare(uapi.CLONE_NEWNS | uapi.CLONE_NEWUTS)
    # A slave: mounts of the host propagate here, and none of ours propagate to the host.
    netns.mount("none", "/", "none", uapi.MS_REC | uapi.MS_SLAVE)
    netns.mount("sysfs", "/sys", "sysfs", uapi.MS_NOSUID | uapi.MS_NODEV | uapi.MS_NOEXEC)
    socket.sethostname(hostname[:64])


def command(name: str, hostname: str, argv: Sequence[str]) -> list[str]:
    """Return a command line that runs `argv` in the namespace, by this module."""
    return [sys.executable, "-m", __name__, name, hostname, *argv]


if __name__ == "__main__":
    enter(sys.argv[1], sys.argv[2])
    try:
        os.execvp(sys.argv[3], sys.argv[3:])
    except OSError as problem:
        os.write(2, f"{sys.argv[3]}: {problem.strerror}\n".encode())
        os._exit(127)  # a shell's exit status for "command not found"
