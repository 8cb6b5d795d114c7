"""Enter new network, mount and PID namespaces that leave nothing behind. An ordinary user also
enters a new user namespace.

The process that enters is PID 1 in the new PID namespace, and dies with its parent. When PID 1
dies, the kernel kills all other processes of the PID namespace. So nothing remains of a throw-away
lab, however it ends.
"""

import ctypes
import os
import select
import signal
import socket
import struct
import subprocess
import sys
from contextlib import suppress
from fcntl import ioctl
from types import FrameType

from nsnet.errors import UnsupportedError
from nsnet.kernel import netns, uapi

_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # by the waiting parent to the child

ALLOW_USER_NAMESPACES = (
    "run it with sudo, or allow user namespaces: sudo sysctl -w"
    " kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0"
    " user.max_user_namespaces=10000"
)


def enter() -> None:
    """Fork. The child returns from this call as PID 1 of new namespaces, as root there, and with a
    /run, a /proc and a lo of its own.

    The parent never returns: it waits for the child and exits with the child's status. The calling
    thread must be the only one of its process. Raises UnsupportedError if the host does not allow
    the new namespaces.
    """
    parent = os.getppid()
    try:
        _unshare()
    except OSError as error:
        raise _unsupported(error) from error
    _die_with_parent(parent)
    alive, held_by_parent = os.pipe()
    # Block signals until both are ready for them: after a fork, Python discards what is pending in
    # the child.
    signal.pthread_sigmask(signal.SIG_BLOCK, _PASSED_ON)
    child = os.fork()
    if child:
        os.close(alive)
        _exit_with_status_of(child)
    os.close(held_by_parent)
    _become_init(alive)
    try:
        _mount_and_set_up()
    except OSError as error:
        raise _unsupported(error) from error


def _unshare() -> None:
    namespaces = uapi.CLONE_NEWNET | uapi.CLONE_NEWNS | uapi.CLONE_NEWPID
    uid, gid = os.getuid(), os.getgid()
    if uid == 0:
        netns.unshare(namespaces)
    else:
        netns.unshare(namespaces | uapi.CLONE_NEWUSER)
        map_to_root(uid, gid)


def _become_init(alive: int) -> None:
    """Set up the signals of PID 1, and arrange that the kernel kills it when its parent ends. Only
    the parent holds the write end of the pipe `alive`."""
    # A Ctrl-C reaches the parent's process group, and the parent passes it on. In a group of its
    # own, the child receives it once, not twice. SIGTTOU is ignored because the child is a
    # background process of the terminal now, and writes to it even after `stty tostop`.
    os.setpgid(0, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)
    _die_with_parent(0)  # the parent is outside this PID namespace: its number here is 0
    parent_is_gone = bool(select.select([alive], [], [], 0)[0])  # at the end of the pipe
    if parent_is_gone:
        os.kill(os.getpid(), signal.SIGKILL)
    os.close(alive)


def spawn(module: str, connection: socket.socket) -> "subprocess.Popen[bytes]":
    """Start a Python process that runs the module. Its only argument is the descriptor of the
    connection.

    The new process has a process group of its own, so that a Ctrl-C reaches only the calling
    process.
    """
    argv = [sys.executable, "-m", module, str(connection.fileno())]
    return subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, pass_fds=[connection.fileno()], process_group=0
    )


def _unsupported(error: OSError) -> UnsupportedError:
    what = f"cannot create namespaces: {error.filename or 'unshare'}: {error.strerror}"
    return UnsupportedError(what, hint=ALLOW_USER_NAMESPACES)


def map_to_root(uid: int, gid: int) -> None:
    """Make the calling process root of the user namespace that it has just created. The host's user
    `uid` becomes root there, and no other user of the host exists there. Raises OSError."""
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"0 {uid} 1"),
        ("gid_map", f"0 {gid} 1"),
    ):
        fd = os.open(f"/proc/self/{name}", os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, text.encode())
        finally:
            os.close(fd)


def _die_with_parent(parent: int) -> None:
    """Have the kernel send SIGKILL to this process when its parent ends. If the parent has ended
    already, send SIGKILL at once."""
    ctypes.CDLL(None).prctl(uapi.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def _exit_with_status_of(child: int) -> None:
    """Wait for the child and exit with its status. SIGINT, SIGTERM and SIGHUP are passed on to the
    child if they have a Python handler."""

    def pass_on(number: int, frame: FrameType | None) -> None:
        del frame
        with suppress(ProcessLookupError):
            os.kill(child, number)

    for number in _PASSED_ON:
        if callable(signal.getsignal(number)):
            signal.signal(number, pass_on)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)
    _, status = os.waitpid(child, 0)
    os._exit(
        os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
    )


def _mount_and_set_up() -> None:
    """Mount /run, /proc and /sys for these namespaces alone, and set lo up. All mounts are made
    private first, so that none propagates to the host."""
    netns.mount("none", "/", "none", uapi.MS_REC | uapi.MS_PRIVATE)
    netns.mount("nsnet", "/run", "tmpfs", uapi.MS_NOSUID | uapi.MS_NODEV, "mode=0755")
    flags = uapi.MS_NOSUID | uapi.MS_NODEV | uapi.MS_NOEXEC
    netns.mount("proc", "/proc", "proc", flags)
    netns.mount("sysfs", "/sys", "sysfs", flags)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as any_socket:
        ioctl(any_socket, uapi.SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", uapi.IFF_UP))
