"""Run a function in a forked child process, so that its caches, open files and crashes do not
affect the caller."""

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
    """Run `work` in a forked child process. Return what `work` returns; raise what it raises.

    The child starts in the calling thread's namespaces, and has ended when this returns. Raises
    KernelError if the child ends without an answer or takes longer than `seconds`; the error's
    message begins with `what`.
    """
    parent = os.getpid()
    reading, writing = os.pipe2(os.O_CLOEXEC)
    # Python warns of a fork beside other threads. It is safe here: the child never returns.
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
            os.kill(pid, signal.SIGKILL)  # our child, not reaped yet; it has answered or timed out
        _, status = os.waitpid(pid, 0)
    if not answer:
        raise KernelError(
            f"{what}: the child process ended without an answer ({_describe_exit(status)})"
        )
    returned, value = pickle.loads(answer)
    if returned:
        result: Result = value
        return result
    raise value


def _answer(work: Callable[[], Result], writing: int, parent: int) -> NoReturn:
    """Run `work` in the child, write the outcome into the pipe, and exit. The child never returns
    into the parent's code."""
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
    """Return the error, pickled. An error that cannot be pickled is replaced by a KernelError with
    its text."""
    try:
        answer = pickle.dumps((False, error))
        pickle.loads(answer)
    except Exception:  # noqa: BLE001 - an exception class of any library
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


def _describe_exit(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"exit {os.waitstatus_to_exitcode(status)}"
