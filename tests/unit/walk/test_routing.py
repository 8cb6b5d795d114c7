"""The routes of one namespace: the next hop, the source address, and which packets it refuses."""

import pytest

from nsnet.state.model import Interface, Netns, PolicyRule, Route, Sysctl
from nsnet.walk.routing import NextHop, Routes
from tests.support.labs import held, ip, net
from tests.support.wiring import ROUND, with_route

# A node with two links, a route in another table for marked packets, and a black hole.
NODE = Netns(
    "node",
    "node",
    interfaces=(
        Interface("eth0", addresses=(held("10.0.1.1/24"), held("fd01::1/64"))),
        Interface("eth1", addresses=(held("10.0.2.1/24"), held("10.0.3.1/24")), mtu=1400),
        Interface("cbr0"),  # no address
    ),
    routes=(
        Route(net("0.0.0.0/0"), via=ip("10.0.1.254")),  # by the link that has it in its range
        Route(net("192.0.2.0/24"), via=ip("10.0.2.254"), dev="eth1", mtu=1300),
        Route(net("192.0.2.128/25"), dev="eth0", nexthops=(ip("10.0.1.8"), ip("10.0.1.9"))),
        Route(net("198.51.100.0/24"), blackhole=True),
        Route(net("203.0.113.0/24"), dev="cbr0"),
        Route(net("192.0.2.0/24"), via=ip("10.0.1.7"), dev="eth0", table=100),
    ),
    policy_rules=(
        PolicyRule(priority=10, mark=0x1, mask=0x1, table=100),
        PolicyRule(priority=20, mark=0x2, mask=0x2, table=100, iif="lo"),
        PolicyRule(priority=30, mark=0, mask=0, table=100, iif="eth1"),
    ),
)


def hop(dev: str, neighbour: str, mtu: int = 1500) -> NextHop:
    return NextHop(dev, ip(neighbour), mtu)


@pytest.mark.parametrize(
    ("to", "mark", "iif", "hops"),
    [
        ("10.0.1.5", 0, "eth0", [hop("eth0", "10.0.1.5")]),  # connected
        ("10.0.1.1", 0, "eth0", [hop("lo", "10.0.1.1", 65536)]),
        ("127.0.0.9", 0, "eth0", [hop("lo", "127.0.0.9", 65536)]),
        ("8.8.8.8", 0, "eth0", [hop("eth0", "10.0.1.254")]),
        ("192.0.2.1", 0, "eth0", [hop("eth1", "10.0.2.254", 1300)]),  # the route's MTU
        ("10.0.2.9", 0, "eth0", [hop("eth1", "10.0.2.9", 1400)]),  # the link's
        ("192.0.2.200", 0, "eth0", [hop("eth0", "10.0.1.8"), hop("eth0", "10.0.1.9")]),
        ("198.51.100.7", 0, "eth0", []),
        ("fd01::9", 0, "eth0", [hop("eth0", "fd01::9")]),
        ("fd02::9", 0, "eth0", None),
        ("192.0.2.1", 0x1, "eth0", [hop("eth0", "10.0.1.7")]),  # by mark to table 100
        ("192.0.2.1", 0x4, "eth0", [hop("eth1", "10.0.2.254", 1300)]),
        ("8.8.8.8", 0x1, "eth0", [hop("eth0", "10.0.1.254")]),  # table 100 has no route: main
        ("192.0.2.1", 0x2, "eth0", [hop("eth1", "10.0.2.254", 1300)]),  # only its own packets
        ("192.0.2.1", 0, "eth1", [hop("eth0", "10.0.1.7")]),  # by the link that received it
        ("192.0.2.1", 0x2, "lo", [hop("eth0", "10.0.1.7")]),
    ],
)
def test_the_next_hops_of_a_packet(
    to: str, mark: int, iif: str, hops: list[NextHop] | None
) -> None:
    found = Routes(NODE).find(ip(to), mark, iif)
    assert found == (None if hops is None else tuple(hops))


@pytest.mark.parametrize(
    ("to", "source", "masquerade"),
    [
        (hop("eth1", "10.0.3.9"), "10.0.3.1", "10.0.3.1"),  # the one with the neighbour's range
        (hop("eth1", "192.0.2.1"), "10.0.2.1", "10.0.2.1"),  # else the link's first
        (hop("cbr0", "203.0.113.7"), "10.0.1.1", "10.0.1.1"),  # else any link's
        (hop("eth1", "fd09::1"), "fd01::1", "fd01::1"),
        (hop("lo", "10.0.2.1"), "10.0.2.1", "10.0.1.1"),  # inet_select_addr skips lo
        (hop("lo", "127.0.0.9"), "127.0.0.1", "10.0.1.1"),
        (hop("lo", "fd01::1"), "fd01::1", "fd01::1"),
    ],
)
def test_the_source_address_follows_from_the_next_hop(
    to: NextHop, source: str, masquerade: str
) -> None:
    routes = Routes(NODE)
    assert (routes.source(to), routes.masquerade(to)) == (ip(source), ip(masquerade))


@pytest.mark.parametrize(
    ("settings", "dev", "to", "kept"),
    [
        ({}, "eth0", "127.0.0.1", True),
        ({}, "lo", "127.0.0.1", False),
        ({}, "eth0", "10.0.1.9", False),
        ({}, "eth0", "::1", False),
        ({"net.ipv4.conf.all.route_localnet": "1"}, "eth0", "127.0.0.1", False),
        ({"net.ipv4.conf.eth0.route_localnet": "1"}, "eth0", "127.0.0.1", False),
        ({"net.ipv4.conf.eth1.route_localnet": "1"}, "eth0", "127.0.0.1", True),
    ],
)
def test_without_route_localnet_loopback_addresses_are_dropped_on_other_links(
    settings: dict[str, str], dev: str, to: str, kept: bool
) -> None:
    sysctls = tuple(Sysctl(key, value) for key, value in settings.items())
    routes = Routes(Netns("node", "node", sysctls=sysctls))
    assert routes.drops_localnet(dev, ip("10.0.1.2"), ip(to)) is kept


@pytest.mark.parametrize(
    ("mode", "hops", "dev", "plausible"),
    [
        ("1", ("10.0.1.1", "10.0.1.9"), "eth0", False),  # it came in by eth1
        ("1", ("10.0.3.1", "10.0.3.9"), "eth1", True),
        ("2", ("10.0.1.1", "10.0.1.9"), "eth0", True),
        ("1", (), "", False),
        ("2", (), "", False),
    ],
)
def test_reverse_path_filtering_accepts_the_link_of_any_next_hop(
    mode: str, hops: tuple[str, ...], dev: str, plausible: bool
) -> None:
    strict = {**ROUND.settings, "client": {"net.ipv4.conf.all.rp_filter": mode}}
    answer = Route(net("10.0.2.2/32"), dev=dev, nexthops=tuple(map(ip, hops)), blackhole=not hops)
    state = with_route("client", answer, ROUND._replace(settings=strict))
    assert (
        Routes(state["client"]).why_source_is_dropped("eth1", ip("10.0.2.2")) == ""
    ) is plausible


@pytest.mark.parametrize(
    ("source", "doubt"),
    [
        ("10.0.1.2", "martian: 10.0.1.2 is an address of this host"),
        ("10.0.2.2", ""),
        ("fd00::1", ""),
    ],
)
def test_a_local_address_as_source_is_a_martian(source: str, doubt: str) -> None:
    assert Routes(ROUND.state()["client"]).why_source_is_dropped("eth1", ip(source)) == doubt
