"""The rules of proxyMode ipvs. They look packets up in ipsets, so the number of rules does not
depend on the number of Services. In the nat table, no rule refers to an empty ipset.

Source: kubernetes/pkg/proxy/ipvs/proxier.go (writeIptablesRules), v1.30.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from nsnet.features.services.ipvs.sets import (
    CLUSTER_IP,
    EXTERNAL_IP,
    EXTERNAL_IP_LOCAL,
    HEALTH,
    LOAD_BALANCER,
    LOAD_BALANCER_FW,
    LOAD_BALANCER_LOCAL,
    LOOP_BACK,
    NODE_PORT,
    NODE_PORT_LOCAL,
    SOURCE_CIDR,
    SOURCE_IP,
    VIRTUAL_IPS,
    SetSpec,
)
from nsnet.features.services.kube_proxy import FORWARDING, LOCALNET, MARK_MASQ, mark_chains
from nsnet.ip import Family, IPNetwork, Protocol
from nsnet.state.rules import (
    Accept,
    Chain,
    Drop,
    Hook,
    Jump,
    Masquerade,
    Match,
    Reject,
    Return,
    Rule,
    SetMatch,
    Target,
)

Side = Literal["src", "dst"]
MARK = Jump(MARK_MASQ)


class FilledSets(NamedTuple):
    """The ipsets of one family that have members."""

    family: Family
    filled: frozenset[SetSpec]

    def matches(self, spec: SetSpec, *sides: Side, comment: bool = True) -> Iterator[Match]:
        """Yield a match for packets that the ipset contains, or nothing if the ipset is empty. For
        each field of the set's type, in order, `sides` says whether the packet's source or its
        destination is looked up."""
        if spec in self.filled:
            found = SetMatch(spec.named(self.family), sides)
            yield Match(comment=spec.comment if comment else "", in_set=found)

    def rules(self, spec: SetSpec, target: Target, *sides: Side) -> Iterator[Rule]:
        """Yield a rule for packets that the ipset contains, or nothing if the ipset is empty."""
        for match in self.matches(spec, *sides):
            yield Rule(match, target)


def chains(sets: FilledSets, pods: Sequence[IPNetwork], *, masquerade_all: bool) -> Iterator[Chain]:
    """Yield all chains but KUBE-IPVS-OUT-FILTER, whose rules are for single Services."""
    family = sets.family
    loop_back = sets.rules(LOOP_BACK, Masquerade(), "dst", "dst", "src")
    yield from mark_chains(family, tuple(loop_back))
    yield Chain("nat", "KUBE-SERVICES", tuple(_services(sets, pods, masquerade_all)), family)
    local = sets.rules(LOAD_BALANCER_LOCAL, Return(), "dst", "dst")
    yield Chain("nat", "KUBE-LOAD-BALANCER", (*local, Rule(Match(), MARK)), family)
    yield Chain("nat", "KUBE-NODE-PORT", tuple(_node_ports(sets)), family)
    yield Chain("filter", "KUBE-FORWARD", FORWARDING, family)
    health = Match(comment=HEALTH.comment, in_set=SetMatch(HEALTH.named(family), ("dst",)))
    yield Chain("filter", "KUBE-NODE-PORT", (Rule(health, Accept()),), family)
    firewall = sets.rules(LOAD_BALANCER_FW, Jump("KUBE-SOURCE-RANGES-FIREWALL"), "dst", "dst")
    yield Chain("filter", "KUBE-PROXY-FIREWALL", tuple(firewall), family)
    allowed = (
        *sets.rules(SOURCE_CIDR, Return(), "dst", "dst", "src"),
        *sets.rules(SOURCE_IP, Return(), "dst", "dst", "src"),
    )
    refused = Rule(Match(), Drop(), why="not in loadBalancerSourceRanges")
    yield Chain("filter", "KUBE-SOURCE-RANGES-FIREWALL", (*allowed, refused), family)
    yield Chain("filter", "KUBE-IPVS-FILTER", tuple(_other_ports(sets)), family)


def filter_hooks(family: Family) -> Iterator[Hook]:
    """Yield the jumps from the filter table's built-in chains, except the one to KUBE-FORWARD."""
    access = Match(comment="kubernetes ipvs access filter")
    firewall = Match(comment="kube-proxy firewall rules")
    health = Match(comment="kubernetes health check rules")
    for hook, chain, match in (
        ("INPUT", "KUBE-IPVS-FILTER", access),
        ("INPUT", "KUBE-PROXY-FIREWALL", firewall),
        ("INPUT", "KUBE-NODE-PORT", health),
        ("FORWARD", "KUBE-PROXY-FIREWALL", firewall),
        ("OUTPUT", "KUBE-IPVS-OUT-FILTER", access),
    ):
        yield Hook("filter", hook, chain, match, family)


def _services(sets: FilledSets, pods: Sequence[IPNetwork], masquerade_all: bool) -> Iterator[Rule]:
    """Yield the rules of nat KUBE-SERVICES. They mark packets for masquerading, and accept the
    packets that IPVS then handles."""
    yield Rule(Match(src=LOCALNET[sets.family]), Return(), why="IPVS cannot serve 127.0.0.1")
    yield from sets.rules(LOAD_BALANCER, Jump("KUBE-LOAD-BALANCER"), "dst", "dst")
    for match in sets.matches(CLUSTER_IP, "dst", "dst"):
        if masquerade_all:
            yield Rule(match, MARK, why="masqueradeAll")
        for each in () if masquerade_all else pods:
            yield Rule(replace(match, not_src=each), MARK, why="not from a pod")
    for spec, marked in ((EXTERNAL_IP, True), (EXTERNAL_IP_LOCAL, False)):
        for match in sets.matches(spec, "dst", "dst"):
            if marked:
                yield Rule(match, MARK)
            elsewhere = replace(match, not_bridged=True, not_src_type="LOCAL")
            yield Rule(elsewhere, Accept(), why="neither from a pod nor from this node")
            yield Rule(replace(match, dst_type="LOCAL"), Accept())
    yield Rule(Match(dst_type="LOCAL"), Jump("KUBE-NODE-PORT"), why="NodePorts")
    for spec in (CLUSTER_IP, LOAD_BALANCER):
        for match in sets.matches(spec, "dst", "dst", comment=False):
            yield Rule(match, Accept(), why="for IPVS")


def _node_ports(sets: FilledSets) -> Iterator[Rule]:
    for protocol in (Protocol.TCP, Protocol.UDP):
        for spec, target in ((NODE_PORT_LOCAL, Return()), (NODE_PORT, MARK)):
            for match in sets.matches(spec[protocol], "dst"):
                yield Rule(replace(match, protocol=protocol), target)


def _other_ports(sets: FilledSets) -> Iterator[Rule]:
    """Yield the rules of KUBE-IPVS-FILTER, which reject a packet to a virtual address if no Service
    offers the packet's port there.

    Without these rules, clients would reach the node's own servers at the virtual addresses, which
    are local to the node.
    """
    family = sets.family
    for spec in (LOAD_BALANCER, CLUSTER_IP, EXTERNAL_IP, EXTERNAL_IP_LOCAL):
        found = SetMatch(spec.named(family), ("dst", "dst"))
        yield Rule(Match(in_set=found), Return())
    yield Rule(Match(in_set=SetMatch(HEALTH.named(family), ("dst",))), Return())
    held = SetMatch(VIRTUAL_IPS.named(family), ("dst",))
    # This includes ICMP: the address does not reply to ping.
    yield Rule(Match(ctstate=("NEW",), in_set=held), Reject(), why="no port of the Service")
