"""ipsets as data, as text that `ipset restore` reads and `ipset save` prints, and as an index for
lookups."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import ip_address, ip_network

from nsnet.ip import Family, IPAddress, IPNetwork, Protocol


class SetType(StrEnum):
    """The type of an ipset, by its name in `ipset create`."""

    ADDRESS = "hash:ip"
    ADDRESS_PORT = "hash:ip,port"
    ADDRESS_PORT_ADDRESS = "hash:ip,port,ip"
    ADDRESS_PORT_NETWORK = "hash:ip,port,net"
    PORT = "bitmap:port"


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of an ipset; the type of the set determines which fields it has."""

    address: IPAddress | None = None
    protocol: Protocol | None = None
    port: int | None = None
    source: IPAddress | IPNetwork | None = None

    def __str__(self) -> str:
        if self.protocol is not None and self.port is None:
            raise AssertionError(f"{self!r}: an ipset has no protocol without a port")
        port = str(self.port) if self.protocol is None else f"{self.protocol}:{self.port}"
        parts = (
            None if self.address is None else str(self.address),
            None if self.port is None else port,
            None if self.source is None else str(self.source),
        )
        return ",".join(each for each in parts if each is not None)


@dataclass(frozen=True, slots=True)
class IpSet:
    """An ipset. Rules test whether the addresses and ports of a packet are in it."""

    name: str
    type: SetType
    members: tuple[Member, ...] = ()
    family: Family = 4


LARGEST = 65536  # the most members of a set, as in kube-proxy


def fill_input(sets: Iterable[IpSet]) -> str:
    """Return the input of `ipset restore -exist` that gives each set exactly its members.

    Sets that do not exist are created. The members are added to a temporary set, and the
    two sets are then swapped, so that no packet is matched against half of the members.
    """
    lines: list[str] = []
    for each in sets:
        kind = _kind(each)
        new = f"{each.name[:27]}.new"  # the kernel allows 31 characters
        lines += [f"create {each.name} {kind}", f"create {new} {kind}", f"flush {new}"]
        lines += [f"add {new} {member}" for member in each.members]
        lines += [f"swap {new} {each.name}", f"destroy {new}"]
    return "".join(f"{line}\n" for line in lines)


def destroy_input(names: Iterable[str]) -> str:
    """Return the input of `ipset restore` that destroys these sets."""
    return "".join(f"destroy {each}\n" for each in names)


def _kind(each: IpSet) -> str:
    if each.type is SetType.PORT:
        if each.family != 4:
            raise AssertionError(f"{each.name}: a set of ports has no family; write 4")
        return "bitmap:port range 0-65535"
    family = "inet" if each.family == 4 else "inet6"
    return f"{each.type} family {family} hashsize 1024 maxelem {LARGEST}"


def parse_saved(text: str) -> tuple[IpSet, ...]:
    """Return the sets that are in the output of `ipset save`."""
    sets: dict[str, IpSet] = {}
    for line in text.splitlines():
        match line.split():
            case ["create", name, kind, *options]:
                sets[name] = IpSet(name, SetType(kind), family=6 if "inet6" in options else 4)
            case ["add", name, entry, *_]:
                member = _member(sets[name].type, entry)
                sets[name] = replace(sets[name], members=(*sets[name].members, member))
    return tuple(sets.values())


def _member(kind: SetType, entry: str) -> Member:
    if kind is SetType.PORT:
        return Member(port=int(entry))
    address, *rest = entry.split(",")
    if not rest:
        return Member(ip_address(address))
    protocol, _, port = rest[0].partition(":")
    member = Member(ip_address(address), Protocol(protocol), int(port))
    match kind:
        case SetType.ADDRESS_PORT_ADDRESS:
            return replace(member, source=ip_address(rest[1]))
        case SetType.ADDRESS_PORT_NETWORK:
            return replace(member, source=ip_network(rest[1]))
        case _:
            return member


class Index:
    """An index of one ipset, for quick lookups of packets."""

    def __init__(self, ipset: IpSet) -> None:
        self._type = ipset.type
        self._members = frozenset(replace(each, source=None) for each in ipset.members)
        self._sources: dict[Member, list[IPNetwork]] = {}
        for each in ipset.members:
            if each.source is not None:
                known = self._sources.setdefault(replace(each, source=None), [])
                known.append(ip_network(each.source))

    def has(self, protocol: Protocol, ends: Sequence[tuple[IPAddress, int]]) -> bool:
        """Return whether the packet is in the set.

        A rule names a side of the packet, `src` or `dst`, for each field of the set. For each
        of these sides, in the rule's order, `ends` has the packet's address and port there.
        """
        if self._type is SetType.PORT:
            return Member(port=ends[0][1]) in self._members
        if self._type is SetType.ADDRESS:
            return Member(ends[0][0]) in self._members
        key = Member(ends[0][0], protocol, ends[1][1])
        if self._type is SetType.ADDRESS_PORT:
            return key in self._members
        return any(ends[2][0] in each for each in self._sources.get(key, ()))
