"""What clients of a Service see, by example; and that the generated Services are what they say."""

from collections import Counter

import pytest

from nsnet.scenario.load import reload
from nsnet.topology.model import Topology
from nsnet.topology.resolve import resolve
from tests.support import kube_proxy as kp
from tests.support.expected_probes import (
    REFUSED,
    TIMEOUT,
    Client,
    Host,
    Kind,
    Mode,
    Open,
    Question,
    Specified,
    Target,
    World,
    expected,
)
from tests.support.generated_lab import Lab, generated

HOSTS = (
    Host(kp.Node("n1", ("192.168.10.2",)), "192.168.10.2", "10.244.0.1"),
    Host(kp.Node("n2", ("192.168.10.3",)), "192.168.10.3", "10.244.1.1"),
)
ON_N1, ON_N2 = kp.Endpoint("10.244.0.9", 80, "n1"), kp.Endpoint("10.244.1.9", 80, "n2")
HOST_1 = kp.Endpoint("192.168.10.2", 80, "n1")
SERVERS = {str(ON_N1): "one", str(ON_N2): "two", str(HOST_1): "host"}
WORLD = World(4, HOSTS, SERVERS, frozenset({str(HOST_1)}))
POD = Client("pod", "10.244.0.8", "n1")
NODE = Client("node", "192.168.10.2", "n1", is_node=True)
OTHER_NODE = Client("other node", "192.168.10.3", "n2", is_node=True)
OTHER_POD = Client("other pod", "10.244.1.8", "n2")
LAPTOP = Client("laptop", "203.0.113.10")
ONE = Client("one", "10.244.0.9", "n1")
BOTH = (ON_N1, ON_N2)


def ask(
    client: Client,
    kind: Kind,
    *endpoints: kp.Endpoint,
    outside: str = "Cluster",
    inside: str = "Cluster",
    ranges: tuple[str, ...] = (),
    mode: Mode = "iptables",
) -> Specified | Open:
    """NodePorts are asked for on n1."""
    port = kp.Port("web", 80, node_port=30080, endpoints=endpoints)
    service = kp.Service(
        "web",
        type="LoadBalancer",
        cluster_ips=("10.96.0.9",),
        ports=(port,),
        external_policy=outside,
        internal_policy=inside,
        source_ranges=ranges,
        ingress=("198.18.0.9",),
    )
    target = Target(kind, "", 80, "n1" if kind == "NodePort" else "")
    return expected(Question(WORLD, service, port, target, client, mode))


def ok(*answers: tuple[str, str]) -> Specified:
    """One of these servers, which saw this."""
    return Specified("ok", frozenset(answers))


N1, N2 = HOSTS


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        # a pod keeps its address inside, but meets itself as its node
        (ask(POD, "ClusterIP", *BOTH), ok(("one", POD.address), ("two", POD.address))),
        (ask(ONE, "ClusterIP", *BOTH), ok(("one", N1.cbr0), ("two", ONE.address))),
        (ask(NODE, "ClusterIP", *BOTH), ok(("one", N1.cbr0), ("two", N1.eth0))),
        (ask(POD, "ClusterIP", *BOTH, inside="Local"), ok(("one", POD.address))),
        (ask(POD, "ClusterIP", ON_N2, inside="Local"), TIMEOUT),
        (ask(POD, "ClusterIP", inside="Local"), REFUSED),
        (ask(POD, "ClusterIP"), REFUSED),
        (ask(POD, "ClusterIP", HOST_1), ok(("host", POD.address))),
        (ask(NODE, "ClusterIP", HOST_1), ok(("host", N1.eth0), ("host", N1.cbr0))),
        # TP3: all nodes answer, and the server sees the node
        (ask(LAPTOP, "NodePort", *BOTH), ok(("one", N1.cbr0), ("two", N1.eth0))),
        (ask(POD, "NodePort", *BOTH), ok(("one", N1.cbr0), ("two", N1.eth0))),
        (ask(OTHER_NODE, "NodePort", *BOTH), ok(("one", N1.cbr0), ("two", N1.eth0))),
        (ask(LAPTOP, "NodePort", HOST_1), ok(("host", LAPTOP.address))),
        # TP1, TP2: only nodes with endpoints answer, who see the client; the node's own get through
        (ask(LAPTOP, "NodePort", *BOTH, outside="Local"), ok(("one", LAPTOP.address))),
        (ask(LAPTOP, "NodePort", ON_N2, outside="Local"), TIMEOUT),
        (ask(LAPTOP, "NodePort", outside="Local"), REFUSED),
        (ask(OTHER_NODE, "NodePort", ON_N2, outside="Local"), TIMEOUT),
        (ask(POD, "NodePort", ON_N2, outside="Local"), ok(("two", POD.address))),
        (ask(NODE, "NodePort", ON_N2, outside="Local"), ok(("two", N1.eth0))),
        # NP6
        (ask(NODE, "localhost NodePort", *BOTH), ok(("one", N1.cbr0), ("two", N1.eth0))),
        (ask(NODE, "localhost NodePort", *BOTH, mode="nftables"), REFUSED),
        # LB3, LB5, LB6, LB7
        (ask(LAPTOP, "LB VIP", *BOTH, ranges=("192.0.2.0/24",)), TIMEOUT),
        (ask(LAPTOP, "LB VIP", ranges=("192.0.2.0/24",)), REFUSED),
        (ask(LAPTOP, "LB VIP", ranges=("192.0.2.0/24",), mode="nftables"), TIMEOUT),
        (ask(NODE, "LB VIP", ranges=("192.0.2.0/24",), mode="nftables"), REFUSED),
        (ask(POD, "LB VIP", ON_N1, ranges=("10.244.0.0/16",)), ok(("one", N1.cbr0))),
        (ask(POD, "LB VIP", ON_N1, ranges=("192.0.2.0/24",)), TIMEOUT),
        (ask(POD, "NodePort", ON_N1, ranges=("192.0.2.0/24",)), ok(("one", N1.cbr0))),
        (
            ask(LAPTOP, "LB VIP", *BOTH, outside="Local"),
            ok(("one", LAPTOP.address), ("two", LAPTOP.address)),
        ),
        (ask(LAPTOP, "LB VIP", ON_N2), ok(("two", N1.eth0), ("two", N2.cbr0))),
        (ask(LAPTOP, "LB VIP", outside="Local"), TIMEOUT),
        (ask(LAPTOP, "LB VIP"), REFUSED),
        # ipvs has no short circuit, and falls back where nobody is local
        (ask(POD, "NodePort", *BOTH, outside="Local", mode="ipvs"), ok(("one", POD.address))),
        (ask(POD, "ClusterIP", ON_N2, inside="Local", mode="ipvs"), ok(("two", POD.address))),
    ],
)
def test_a_client_of_a_service_sees(found: Specified | Open, wanted: Specified) -> None:
    assert found == wanted


@pytest.mark.parametrize(
    "found",
    [
        ask(OTHER_POD, "NodePort", *BOTH, outside="Local"),  # the answer goes past n1
        ask(NODE, "LB VIP"),
        ask(NODE, "LB VIP", ON_N2, outside="Local", mode="nftables"),
        ask(NODE, "localhost NodePort", *BOTH, mode="ipvs"),
    ],
)
def test_what_the_specification_does_not_say_is_left_open(found: Specified | Open) -> None:
    assert isinstance(found, Open)
    assert found.why


# --- the generated Services ---

FAMILIES = (4, 6)


def resolved(lab: Lab) -> Topology:
    """The generated scenario as nsnet reads it."""
    return resolve(reload("lab.yaml", {"lab.yaml": lab.text}))


@pytest.mark.parametrize("family", FAMILIES)
def test_there_are_services_of_every_kind_each_with_a_name_of_its_own(family: int) -> None:
    lab = generated(family)
    names = Counter(each.name for each in lab.cases)
    assert len(names) == len(lab.cases) >= 60
    crossed = {
        (each.type, bool(each.external_ips), each.external_policy, each.internal_policy)
        for each in lab.services
    }
    assert len(crossed) >= 14
    protocols = {frozenset(port.protocol for port in each.ports) for each in lab.services}
    assert protocols >= {frozenset({"TCP"}), frozenset({"UDP"}), frozenset({"TCP", "UDP"})}
    ports = Counter((port.node_port, port.protocol) for each in lab.services for port in each.ports)
    assert {number for (port, _), number in ports.items() if port} == {1}


@pytest.mark.parametrize("family", FAMILIES)
def test_both_descriptions_speak_of_the_same_services(family: int) -> None:
    lab = generated(family)
    found = {f"{each.namespace}/{each.name}": each for each in resolved(lab).clusters[0].services}
    assert list(found) == [each.name for each in lab.cases]
    for each in lab.cases:
        there = found[each.name]
        if not kp.is_skipped(each.service):
            assert tuple(map(str, there.addresses)) == each.service.cluster_ips
        assert {(port.name, port.port, port.protocol.upper()) for port in there.ports} == {
            (port.name, port.port, port.protocol) for port in each.service.ports
        }


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_services_come_out_every_time(family: int) -> None:
    assert generated(family).text == generated.__wrapped__(family).text
