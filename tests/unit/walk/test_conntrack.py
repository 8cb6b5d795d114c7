"""conntrack: which entry a packet belongs to, and how it is translated."""

from dataclasses import replace

import pytest

from nsnet.ip import Protocol
from nsnet.verdict import Verdict
from nsnet.walk.conntrack import ConntrackEntry, CtInfo, Tracked, new_entry, retranslate, track
from nsnet.walk.packet import Packet, Tuple
from tests.support.labs import ip

CLIENT, VIP, NODE, POD = ip("10.0.0.2"), ip("10.96.0.1"), ip("10.0.0.1"), ip("10.0.1.2")
# A client's connection to a Service: DNATed to a pod, and SNATed to the node.
ENTRY = ConntrackEntry(
    original=Tuple(CLIENT, 0, VIP, 80), reply=Tuple(POD, 8080, NODE, 0), mark=0x20
)
REQUEST = Packet(Protocol.TCP, CLIENT, VIP, dport=80)
REPLY = Packet(Protocol.TCP, POD, NODE, sport=8080, answer=True)
ERROR = replace(REPLY, error=Verdict.REFUSED)


@pytest.mark.parametrize(
    ("packet", "entries", "info", "ctstate"),
    [
        (REQUEST, [], CtInfo.NEW, "NEW"),
        (REQUEST, [ENTRY], CtInfo.REPEATED, "NEW"),
        (replace(REQUEST, size=1500), [ENTRY], CtInfo.REPEATED, "ESTABLISHED"),
        (replace(REQUEST, dport=81), [ENTRY], CtInfo.NEW, "NEW"),
        (REPLY, [ENTRY], CtInfo.REPLY, "ESTABLISHED"),
        (REPLY, [], CtInfo.INVALID, "INVALID"),
        (replace(REPLY, protocol=Protocol.UDP), [], CtInfo.NEW, "NEW"),  # looks like a request
        (ERROR, [ENTRY], CtInfo.RELATED, "RELATED"),
        (ERROR, [], CtInfo.INVALID, "INVALID"),
        # An error about a reply takes the way of the request.
        (replace(REQUEST, error=Verdict.REFUSED), [ENTRY], CtInfo.REPEATED, "RELATED"),
    ],
)
def test_the_conntrack_state_of_a_packet(
    packet: Packet, entries: list[ConntrackEntry], info: CtInfo, ctstate: str
) -> None:
    found = track(packet, tuple(entries))
    assert (found.info, found.ctstate) == (info, ctstate)


@pytest.mark.parametrize(
    ("hook", "packet", "translated"),
    [
        ("PREROUTING", REQUEST, "10.0.0.2 → 10.0.1.2:8080"),  # the DNAT again
        ("POSTROUTING", REQUEST, "10.0.0.1 → 10.96.0.1:80"),  # the SNAT again
        ("PREROUTING", REPLY, "10.0.1.2:8080 → 10.0.0.2"),  # the SNAT undone
        ("POSTROUTING", REPLY, "10.96.0.1:80 → 10.0.0.1"),  # the DNAT undone
        ("OUTPUT", REPLY, "10.0.1.2:8080 → 10.0.0.2"),
        ("INPUT", REPLY, "10.96.0.1:80 → 10.0.0.1"),
    ],
)
def test_nat_is_repeated_for_requests_and_undone_for_replies(
    hook: str, packet: Packet, translated: str
) -> None:
    assert str(retranslate(hook, packet, track(packet, (ENTRY,)))) == translated


def test_a_packet_without_an_entry_is_not_translated() -> None:
    assert retranslate("PREROUTING", REQUEST, track(REQUEST, ())) == REQUEST


def test_the_last_entry_gets_a_reply_that_several_expect() -> None:
    other = ENTRY._replace(original=Tuple(NODE, 0, VIP, 80))
    assert track(REPLY, (ENTRY, other)).entry == other


def test_a_new_entry_expects_the_reply_to_the_packet_as_it_left() -> None:
    left = replace(REQUEST, src=NODE, dst=POD, dport=8080, connection_mark=0x20)
    assert new_entry(track(REQUEST, ()), left) == ENTRY
    assert new_entry(track(REQUEST, (ENTRY,)), left) is None


def test_a_packet_of_a_connection_has_its_mark() -> None:
    assert track(REPLY, (ENTRY,)).marked(REPLY).connection_mark == 0x20
    assert Tracked(CtInfo.NEW, REQUEST.tuple).marked(REQUEST).connection_mark == 0
