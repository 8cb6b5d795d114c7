"""A model of netfilter in one namespace: which rules a packet traverses, and what these rules and
conntrack do to it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from functools import partial
from typing import Any, Final, NamedTuple, TypeAlias, assert_never

from nsnet.ip import IPAddress, Protocol, endpoint, mapped
from nsnet.state.ipsets import Index
from nsnet.state.model import Kind, Netns, VirtualServer
from nsnet.state.rules import (
    ANY,
    KUBE_PROXY,
    Accept,
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
from nsnet.walk.conntrack import DNAT_HOOKS, CtInfo, Tracked, retranslate
from nsnet.walk.packet import IPVS, Packet, RuleAt

# The priorities of iptables' tables at each hook, lowest first (linux/netfilter_ipv4.h).
TABLE_PRIORITIES = {"raw": -300, "mangle": -150, "filter": 0}
# IPVS runs after the filter table in INPUT, and before it in OUTPUT (ip_vs_core.c).
IPVS_PRIORITIES = {"INPUT": 99, "OUTPUT": -98}
# The targets of the nat table, which only the first packet of a flow traverses.
NAT_TARGETS = Dnat | Snat | Masquerade | Netmap
NAT_PRIORITIES = {"PREROUTING": -100, "INPUT": 100, "OUTPUT": -100, "POSTROUTING": 100}
HOOKS = {
    "PREROUTING": ("raw", "mangle"),
    "INPUT": ("mangle", "filter"),
    "FORWARD": ("mangle", "filter"),
    "OUTPUT": ("raw", "mangle", "filter"),
    "POSTROUTING": ("mangle",),
}


class Passed(NamedTuple):
    """One outcome of a hook: the packet afterwards, the rules that decided, and what stopped the
    packet, or None. If a virtual server of IPVS stopped it, the packet leaves the hook, and IPVS
    sends it like the host's own packets."""

    packet: Packet
    rules: tuple[RuleAt, ...]
    stop: Drop | Reject | VirtualServer | None = None


class Rules:
    """The chains, sets and virtual servers of one namespace."""

    def __init__(self, netns: Netns) -> None:
        self._netns = netns
        self._local = frozenset(netns.addresses)
        self._chains = {(each.family, each.table, each.name): each for each in netns.chains}
        self._conditions: dict[tuple[int, str, str], tuple[tuple[_Condition, ...], ...]] = {}
        self._sets = {
            (each.family, each.name): frozenset(each.elements)
            for each in netns.sets
            if isinstance(each, NftSet)
        }
        self._maps: Mapping[tuple[int, str], Mapping[_MapKey, tuple[int, Element]]] = {
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
        self._stages = {
            (family, hook): tuple(_stages(netns, family, hook))
            for family in (4, 6)
            for hook in HOOKS
        }

    def sees_bridged(self, packet: Packet) -> bool:
        """Return whether frames that a bridge forwards also traverse the rules of the packet's
        family (br_netfilter)."""
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
        """Yield every outcome of one hook for this packet. `masquerade` is the source address that
        MASQUERADE would give. `taken` is the virtual server of IPVS that sends the packet, or
        None."""
        at = _Context(
            hook=hook,
            tracked=tracked,
            in_dev=in_dev,
            out_dev=out_dev,
            masquerade=masquerade,
            taken=taken,
        )
        outcomes = [Passed(tracked.marked(packet), ())]
        for stage in self._stages[packet.dst.version, hook]:
            if taken is not None and hook == "OUTPUT" and stage.chooses:
                continue  # IPVS has chosen the destination
            outcomes = [after for each in outcomes for after in self._pass(stage, each, at)]
        yield from outcomes

    def _pass(self, stage: "_Stage", before: Passed, at: "_Context") -> Iterator[Passed]:
        if before.stop is not None:
            return iter((before,))
        if not stage.chains:
            return self._choose_real_server(before, at.tracked)
        if stage.translates:
            return self._traverse_nat(stage.chains, before, at)
        return self._traverse_filter(*stage.chains[0], before, at)

    def _traverse_filter(
        self, table: str, name: str, before: Passed, at: "_Context"
    ) -> Iterator[Passed]:
        for packet, rules in self._run(table, name, before.packet, at):
            stop = rules[-1].rule.target if rules else None
            met = (*before.rules, *rules)
            yield Passed(packet, met, stop if isinstance(stop, Drop | Reject) else None)

    def _choose_real_server(self, before: Passed, tracked: Tracked) -> Iterator[Passed]:
        """Yield one outcome for each real server that IPVS may choose for a connection to a virtual
        server. Without any real server, the packet is rejected. If IPVS does not handle the packet,
        it is yielded unchanged."""
        packet = before.packet
        server = self._servers.get((packet.dst, packet.protocol, packet.dport))
        again = tracked.info is CtInfo.REPEATED and packet.size  # IPVS knows the connection
        fresh = tracked.info in (CtInfo.NEW, CtInfo.REPEATED) and not again
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

    def _traverse_nat(
        self, chains: tuple[tuple[str, str], ...], before: Passed, at: "_Context"
    ) -> Iterator[Passed]:
        """Yield the outcomes of the nat chains. The first packet of a flow is translated by the
        first chain that has a target for it. For all other packets, conntrack repeats or undoes
        that translation."""
        if at.tracked.info is not CtInfo.NEW:
            yield before._replace(packet=retranslate(at.hook, before.packet, at.tracked))
            return
        (table, name), later = chains[0], chains[1:]
        for packet, rules in self._run(table, name, before.packet, at):
            is_dnat_hook = at.hook in DNAT_HOOKS
            changed = _translated(packet, rules, at.masquerade, is_dnat_hook=is_dnat_hook)
            passed = Passed(changed, (*before.rules, *rules))
            if later and not (rules and isinstance(rules[-1].rule.target, NAT_TARGETS)):
                yield from self._traverse_nat(later, passed, at)
            else:
                yield passed

    def _run(
        self, table: str, name: str, packet: Packet, at: "_Context"
    ) -> Iterator[tuple[Packet, tuple[RuleAt, ...]]]:
        """Yield (packet, rules met) for each way through a chain that the kernel calls. A packet
        for which no rule decides is accepted."""
        for _, after, rules in self._chain(table, name, packet, at, 0):
            yield after, rules

    def _chain(
        self, table: str, name: str, packet: Packet, at: "_Context", start: int
    ) -> Iterator[tuple[bool, Packet, tuple[RuleAt, ...]]]:
        """Yield (decided, packet, rules met) for each way through the chain from the rule at index
        `start`. `decided` is False if the packet leaves the chain without a verdict."""
        key = (packet.dst.version, table, name)
        chain = self._chains.get(key)
        if chain is None:
            yield False, packet, ()
            return
        if key not in self._conditions:
            self._conditions[key] = tuple(_conditions(self, each.match) for each in chain.rules)
        conditions = self._conditions[key]
        for position in range(start, len(chain.rules)):
            rule = chain.rules[position]
            if not all(holds(packet, at) for holds in conditions[position]):
                continue
            yield from self._apply(table, name, packet, at, RuleAt(table, name, position + 1, rule))
            if rule.match.probability is None:
                return
            # The rule may also not match: continue with the next one.
        yield False, packet, ()

    def _apply(
        self, table: str, name: str, packet: Packet, at: "_Context", here: RuleAt
    ) -> Iterator[tuple[bool, Packet, tuple[RuleAt, ...]]]:
        """Yield (decided, packet, rules met) for each way from a rule that matches: its target is
        applied, then the rules that follow if the target does not decide. `here.position` counts
        from 1, so it is also the index of the next rule."""
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
            case None | Remember() | Zone():
                yield from self._chain(table, name, packet, at, here.position)
            case Return():
                yield False, packet, ()
            case Goto(other):
                yield from self._goto(other, packet, at, here)
            case Spread(others):
                for other in others:
                    yield from self._goto(other, packet, at, here)
            case Lookup():
                yield from self._lookup(here.rule.target, table, name, packet, at, here)
            case Jump(other):
                for decided, after, met in self._chain(table, other, packet, at, 0):
                    if decided:
                        yield True, after, (here, *met)
                    else:
                        yield from self._chain(table, name, after, at, here.position)
            case Accept() | Drop() | Reject() | Dnat() | Snat() | Masquerade() | Netmap():
                yield True, packet, (here,)
            case _:
                assert_never(here.rule.target)

    def _lookup(
        self,
        lookup: Lookup,
        table: str,
        name: str,
        packet: Packet,
        at: "_Context",
        here: RuleAt,
    ) -> Iterator[tuple[bool, Packet, tuple[RuleAt, ...]]]:
        key = (packet.dst if lookup.by_address else None, packet.protocol, packet.dport)
        element = self._maps[packet.dst.version, lookup.map].get(key)
        if element is None or packet.error:
            yield from self._chain(table, name, packet, at, here.position)
            return
        position, (_, _, target, _, why) = element
        found = RuleAt(table, lookup.map, position, Rule(target=target, why=why))
        yield from self._apply(table, lookup.map, packet, at, found)

    def _goto(
        self, name: str, packet: Packet, at: "_Context", here: RuleAt
    ) -> Iterator[tuple[bool, Packet, tuple[RuleAt, ...]]]:
        """Yield (decided, packet, rules met) for each way through the chain `name`. At its end,
        packets do not come back to the present chain."""
        for decided, after, met in self._chain(here.table, name, packet, at, 0):
            yield decided, after, (here, *met) if decided else ()

    def is_local(self, address: IPAddress) -> bool:
        """Return whether this is an address of the namespace (addrtype LOCAL)."""
        return address in self._local or address.is_loopback

    def is_bridge(self, dev: str) -> bool:
        """Return whether a link of this name is a bridge."""
        return dev in self._bridges

    def is_in_ipset(self, asked: SetMatch, packet: Packet) -> bool:
        """Return whether the packet's addresses and ports are in the ipset that this match
        names."""
        src, dst = (packet.src, packet.sport), (packet.dst, packet.dport)
        ends = [src if side == "src" else dst for side in asked.fields]
        return not packet.error and self._ipsets[asked.name].has(packet.protocol, ends)

    def elements(self, name: str, packet: Packet) -> frozenset[IPAddress]:
        """Return the addresses in the nftables set of this name and the packet's family."""
        return self._sets[packet.dst.version, name]


_MapKey: TypeAlias = tuple[IPAddress | None, Protocol, int]


class _Stage(NamedTuple):
    """One stage of a hook: a single chain that does not translate, all nat chains together, or
    IPVS, which has no chains."""

    priority: int
    translates: bool
    chains: tuple[tuple[str, str], ...]  # table and name

    @property
    def chooses(self) -> bool:
        """Whether the stage may change the packet's destination."""
        return self.translates or not self.chains


def _stages(netns: Netns, family: int, hook: str) -> list[_Stage]:
    """Return the stages of a hook in the order of their priorities. All nat chains are one stage,
    because a flow is translated only once."""
    based = [
        (each, each.base)
        for each in netns.chains
        if each.base is not None and each.family == family and each.base.hook.upper() == hook
    ]
    stages = [_Stage(TABLE_PRIORITIES[each], False, ((each, hook),)) for each in HOOKS[hook]]
    stages += [
        _Stage(base.priority, False, ((KUBE_PROXY, each.name),))
        for each, base in based
        if base.kind == "filter"
    ]
    if hook in NAT_PRIORITIES:
        own = [(KUBE_PROXY, each.name) for each, base in based if base.kind == "nat"]
        stages.append(_Stage(NAT_PRIORITIES[hook], True, (*own, ("nat", hook))))
    if hook in IPVS_PRIORITIES and netns.virtual_servers:
        stages.append(_Stage(IPVS_PRIORITIES[hook], False, ()))
    return sorted(stages, key=lambda each: each.priority)


def _translated(
    packet: Packet,
    rules: tuple[RuleAt, ...],
    masquerade: IPAddress | None = None,
    *,
    is_dnat_hook: bool = True,
) -> Packet:
    """Return the packet as the last of these rules translates it; unchanged if that rule does not
    translate. `masquerade` is the source address that MASQUERADE gives."""
    match rules[-1].rule.target if rules else None:
        case Dnat(address, port):
            return replace(packet, dst=address, dport=port or packet.dport)
        case Snat(address, _):
            return replace(packet, src=address)
        case Masquerade() if masquerade is not None:
            return replace(packet, src=masquerade)
        case Netmap(network) if is_dnat_hook:
            return replace(packet, dst=mapped(packet.dst, network))
        case Netmap(network):
            return replace(packet, src=mapped(packet.src, network))
        case _:
            return packet


def _protocol(packet: Packet) -> Protocol:
    """Return the protocol that a rule compares. For an ICMP error it is ICMP, whatever the error is
    about."""
    return Protocol.ICMP if packet.error else packet.protocol


class _Context(NamedTuple):
    """What a rule can match besides the packet itself, and what its target needs."""

    hook: str
    tracked: Tracked
    in_dev: str
    out_dev: str
    masquerade: IPAddress | None
    taken: VirtualServer | None


_Condition: TypeAlias = Callable[[Packet, _Context], bool]
_Test: TypeAlias = Callable[[Rules, Any, Packet, _Context], bool]


def _conditions(rules: Rules, match: Match) -> tuple[_Condition, ...]:
    """Return a condition for each field that a match sets, except its comment and probability.

    Raises NotImplementedError for a field that this model cannot evaluate. If it were ignored, more
    packets would match here than in the kernel.
    """
    wanted = {
        each.name for each in fields(match) if getattr(match, each.name) != getattr(ANY, each.name)
    }
    unknown = wanted - _TESTS.keys() - _NO_CONDITION
    if unknown:
        raise NotImplementedError(f"walk cannot evaluate {', '.join(sorted(unknown))} of a match")
    return tuple(
        partial(test, rules, getattr(match, name))
        for name, test in _TESTS.items()
        if name in wanted
    )


# Rules._chain follows a rule with a probability both as matching and as not matching.
_NO_CONDITION: Final = frozenset({"comment", "probability"})

# How each field of a Match is evaluated, the quickest first.
_TESTS: Final[Mapping[str, _Test]] = {
    "dport": lambda _, port, packet, at: packet.dport == port,
    "dports": lambda _, ports, packet, at: packet.dport in ports,
    "protocol": lambda _, protocol, packet, at: _protocol(packet) is protocol,
    "icmp_type": lambda _, name, packet, at: packet.icmp_type == name,
    "in_interface": lambda _, dev, packet, at: at.in_dev == dev,
    "out_interface": lambda _, dev, packet, at: at.out_dev == dev,
    "ctstate": lambda _, states, packet, at: at.tracked.ctstate in states,
    "not_ctstate": lambda _, states, packet, at: at.tracked.ctstate not in states,
    "is_answer": lambda _, wanted, packet, at: at.tracked.is_reply,
    "mark": lambda _, mark, packet, at: (packet.mark & mark.mask == mark.value) is not mark.negated,
    "dst": lambda _, network, packet, at: packet.dst in network,
    "not_dst": lambda _, network, packet, at: packet.dst not in network,
    "src": lambda _, network, packet, at: packet.src in network,
    "not_src": lambda _, network, packet, at: packet.src not in network,
    "not_src_in": lambda _, networks, packet, at: (
        not any(packet.src in network for network in networks)
    ),
    # The model starts with empty lists of recent sources: `--set` matches, `--rcheck` does not.
    "recent": lambda _, recent, packet, at: recent.seconds is None,
    "src_type": lambda rules, _, packet, at: rules.is_local(packet.src),
    "not_src_type": lambda rules, _, packet, at: not rules.is_local(packet.src),
    "dst_type": lambda rules, _, packet, at: rules.is_local(packet.dst),
    "not_dst_type": lambda rules, _, packet, at: not rules.is_local(packet.dst),
    "in_set": lambda rules, asked, packet, at: rules.is_in_ipset(asked, packet),
    "not_bridged": lambda rules, _, packet, at: not rules.is_bridge(at.in_dev),
    "virtual": lambda _, match, packet, at: _is_taken(match, at.taken),
    "src_set": lambda rules, name, packet, at: packet.src in rules.elements(name, packet),
    "dst_set": lambda rules, name, packet, at: packet.dst in rules.elements(name, packet),
}


def _is_taken(match: VirtualMatch, taken: VirtualServer | None) -> bool:
    if taken is None:
        return False
    return (taken.address, taken.protocol, taken.port) == (
        match.address,
        match.protocol,
        match.port,
    )
