"""The paths of packets between a few hosts: routes, rules, NAT and errors."""

from dataclasses import replace

import pytest

from nsnet.ip import Protocol
from nsnet.state.model import Route
from nsnet.state.rules import (
    Accept,
    Chain,
    Dnat,
    Drop,
    Jump,
    MarkMatch,
    Match,
    Reject,
    Return,
    SetMark,
    Target,
)
from nsnet.walk.walker import walk
from tests.support.labs import ip, net
from tests.support.wiring import (
    FORWARDS,
    ROUND,
    ROUTED,
    SNAT_TO_LINK,
    TO_SERVER,
    Wiring,
    chain,
    only_path,
    with_chains,
    with_route,
)

# --- routes, neighbours, sockets ---


@pytest.mark.parametrize(
    ("case", "wiring", "to", "verdict", "path"),
    [
        ("a route in both directions", ROUTED, "10.0.2.2", "ok", "client router server"),
        (
            "no route at the client",
            ROUTED._replace(routes={}),
            "10.0.2.2",
            "net-unreachable",
            "client",
        ),
        ("no route at the router", ROUTED, "192.0.2.1", "net-unreachable", "client router"),
        (
            "no route back at the server",
            ROUTED._replace(routes={"client": ROUTED.routes["client"]}),
            "10.0.2.2",
            "timeout",
            "client router server",
        ),
        (
            "the router does not forward",
            ROUTED._replace(settings={}),
            "10.0.2.2",
            "timeout",
            "client router",
        ),
        ("no host on the server's link", ROUTED, "10.0.2.9", "host-unreachable", "client router"),
        ("no host on the client's link", ROUTED, "10.0.1.9", "host-unreachable", "client"),
        ("the router itself", ROUTED, "10.0.2.1", "refused", "client router"),
        ("the client itself", ROUTED, "10.0.1.2", "refused", "client"),
        ("the client at 127.0.0.1", ROUTED, "127.0.0.1", "refused", "client"),
        ("another way back", ROUND, "10.0.2.2", "ok", "client there server"),
    ],
)
def test_how_far_a_packet_gets(case: str, wiring: Wiring, to: str, verdict: str, path: str) -> None:
    found = only_path(wiring, to)
    assert (found.verdict, " ".join(found.path)) == (verdict, path), case


@pytest.mark.parametrize(
    ("protocol", "port", "verdict"),
    [
        (Protocol.TCP, 80, "ok"),
        (Protocol.TCP, 81, "refused"),
        (Protocol.UDP, 80, "ok"),
        (Protocol.UDP, 81, "refused"),
        (Protocol.ICMP, 0, "ok"),
    ],
)
def test_only_ports_with_a_listener_reply(protocol: Protocol, port: int, verdict: str) -> None:
    found = only_path(ROUTED, port=port, protocol=protocol)
    assert found.verdict == verdict
    assert found.server == ("server" if verdict == "ok" else None)


def test_a_routing_loop_ends_when_the_ttl_is_exceeded() -> None:
    loop = ROUTED._replace(
        routes={**ROUTED.routes, "router": ["192.0.2.0/24 10.0.2.2 eth1"]},
        settings={"router": FORWARDS, "server": FORWARDS},
    )
    found = only_path(loop, "192.0.2.1")
    assert (found.verdict, found.request[-1].what) == (
        "host-unreachable",  # what the kernel makes of an ICMP time exceeded
        "TTL exceeded",
    )
    assert len(found.path) == 1 + 64  # the client sends, and 64 routers see it


def test_the_error_about_a_masqueraded_packet_in_a_loop_is_lost() -> None:
    # It comes back to the router, of whose own address it seems to be (IPv6 does not mind), and is
    # another flow there: that is what the error is about.
    routes = {"client": "::/0 fd01::1", "router": "2001:db8::/32 fd02::2", "server": "::/0 fd02::1"}
    links = {"client": "eth0", "router": "eth1", "server": "eth0"}
    forwards = {"net.ipv6.conf.all.forwarding": "1"}
    loop = Wiring(
        veths=[
            ("client eth0 fd01::2/64", "router eth0 fd01::1/64"),
            ("router eth1 fd02::1/64", "server eth0 fd02::2/64"),
        ],
        routes={host: [f"{each} {links[host]}"] for host, each in routes.items()},
        settings={"router": forwards, "server": forwards},
        chains={"router": [replace(SNAT_TO_LINK, family=6)]},
    )
    found = only_path(loop, "2001:db8::1")
    assert found.request[-1].what == "TTL exceeded"
    assert found.verdict == "timeout"


@pytest.mark.parametrize(
    ("routes", "to", "path"),
    [
        (["0.0.0.0/0 10.0.1.1 eth0", "10.0.2.0/24 10.0.3.1 eth1"], "10.0.2.2", "client back"),
        (["10.0.2.0/24 10.0.3.1 eth1", "10.0.2.2/32 10.0.1.1 eth0"], "10.0.2.2", "client there"),
    ],
)
def test_the_longest_prefix_wins(routes: list[str], to: str, path: str) -> None:
    found = only_path(ROUND._replace(routes={"client": routes}), to)
    assert " ".join(found.path[:2]) == path


@pytest.mark.parametrize(
    ("to", "source"),
    [("10.0.2.2", "10.0.1.2"), ("10.0.3.1", "10.0.3.2"), ("127.0.0.9", "127.0.0.1")],
)
def test_a_packet_leaves_with_the_address_of_its_link(to: str, source: str) -> None:
    assert str(only_path(ROUND, to).request[0].packet.src) == source


# --- several next hops, and none ---


def test_each_next_hop_of_equal_cost_is_a_path() -> None:
    both = Route(net("10.0.2.2/32"), dev="eth1", nexthops=(ip("10.0.2.2"), ip("10.0.2.9")))
    paths = walk(with_route("router", both), "client", Protocol.TCP, ip("10.0.2.2"), 80)
    assert [path.verdict for path in paths] == ["ok", "host-unreachable"]


def test_a_packet_that_returns_takes_the_same_next_hop() -> None:
    both = Route(net("192.0.2.1/32"), dev="eth1", nexthops=(ip("10.0.2.2"), ip("10.0.2.9")))
    back = ROUTED._replace(settings={"router": FORWARDS, "server": FORWARDS})
    paths = walk(with_route("router", both, back), "client", Protocol.TCP, ip("192.0.2.1"), 80)
    assert [(path.request[-1].what, len(path.path)) for path in paths] == [
        ("TTL exceeded", 65),
        ("no neighbour on eth1 answers ARP for 10.0.2.9", 2),
    ]


@pytest.mark.parametrize("host", ["client", "router"])
@pytest.mark.parametrize("protocol", Protocol)
def test_a_blackhole_route_drops_silently(host: str, protocol: Protocol) -> None:
    path = only_path(with_route(host, Route(net("10.0.2.2/32"), blackhole=True)), protocol=protocol)
    assert (path.verdict, path.request[-1].reference) == ("timeout", host)
    assert path.request[-1].what == "blackhole route to 10.0.2.2"


# --- reverse path filtering ---


@pytest.mark.parametrize(
    ("where", "settings", "verdict"),
    [
        # Answers come in by eth1, and questions leave by eth0.
        ("client", "all=0", "ok"),
        ("client", "all=1", "timeout"),  # strict: not the way back
        ("client", "all=2", "ok"),  # loose: there is a way back
        ("client", "eth1=1", "timeout"),
        ("client", "eth0=1", "ok"),  # nothing wrong comes in there
        ("client", "all=0 eth1=1", "timeout"),  # the higher counts,
        ("client", "all=1 eth1=2", "ok"),  # which is not always the stricter
        # `back` has no route at all to where the answers come from.
        ("back", "all=0", "ok"),
        ("back", "all=1", "timeout"),
        ("back", "all=2", "timeout"),
        ("back", "eth1=2", "timeout"),
    ],
)
def test_reverse_path_filtering_drops_packets_from_another_link(
    where: str, settings: str, verdict: str
) -> None:
    pairs = (each.split("=") for each in settings.split())
    here = {f"net.ipv4.conf.{dev}.rp_filter": value for dev, value in pairs}
    both = {**ROUND.settings, where: {**ROUND.settings.get(where, {}), **here}}
    assert only_path(ROUND._replace(settings=both)).verdict == verdict


# --- filters ---

NEW, ANSWERS = Match(ctstate=("NEW",)), Match(ctstate=("ESTABLISHED",))


@pytest.mark.parametrize(
    ("host", "hook", "match", "target", "verdict"),
    [
        ("client", "OUTPUT", Match(), Drop(), "timeout"),
        ("client", "OUTPUT", Match(protocol=Protocol.TCP), Reject(), "refused"),
        ("client", "OUTPUT", Match(), Reject(), "timeout"),  # it rejects its own ICMP, too
        ("client", "INPUT", Match(), Drop(), "timeout"),
        ("router", "FORWARD", Match(), Accept(), "ok"),
        ("router", "FORWARD", Match(), Drop(), "timeout"),
        ("router", "FORWARD", Match(), Reject(), "refused"),
        ("router", "FORWARD", NEW, Reject(), "refused"),
        ("router", "FORWARD", ANSWERS, Drop(), "timeout"),
        ("router", "INPUT", Match(), Drop(), "ok"),  # what is passed on is not for the router
        ("router", "OUTPUT", Match(), Drop(), "ok"),
        ("server", "INPUT", Match(), Drop(), "timeout"),
        ("server", "INPUT", Match(), Reject(), "refused"),
        ("server", "OUTPUT", Match(), Drop(), "timeout"),
        ("server", "INPUT", Match(protocol=Protocol.UDP), Drop(), "ok"),
        ("server", "INPUT", Match(protocol=Protocol.TCP, dport=80), Drop(), "timeout"),
        ("server", "INPUT", Match(protocol=Protocol.TCP, dport=81), Drop(), "ok"),
        ("server", "INPUT", Match(src=net("10.0.1.0/24")), Drop(), "timeout"),
        ("server", "INPUT", Match(not_src=net("10.0.1.0/24")), Drop(), "ok"),
        ("server", "INPUT", Match(dst=net("10.0.1.0/24")), Drop(), "ok"),
        ("server", "INPUT", Match(not_dst=net("10.0.1.0/24")), Drop(), "timeout"),
        ("router", "FORWARD", Match(in_interface="eth0"), Drop(), "timeout"),
        ("router", "FORWARD", Match(in_interface="eth0", out_interface="eth0"), Drop(), "ok"),
        ("router", "FORWARD", Match(out_interface="eth1"), Drop(), "timeout"),
        ("router", "FORWARD", Match(dst_type="LOCAL"), Drop(), "ok"),
        ("router", "FORWARD", Match(not_dst_type="LOCAL"), Drop(), "timeout"),
        ("server", "INPUT", Match(not_ctstate=("NEW",)), Drop(), "ok"),
        ("server", "INPUT", Match(mark=MarkMatch(1, 1)), Drop(), "ok"),
        ("server", "INPUT", Match(mark=MarkMatch(1, 1, negated=True)), Drop(), "timeout"),
    ],
)
def test_what_a_filter_does(
    host: str, hook: str, match: Match, target: Target, verdict: str
) -> None:
    assert only_path(with_chains(host, chain(hook, (match, target)))).verdict == verdict


ALL = Match()
MARKED = Match(mark=MarkMatch(0x4000, 0x4000))


@pytest.mark.parametrize(
    ("case", "forward", "mine", "verdict"),
    [
        ("the first that decides, decides", [(ALL, Accept()), (ALL, Drop())], [], "ok"),
        ("a jump comes back", [(ALL, Jump("MINE")), (ALL, Drop())], [], "timeout"),
        (
            "by return too",
            [(ALL, Jump("MINE")), (ALL, Drop())],
            [(ALL, Return()), (ALL, Accept())],
            "timeout",
        ),
        ("a verdict does not", [(ALL, Jump("MINE")), (ALL, Drop())], [(ALL, Accept())], "ok"),
        (
            "a mark is seen by the next rule",
            [(ALL, SetMark(0x4000, 0x4000)), (MARKED, Drop())],
            [],
            "timeout",
        ),
        (
            "and after a jump",
            [(ALL, Jump("MINE")), (MARKED, Drop())],
            [(ALL, SetMark(0x4000, 0x4000))],
            "timeout",
        ),
        (
            "what is set twice by exclusive or is not set",
            [
                (ALL, SetMark(0x4000, 0x4000)),
                (ALL, SetMark(0x4000, 0)),
                (MARKED, Drop()),
            ],
            [],
            "ok",
        ),
        (
            "a mark outside the mask is another's",
            [(ALL, SetMark(0x1, 0x1)), (MARKED, Drop())],
            [],
            "ok",
        ),
        ("a rule without a target only counts", [(ALL, None), (ALL, Drop())], [], "timeout"),
        ("a packet that no rule decides is accepted", [(MARKED, Drop())], [], "ok"),
        ("a return from the kernel's chain accepts", [(ALL, Return()), (ALL, Drop())], [], "ok"),
    ],
)
def test_which_rule_decides(
    case: str,
    forward: list[tuple[Match, Target | None]],
    mine: list[tuple[Match, Target | None]],
    verdict: str,
) -> None:
    jumped_to = [chain("MINE", *mine)] if (ALL, Jump("MINE")) in forward else []
    wiring = with_chains("router", chain("FORWARD", *forward), *jumped_to)
    assert only_path(wiring).verdict == verdict, case


def test_a_mark_does_not_leave_the_host() -> None:
    wiring = ROUTED._replace(
        chains={
            "router": [chain("FORWARD", (ALL, SetMark(0x4000, 0x4000)))],
            "server": [chain("INPUT", (MARKED, Drop()))],
        }
    )
    assert only_path(wiring).verdict == "ok"


@pytest.mark.parametrize(
    ("protocol", "verdict"),
    [
        (Protocol.TCP, "timeout"),  # the SYN-ACK belongs to no connection in conntrack of `back`
        (Protocol.UDP, "ok"),  # without its request a reply is like a request
    ],
)
def test_a_reply_without_its_request_may_be_invalid(protocol: Protocol, verdict: str) -> None:
    strict = chain("FORWARD", (Match(ctstate=("INVALID",)), Drop()))
    wiring = with_chains("back", strict, wiring=ROUND)
    assert only_path(wiring, protocol=protocol).verdict == verdict


# --- translation ---


def test_dnat_is_undone_in_the_answer() -> None:
    path = only_path(with_chains("router", TO_SERVER), "10.0.1.1", 8080)
    assert (path.verdict, path.server, str(path.source)) == ("ok", "server", "10.0.1.2")
    assert [str(path.request[number].packet) for number in (0, -1)] == [
        "10.0.1.2 → 10.0.1.1:8080",
        "10.0.1.2 → 10.0.2.2:80",
    ]
    assert [str(path.reply[number].packet) for number in (0, -1)] == [
        "10.0.2.2:80 → 10.0.1.2",
        "10.0.1.1:8080 → 10.0.1.2",
    ]
    assert [hop.what for hop in path.reply if hop.reference == "router"] == [
        "received on eth1",
        "conntrack undoes the DNAT",
    ]


def test_masquerade_is_undone_in_the_answer() -> None:
    path = only_path(with_chains("router", SNAT_TO_LINK))
    assert (path.verdict, str(path.source)) == ("ok", "10.0.2.1")
    assert str(path.request[-1].packet) == "10.0.2.1 → 10.0.2.2:80"
    assert str(path.reply[-1].packet) == "10.0.2.2:80 → 10.0.1.2"


def test_both_ends_of_a_packet_may_be_translated() -> None:
    path = only_path(with_chains("router", TO_SERVER, SNAT_TO_LINK), "10.0.1.1", 8080)
    assert (path.verdict, str(path.source)) == ("ok", "10.0.2.1")
    assert str(path.request[-1].packet) == "10.0.2.1 → 10.0.2.2:80"
    assert str(path.reply[-1].packet) == "10.0.1.1:8080 → 10.0.1.2"


def test_a_translation_is_shown_with_its_rule() -> None:
    hops = only_path(with_chains("router", TO_SERVER, SNAT_TO_LINK), "10.0.1.1", 8080).request
    named = [(hop.what, hop.rule[:2]) for hop in hops if hop.rule is not None]
    assert named == [("DNAT", ("nat", "PREROUTING")), ("MASQUERADE", ("nat", "POSTROUTING"))]


def test_a_host_translates_what_it_sends_itself() -> None:
    output = replace(TO_SERVER, name="OUTPUT")
    path = only_path(with_chains("client", output), "10.0.1.1", 8080)
    assert (path.verdict, path.server, str(path.source)) == ("ok", "server", "10.0.1.2")


@pytest.mark.parametrize(
    ("protocol", "verdict"),
    [
        # tcp_connect() makes nothing of the error and tries again; sendto() returns it.
        (Protocol.TCP, "timeout"),
        (Protocol.UDP, "net-unreachable"),
        (Protocol.ICMP, "net-unreachable"),
    ],
)
def test_a_host_that_translates_to_an_address_without_a_route(
    protocol: Protocol, verdict: str
) -> None:
    output = chain("OUTPUT", (ALL, Dnat(ip("192.0.2.1"), 80)), table="nat")
    wiring = with_chains("client", output)
    wiring = wiring._replace(routes={"client": ["10.0.2.0/24 10.0.1.1 eth0"]})
    path = only_path(wiring, protocol=protocol)
    assert (path.verdict, path.path) == (verdict, ("client",))


def test_a_host_that_translates_to_itself_gets_a_reply() -> None:
    # What conntrack said of a packet stays with it through `lo`: that is no second flow.
    output = chain("OUTPUT", (Match(dst=net("10.0.2.2/32")), Dnat(ip("10.0.1.2"), 80)), table="nat")
    state = with_chains("client", output).state()
    (listeners,) = (each.listeners for each in state.netns if each.listeners)
    netns = tuple(replace(each, listeners=listeners) for each in state.netns)
    path = only_path(replace(state, netns=netns), "10.0.2.2", 8080)
    assert (path.verdict, str(path.source), path.path) == ("ok", "10.0.1.2", ("client",))


def test_a_reply_that_bypasses_the_translation_matches_no_socket() -> None:
    path = only_path(with_chains("there", TO_SERVER, wiring=ROUND), "10.0.1.1", 8080)
    assert (path.verdict, path.path[-1]) == ("timeout", "server")
    assert path.reply[-1].what == "no socket of the client expects this reply"
    assert str(path.reply[-1].packet) == "10.0.2.2:80 → 10.0.1.2"


@pytest.mark.parametrize(
    ("case", "chains", "verdict"),
    [
        ("nothing listens behind it", [TO_SERVER], "refused"),
        (
            "it is rejected on its way",
            [TO_SERVER, chain("FORWARD", (Match(dst=net("10.0.2.2/32")), Reject()))],
            "refused",
        ),
        (
            "it leads nowhere",
            [chain("PREROUTING", (ALL, Dnat(ip("192.0.2.1"), 80)), table="nat")],
            "net-unreachable",
        ),
        (
            "no host has that address",
            [chain("PREROUTING", (ALL, Dnat(ip("10.0.2.9"), 80)), table="nat")],
            "host-unreachable",
        ),
    ],
)
def test_an_error_about_a_translated_packet_reaches_its_sender(
    case: str, chains: list[Chain], verdict: str
) -> None:
    state = with_chains("router", *chains).state()
    deaf = replace(state, netns=tuple(replace(each, listeners=()) for each in state.netns))
    assert only_path(deaf, "10.0.1.1", 8080).verdict == verdict, case


def test_every_random_choice_is_a_path() -> None:
    third, half = Match(probability=1 / 3), Match(probability=1 / 2)
    choice = chain(
        "PREROUTING",
        (third, Dnat(ip("10.0.2.2"), 80)),
        (half, Dnat(ip("10.0.2.2"), 81)),
        (ALL, Dnat(ip("10.0.2.9"), 80)),
        (ALL, Dnat(ip("10.0.2.10"), 80)),  # never reached
        table="nat",
    )
    paths = walk(with_chains("router", choice).state(), "client", Protocol.TCP, ip("10.0.1.1"), 80)
    assert [path.verdict for path in paths] == ["ok", "refused", "host-unreachable"]
