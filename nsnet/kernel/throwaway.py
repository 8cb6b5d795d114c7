"""Namespaces that leave nothing behind: network, mount and PID (and user, when not root) of a
process's own.

The process that enters them is PID 1 there and dies with its parent, and when PID 1 dies the
kernel kills everything else in its PID namespace. So however a throw-away lab ends, nothing of it
stays.
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

_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # by the one that waits

ALLOW_USER_NAMESPACES = (
    "run it with sudo, or allow user namespaces: sudo sysctl -w"
    " kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0"
    " user.max_user_namespaces=10000"
)


def enter() -> None:
    """The caller goes on as PID 1 of fresh namespaces, root there, with a /run, /proc and lo of
    its own.

    The process that called waits for it, and ends as it ends: nothing after this call runs in it.
    Must be called by the only thread. Raises UnsupportedError where the host does not allow it.
    """
    parent = os.getppid()
    try:
        _unshare()
    except OSError as error:
        raise _unsupported(error) from error
    _die_with_parent(parent)
    alive, tell = os.pipe()
    # Signals wait until both are ready for them: Python drops those that reach a child before its
    # handlers are set up.
    signal.pthread_sigmask(signal.SIG_BLOCK, _PASSED_ON)
    child = os.fork()
    if child:
        os.close(alive)
        _end_as(child)
    os.close(tell)
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
        _map_to_root(uid, gid)


def _become_init(alive: int) -> None:
    """Make the child a well-behaved PID 1 that dies with its parent, whose end of the pipe `alive`
    is the only one."""
    # The terminal sends a Ctrl-C to the process group of the parent, which passes it on: in a group
    # of its own, the child receives it once, not twice. As a background process it may write to
    # the terminal, whatever `stty tostop` says.
    os.setpgid(0, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)
    _die_with_parent(0)  # the parent is outside this PID namespace: its number here is 0
    parent_is_gone = bool(select.select([alive], [], [], 0)[0])  # at the end of the pipe
    if parent_is_gone:
        os.kill(os.getpid(), signal.SIGKILL)
    os.close(alive)


def spawn(module: str, connection: socket.socket) -> "subprocess.Popen[bytes]":
    """A Python process that runs the module, with its end of a connection as its only argument.

    It is in a process group of its own: a Ctrl-C is for whoever started it.
    """
    argv = [sys.executable, "-m", module, str(connection.fileno())]
    return subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, pass_fds=[connection.fileno()], process_group=0
    )


def _unsupported(error: OSError) -> UnsupportedError:
    what = f"no namespaces of our own: {error.filename or 'unshare'}: {error.strerror}"
    return UnsupportedError(what, hint=ALLOW_USER_NAMESPACES)


def _map_to_root(uid: int, gid: int) -> None:
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
    """SIGKILL when the parent is gone, even if it went before this call."""
    ctypes.CDLL(None).prctl(uapi.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def _end_as(child: int) -> None:
    """Wait for the child and end as it did; a signal that we would answer is the child's to
    answer."""

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
    """What a lab needs around it, all of it private: nothing mounted here is seen outside."""
    netns.mount("none", "/", "none", uapi.MS_REC | uapi.MS_PRIVATE)
    netns.mount("nsnet", "/run", "tmpfs", uapi.MS_NOSUID | uapi.MS_NODEV, "mode=0755")
    flags = uapi.MS_NOSUID | uapi.MS_NODEV | uapi.MS_NOEXEC
    netns.mount("proc", "/proc", "proc", flags)
    netns.mount("sysfs", "/sys", "sysfs", flags)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as any_socket:
        ioctl(any_socket, uapi.SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", uapi.IFF_UP))
