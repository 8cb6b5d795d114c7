"""The model evaluates every field of a match and every target; it ignores none."""

from dataclasses import fields, replace
from typing import Any, get_args

import pytest

from nsnet.ip import Protocol
from nsnet.state.ipsets import IpSet, Member, SetType
from nsnet.state.model import Interface, Kind, Netns, VirtualServer
from nsnet.state.rules import (
    Accept,
    Chain,
    Dnat,
    Drop,
    Element,
    Goto,
    Jump,
    Lookup,
    MarkMatch,
    Masquerade,
    Match,
    Netmap,
    NftMap,
    NftSet,
    Recent,
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
    Target,
    VirtualMatch,
    Zone,
)
from nsnet.verdict import Verdict
from nsnet.walk import netfilter
from nsnet.walk.conntrack import CtInfo, Tracked
from nsnet.walk.netfilter import Passed, Rules
from nsnet.walk.packet import Packet
from tests.support.labs import held, ip, net

CLIENT, SERVER, OWN = ip("10.0.1.2"), ip("10.0.2.2"), ip("10.0.1.1")
PACKET = Packet(
    protocol=Protocol.TCP, src=CLIENT, dst=SERVER, dport=80, mark=0x4000, connection_mark=0x20
)
PING = replace(PACKET, protocol=Protocol.ICMP, dport=0)
ERROR = replace(PACKET, error=Verdict.REFUSED)
TO_OWN, FROM_OWN = replace(PACKET, dst=OWN), replace(PACKET, src=OWN)
NEW = Tracked(CtInfo.NEW, PACKET.tuple)
REPLY = Tracked(CtInfo.REPLY, PACKET.tuple)
TAKEN = VirtualServer(SERVER, Protocol.TCP, 80, "rr")


def netns(*chains: Chain) -> Netns:
    """A router with a bridge, sets of both kinds and a map."""
    return Netns(
        "router",
        "router",
        interfaces=(
            Interface("eth0", addresses=(held("10.0.1.1/24"),)),
            Interface("cbr0", kind=Kind.BRIDGE),
        ),
        chains=chains,
        sets=(
            NftSet("clients", (CLIENT,)),
            NftSet("servers", (SERVER,)),
            NftMap("ports", False, (Element(Protocol.TCP, 80, Drop()),)),
        ),
        ipsets=(IpSet("clients", SetType.ADDRESS, (Member(CLIENT),)),),
    )


def passed(
    *rules: Rule,
    packet: Packet = PACKET,
    table: str = "mangle",
    tracked: Tracked = NEW,
    taken: VirtualServer | None = None,
    in_dev: str = "eth0",
    more: tuple[Chain, ...] = (),
) -> tuple[Passed, ...]:
    """The outcomes of PREROUTING, or of POSTROUTING if the packet is sent on `eth1`."""
    rules_of = Rules(
        netns(Chain(table, "FORWARD", rules), Chain(table, "PREROUTING", rules), *more)
    )
    hook = "FORWARD" if table == "mangle" else "PREROUTING"
    out_dev = "eth1" if hook == "FORWARD" else ""
    found = rules_of.hook(hook, packet, tracked, in_dev=in_dev, out_dev=out_dev, taken=taken)
    return tuple(found)


# Of each field a value that PACKET has, and one that it has not.
FIELDS: dict[str, tuple[Any, Any]] = {
    "src": (net("10.0.1.0/24"), net("10.0.9.0/24")),
    "not_src": (net("10.0.9.0/24"), net("10.0.1.0/24")),
    "dst": (net("10.0.2.0/24"), net("10.0.9.0/24")),
    "not_dst": (net("10.0.9.0/24"), net("10.0.2.0/24")),
    "in_interface": ("eth0", "eth9"),
    "out_interface": ("eth1", "eth9"),
    "protocol": (Protocol.TCP, Protocol.UDP),
    "dport": (80, 81),
    "dports": ((79, 80), (81, 82)),
    "ctstate": (("NEW", "INVALID"), ("ESTABLISHED",)),
    "not_ctstate": (("INVALID",), ("NEW",)),
    "mark": (MarkMatch(0x4000, 0x4000), MarkMatch(0x4000, 0x4000, negated=True)),
    # In a lab at rest a source is on no list yet.
    "recent": (Recent("list"), Recent("list", seconds=10)),
    "in_set": (SetMatch("clients", ("src",)), SetMatch("clients", ("dst",))),
    "src_set": ("clients", "servers"),
    "dst_set": ("servers", "clients"),
    "not_src_in": ((net("10.0.9.0/24"),), (net("10.0.9.0/24"), net("10.0.1.0/24"))),
}
# Fields whose default is the only other value: the packets that match, and that do not.
FLAGS: dict[str, tuple[Any, dict[str, Any], dict[str, Any]]] = {
    "icmp_type": ("echo-request", {"packet": PING}, {"packet": PACKET}),
    "is_answer": (True, {"tracked": REPLY}, {"tracked": NEW}),
    "src_type": ("LOCAL", {"packet": FROM_OWN}, {"packet": PACKET}),
    "not_src_type": ("LOCAL", {"packet": PACKET}, {"packet": FROM_OWN}),
    "dst_type": ("LOCAL", {"packet": TO_OWN}, {"packet": PACKET}),
    "not_dst_type": ("LOCAL", {"packet": PACKET}, {"packet": TO_OWN}),
    "not_bridged": (True, {"in_dev": "eth0"}, {"in_dev": "cbr0"}),
    "virtual": (VirtualMatch(SERVER, Protocol.TCP, 80), {"taken": TAKEN}, {"taken": None}),
}
# Neither keeps a packet from matching: a comment is for people, and chance goes both ways.
OTHERS = {"comment", "probability"}


def test_every_field_of_a_match_is_in_a_table_below() -> None:
    assert {each.name for each in fields(Match)} == {*FIELDS, *FLAGS, *OTHERS}


@pytest.mark.parametrize("field", FIELDS)
def test_a_rule_applies_where_its_field_matches(field: str) -> None:
    matching, other = FIELDS[field]
    stops = [
        [each.stop for each in passed(Rule(Match(**{field: value}), Drop()))]
        for value in (matching, other)
    ]
    assert stops == [[Drop()], [None]]


@pytest.mark.parametrize("field", FLAGS)
def test_a_rule_applies_only_to_packets_that_match_its_field(field: str) -> None:
    value, matching, other = FLAGS[field]
    rule = Rule(Match(**{field: value}), Drop())
    stops = [[each.stop for each in passed(rule, **given)] for given in (matching, other)]
    assert stops == [[Drop()], [None]]


def test_a_rule_with_a_probability_has_two_outcomes_and_a_comment_has_none() -> None:
    rule = Rule(Match(probability=0.5, comment="half of them"), Drop())
    assert [each.stop for each in passed(rule)] == [Drop(), None]
    assert [each.stop for each in passed(Rule(Match(comment="all of them"), Drop()))] == [Drop()]


def test_an_icmp_error_is_icmp_whatever_it_is_about() -> None:
    rule = Rule(Match(protocol=Protocol.ICMP, icmp_type="port-unreachable"), Drop())
    assert [each.stop for each in passed(rule, packet=ERROR)] == [Drop()]
    assert [
        each.stop
        for each in passed(Rule(Match(dport=80, protocol=Protocol.TCP), Drop()), packet=ERROR)
    ] == [None]


def test_a_field_that_is_not_evaluated_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    without = {name: test for name, test in netfilter._TESTS.items() if name != "mark"}
    monkeypatch.setattr(netfilter, "_TESTS", without)
    with pytest.raises(NotImplementedError, match="mark"):
        passed(Rule(Match(mark=MarkMatch(1, 1)), Drop()))


# --- targets ---

OTHER = Chain("mangle", "other", (Rule(Match(), Drop()),))
RETURNS = Chain("mangle", "returns", (Rule(Match(), Return()), Rule(Match(), Drop())))
NAT = Chain("nat", "other", (Rule(Match(), Accept()),))
# (target, table, the packet and the stop of each outcome); a rule that drops all follows.
TARGETS: list[tuple[Target, str, list[tuple[Packet, object]]]] = [
    (Accept(), "mangle", [(PACKET, None)]),
    (Drop(), "mangle", [(PACKET, Drop())]),
    (Reject(), "mangle", [(PACKET, Reject())]),
    (Return(), "mangle", [(PACKET, None)]),  # a built-in chain accepts
    (Jump("other"), "mangle", [(PACKET, Drop())]),
    (Jump("returns"), "mangle", [(PACKET, Drop())]),  # and the rule that follows
    (Goto("returns"), "mangle", [(PACKET, None)]),  # no rule that follows
    (Spread(("other", "returns")), "mangle", [(PACKET, Drop()), (PACKET, None)]),
    (Lookup("ports", False), "mangle", [(PACKET, Drop())]),
    (SetMark(0x1, 0xFFFFFFFF), "mangle", [(replace(PACKET, mark=0x1), Drop())]),
    (SetConnectionMark(0x1, 0x0), "mangle", [(replace(PACKET, connection_mark=0x21), Drop())]),
    (RestoreMark(0x20), "mangle", [(replace(PACKET, mark=0x4020), Drop())]),
    (Zone(1), "mangle", [(PACKET, Drop())]),  # one connection at a time has no namesake
    (Remember("clients"), "mangle", [(PACKET, Drop())]),
    (Dnat(OWN, 8080), "nat", [(replace(PACKET, dst=OWN, dport=8080), None)]),
    (Snat(OWN), "nat", [(replace(PACKET, src=OWN), None)]),
    (Snat(OWN, (1024, 2047)), "nat", [(replace(PACKET, src=OWN), None)]),
    (Masquerade(), "nat", [(PACKET, None)]),  # no address to give
    (Netmap(net("10.9.0.0/16")), "nat", [(replace(PACKET, dst=ip("10.9.2.2")), None)]),
]


def test_every_target_is_in_the_table() -> None:
    assert {type(target) for target, _, _ in TARGETS} == set(get_args(Target))


@pytest.mark.parametrize(("target", "table", "outcomes"), TARGETS)
def test_what_a_target_does_with_a_packet(
    target: Target, table: str, outcomes: list[tuple[Packet, object]]
) -> None:
    follows = Rule(Match(), Drop()) if table == "mangle" else Rule(Match(), Accept())
    found = passed(Rule(Match(), target), follows, table=table, more=(OTHER, RETURNS, NAT))
    assert [(each.packet, each.stop) for each in found] == outcomes
