"""IPVS of one namespace by generic netlink: its virtual servers, and the real servers of each.

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
from nsnet.kernel import netns, uapi
from nsnet.kernel.netlink import Socket, attribute, attributes, packed
from nsnet.plan.virtual_servers import Action, Step, steps
from nsnet.state.model import RealServer, VirtualServer, identity

# The commands for a virtual server, and for a real server of it.
_COMMANDS: Final = {
    Action.ADD: (uapi.IPVS_CMD_NEW_SERVICE, uapi.IPVS_CMD_NEW_DEST),
    Action.EDIT: (uapi.IPVS_CMD_SET_SERVICE, uapi.IPVS_CMD_SET_DEST),
    Action.DELETE: (uapi.IPVS_CMD_DEL_SERVICE, uapi.IPVS_CMD_DEL_DEST),
}
_GENERIC = struct.Struct("=BBH")  # command, version, reserved
_HEADERS: Final = 16 + _GENERIC.size

_PROTOCOLS: Final = {number: protocol for protocol, number in PROTOCOL_NUMBERS.items()}


class LiveServer(NamedTuple):
    """A real server as the kernel lists it, with the number of its connections."""

    server: RealServer
    connections: int


class Ipvs:
    """The IPVS of the calling thread's namespace. The constructor raises OSError if the kernel has
    no IPVS."""

    def __init__(self) -> None:
        self._socket = Socket(uapi.NETLINK_GENERIC)
        name = attribute(uapi.CTRL_ATTR_FAMILY_NAME, b"IPVS\0")
        request = packed(uapi.GENL_ID_CTRL, _GENERIC.pack(uapi.CTRL_CMD_GETFAMILY, 1, 0) + name)
        try:
            found = attributes(self._socket.ask(request), _HEADERS)
        except OSError:
            self.close()
            raise
        self._family = struct.unpack("=H", found[uapi.CTRL_ATTR_FAMILY_ID])[0]

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def servers(self) -> Iterator[tuple[VirtualServer, tuple[LiveServer, ...]]]:
        """Yield every virtual server with its real servers."""
        for entry in self._socket.dump(self._message(uapi.IPVS_CMD_GET_SERVICE)):
            server = _decoded(
                attributes(attributes(entry, _HEADERS)[uapi.IPVS_CMD_ATTR_SERVICE], 0)
            )
            yield server, tuple(self._live_servers(server))

    def load(self, old: Iterable[VirtualServer], new: Iterable[VirtualServer]) -> None:
        """Replace the old virtual servers by the new ones. Raises OSError with the kernel's
        message.

        As in kube-proxy, a real server of TCP that still has connections is not deleted. It gets
        weight 0; the first change after its connections have ended deletes it.
        """
        wanted = tuple(new)
        named = {*map(identity, (*old, *wanted))}
        present: list[VirtualServer] = []
        busy: set[tuple[object, RealServer]] = set()
        for server, found in self.servers():
            if identity(server) in named:
                present.append(replace(server, servers=tuple(each.server for each in found)))
                busy |= {(identity(server), each.server) for each in found if each.connections}
        messages = [self._command(_graceful(each, busy)) for each in steps(present, wanted)]
        for refusal in self._socket.send(messages).values():
            raise OSError(refusal.errno, str(refusal))

    def _command(self, step: Step) -> bytes:
        of_server, of_real = _COMMANDS[step.action]
        if step.real is None:
            return self._message(of_server, _service(step.server))
        return self._message(of_real, _service(step.server, short=True), _real(step.real))

    def _live_servers(self, server: VirtualServer) -> Iterator[LiveServer]:
        for entry in self._socket.dump(
            self._message(uapi.IPVS_CMD_GET_DEST, _service(server, short=True))
        ):
            found = attributes(attributes(entry, _HEADERS)[uapi.IPVS_CMD_ATTR_DEST], 0)
            counts = (
                struct.unpack("=I", found[kind])[0]
                for kind in (uapi.IPVS_DEST_ATTR_ACTIVE_CONNS, uapi.IPVS_DEST_ATTR_INACT_CONNS)
            )
            port = struct.unpack("!H", found[uapi.IPVS_DEST_ATTR_PORT])[0]
            weight = struct.unpack("=I", found[uapi.IPVS_DEST_ATTR_WEIGHT])[0]
            address = _address(server.address.version, found[uapi.IPVS_DEST_ATTR_ADDR])
            yield LiveServer(RealServer(address, port, weight), sum(counts))

    def _message(self, command: int, *parts: bytes) -> bytes:
        return packed(self._family, _GENERIC.pack(command, 1, 0) + b"".join(parts))


def virtual_servers_of(name: str) -> tuple[VirtualServer, ...]:
    """Return the virtual servers of a namespace; none if the kernel has no IPVS. Real servers of
    weight 0 are left out, because they are being removed."""
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
    """Return the step to carry out instead of this one. It is the same step, unless this one
    deletes a real server of TCP that still has connections (`busy`). Then it is a step that sets
    the real server's weight to 0, so that the real server gets no new connections."""
    if (
        step.real is None
        or step.action is not Action.DELETE
        or step.server.protocol is not Protocol.TCP
        or (identity(step.server), step.real) not in busy
    ):
        return step
    return step._replace(action=Action.EDIT, real=replace(step.real, weight=0))


def _service(server: VirtualServer, *, short: bool = False) -> bytes:
    """Return the netlink attribute that describes a virtual server. With `short`, it has only what
    identifies the virtual server."""
    version = server.address.version
    parts = [
        attribute(uapi.IPVS_SVC_ATTR_AF, struct.pack("=H", AF_INET if version == 4 else AF_INET6)),
        attribute(
            uapi.IPVS_SVC_ATTR_PROTOCOL, struct.pack("=H", PROTOCOL_NUMBERS[server.protocol])
        ),
        attribute(uapi.IPVS_SVC_ATTR_ADDR, server.address.packed.ljust(16, b"\0")),
        attribute(uapi.IPVS_SVC_ATTR_PORT, struct.pack("!H", server.port)),
    ]
    if not short:
        flags = uapi.IP_VS_SVC_F_PERSISTENT if server.persistent is not None else 0
        flags |= uapi.IP_VS_SVC_F_SCHED_MH_PORT if server.scheduler == "mh" else 0
        mask = b"\xff\xff\xff\xff" if version == 4 else struct.pack("=I", 128)
        parts += [
            attribute(uapi.IPVS_SVC_ATTR_SCHED_NAME, server.scheduler.encode() + b"\0"),
            attribute(uapi.IPVS_SVC_ATTR_FLAGS, struct.pack("=II", flags, 0xFFFFFFFF)),
            attribute(uapi.IPVS_SVC_ATTR_TIMEOUT, struct.pack("=I", server.persistent or 0)),
            attribute(uapi.IPVS_SVC_ATTR_NETMASK, mask),
        ]
    return attribute(uapi.IPVS_CMD_ATTR_SERVICE, b"".join(parts))


def _real(server: RealServer) -> bytes:
    family = AF_INET if server.address.version == 4 else AF_INET6
    parts = (
        attribute(uapi.IPVS_DEST_ATTR_ADDR, server.address.packed.ljust(16, b"\0")),
        attribute(uapi.IPVS_DEST_ATTR_PORT, struct.pack("!H", server.port)),
        attribute(uapi.IPVS_DEST_ATTR_FWD_METHOD, struct.pack("=I", uapi.IP_VS_CONN_F_MASQ)),
        attribute(uapi.IPVS_DEST_ATTR_WEIGHT, struct.pack("=I", server.weight)),
        attribute(uapi.IPVS_DEST_ATTR_U_THRESH, struct.pack("=I", 0)),
        attribute(uapi.IPVS_DEST_ATTR_L_THRESH, struct.pack("=I", 0)),
        attribute(uapi.IPVS_DEST_ATTR_ADDR_FAMILY, struct.pack("=H", family)),
    )
    return attribute(uapi.IPVS_CMD_ATTR_DEST, b"".join(parts))


def _decoded(found: dict[int, bytes]) -> VirtualServer:
    version = 4 if struct.unpack("=H", found[uapi.IPVS_SVC_ATTR_AF])[0] == AF_INET else 6
    flags = struct.unpack_from("=I", found[uapi.IPVS_SVC_ATTR_FLAGS])[0]
    timeout = struct.unpack("=I", found[uapi.IPVS_SVC_ATTR_TIMEOUT])[0]
    return VirtualServer(
        address=_address(version, found[uapi.IPVS_SVC_ATTR_ADDR]),
        protocol=_PROTOCOLS[struct.unpack("=H", found[uapi.IPVS_SVC_ATTR_PROTOCOL])[0]],
        port=struct.unpack("!H", found[uapi.IPVS_SVC_ATTR_PORT])[0],
        scheduler=found[uapi.IPVS_SVC_ATTR_SCHED_NAME].rstrip(b"\0").decode(),
        persistent=timeout if flags & uapi.IP_VS_SVC_F_PERSISTENT else None,
    )


def _address(version: int, raw: bytes) -> IPAddress:
    return IPv4Address(raw[:4]) if version == 4 else IPv6Address(raw[:16])
