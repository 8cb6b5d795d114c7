"""How many connections the ports of SNAT suffice for."""

from collections.abc import Sequence

import pytest

from nsnet.ip import IPAddress, Protocol
from nsnet.probes.outcome import Outcome
from nsnet.probes.ports import (
    SourcePorts,
    Supply,
    lacking,
    numbered,
    source_ports,
    supply,
    too_many,
)
from nsnet.state.rules import Rule, Snat, Target
from nsnet.verdict import Verdict
from nsnet.walk.packet import Hop, Packet, PredictedPath, RuleAt
from tests.support.labs import ip

SERVER, PUBLIC, SECOND = ip("203.0.113.80"), ip("198.18.0.3"), ip("198.18.0.4")
OK = Outcome(Verdict.OK, "external/api", PUBLIC)
TIMEOUT = Outcome(Verdict.TIMEOUT)


def hop(netns: str, target: Target | None = None, src: IPAddress = PUBLIC) -> Hop:
    packet = Packet(Protocol.TCP, src, SERVER, 443)
    rule = RuleAt("nat", "C", 1, Rule(target=target)) if target else None
    return Hop(netns, netns, "", packet, rule)


def path(*hops: Hop) -> PredictedPath:
    return PredictedPath(verdict=Verdict.OK, server="external/api", request=hops)


def through(size: int, address: IPAddress = PUBLIC, netns: str = "vnet") -> PredictedPath:
    """A path on which SNAT has so many ports of this address."""
    ports = (1024, 1023 + size)
    return path(hop("pod"), hop(netns, Snat(address, ports), address), hop("external"))


def ports(size: int, address: IPAddress = PUBLIC, netns: str = "vnet") -> SourcePorts:
    return SourcePorts(netns, Protocol.TCP, address, (1024, 1023 + size), SERVER, 443)


def test_ports_are_those_of_a_destination() -> None:
    both = [through(16), through(32, SECOND), through(16)]
    assert source_ports(both) == (ports(16), ports(32, SECOND))
    assert [each.size for each in source_ports(both)] == [16, 32]
    assert source_ports([path(hop("pod"), hop("vnet", Snat(PUBLIC)))]) == ()


@pytest.mark.parametrize(
    ("paths", "demand", "used", "expected"),
    [
        ([path(hop("pod"))], {}, {}, Supply()),
        ([through(16)], {ports(16): 16}, {}, Supply(16, False, True)),
        ([through(16)], {ports(16): 17}, {}, Supply(16, True, True)),
        ([through(16)], {ports(16): 10}, {ports(16): 7}, Supply(16, True, True)),
        # Two probes that share the ports of one address, and one that has two.
        (
            [through(16), through(8, SECOND)],
            {ports(16): 9, ports(8, SECOND): 9},
            {},
            Supply(24, True),
        ),
        ([through(16), through(8, SECOND)], {ports(16): 8, ports(8, SECOND): 8}, {}, Supply(24)),
        # Linux may miss a free port among many.
        ([through(1024)], {ports(1024): 512}, {}, Supply(1024)),
        ([through(1024)], {ports(1024): 513}, {}, Supply(1024, True)),
        ([through(130)], {ports(130): 128}, {}, Supply(130)),
        # One way is without limit.
        ([through(16), path(hop("pod"))], {ports(16): 17}, {}, Supply(None, True, True)),
    ],
)
def test_how_many_connections_there_can_be(
    paths: Sequence[PredictedPath],
    demand: dict[SourcePorts, int],
    used: dict[SourcePorts, int],
    expected: Supply,
) -> None:
    assert supply(paths, demand, used) == expected


def test_two_translations_in_a_row_leave_the_smaller_number() -> None:
    twice = path(hop("firewall", Snat(PUBLIC, (1, 8))), hop("vnet", Snat(SECOND, (1, 4)), SECOND))
    assert supply([twice], {}, {}).most == 4


def test_an_attempt_without_a_port_ends_where_it_is_translated() -> None:
    assert lacking([through(16), through(16)]) == (Outcome(Verdict.TIMEOUT, path=("pod", "vnet")),)


@pytest.mark.parametrize(
    ("outcomes", "ports", "expected"),
    [
        ((OK, TIMEOUT), Supply(3, True, True), (OK, OK, OK, TIMEOUT, TIMEOUT)),
        ((OK, TIMEOUT), Supply(5, True, True), (OK,) * 5),
        ((OK, TIMEOUT), Supply(3, True), (OK, TIMEOUT)),
        ((OK,), Supply(8, False, True), (OK,)),
        ((OK, OK._replace(server="b"), TIMEOUT), Supply(3, True, True), None),
    ],
)
def test_the_prediction_in_numbers(
    outcomes: tuple[Outcome, ...], ports: Supply, expected: tuple[Outcome, ...] | None
) -> None:
    assert numbered(outcomes, 5, ports) == (outcomes if expected is None else expected)


def test_more_connections_than_ports_are_a_defect() -> None:
    seen = [OK, OK, TIMEOUT]
    assert too_many(seen, Supply(2)) == too_many(seen, Supply()) == ()
    assert too_many(seen, Supply(1)) == (
        "not predicted: 2 connections at the same time; there are ports for 1",
    )
