"""The load balancer in front, on the kernel: routes of equal cost, changed while they are used, and
the health checks behind them."""

import http.client
import json
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, TypeVar

import pytest
from pyroute2.netlink.rtnl import RTM_NEWROUTE
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from nsnet.features.compile import compile_state
from nsnet.ip import Protocol
from nsnet.kernel import netns
from nsnet.kernel.observe import observe
from nsnet.lab import folder
from nsnet.lab.compiled import Compiled
from nsnet.lab.host import Host
from nsnet.lab.lab import Lab
from nsnet.plan.differences import diff
from nsnet.plan.order import changes, plan
from nsnet.plan.shell import script
from nsnet.probes.ask import ask
from nsnet.probes.prober import Flow, send
from nsnet.probes.question import probe_spec, question
from nsnet.probes.report import ProbeReport
from nsnet.state.model import State
from nsnet.state.observed import Observed
from nsnet.topology.resolve import resolve
from nsnet.verdict import Verdict
from tests.kernel.test_scenarios import patient
from tests.kernel.test_two_writers import differing, settings, shown
from tests.support.labs import answering, ip, offered, pod, service, written
from tests.support.machine import NEEDS_ROOT, SECONDS, Machine, machine

pytestmark = NEEDS_ROOT

Result = TypeVar("Result")
VIP, VIP6 = "172.18.0.1", "fd18::1"
STEADY = "172.18.0.2"  # of a Service whose endpoints stay
HEALTH = 32000
IPV4_ROUTES, IPV6_ROUTES = 1 << 6, 1 << 10  # RTMGRP_…: who hears of every change
RANGES = (
    "podCIDR: '10.244.0.0/16,fd00:10:244::/56', serviceCIDR: '10.96.0.0/16,fd00:96::/112',"
    " nodeCIDR: '192.168.10.0/24,fd00:192:168::/64'"
)
OUTSIDE = """
fabricCIDR: 198.18.0.0/16,fd98::/64
externals:
- {name: client, address: 203.0.113.9}
- {name: client6, address: "2001:db8::9"}
"""
PORTS = "{name: tcp, port: 80}, {name: udp, port: 80, protocol: UDP}"
MODELS = {"island": "", "gateway": ", gateway: {kind: nat}"}


class Wanted(NamedTuple):
    """A lab of three nodes: web has an endpoint on each of `on`, steady on n1 and n2. The nodes
    answer at both load balancers' addresses by themselves."""

    model: str
    on: tuple[str, ...]

    def lab(self) -> Lab:
        """What is to be built."""
        pods = [
            pod(f"{name}-{node}", labels=f"app: {name}", spec=f"nodeName: {node}")
            for name, nodes in (("web", self.on), ("steady", ("n1", "n2")))
            for node in nodes
        ]
        scenario = written(
            *pods,
            *(service(each, PORTS) for each in ("web", "steady")),
            clusters=(f"{{name: east, nodes: 3, {RANGES}{MODELS[self.model]}}}",),
            spec=OUTSIDE,
        )
        topology = offered(
            offered(resolve(scenario), "web", VIP, VIP6, local=True, health=HEALTH),
            "steady",
            STEADY,
            local=True,
            health=HEALTH + 1,
        )
        state = answering(compile_state(topology), VIP, VIP6, STEADY)
        return Lab(Compiled(scenario, topology, state))

    def ask(self, *questions: tuple[str, str, str], times: int = 1) -> tuple[ProbeReport, ...]:
        """What real packets did: (source, destination, protocol)."""
        lab = self.lab()
        specs = [patient(lab, probe_spec(*each, times=times)) for each in questions]
        asked = [question(lab.topology, each, path=True) for each in specs]
        return ask(lab.model, asked)


def build(wanted: Wanted) -> None:
    """It is up."""
    lab = wanted.lab()
    with folder.locked(lab.name):
        lab.build()


def change(old: Wanted, new: Wanted) -> None:
    """It is another."""
    lab = new.lab()
    Host(lab.name, "iptables-legacy").apply(changes(old.lab().state, lab.state))


def seen(state: State) -> dict[str, Observed]:
    keys = {each.name: [one.key for one in each.sysctls] for each in state.netns}
    return observe([each.name for each in state.netns], keys, "iptables-legacy")


def health(source: str, node: str, port: int = HEALTH) -> tuple[int, dict[str, str], bytes]:
    """What a load balancer hears that asks a node: status, headers, body."""
    with netns.inside(f"nsnet.lab.{source}"):
        connection = http.client.HTTPConnection(node, port, timeout=SECONDS)
        connection.connect()
    connection.request("GET", "/healthz")
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read()
    connection.close()
    return found


@pytest.fixture(scope="module")
def here() -> Iterator[Machine]:
    with machine() as made:
        yield made


@pytest.fixture
def built(here: Machine) -> Iterator[Callable[[Wanted], Machine]]:
    """Builds a lab in a machine; it is down afterwards."""

    def up(wanted: Wanted) -> Machine:
        here.inside(lambda: build(wanted))
        return here

    yield up
    here.down()


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("on", [("n1", "n2", "n3"), ("n3", "n1"), ("n2",), ()], ids=str)
def test_what_is_built_is_what_was_asked(
    built: Callable[[Wanted], Machine], model: str, on: tuple[str, ...]
) -> None:
    wanted = Wanted(model, on)
    state = wanted.lab().state
    assert built(wanted).inside(lambda: diff(state, seen(state))) == ()


@pytest.mark.parametrize("model", MODELS)
def test_what_is_typed_is_what_netlink_makes(
    built: Callable[[Wanted], Machine], tmp_path: Path, model: str
) -> None:
    wanted = Wanted(model, ("n1", "n3"))
    state = wanted.lab().state
    file = tmp_path / "script.sh"
    file.write_text(script("lab", plan(state)))
    where = built(wanted)
    called = where.inside(lambda: seen(state)), shown(where, state), settings(where, state)
    where.down()
    where.output("sh", str(file))
    assert where.inside(lambda: seen(state)) == called[0]
    assert differing(shown(where, state), called[1]) == {}
    assert differing(settings(where, state), called[2]) == {}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("source", "to"), [("client", VIP), ("client6", f"[{VIP6}]")])
def test_connections_from_outside_spread_over_the_healthy_nodes(
    built: Callable[[Wanted], Machine], model: str, source: str, to: str
) -> None:
    wanted = Wanted(model, ("n1", "n3"))
    where = built(wanted)
    (report,) = where.inside(
        lambda: wanted.ask((f"external/{source}", f"{to}:80", "tcp"), times=200)
    )
    assert report.defects == ()
    attempts = report.observed.attempts
    servers = Counter(each.server for each in attempts)
    assert set(servers) == {"east/node/n1", "east/node/n3"}
    assert min(servers.values()) >= 60  # of 200: less is a chance of one in a hundred million
    way = ("fabric",) if model == "island" else ("fabric", "east/gateway", "fabric")
    assert {each.path for each in attempts} == {
        (f"external/{source}", *way, server) for server in servers
    }
    own = {"client": "203.0.113.9", "client6": "2001:db8::9"}[source]
    assert {str(each.source) for each in attempts} == {own}


@pytest.mark.parametrize("model", MODELS)
def test_without_a_healthy_node_or_an_open_port_clients_get_no_reply(
    built: Callable[[Wanted], Machine], model: str
) -> None:
    """A black hole in the sender's own namespace is an error of connect(): no verdict either."""
    wanted = Wanted(model, ())
    questions = [
        (source, to, protocol)
        for source in ("external/client", "external/client6", "fabric", "east/node/n2")
        for to, protocol in (
            (f"{VIP}:80", "tcp"),
            (f"{VIP}:80", "udp"),
            (f"[{VIP6}]:80", "tcp"),
            (f"{STEADY}:81", "tcp"),
            (f"{STEADY}:81", "udp"),
            (STEADY, "icmp"),
        )
        if source.endswith("6") == ("[" in to) or "external" not in source
    ]
    reports = built(wanted).inside(lambda: wanted.ask(*questions))
    assert [(each.name, each.defects) for each in reports if each.defects] == []
    assert {each.verdict for report in reports for each in report.observed.attempts} == {
        Verdict.TIMEOUT
    }


# --- while it changes ---

SWINGS = [("n1", "n3"), ("n1", "n2", "n3"), ("n2",), ("n1", "n2")]


@pytest.mark.parametrize("model", MODELS)
def test_no_request_is_lost_while_the_healthy_nodes_change(
    built: Callable[[Wanted], Machine], model: str
) -> None:
    """Connections to another address, and requests of one packet to the one that changes: what
    takes longer may be moved to another node."""
    swings = [Wanted(model, on) for on in (*SWINGS * 5, SWINGS[0])]  # 20 changes

    def requests_during_changes() -> Counter[tuple[str, str]]:
        def change_all() -> None:
            for old, new in pairwise(swings):
                change(old, new)

        found: Counter[tuple[str, str]] = Counter()
        with ThreadPoolExecutor() as other:
            changing = other.submit(change_all)
            while not changing.done():
                for to, protocol in ((STEADY, Protocol.TCP), (VIP, Protocol.UDP)):
                    flow = Flow("nsnet.lab.external.client", ip(to), 80, protocol, times=20)
                    (outcomes,) = send([flow], [])
                    found.update((to, str(each.verdict)) for each in outcomes)
        changing.result()
        return found

    where = built(swings[0])
    found = where.inside(requests_during_changes)
    assert set(found) == {(STEADY, "ok"), (VIP, "ok")}
    assert min(found.values()) >= 100
    state = swings[-1].lab().state
    assert where.inside(lambda: diff(state, seen(state))) == ()


def test_a_route_that_changes_is_never_gone(built: Callable[[Wanted], Machine]) -> None:
    swings = [Wanted("island", on) for on in (*SWINGS, (), SWINGS[0], ())]

    def announced() -> list[tuple[int, str]]:
        with netns.inside("nsnet.lab.fabric"):
            hears = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        hears.bind((0, IPV4_ROUTES | IPV6_ROUTES))
        for old, new in pairwise(swings):
            change(old, new)
        hears.setblocking(False)
        found = []
        with hears, suppress(BlockingIOError):
            while True:
                message = rtmsg(hears.recv(1 << 16))
                message.decode()
                found.append((message["header"]["type"], message.get_attr("RTA_DST")))
        return found

    found = built(swings[0]).inside(announced)
    assert {to for _, to in found} == {VIP, VIP6}
    assert {kind for kind, _ in found} == {RTM_NEWROUTE}


# --- health checks ---


def test_a_health_check_answers_as_kube_proxy_does(built: Callable[[Wanted], Machine]) -> None:
    before, after = Wanted("island", ("n1", "n3")), Wanted("island", ("n2", "n3"))
    where = built(before)
    (cluster,) = before.lab().topology.clusters
    own = {each.name: [str(one.ip) for one in each.addresses] for each in cluster.nodes}

    def statuses() -> dict[str, list[int]]:
        sources = ("external.client", "external.client6")
        return {
            name: [health(each, one)[0] for each, one in zip(sources, addresses, strict=True)]
            for name, addresses in own.items()
        }

    assert where.inside(statuses) == {"n1": [200, 200], "n2": [503, 503], "n3": [200, 200]}
    status, headers, body = where.inside(lambda: health("external.client", own["n1"][0]))
    assert (status, headers) == (
        200,
        {
            "Content-Type": "application/json",
            "X-Content-Type-Options": "nosniff",
            "X-Load-Balancing-Endpoint-Weight": "1",
            "Content-Length": str(len(body)),
            "Connection": "close",
        },
    )
    assert body.decode() == (
        '{\n\t"service": {\n\t\t"namespace": "default",\n\t\t"name": "web"\n\t},\n'
        '\t"localEndpoints": 1,\n\t"serviceProxyHealthy": true\n}'
    )
    said = json.loads(where.inside(lambda: health("external.client", own["n2"][0], HEALTH))[2])
    assert (said["service"]["name"], said["localEndpoints"]) == ("web", 0)

    where.inside(lambda: change(before, after))
    assert where.inside(statuses) == {"n1": [503, 503], "n2": [200, 200], "n3": [200, 200]}


def test_a_probe_of_a_health_check_is_answered_by_the_node(
    built: Callable[[Wanted], Machine],
) -> None:
    wanted = Wanted("island", ("n1",))
    asked = ("external/client", f"east/node/n2:{HEALTH}", "tcp")
    (report,) = built(wanted).inside(lambda: wanted.ask(asked))
    assert report.defects == ()
    assert [(each.verdict, each.server) for each in report.observed.attempts] == [
        ("ok", "east/node/n2")
    ]
