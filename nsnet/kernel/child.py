"""Work done in a throw-away process: what it breaks, caches or leaves behind goes with it."""

import ctypes
import os
import pickle
import select
import signal
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn, TypeVar

from nsnet.errors import KernelError
from nsnet.kernel import uapi

Result = TypeVar("Result")

_CHUNK = 1 << 16

_libc = ctypes.CDLL(None, use_errno=True)


def in_child(work: Callable[[], Result], *, what: str, seconds: float = 60.0) -> Result:
    """What `work` returned in a forked child, now gone; what it raised is raised here.

    The child starts in the calling thread's namespaces. Raises KernelError where it gave no answer.
    """
    parent = os.getpid()
    reading, writing = os.pipe2(os.O_CLOEXEC)
    # A fork beside other threads is warned about: the child does its work and never comes back.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        os.close(reading)
        _answer(work, writing, parent)
    os.close(writing)
    status = 0
    try:
        answer = _read(reading, time.monotonic() + seconds)
    except TimeoutError:
        raise KernelError(f"{what}: no answer after {seconds:g} s") from None
    finally:
        os.close(reading)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)  # ours and not yet reaped; it has answered or never will
        _, status = os.waitpid(pid, 0)
    if not answer:
        raise KernelError(
            f"{what}: the process that asked ended without an answer ({_end(status)})"
        )
    returned, value = pickle.loads(answer)
    if returned:
        result: Result = value
        return result
    raise value


def _answer(work: Callable[[], Result], writing: int, parent: int) -> NoReturn:
    """The child's whole life. It never returns into its parent's code, whatever happens."""
    try:
        _libc.prctl(uapi.PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() not in (parent, 0):  # 0: the parent is outside our PID namespace
            os._exit(1)
        try:
            answer = pickle.dumps((True, work()))
        except BaseException as error:  # noqa: BLE001 - the parent raises it
            answer = _pickled(error)
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(answer)
    finally:
        os._exit(0)


def _pickled(error: BaseException) -> bytes:
    """The error itself where it can travel, else its words."""
    try:
        answer = pickle.dumps((False, error))
        pickle.loads(answer)
    except Exception:  # noqa: BLE001 - some library's exception
        return pickle.dumps((False, KernelError(f"{type(error).__name__}: {error}")))
    return answer


def _read(reading: int, end: float) -> bytes:
    answer = bytearray()
    waiting = select.poll()
    waiting.register(reading, select.POLLIN)
    while waiting.poll(max(0.0, (end - time.monotonic()) * 1000)):
        part = os.read(reading, _CHUNK)
        if not part:
            return bytes(answer)
        answer += part
    raise TimeoutError


def _end(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"exit {os.waitstatus_to_exitcode(status)}"
