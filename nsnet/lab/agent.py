"""A throw-away lab in a process of its own, and the lab's far half for whoever started it.

      pytest ── socketpair ── agent (waits) ── PID 1 of fresh namespaces: the Lab

The one who asks never changes namespaces. When it dies, however it dies, so does the lab.
"""

import os
import pickle
import signal
import socket
import struct
import sys
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from nsnet.errors import NsnetError
from nsnet.kernel import throwaway

if TYPE_CHECKING:
    from nsnet.lab.lab import Lab

_LENGTH = struct.Struct("=Q")
_PORTABLE = (NsnetError, ValueError, KeyError, AttributeError, TypeError, TimeoutError)


class AgentError(RuntimeError):
    """Something that is nsnet's mistake went wrong in the agent; the message is its traceback."""


class Agent:
    """A lab of a file that is up inside a `with` block. Raises what building it raises."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.in_step = True  # every question has had its answer; once broken off, none is asked

    def __enter__(self) -> Self:
        __tracebackhide__ = True
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = throwaway.spawn(__name__, theirs)
        try:
            self._ask("up", str(self.file.absolute()))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()  # the agent reads the end of its work
        if not self.in_step:
            self._process.kill()  # it may be busy with something that nobody waits for any more
        self._process.wait(timeout=30)

    @property
    def lab(self) -> "Lab":
        """The lab, as if it were here: what is called on it happens over there."""
        return cast("Lab", _Far(self))

    def _ask(self, verb: str, *arguments: Any) -> Any:
        __tracebackhide__ = True
        if not self.in_step:
            raise AgentError("the lab was interrupted while it answered, and answers no more")
        self.in_step = False
        try:
            _write(self._socket, (verb, arguments))
            answer = _read(self._socket)
        except ConnectionError:
            answer = None
        if answer is None:
            raise AgentError(
                f"the lab's process ended with status {self._process.wait(timeout=30)}"
            )
        self.in_step = True
        kind, value, noted = answer
        for message in noted:
            warnings.warn(message, stacklevel=3)  # who called the lab
        if kind == "error":
            raise value
        return value


class _Far:
    """Stands for the Lab in the agent."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    def __repr__(self) -> str:
        return f"<lab of {os.path.relpath(self._agent.file)}>"

    def __getattr__(self, name: str) -> Any:
        __tracebackhide__ = True
        found, value = self._agent._ask("get", name)
        if found == "value":
            return value

        def call(*arguments: Any, **options: Any) -> Any:
            __tracebackhide__ = True
            return self._agent._ask("call", name, arguments, options)

        return call

    def __getitem__(self, reference: str) -> Any:
        __tracebackhide__ = True
        return self._agent._ask("call", "__getitem__", (reference,), {})


def _write(where: socket.socket, value: object) -> None:
    __tracebackhide__ = True
    data = pickle.dumps(value)
    where.sendall(_LENGTH.pack(len(data)) + data)


def _read(where: socket.socket) -> Any:
    """The next value; None where the other side is gone."""
    __tracebackhide__ = True
    head = _exactly(where, _LENGTH.size)
    data = head and _exactly(where, _LENGTH.unpack(head)[0])
    return pickle.loads(data) if data else None


def _exactly(where: socket.socket, size: int) -> bytes:
    __tracebackhide__ = True
    data = bytearray()
    while len(data) < size:
        part = where.recv(size - len(data))
        if not part:
            return b""
        data += part
    return bytes(data)


def _serve(near: socket.socket) -> None:
    """Answers until the one who asks hangs up; the lab is gone then."""
    from nsnet.lab.compiled import compiled
    from nsnet.lab.registry import running
    from nsnet.scenario.load import load

    request = _read(near)
    if request is None:
        return
    try:
        block = running(compiled(load(Path(request[1][0]))))
        throwaway.enter()
        lab = block.__enter__()
    except Exception as error:  # noqa: BLE001  (it is raised again on the other side)
        _write(near, ("error", _portable(error), []))
        return
    _write(near, ("value", None, []))
    with near:
        while (request := _read(near)) is not None:
            _write(near, _answer(lab, *request))
    # Nothing to clean up: with this process, the kernel removes everything.


def _answer(lab: Any, verb: str, arguments: tuple[Any, ...]) -> tuple[str, Any, list[Warning]]:
    def get(name: str) -> Any:
        value = getattr(lab, name)
        return ("method", None) if callable(value) else ("value", value)

    def call(name: str, positional: tuple[Any, ...], named: dict[str, Any]) -> Any:
        return getattr(lab, name)(*positional, **named)

    verbs: dict[str, Callable[..., Any]] = {"get": get, "call": call}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            kind, value = "value", verbs[verb](*arguments)
        except Exception as error:  # noqa: BLE001  (it is raised again on the other side)
            kind, value = "error", _portable(error)
    return kind, value, [each.message for each in caught if isinstance(each.message, Warning)]


def _portable(error: Exception) -> Exception:
    """An error the other side can raise: ours, and what Python and subprocess say; else our
    traceback."""
    if isinstance(error, _PORTABLE) or type(error).__module__ == "subprocess":
        with suppress(Exception):  # some library's error cannot travel, or arrives without words
            if str(pickle.loads(pickle.dumps(error))) == str(error):
                return error
    return AgentError("".join(traceback.format_exception(error)))


if __name__ == "__main__":
    # Its socket and its parent say when to end. Handled rather than ignored: commands that it runs
    # in the lab would inherit that.
    signal.signal(signal.SIGINT, lambda number, frame: None)
    _serve(socket.socket(fileno=int(sys.argv[1])))
