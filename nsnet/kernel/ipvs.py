"""IPVS of one namespace over generic netlink: virtual servers and the real servers behind them.

Source: include/uapi/linux/ip_vs.h, net/netfilter/ipvs/ip_vs_ctl.c.
"""

import errno
import struct
from collections.abc import Iterable, Iterator, Set
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from socket import AF_INET, AF_INET6
from typing import Final, NamedTuple

from nsnet.ip import PROTOCOL_NUMBERS, IPAddress, Protocol
from nsnet.kernel import netns
from nsnet.kernel.netlink import NETLINK_GENERIC, Socket, attribute, attributes, packed
from nsnet.plan.virtual_servers import Action, Step, steps
from nsnet.state.model import RealServer, VirtualServer, identity

_CTRL: Final = 16
_GET_FAMILY: Final = 3
_FAMILY_ID: Final = 1
_FAMILY_NAME: Final = 2

_NEW_SERVICE, _SET_SERVICE, _DEL_SERVICE, _GET_SERVICE = range(1, 5)
_NEW_DEST, _SET_DEST, _DEL_DEST, _GET_DEST = range(5, 9)
# For a virtual server, and for a real server of it.
_COMMANDS: Final = {
    Action.ADD: (_NEW_SERVICE, _NEW_DEST),
    Action.EDIT: (_SET_SERVICE, _SET_DEST),
    Action.DELETE: (_DEL_SERVICE, _DEL_DEST),
}
_SERVICE, _DEST = 1, 2  # the attributes of a command
_AF, _PROTOCOL, _ADDRESS, _PORT, _, _SCHEDULER, _FLAGS, _TIMEOUT, _NETMASK = range(1, 10)
_REAL_ADDRESS, _REAL_PORT, _FORWARD, _WEIGHT, _UPPER, _LOWER, _ACTIVE, _INACTIVE = range(1, 9)
_REAL_AF: Final = 11

_PERSISTENT: Final = 0x1
_SCHED_PORT: Final = 0x10  # mh and sh: the client's port is a part of what is hashed
_MASQUERADE: Final = 0  # forward by NAT
_GENERIC = struct.Struct("=BBH")  # command, version, reserved
_HEADERS: Final = 16 + _GENERIC.size

_PROTOCOLS: Final = {number: protocol for protocol, number in PROTOCOL_NUMBERS.items()}


class Standing(NamedTuple):
    """A real server as the kernel has it, and how many connections it still has."""

    server: RealServer
    connections: int


class Ipvs:
    """The IPVS of the namespace in which the calling thread stands. Raises OSError without it."""

    def __init__(self) -> None:
        self._socket = Socket(NETLINK_GENERIC)
        name = attribute(_FAMILY_NAME, b"IPVS\0")
        request = packed(_CTRL, _GENERIC.pack(_GET_FAMILY, 1, 0) + name)
        self._family = struct.unpack(
            "=H", attributes(self._socket.ask(request), _HEADERS)[_FAMILY_ID]
        )[0]

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()

    def servers(self) -> Iterator[tuple[VirtualServer, tuple[Standing, ...]]]:
        """Every virtual server, and every real server of it."""
        for entry in self._socket.dump(self._message(_GET_SERVICE)):
            server = _decoded(attributes(attributes(entry, _HEADERS)[_SERVICE], 0))
            yield server, tuple(self._standing(server))

    def load(self, old: Iterable[VirtualServer], new: Iterable[VirtualServer]) -> None:
        """The new virtual servers are there instead of the old ones.

        As kube-proxy does it: a real server of TCP that has connections is left without weight
        until the next change. Raises OSError with the kernel's words.
        """
        wanted = tuple(new)
        named = {*map(identity, (*old, *wanted))}
        there: list[VirtualServer] = []
        busy: set[tuple[object, RealServer]] = set()
        for server, found in self.servers():
            if identity(server) in named:
                there.append(replace(server, servers=tuple(each.server for each in found)))
                busy |= {(identity(server), each.server) for each in found if each.connections}
        messages = [self._command(_graceful(each, busy)) for each in steps(there, wanted)]
        for refusal in self._socket.send(messages).values():
            raise OSError(refusal.errno, str(refusal))

    def _command(self, step: Step) -> bytes:
        of_server, of_real = _COMMANDS[step.action]
        if step.real is None:
            return self._message(of_server, _service(step.server))
        return self._message(of_real, _service(step.server, short=True), _real(step.real))

    def _standing(self, server: VirtualServer) -> Iterator[Standing]:
        for entry in self._socket.dump(self._message(_GET_DEST, _service(server, short=True))):
            found = attributes(attributes(entry, _HEADERS)[_DEST], 0)
            counts = (struct.unpack("=I", found[kind])[0] for kind in (_ACTIVE, _INACTIVE))
            port = struct.unpack("!H", found[_REAL_PORT])[0]
            weight = struct.unpack("=I", found[_WEIGHT])[0]
            address = _address(server.address.version, found[_REAL_ADDRESS])
            yield Standing(RealServer(address, port, weight), sum(counts))

    def _message(self, command: int, *parts: bytes) -> bytes:
        return packed(self._family, _GENERIC.pack(command, 1, 0) + b"".join(parts))


def observed(name: str) -> tuple[VirtualServer, ...]:
    """The virtual servers of a namespace; a real server without weight is on its way out."""
    with netns.inside(name):
        try:
            ipvs = Ipvs()
        except OSError as error:
            if error.errno == errno.ENOENT:  # a kernel without IPVS
                return ()
            raise
        try:
            return tuple(
                replace(server, servers=tuple(each.server for each in found if each.server.weight))
                for server, found in ipvs.servers()
            )
        finally:
            ipvs.close()


def _graceful(step: Step, busy: Set[tuple[object, RealServer]]) -> Step:
    """Return the step, or, for the deletion of a real server of TCP that still has connections, one
    that only keeps new connections away from it."""
    if (
        step.real is None
        or step.action is not Action.DELETE
        or step.server.protocol is not Protocol.TCP
        or (identity(step.server), step.real) not in busy
    ):
        return step
    return step._replace(action=Action.EDIT, real=replace(step.real, weight=0))


def _service(server: VirtualServer, *, short: bool = False) -> bytes:
    """The attribute that names a virtual server, or says all of it."""
    version = server.address.version
    parts = [
        attribute(_AF, struct.pack("=H", AF_INET if version == 4 else AF_INET6)),
        attribute(_PROTOCOL, struct.pack("=H", PROTOCOL_NUMBERS[server.protocol])),
        attribute(_ADDRESS, server.address.packed.ljust(16, b"\0")),
        attribute(_PORT, struct.pack("!H", server.port)),
    ]
    if not short:
        flags = _PERSISTENT if server.persistent is not None else 0
        flags |= _SCHED_PORT if server.scheduler == "mh" else 0
        mask = b"\xff\xff\xff\xff" if version == 4 else struct.pack("=I", 128)
        parts += [
            attribute(_SCHEDULER, server.scheduler.encode() + b"\0"),
            attribute(_FLAGS, struct.pack("=II", flags, 0xFFFFFFFF)),
            attribute(_TIMEOUT, struct.pack("=I", server.persistent or 0)),
            attribute(_NETMASK, mask),
        ]
    return attribute(_SERVICE, b"".join(parts))


def _real(server: RealServer) -> bytes:
    family = AF_INET if server.address.version == 4 else AF_INET6
    parts = (
        attribute(_REAL_ADDRESS, server.address.packed.ljust(16, b"\0")),
        attribute(_REAL_PORT, struct.pack("!H", server.port)),
        attribute(_FORWARD, struct.pack("=I", _MASQUERADE)),
        attribute(_WEIGHT, struct.pack("=I", server.weight)),
        attribute(_UPPER, struct.pack("=I", 0)),
        attribute(_LOWER, struct.pack("=I", 0)),
        attribute(_REAL_AF, struct.pack("=H", family)),
    )
    return attribute(_DEST, b"".join(parts))


def _decoded(found: dict[int, bytes]) -> VirtualServer:
    version = 4 if struct.unpack("=H", found[_AF])[0] == AF_INET else 6
    flags = struct.unpack_from("=I", found[_FLAGS])[0]
    timeout = struct.unpack("=I", found[_TIMEOUT])[0]
    return VirtualServer(
        _address(version, found[_ADDRESS]),
        _PROTOCOLS[struct.unpack("=H", found[_PROTOCOL])[0]],
        struct.unpack("!H", found[_PORT])[0],
        found[_SCHEDULER].rstrip(b"\0").decode(),
        persistent=timeout if flags & _PERSISTENT else None,
    )


def _address(version: int, raw: bytes) -> IPAddress:
    return IPv4Address(raw[:4]) if version == 4 else IPv6Address(raw[:16])
