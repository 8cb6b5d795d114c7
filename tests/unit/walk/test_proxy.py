"""The paths of connections through a proxy, which have two legs.

client ── router, with haproxy ── server
"""

from dataclasses import replace

import pytest

from nsnet.ip import Protocol
from nsnet.names.zones import Names
from nsnet.servers.echo.message import request_length
from nsnet.state.haproxy import Frontend, Haproxy
from nsnet.state.http import Backend, Server, TlsFrontend, TlsRule
from nsnet.state.model import HealthCheck, Listener, Listens, NameServer, Route, State
from nsnet.state.rules import Chain, Drop, Match, Rule
from nsnet.walk.http import HttpRequest
from nsnet.walk.packet import PredictedPath
from nsnet.walk.walker import Walker, walk
from tests.support.labs import ip, net
from tests.support.wiring import ROUTED, Wiring

TCP, UDP, ICMP = Protocol.TCP, Protocol.UDP, Protocol.ICMP
CLIENT, NEAR, FAR, SERVER = "10.0.1.2", "10.0.1.1", "10.0.2.1", "10.0.2.2"
# It is no router: nothing gets from one side to the other but by the proxy.
PROXY = ROUTED._replace(settings={})
WEB = Server(ip(SERVER), 80)
TOLD = WEB._replace(proxy_protocol=True)


def at(*servers: Server, port: int = 80) -> Frontend:
    return Frontend(ip(NEAR), port, servers, "svc/web")


def proxied(*frontends: Frontend, wiring: Wiring = PROXY) -> State:
    """The router with a haproxy of these frontends."""
    return changed(wiring.state(), "router", daemons=(Haproxy(frontends),))


def by_name(**servers: Server | None) -> State:
    """The router with a haproxy that passes TLS on by these server names: "_" is ".", and a name
    that begins with "_" a wildcard."""
    rules = []
    for name, server in servers.items():
        hostname = ("*" if name.startswith("_") else "") + name.replace("_", ".")
        backend = Backend("svc/web", (server,) if server else ())
        rules.append(TlsRule(hostname, "tlsroute/web", (backend,)))
    frontend = TlsFrontend(ip(NEAR), 80, tuple(rules), "svc/front")
    return changed(PROXY.state(), "router", daemons=(Haproxy(tls=(frontend,)),))


def changed(state: State, host: str, **fields: object) -> State:
    """One host with other fields."""
    each = replace(state[host], **fields)  # type: ignore[arg-type]
    return replace(state, netns=tuple(each if one.name == host else one for one in state.netns))


def narrow(state: State, host: str, to: str, mtu: int) -> State:
    """The host with this MTU on that link."""
    route = Route(net(f"{to}/32"), dev="eth1" if host == "router" else "eth0", mtu=mtu)
    return changed(state, host, routes=(*state[host].routes, route))


def dropping(state: State, host: str, hook: str, match: Match) -> State:
    return changed(state, host, chains=(Chain("filter", hook, (Rule(match, Drop()),)),))


def ask(state: State, port: int = 80, protocol: Protocol = TCP, size: int = 0) -> PredictedPath:
    (path,) = walk(state, "client", protocol, ip(NEAR), port, request_length(size) if size else 0)
    return path


def seen(path: PredictedPath) -> tuple[str, str | None, str | None, str]:
    """The verdict, the server, the source that it saw, and where the request ended."""
    return (
        str(path.verdict),
        path.server,
        str(path.source) if path.source else None,
        " ".join(path.path),
    )


BOTH, ONE = "client router server", "client router"
UNROUTED = Server(ip("192.0.2.1"), 80)
NOBODY = Server(ip("10.0.2.9"), 80)
CLOSED = Server(ip(SERVER), 81)
LISTENING = proxied(at(WEB))


@pytest.mark.parametrize(
    ("case", "state", "expected"),
    [
        ("the server sees the proxy", LISTENING, ("ok", "server", FAR, BOTH)),
        ("unless a PROXY header names it", proxied(at(TOLD)), ("ok", "server", CLIENT, BOTH)),
        ("nothing listens there", proxied(at(CLOSED)), ("reset", None, None, ONE)),
        ("no host is there", proxied(at(NOBODY)), ("reset", None, None, ONE)),
        ("there is no way there", proxied(at(UNROUTED)), ("reset", None, None, ONE)),
        (
            "he is silent",
            dropping(LISTENING, "server", "INPUT", Match()),
            ("timeout", None, None, ONE),
        ),
        (
            "the proxy itself is unreachable: it makes no connection",
            dropping(LISTENING, "client", "INPUT", Match()),
            ("timeout", None, None, ONE),
        ),
        (
            "what a client may not ask",
            dropping(LISTENING, "router", "INPUT", Match(src=net(f"{CLIENT}/32"))),
            ("timeout", None, None, ONE),
        ),
        ("it listens elsewhere", proxied(at(WEB, port=81)), ("refused", None, None, ONE)),
        ("without a proxy", PROXY.state(), ("refused", None, None, ONE)),
        ("a port for TLS", by_name(a=WEB), ("reset", None, None, ONE)),
    ],
)
def test_two_legs_are_one_path(
    case: str, state: State, expected: tuple[str, str | None, str | None, str]
) -> None:
    assert seen(ask(state)) == expected, case


def test_each_server_is_a_path_with_its_own_verdict() -> None:
    paths = walk(proxied(at(WEB, CLOSED, TOLD)), "client", TCP, ip(NEAR), 80)
    assert [seen(each) for each in paths] == [
        ("ok", "server", FAR, BOTH),
        ("reset", None, None, ONE),
        ("ok", "server", CLIENT, BOTH),
    ]


def test_a_request_without_tls_selects_no_server_name() -> None:
    assert seen(ask(by_name(a=WEB, b=CLOSED))) == ("reset", None, None, ONE)


@pytest.mark.parametrize("protocol", [UDP, ICMP])
def test_the_machine_itself_receives_other_protocols(protocol: Protocol) -> None:
    expected = {UDP: ("refused", None, None, ONE), ICMP: ("ok", "router", CLIENT, ONE)}
    port = 80 if protocol is UDP else 0
    assert seen(ask(LISTENING, port, protocol)) == expected[protocol]


def test_packets_to_other_addresses_are_forwarded_past_the_proxy() -> None:
    state = proxied(at(WEB), wiring=ROUTED)
    (path,) = walk(state, "client", TCP, ip(SERVER), 80)
    assert seen(path) == ("ok", "server", CLIENT, BOTH)


def far_narrow(mtu: int = 1400, *, silent: bool = False) -> State:
    """client ── router, with haproxy ── middle, which has a narrow way on ── server. The middle
    may keep to itself what is too big."""
    wiring = Wiring(
        veths=[
            *PROXY.veths[:1],
            ("router eth1 10.0.2.1/24", "middle eth0 10.0.2.3/24"),
            ("middle eth1 10.0.3.1/24", "server eth0 10.0.3.2/24"),
        ],
        routes={
            "client": PROXY.routes["client"],
            "router": ["10.0.3.0/24 10.0.2.3 eth1"],
            "server": ["0.0.0.0/0 10.0.3.1 eth0"],
        },
        settings={"middle": {"net.ipv4.ip_forward": "1"}},
    )
    state = narrow(
        proxied(at(Server(ip("10.0.3.2"), 80)), wiring=wiring), "middle", "10.0.3.2", mtu
    )
    (route,) = (each for each in state["middle"].routes if each.mtu)
    state = changed(state, "middle", routes=(replace(route, dev="eth1"),))
    return dropping(state, "middle", "OUTPUT", Match(protocol=ICMP)) if silent else state


def near_narrow(*, silent: bool) -> State:
    """client ── middle, with a narrow way on ── router, with haproxy ── server."""
    wiring = Wiring(
        veths=[
            ("client eth0 10.0.0.2/24", "middle eth0 10.0.0.1/24"),
            ("middle eth1 10.0.1.3/24", "router eth0 10.0.1.1/24"),
            *PROXY.veths[1:],
        ],
        routes={
            "client": ["0.0.0.0/0 10.0.0.1 eth0"],
            "router": ["10.0.0.0/24 10.0.1.3 eth0"],
        },
        settings={"middle": {"net.ipv4.ip_forward": "1"}},
    )
    state = proxied(at(WEB), wiring=wiring)
    route = Route(net(f"{NEAR}/32"), dev="eth1", mtu=1400)
    state = changed(state, "middle", routes=(*state["middle"].routes, route))
    return dropping(state, "middle", "OUTPUT", Match(protocol=ICMP)) if silent else state


@pytest.mark.parametrize(
    ("case", "state", "verdict", "path"),
    [
        ("all alike", LISTENING, "ok", BOTH),
        (
            "the far leg, with an error",
            far_narrow(),
            "ok",
            "client router middle server",
        ),
        (
            "the far leg, without",
            far_narrow(silent=True),
            "large-hangs",
            "client router middle server",
        ),
        (
            "the near leg, with an error",
            near_narrow(silent=False),
            "ok",
            "client middle router server",
        ),
        (
            "the near leg, without",
            near_narrow(silent=True),
            "large-hangs",
            "client middle router server",
        ),
    ],
)
def test_each_leg_has_its_own_path_mtu(case: str, state: State, verdict: str, path: str) -> None:
    found = ask(state, size=60_000)
    assert (found.verdict, " ".join(found.path)) == (verdict, path), case
    assert ask(state).verdict == "ok", case


def test_the_sender_of_each_leg_gets_its_mtu_errors() -> None:
    for state, teller, sender in (
        (far_narrow(), "middle", "router"),
        (near_narrow(silent=False), "middle", "client"),
    ):
        large = ask(state, size=60_000).large
        told = [
            hop.reference
            for hop in large
            if hop.what == "sends ICMP fragmentation-needed, MTU 1400"
        ]
        again = [hop.reference for hop in large if hop.what == "sends 1400 bytes"]
        assert (told, again) == ([teller], [sender])


def test_a_large_request_that_hangs_before_the_proxy_is_reset_if_the_server_refuses() -> None:
    """The proxy connects to the server as soon as the client is connected."""
    state = near_narrow(silent=True)
    state = changed(state, "router", daemons=(Haproxy((at(CLOSED),)),))
    assert seen(ask(state, size=60_000)) == ("reset", None, None, "client middle router")


def test_a_proxy_that_receives_no_large_request_cannot_close() -> None:
    state = near_narrow(silent=True)
    daemons = by_name(a=WEB)["router"].daemons
    state = changed(state, "router", daemons=daemons)
    assert ask(state).verdict == "reset"
    assert ask(state, size=60_000).verdict == "timeout"


def test_the_failed_attempt_of_a_proxy_is_shown_with_the_reply() -> None:
    path = ask(proxied(at(CLOSED)))
    assert [(hop.reference, hop.what) for hop in path.request][-1] == (
        "router",
        "haproxy accepts it for svc/web",
    )
    assert ("server", "refuses: nothing listens on tcp port 81") in [
        (hop.reference, hop.what) for hop in path.reply
    ]


WANTED = HttpRequest("shop.example")
HEAD, TLS = WANTED._replace(method="HEAD"), WANTED._replace(tls=True, server_name="shop.example")


@pytest.mark.parametrize(
    ("case", "state", "request_", "expected"),
    [
        ("by a proxy", LISTENING, WANTED, ("ok", 200, "server", FAR, BOTH)),
        ("a HEAD names no server", LISTENING, HEAD, ("ok", 200, None, None, BOTH)),
        ("a server speaks no TLS", LISTENING, TLS, ("reset", None, None, None, BOTH)),
        ("nothing listens there", proxied(at(CLOSED)), WANTED, ("reset", None, None, None, ONE)),
        ("TLS is expected", by_name(a_b=WEB), WANTED, ("reset", None, None, None, ONE)),
        ("its name", by_name(shop_example=WEB), TLS, ("reset", None, None, None, BOTH)),
        ("a wildcard", by_name(a=CLOSED, _example=WEB), TLS, ("reset", None, None, None, BOTH)),
        ("another name", by_name(a=WEB), TLS, ("reset", None, None, None, ONE)),
        (
            "without a server",
            by_name(shop_example=None, _example=WEB),
            TLS,
            ("reset", None, None, None, ONE),
        ),
    ],
)
def test_http(
    case: str, state: State, request_: HttpRequest, expected: tuple[str | int | None, ...]
) -> None:
    (path,) = Walker(state).paths("client", TCP, ip(NEAR), 80, 0, request_)
    verdict, server, source, passed = seen(path)
    assert (verdict, path.status, server, source, passed) == expected


@pytest.mark.parametrize(
    ("listens", "request_", "expected"),
    [
        (Listener(TCP, 80, "server"), WANTED, ("ok", 200, "server")),
        (Listener(UDP, 80, "server"), WANTED, ("refused", None, None)),
        (HealthCheck(80, "default", "web", 2), WANTED, ("ok", 200, None)),
        (HealthCheck(80, "default", "web", 0), WANTED, ("ok", 503, None)),
        (HealthCheck(80, "default", "web", 0), TLS, ("reset", None, None)),
        (NameServer(TCP, 80, "dns", Names()), WANTED, ("timeout", None, None)),
        (NameServer(TCP, 80, "dns", Names()), TLS, ("timeout", None, None)),
    ],
)
def test_what_answers_http_without_a_proxy(
    listens: Listens, request_: HttpRequest, expected: tuple[str, int | None, str | None]
) -> None:
    state = changed(ROUTED.state(), "server", listeners=(listens,))
    (path,) = Walker(state).paths("client", TCP, ip(SERVER), 80, 0, request_)
    assert (str(path.verdict), path.status, path.server) == expected
