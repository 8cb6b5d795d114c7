"""Stand in a namespace of a lab as a person's command does: its network, its name, its /sys.

python -m nsnet.kernel.enter NETNS HOSTNAME COMMAND…
"""

import os
import socket
import sys
from collections.abc import Sequence

from nsnet.kernel import netns, uapi


def enter(name: str, hostname: str) -> None:
    """The calling process is in the namespace for good. Raises FileNotFoundError where there is
    none."""
    fd = netns.open_named(name)
    netns.setns(fd)
    os.close(fd)
    netns.unshare(uapi.CLONE_NEWNS | uapi.CLONE_NEWUTS)
    # A slave: mounts of the host still arrive here, and nothing we mount arrives there.
    netns.mount("none", "/", "none", uapi.MS_REC | uapi.MS_SLAVE)
    netns.mount("sysfs", "/sys", "sysfs", uapi.MS_NOSUID | uapi.MS_NODEV | uapi.MS_NOEXEC)
    socket.sethostname(hostname[:64])


def command(name: str, hostname: str, argv: Sequence[str]) -> list[str]:
    """The argv that runs another argv inside the namespace."""
    return [sys.executable, "-m", __name__, name, hostname, *argv]


if __name__ == "__main__":
    enter(sys.argv[1], sys.argv[2])
    try:
        os.execvp(sys.argv[3], sys.argv[3:])
    except OSError as problem:
        os.write(2, f"{sys.argv[3]}: {problem.strerror}\n".encode())
        os._exit(127)  # as a shell says "command not found"
