"""Which sizes of packets pass links of limited MTU, and which MTU errors follow."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from nsnet.ip import Protocol
from nsnet.servers.echo.message import request_length
from nsnet.state.model import Route, State
from nsnet.state.rules import Chain, Dnat, Drop, Masquerade, Match, Rule
from nsnet.topology.model import DroppedPackets, Fault
from nsnet.walk.packet import PredictedPath
from nsnet.walk.walker import walk
from tests.support.labs import ip, net
from tests.support.wiring import ROUTED, Wiring

TCP, UDP, ICMP = Protocol.TCP, Protocol.UDP, Protocol.ICMP
ROUTED6 = Wiring(
    veths=[
        ("client eth0 fd01::2/64", "router eth0 fd01::1/64"),
        ("router eth1 fd02::1/64", "server eth0 fd02::2/64"),
    ],
    routes={"client": ["::/0 fd01::1 eth0"], "server": ["::/0 fd02::1 eth0"]},
    settings={"router": {"net.ipv6.conf.all.forwarding": "1"}},
)
TO = {4: "10.0.2.2", 6: "fd02::2"}
WIRED = {4: ROUTED, 6: ROUTED6}


def lab(links: Mapping[str, int], route: int = 0, silent: str = "", family: int = 4) -> State:
    """client ── router ── server, with these MTUs of links ("router eth1"), this MTU of the
    router's route to the server, and a host (`silent`) that drops the ICMP errors."""
    errors = DroppedPackets(ICMP, icmp_type="fragmentation-needed")
    state = WIRED[family].state([Fault(silent, errors)] if silent else [])
    found = []
    for each in state.netns:
        sized = tuple(
            replace(link, mtu=links.get(f"{each.name} {link.name}")) for link in each.interfaces
        )
        routes = each.routes
        if route and each.name == "router":
            length = 32 if family == 4 else 128
            routes = (*routes, Route(net(f"{TO[family]}/{length}"), dev="eth1", mtu=route))
        found.append(replace(each, interfaces=sized, routes=routes))
    return replace(state, netns=tuple(found))


def ask(
    state: State, protocol: Protocol = TCP, size: int = 65536, family: int = 4
) -> PredictedPath:
    (path,) = walk(state, "client", protocol, ip(TO[family]), 80, request_length(size))
    return path


def sizes(path: PredictedPath) -> list[int]:
    """The bytes of each packet that the client sent."""
    said = [hop.what for hop in path.large if hop.reference == "client"]
    return [int(what.split()[1]) for what in said if what.endswith(" bytes")]


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize(
    ("case", "links", "route", "silent", "verdict", "sent"),
    [
        ("all alike", {}, 0, "", "ok", []),
        ("no error, and none is needed", {}, 0, "router", "ok", []),
        ("the server takes less: it says so itself", {"server eth0": 1400}, 0, "router", "ok", []),
        ("so does the client", {"client eth0": 1400}, 1400, "router", "ok", []),
        ("the router's link takes less", {"router eth1": 1400}, 0, "", "ok", [1500, 1400]),
        ("its route does", {}, 1400, "", "ok", [1500, 1400]),
        ("and it may not say so", {}, 1400, "router", "large-hangs", [1500]),
        ("or the client drops it", {}, 1400, "client", "large-hangs", [1500]),
        ("what others drop does not matter", {}, 1400, "server", "ok", [1500, 1400]),
        (
            "a jumbo frame, down to what each takes",
            {"client eth0": 9000, "router eth0": 9000, "server eth0": 9000},
            0,
            "",
            "ok",
            [9000, 1500],
        ),
    ],
)
def test_a_connection_with_a_large_request(
    case: str,
    links: dict[str, int],
    route: int,
    silent: str,
    verdict: str,
    sent: list[int],
    family: int,
) -> None:
    path = ask(lab(links, route, silent, family), family=family)
    assert (path.verdict, sizes(path)) == (verdict, sent), case
    assert path.path == ("client", "router", "server")
    assert path.server == ("server" if verdict == "ok" else None)


def test_a_small_packet_exceeds_no_mtu() -> None:
    state = lab({}, 1400, "router")
    for size in (0, 100, 1300):
        path = ask(state, size=size)
        assert (path.verdict, path.large) == ("ok", ())
    # 1,400 bytes with the headers, of which TCP has 52 and the probe's own line 28.
    assert ask(state, size=1320).verdict == "ok"
    assert ask(state, size=1321).verdict == "large-hangs"


@pytest.mark.parametrize("protocol", [UDP, ICMP])
@pytest.mark.parametrize(
    ("size", "silent", "verdict", "path"),
    [
        (1344, "router", "ok", "client router server"),  # 1,400 with 28 bytes of headers and a line
        (1345, "router", "large-hangs", "client router"),
        (1345, "", "ok", "client router server"),  # sent again, in fragments
        (1444, "router", "large-hangs", "client router"),
        (1445, "router", "ok", "client router server"),  # in fragments from the start
        (20_000, "router", "ok", "client router server"),
    ],
)
def test_a_large_datagram(
    protocol: Protocol, size: int, silent: str, verdict: str, path: str
) -> None:
    found = ask(lab({}, 1400, silent), protocol, size)
    assert (found.verdict, " ".join(found.path)) == (verdict, path)


@pytest.mark.parametrize(
    ("size", "silent", "verdict"),
    [(1324, "router", "ok"), (1325, "router", "large-hangs"), (1325, "", "ok")],
)
def test_ipv6_routers_never_fragment(size: int, silent: str, verdict: str) -> None:
    assert ask(lab({}, 1400, silent, 6), UDP, size, 6).verdict == verdict
    # Not even what its sender has fragmented: these fragments are too large for the route.
    assert ask(lab({}, 1400, silent, 6), UDP, 3000, 6).verdict == verdict or size == 1324


def test_if_a_small_packet_is_lost_too_the_verdict_is_not_large_hangs() -> None:
    state = lab({}, 1400, "router")
    closed = Chain("filter", "INPUT", (Rule(Match(protocol=UDP), Drop()),))
    netns = tuple(
        replace(each, chains=(closed,)) if each.name == "server" else each for each in state.netns
    )
    deaf = replace(state, netns=netns)
    assert ask(deaf, UDP, 1400).verdict == "timeout"


def test_a_path_shows_the_size_and_the_rule_that_drops_the_error() -> None:
    path = ask(lab({}, 1400, "router"))
    assert [hop.what for hop in path.large if hop.reference == "router"] == [
        "received on eth0",
        "1500 bytes exceed the MTU of 1400 towards 10.0.2.2 on eth1",
        "sends ICMP fragmentation-needed, MTU 1400",
        "DROP",
    ]
    last = path.large[-1].rule
    assert last is not None
    assert last.chain == "NSNET-FAULTS"


@pytest.mark.parametrize(
    ("size", "route", "silent", "verdicts"),
    [
        (1324, 1400, "", "ok"),  # 1,400 bytes with headers and a line
        (1325, 1400, "", "large-hangs ok"),  # the first is lost, the next is smaller
        (1325, 1400, "router", "large-hangs"),
        (1325, 1400, "server", "large-hangs"),
        (3000, 1400, "", "large-hangs ok"),  # in fragments from the start
        (3000, 0, "router", "ok"),
    ],
)
def test_an_ipv6_echo_reply_is_as_large_as_its_request(
    size: int, route: int, silent: str, verdicts: str
) -> None:
    state = lab({}, 0, silent, 6)
    narrow = Route(net("fd01::2/128"), dev="eth0", mtu=route or None)  # on the way back
    netns = (
        replace(each, routes=(*each.routes, narrow)) if each.name == "router" else each
        for each in state.netns
    )
    state = replace(state, netns=tuple(netns))
    paths = walk(state, "client", ICMP, ip(TO[6]), None, request_length(size))
    assert " ".join(sorted({each.verdict for each in paths})) == verdicts


def test_a_datagram_too_big_to_forward_leaves_no_conntrack_entry() -> None:
    masquerade = Chain("nat", "POSTROUTING", (Rule(Match(), Masquerade()),))
    state = lab({}, 1400)
    netns = (
        replace(each, chains=(masquerade,)) if each.name == "router" else each
        for each in state.netns
    )
    path = ask(replace(state, netns=tuple(netns)), UDP, 1345)
    assert (path.verdict, path.source) == ("ok", ip("10.0.2.1"))


def test_an_error_about_a_reply_is_translated_on_its_way_back() -> None:
    masquerade = Chain("nat", "POSTROUTING", (Rule(Match(), Masquerade()),), 6)
    wired = Wiring(
        veths=[
            *ROUTED6.veths[:1],
            ("router eth1 fd03::1/64", "gateway eth0 fd03::2/64"),
            ("gateway eth1 fd02::1/64", "server eth0 fd02::2/64"),
        ],
        routes={
            "client": ["::/0 fd01::1 eth0"],
            "router": ["fd02::/64 fd03::2 eth1"],
            "gateway": ["fd01::/64 fd03::1 eth0"],
            "server": [],
        },
        settings={each: {"net.ipv6.conf.all.forwarding": "1"} for each in ("router", "gateway")},
        chains={"gateway": [masquerade]},
    ).state()
    narrow = Route(net("fd01::2/128"), dev="eth0", mtu=1400)
    netns = (
        replace(each, routes=(*each.routes, narrow)) if each.name == "router" else each
        for each in wired.netns
    )
    paths = walk(
        replace(wired, netns=tuple(netns)), "client", ICMP, ip(TO[6]), None, request_length(1440)
    )
    assert sorted({each.verdict for each in paths}) == ["large-hangs", "ok"]
    (heard,) = {each.source for each in paths if each.source is not None}
    assert heard == ip("fd02::1")


@pytest.mark.parametrize("protocol", [UDP, ICMP])
def test_a_host_fragments_what_its_rules_reroute_to_a_link_of_smaller_mtu(
    protocol: Protocol,
) -> None:
    there = Dnat(ip(TO[6]), 80 if protocol is UDP else 0)
    to_server = Rule(Match(dst=net("fd01::2/128")), there)
    state = lab({"client eth0": 1400}, family=6)
    netns = (
        replace(each, chains=(Chain("nat", "OUTPUT", (to_server,), 6),))
        if each.name == "client"
        else each
        for each in state.netns
    )
    # Its own address, by lo, is what it means to send to.
    state = replace(state, netns=tuple(netns))
    (path,) = walk(state, "client", protocol, ip("fd01::2"), 80, request_length(1440))
    assert (path.verdict, path.server) == ("ok", "server")
