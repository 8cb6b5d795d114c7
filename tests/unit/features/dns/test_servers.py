"""The DNS servers of a lab, and what changes of a lab and faults do to them."""

import pytest

from nsnet.ip import Protocol
from nsnet.plan.ops import ListenerReplace
from nsnet.plan.order import changes, plan
from nsnet.state.model import NameServer
from nsnet.walk.walker import walk
from tests.support.labs import ip, lab, pod, service, workload
from tests.support.world import World

CLUSTER = ("{name: east, nodes: 2, dns: true}",)
EXTERNALS = "externals: [{name: ns, address: 203.0.113.53, zone: {www.example.com: 192.0.2.1}}]"
COREDNS, CLIENT = "nsnet.lab.east.pod.kube-system.coredns-0", "nsnet.lab.east.pod.default.client"
VIP = ip("10.96.0.10")
MINE = """apiVersion: apps/v1
kind: Deployment
metadata: {name: mine, namespace: kube-system}
spec:
  replicas: 2
  template:
    metadata: {labels: {app: kube-dns}}
    spec: {containers: [{ports: [{containerPort: 5353, protocol: UDP}, {containerPort: 9153}]}]}"""
UDP_ONLY = "{name: d, port: 53, protocol: UDP, targetPort: 5353}, {name: m, port: 9153}"


def test_each_server_answers_over_udp_and_tcp() -> None:
    state = lab(clusters=CLUSTER, spec=EXTERNALS).state
    for netns in (COREDNS, "nsnet.lab.external.ns"):
        servers = state[netns].listeners
        assert all(isinstance(each, NameServer) for each in servers)
        assert [(each.port, each.protocol) for each in servers] == [
            (53, Protocol.UDP),
            (53, Protocol.TCP),
        ]


def test_pods_of_the_file_serve_dns_at_the_ports_that_its_service_targets() -> None:
    state = lab(
        MINE, service("kube-dns", namespace="kube-system", ports=UDP_ONLY), clusters=CLUSTER
    ).state
    for number in range(2):
        listeners = state[f"nsnet.lab.east.pod.kube-system.mine-{number}"].listeners
        assert [(each.port, isinstance(each, NameServer)) for each in listeners] == [
            (5353, True),
            (9153, False),
        ]


@pytest.mark.parametrize(
    "added",
    [
        service("new"),
        service("web", spec="clusterIP: None"),
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: new}",
    ],
)
def test_other_names_replace_what_the_servers_answer(added: str) -> None:
    objects = (pod("web", labels="app: web"), pod("client"))
    old, new = lab(*objects, clusters=CLUSTER).state, lab(*objects, added, clusters=CLUSTER).state
    steps = [each for each in changes(old, new) if getattr(each, "netns", "") == COREDNS]
    assert [
        (type(each), each.listener.protocol) for each in steps if hasattr(each, "listener")
    ] == [
        (ListenerReplace, Protocol.UDP),
        (ListenerReplace, Protocol.TCP),
    ]
    assert len(steps) == 2
    World().apply([*plan(old), *changes(old, new)]).holds(new)


def test_pods_without_names_change_no_answers() -> None:
    objects = (workload("Deployment", "web", 2), pod("client"))
    old = lab(*objects, clusters=CLUSTER).state
    new = lab(*objects, pod("more"), clusters=CLUSTER).state
    assert not [each for each in changes(old, new) if isinstance(each, ListenerReplace)]


@pytest.mark.parametrize(
    ("place", "protocol", "verdict"),
    [
        ("node/n1", Protocol.UDP, "timeout"),  # the packets are switched by its bridge, or routed
        ("node/n1", Protocol.TCP, "ok"),  # resolvers that use TCP get through
        ("pod/coredns-0.kube-system", Protocol.UDP, "timeout"),
        ("pod/client", Protocol.UDP, "timeout"),
        ("pod/other", Protocol.UDP, "ok"),
    ],
)
def test_a_fault_may_drop_the_queries(place: str, protocol: Protocol, verdict: str) -> None:
    fault = f"faults: [{{in: {place}, drop: {{protocol: udp, port: 53}}}}]"
    pods = [pod(each, spec="nodeName: n1") for each in ("client", "other")]
    state = lab(*pods, clusters=CLUSTER, spec=fault).state
    (path,) = walk(state, CLIENT, protocol, VIP, 53)
    assert path.verdict == verdict
