"""The netfilter of one namespace: which rules a packet meets, and what they and conntrack make of
it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from nsnet.ip import IPAddress, Protocol, endpoint, mapped
from nsnet.state.ipsets import Index
from nsnet.state.model import Kind, Netns, VirtualServer
from nsnet.state.rules import (
    KUBE_PROXY,
    Chain,
    Dnat,
    Drop,
    Element,
    Goto,
    Jump,
    Lookup,
    Masquerade,
    Match,
    Netmap,
    NftMap,
    NftSet,
    Reject,
    Remember,
    RestoreMark,
    Return,
    Rule,
    SetConnectionMark,
    SetMark,
    SetMatch,
    Snat,
    Spread,
    VirtualMatch,
    Zone,
)
from nsnet.walk.conntrack import WAYS_IN, Known, Tracked, retranslated
from nsnet.walk.packet import IPVS, Packet, RuleAt

# At which priority the kernel asks the tables of iptables, lowest first.
PRIORITIES = {"raw": -300, "mangle": -150, "filter": 0}
# IPVS looks at what is for this host after its filters, at what this host sends before them.
BALANCING = {"INPUT": 99, "OUTPUT": -98}
TRANSLATING = Dnat | Snat | Masquerade | Netmap  # the targets that only a flow's first packet meets
TRANSLATION = {"PREROUTING": -100, "INPUT": 100, "OUTPUT": -100, "POSTROUTING": 100}
HOOKS = {
    "PREROUTING": ("raw", "mangle"),
    "INPUT": ("mangle", "filter"),
    "FORWARD": ("mangle", "filter"),
    "OUTPUT": ("raw", "mangle", "filter"),
    "POSTROUTING": ("mangle",),
}


class Passed(NamedTuple):
    """One outcome of a hook: the packet afterwards, the rules that made it so, and whether it
    goes on. What IPVS has taken leaves the hook: it is sent, as this host's own packets are."""

    packet: Packet
    rules: tuple[RuleAt, ...]
    stop: Drop | Reject | VirtualServer | None = None


class Rules:
    """The chains of one namespace."""

    def __init__(self, netns: Netns) -> None:
        self._netns = netns
        self.local = frozenset(netns.addresses)
        self._chains: Mapping[tuple[int, str, str], Chain] = {
            (each.family, each.table, each.name): each for each in netns.chains
        }
        self._sets = {
            (each.family, each.name): frozenset(each.elements)
            for each in netns.sets
            if isinstance(each, NftSet)
        }
        self._maps: Mapping[tuple[int, str], Mapping[_Key, tuple[int, Element]]] = {
            (each.family, each.name): {
                (one.address, one.protocol, one.port): (position, one)
                for position, one in enumerate(each.elements, 1)
            }
            for each in netns.sets
            if isinstance(each, NftMap)
        }
        self._ipsets = {each.name: Index(each) for each in netns.ipsets}
        self._bridges = {each.name for each in netns.interfaces if each.kind is Kind.BRIDGE}
        self._servers = {
            (each.address, each.protocol, each.port): each for each in netns.virtual_servers
        }
        self._stations = {
            (family, hook): tuple(_stations(netns, family, hook))
            for family in (4, 6)
            for hook in HOOKS
        }

    def sees_bridged(self, packet: Packet) -> bool:
        """Frames that a bridge only passes on meet the rules, too (br_netfilter)."""
        tool = "iptables" if packet.dst.version == 4 else "ip6tables"
        return self._netns.setting(f"net.bridge.bridge-nf-call-{tool}") > 0

    def hook(
        self,
        hook: str,
        packet: Packet,
        tracked: Tracked,
        *,
        in_dev: str = "",
        out_dev: str = "",
        masquerade: IPAddress | None = None,
        taken: VirtualServer | None = None,
    ) -> Iterator[Passed]:
        """Every outcome of one hook. `masquerade` is the address that MASQUERADE would give,
        `taken` the virtual server that sends the packet."""
        at = _At(tracked.ctstate, in_dev, out_dev, taken, tracked.is_answer)
        waiting = [Passed(tracked.marked(packet), ())]
        for station in self._stations[packet.dst.version, hook]:
            if taken is not None and hook == "OUTPUT" and station.chooses:
                continue  # its destination is chosen
            after: list[Passed] = []
            for each in waiting:
                if each.stop is not None:
                    after.append(each)
                elif not station.chains:
                    after.extend(self._balance(each, tracked))
                elif station.translates:
                    after.extend(
                        self._translate(hook, station.chains, each, tracked, at, masquerade)
                    )
                else:
                    after.extend(self._filter(*station.chains[0], each, at))
            waiting = after
        yield from waiting

    def _filter(self, table: str, name: str, before: Passed, at: "_At") -> Iterator[Passed]:
        for packet, rules in self._run(table, name, before.packet, at):
            stop = rules[-1].rule.target if rules else None
            met = (*before.rules, *rules)
            yield Passed(packet, met, stop if isinstance(stop, Drop | Reject) else None)

    def _balance(self, before: Passed, tracked: Tracked) -> Iterator[Passed]:
        """IPVS sends what is for a virtual server to any of its real servers."""
        packet = before.packet
        server = self._servers.get((packet.dst, packet.protocol, packet.dport))
        again = tracked.known is Known.AGAIN and packet.size  # of a connection that IPVS knows
        fresh = tracked.known in (Known.NEW, Known.AGAIN) and not again
        if server is None or packet.error or not fresh:
            yield before
            return
        where = f"{server.protocol} {endpoint(server.address, server.port)}"
        if not server.servers:
            refused = RuleAt(IPVS, where, 0, Rule(target=Reject(), why="it has no real server"))
            yield Passed(packet, (*before.rules, refused), Reject())
        for position, real in enumerate(server.servers, 1):
            why = f"{server.scheduler} chooses real server {position} of {len(server.servers)}"
            chosen = Rule(target=Dnat(real.address, real.port), why=why)
            rules = (*before.rules, RuleAt(IPVS, where, position, chosen))
            yield Passed(_translated(packet, rules), rules, server)

    def _translate(
        self,
        hook: str,
        chains: tuple[tuple[str, str], ...],
        before: Passed,
        tracked: Tracked,
        at: "_At",
        masquerade: IPAddress | None,
    ) -> Iterator[Passed]:
        """The nat chains decide for a flow's first packet, the first that translates it for all;
        conntrack repeats or undoes it for the others."""
        if tracked.known is not Known.NEW:
            yield before._replace(packet=retranslated(hook, before.packet, tracked))
            return
        (table, name), later = chains[0], chains[1:]
        for packet, rules in self._run(table, name, before.packet, at):
            changed = _translated(packet, rules, masquerade, way_in=hook in WAYS_IN)
            passed = Passed(changed, (*before.rules, *rules))
            if later and not (rules and isinstance(rules[-1].rule.target, TRANSLATING)):
                yield from self._translate(hook, later, passed, tracked, at, masquerade)
            else:
                yield passed

    def _run(
        self, table: str, name: str, packet: Packet, at: "_At"
    ) -> Iterator[tuple[Packet, tuple[RuleAt, ...]]]:
        """A built-in chain from its first rule: whoever falls through is accepted."""
        for _, after, rules in self._chain(table, name, packet, at, 0):
            yield after, rules

    def _chain(
        self, table: str, name: str, packet: Packet, at: "_At", start: int
    ) -> Iterator[tuple[bool, Packet, tuple[RuleAt, ...]]]:
        """(decided, packet, rules met) for each way through the chain from rule `start` on."""
        chain = self._chains.get((packet.dst.version, table, name))
        rules = chain.rules if chain is not None else ()
        for position in range(start, len(rules)):
            rule = rules[position]
            if rule.target is None or not self._matches(rule.match, packet, at):
                continue
            yield from self._apply(table, name, packet, at, RuleAt(table, name, position + 1, rule))
            if rule.match.probability is None:
                return
            # And the other way: the dice fell otherwise, and the next rule is asked.
        yield False, packet, ()

    def _apply(
        self, table: str, name: str, packet: Packet, at: "_At", here: RuleAt
    ) -> Iterator[tuple[bool, Packet, tuple[RuleAt, ...]]]:
        """What a rule that matched does, and what follows; `here.position` is the index of the
        next rule."""
        match here.rule.target:
            case SetMark(value, mask):
                marked = replace(packet, mark=(packet.mark & ~mask) ^ value)
                yield from self._chain(table, name, marked, at, here.position)
            case SetConnectionMark(value, mask):
                kept = (packet.connection_mark & ~mask) ^ value
                marked = replace(packet, connection_mark=kept)
                yield from self._chain(table, name, marked, at, here.position)
            case RestoreMark(mask):
                mark = (packet.mark & ~mask) ^ (packet.connection_mark & mask)
                yield from self._chain(table, name, replace(packet, mark=mark), at, here.position)
            case Remember() | Zone():
                yield from self._chain(table, name, packet, at, here.position)
            case Return():
                yield False, packet, ()
            case Goto(other):
                yield from self._gone(other, packet, at, here)
            case Spread(others):
                for other in others:
                    yield from self._gone(other, packet, at, here)
            case Lookup(asked, by_address):
                key = (packet.dst if by_address else None, packet.protocol, packet.dport)
                element = self._maps[packet.dst.version, asked].get(key)
                if element is None or packet.error:
                    yield from self._chain(table, name, packet, at, here.position)
                    return
                position, (_, _, target, _, why) = element
                found = RuleAt(table, asked, position, Rule(target=target, why=why))
                yield from self._apply(table, asked, packet, at, found)
            case Jump(other):
                for decided, after, met in self._chain(table, other, packet, at, 0):
                    if decided:
                        yield True, after, (here, *met)
                    else:
                        yield from self._chain(table, name, after, at, here.position)
            case _:
                yield True, packet, (here,)

    def _gone(
        self, name: str, packet: Packet, at: "_At", here: RuleAt
    ) -> Iterator[tuple[bool, Packet, tuple[RuleAt, ...]]]:
        """Every way through the other chain, at whose end the chain that goes there ends, too."""
        for decided, after, met in self._chain(here.table, name, packet, at, 0):
            yield decided, after, (here, *met) if decided else ()

    def _is_local(self, address: IPAddress) -> bool:
        return address in self.local or address.is_loopback

    def _matches(self, match: Match, packet: Packet, at: "_At") -> bool:
        return (
            (match.dport is None or match.dport == packet.dport)
            and (match.protocol is None or match.protocol is _protocol(packet))
            and (match.icmp_type is None or match.icmp_type == packet.icmp_type)
            and (match.dst is None or packet.dst in match.dst)
            and (match.not_dst is None or packet.dst not in match.not_dst)
            and (match.src is None or packet.src in match.src)
            and (match.not_src is None or packet.src not in match.not_src)
            and (match.in_interface is None or match.in_interface == at.in_dev)
            and (match.out_interface is None or match.out_interface == at.out_dev)
            and (not match.ctstate or at.ctstate in match.ctstate)
            and (not match.not_ctstate or at.ctstate not in match.not_ctstate)
            and (not match.is_answer or at.is_answer)
            # In a lab at rest nobody was here recently.
            and (match.recent is None or match.recent.seconds is None)
            and (match.src_type is None or self._is_local(packet.src))
            and (match.not_src_type is None or not self._is_local(packet.src))
            and (match.dst_type is None or self._is_local(packet.dst))
            and (match.not_dst_type is None or not self._is_local(packet.dst))
            and (match.in_set is None or self._is_in(match.in_set, packet))
            and not (match.not_bridged and at.in_dev in self._bridges)
            and (match.virtual is None or _is_taken(match.virtual, at.taken))
            and (match.src_set is None or packet.src in self._set(match.src_set, packet))
            and (match.dst_set is None or packet.dst in self._set(match.dst_set, packet))
            and not any(packet.src in each for each in match.not_src_in)
            and (
                match.mark is None
                or (packet.mark & match.mark.mask == match.mark.value) is not match.mark.negated
            )
        )

    def _is_in(self, asked: SetMatch, packet: Packet) -> bool:
        src, dst = (packet.src, packet.sport), (packet.dst, packet.dport)
        ends = [src if side == "src" else dst for side in asked.fields]
        return not packet.error and self._ipsets[asked.name].has(packet.protocol, ends)

    def _set(self, name: str, packet: Packet) -> frozenset[IPAddress]:
        return self._sets[packet.dst.version, name]


_Key: TypeAlias = tuple[IPAddress | None, Protocol, int]


class _Station(NamedTuple):
    """What the kernel does at a hook before it goes on to the next: one chain that filters, all
    that translate, or (no chain) IPVS."""

    priority: int
    translates: bool
    chains: tuple[tuple[str, str], ...]  # table and name

    @property
    def chooses(self) -> bool:
        """It may give the packet another destination."""
        return self.translates or not self.chains


def _stations(netns: Netns, family: int, hook: str) -> list[_Station]:
    """What a hook does, in order. Translation happens once, whoever asks for it."""
    based = [
        (each, each.base)
        for each in netns.chains
        if each.base is not None and each.family == family and each.base.hook.upper() == hook
    ]
    stations = [_Station(PRIORITIES[each], False, ((each, hook),)) for each in HOOKS[hook]]
    stations += [
        _Station(base.priority, False, ((KUBE_PROXY, each.name),))
        for each, base in based
        if base.kind == "filter"
    ]
    if hook in TRANSLATION:
        own = [(KUBE_PROXY, each.name) for each, base in based if base.kind == "nat"]
        stations.append(_Station(TRANSLATION[hook], True, (*own, ("nat", hook))))
    if hook in BALANCING and netns.virtual_servers:
        stations.append(_Station(BALANCING[hook], False, ()))
    return sorted(stations, key=lambda each: each.priority)


def _translated(
    packet: Packet,
    rules: tuple[RuleAt, ...],
    masquerade: IPAddress | None = None,
    *,
    way_in: bool = True,
) -> Packet:
    """The packet as the rule that decided makes it."""
    match rules[-1].rule.target if rules else None:
        case Dnat(address, port):
            return replace(packet, dst=address, dport=port or packet.dport)
        case Snat(address):
            return replace(packet, src=address)
        case Masquerade() if masquerade is not None:
            return replace(packet, src=masquerade)
        case Netmap(network) if way_in:
            return replace(packet, dst=mapped(packet.dst, network))
        case Netmap(network):
            return replace(packet, src=mapped(packet.src, network))
        case _:
            return packet


def _protocol(packet: Packet) -> Protocol:
    """An error is ICMP, whatever it speaks of."""
    return Protocol.ICMP if packet.error else packet.protocol


class _At(NamedTuple):
    """What a rule can ask about besides the packet."""

    ctstate: str
    in_dev: str
    out_dev: str
    taken: VirtualServer | None = None
    is_answer: bool = False


def _is_taken(match: VirtualMatch, taken: VirtualServer | None) -> bool:
    if taken is None:
        return False
    return (taken.address, taken.protocol, taken.port) == (
        match.address,
        match.protocol,
        match.port,
    )
