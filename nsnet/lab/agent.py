"""A throw-away lab in a process of its own, and a proxy of the lab in the process that started it.

      pytest ── socketpair ── agent (waits) ── PID 1 of new namespaces: the Lab

The process that calls the proxy never changes its namespaces. When that process ends, for whatever
reason, the agent ends too, and the kernel removes the lab.
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
    """A failure of the agent itself: an unexpected error, its end, or an interruption of an earlier
    request. An unexpected error is a bug of nsnet; its message is the agent's traceback."""


class Agent:
    """The lab that a file describes, in an agent. It is up inside a `with` block; entering the
    block raises what building the lab raises.

    `in_step` is true if every request has been answered. After an interruption during a request,
    `in_step` remains false, and no other request can be sent.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.in_step = True

    def __enter__(self) -> Self:
        __tracebackhide__ = True
        self._socket, far = socket.socketpair()
        with far:
            self._process = throwaway.spawn(__name__, far)
        try:
            self._ask("up", str(self.file.absolute()))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()  # the agent reads end of file, and ends
        if not self.in_step:
            self._process.kill()  # it may still be busy with the interrupted request
        self._process.wait(timeout=30)

    @property
    def lab(self) -> "Lab":
        """A proxy of the lab. A method called on the proxy runs in the agent."""
        return cast("Lab", _Proxy(self))

    def _ask(self, verb: str, *arguments: Any) -> Any:
        __tracebackhide__ = True
        if not self.in_step:
            raise AgentError("the lab was interrupted during a request and cannot be used any more")
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
        kind, value, warned = answer
        for message in warned:
            warnings.warn(message, stacklevel=3)  # at the line that called the lab
        if kind == "error":
            raise value
        return value


class _Proxy:
    """A stand-in for the Lab in the agent. Its attributes are read and its methods run there."""

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
    """Return the next value that the other end of the socket sends. Return None at end of file."""
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


def _serve(requests: socket.socket) -> None:
    """Build the lab, then answer requests until the other end closes the socket."""
    from nsnet.lab.compiled import compiled
    from nsnet.lab.registry import running
    from nsnet.scenario.load import load

    request = _read(requests)
    if request is None:
        return
    try:
        block = running(compiled(load(Path(request[1][0]))))
        throwaway.enter()
        lab = block.__enter__()
    except Exception as error:  # noqa: BLE001  (raised again by the caller)
        _write(requests, ("error", _portable(error), []))
        return
    _write(requests, ("value", None, []))
    with requests:
        while (request := _read(requests)) is not None:
            _write(requests, _answer(lab, *request))
    # Nothing to clean up: when this process ends, the kernel removes everything.


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
        except Exception as error:  # noqa: BLE001  (raised again by the caller)
            kind, value = "error", _portable(error)
    return kind, value, [each.message for each in caught if isinstance(each.message, Warning)]


def _portable(error: Exception) -> Exception:
    """Return an error that can be sent to the caller and raised there. Errors of nsnet and
    subprocess and common ones of Python are returned as they are, if they can be pickled. Any other
    error becomes an AgentError with the traceback."""
    if isinstance(error, _PORTABLE) or type(error).__module__ == "subprocess":
        with suppress(Exception):  # some errors cannot be pickled, or lose their message
            if str(pickle.loads(pickle.dumps(error))) == str(error):
                return error
    return AgentError("".join(traceback.format_exception(error)))


if __name__ == "__main__":
    # This process ends when its socket is closed, not at Ctrl-C. SIGINT is handled rather than
    # ignored: commands that run in the lab would inherit an ignored signal.
    signal.signal(signal.SIGINT, lambda number, frame: None)
    _serve(socket.socket(fileno=int(sys.argv[1])))
