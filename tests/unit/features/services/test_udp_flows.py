"""The UDP flows that conntrack must forget when a Service changes, as kube-proxy has it do."""

import pytest

from nsnet.features.compile import compile_state
from nsnet.plan.ops import ConntrackDelete, RulesLoad
from nsnet.plan.order import changes
from nsnet.plan.shell import render
from nsnet.state.model import Netns, State, Translation
from nsnet.topology.resolve import resolve
from tests.support.labs import Lab, exported, ip, lab, pod, service, workload, written

DNS = "{port: 53, targetPort: 80, protocol: UDP}"
UDP = "containers: [{ports: [{containerPort: 80, protocol: UDP}]}]"
NODE = "nsnet.lab.east.node.n1"
A, B = (ip("10.244.0.2"), 5353), (ip("10.244.0.3"), 5353)
VIP = ip("10.96.0.10")
A_ENDED = "--orig-dst 10.96.0.10 --dst-nat 10.244.0.2 -p udp"


def forgotten(before: tuple[Translation, ...], after: tuple[Translation, ...]) -> list[str]:
    """The commands that the node is given."""
    old, new = (
        State("lab", (Netns("n1", "node/n1", translations=each),)) for each in (before, after)
    )
    ops = [op for op in changes(old, new) if isinstance(op, ConntrackDelete)]
    head, tail = "ip netns exec n1 conntrack -D ", " || [ $? = 1 ]  # 1: none"
    return [render(op).removeprefix(head).removesuffix(tail) for op in ops]


def cluster_ip(*endpoints: tuple[object, int], port: int = 53) -> Translation:
    return Translation(VIP, port, endpoints)  # type: ignore[arg-type]


def node_port(*endpoints: tuple[object, int]) -> Translation:
    return Translation(None, 30053, endpoints)  # type: ignore[arg-type]


V6 = Translation(ip("fd00:96::a"), 53, ((ip("fd00:10::2"), 5353),), 6)


@pytest.mark.parametrize(
    ("before", "after", "commands"),
    [
        ([cluster_ip(A, B)], [cluster_ip(A, B)], []),
        ([cluster_ip(A)], [cluster_ip(A, B)], []),  # flows to A continue
        ([cluster_ip(A, B)], [cluster_ip(B, A)], []),
        (
            [cluster_ip(A, B)],
            [cluster_ip(B)],
            [A_ENDED],
        ),
        ([cluster_ip(A)], [cluster_ip()], [A_ENDED]),
        ([cluster_ip()], [cluster_ip(A)], ["--orig-dst 10.96.0.10 -p udp"]),
        ([], [cluster_ip(A)], ["--orig-dst 10.96.0.10 -p udp"]),
        ([cluster_ip(A)], [], ["--orig-dst 10.96.0.10 -p udp"]),
        ([], [cluster_ip()], []),
        (
            [cluster_ip(A)],
            [cluster_ip((A[0], 5354))],
            [A_ENDED],
        ),
        (
            [cluster_ip(A), cluster_ip(A, port=54)],
            [cluster_ip(B), cluster_ip(B, port=54)],
            [A_ENDED],
        ),
        ([node_port(A, B)], [node_port(A)], ["-p udp --dport 30053 --dst-nat 10.244.0.3"]),
        ([node_port()], [node_port(A)], ["-p udp --dport 30053"]),
        ([node_port(A)], [], ["-p udp --dport 30053"]),
        ([V6], [], ["--orig-dst fd00:96::a -p udp -f ipv6"]),
    ],
    ids=[
        "nothing changes",
        "an endpoint is added",
        "another order",
        "an endpoint is removed",
        "the last endpoint is removed",
        "the first endpoint is added",
        "a Service is added",
        "a Service is removed",
        "a Service without endpoints is added",
        "an endpoint has another port",
        "two ports of one Service",
        "an endpoint of a NodePort is removed",
        "the first endpoint of a NodePort is added",
        "a NodePort is removed",
        "IPv6",
    ],
)
def test_conntrack_entries_that_are_deleted_on_a_node(
    before: list[Translation], after: list[Translation], commands: list[str]
) -> None:
    assert forgotten(tuple(before), tuple(after)) == commands


def test_a_new_node_has_no_entries_to_delete() -> None:
    new = State("lab", (Netns("n1", "node/n1", translations=(cluster_ip(A),)),))
    assert not [op for op in changes(State("lab"), new) if isinstance(op, ConntrackDelete)]


def scaled(replicas: int, protocol: str = DNS) -> Lab:
    return lab(workload("Deployment", "dns", replicas, spec=UDP), service("dns", protocol))


def test_entries_of_a_removed_pod_are_deleted_on_every_node_after_its_rules() -> None:
    ops = changes(scaled(2).state, scaled(1).state)
    dropped = [op for op in ops if isinstance(op, ConntrackDelete)]
    assert dropped == [
        ConntrackDelete(f"nsnet.lab.east.node.{each}", 4, ip("10.96.0.2"), None, ip("10.244.1.2"))
        for each in ("n1", "n2")
    ]
    kinds = [type(op).__name__ for op in ops]
    assert kinds == [
        "RulesLoad", "RulesLoad", "ConntrackDelete", "ConntrackDelete",
        "Unlisten", "LinkDelete", "NetnsDelete", "NeighbourFlush",
    ]  # fmt: skip


def test_tcp_entries_are_not_deleted() -> None:
    tcp = "{port: 53, targetPort: 80}"
    ops = changes(scaled(2, tcp).state, scaled(0, tcp).state)
    assert any(isinstance(op, RulesLoad) for op in ops)
    assert not [op for op in ops if isinstance(op, ConntrackDelete)]


def test_a_gateway_deletes_entries_of_an_exported_service() -> None:
    gateway = ("{name: east, gateway: {kind: nat}}",)

    def state(replicas: int) -> State:
        objects = (workload("Deployment", "dns", replicas, spec=UDP), service("dns", DNS))
        return lab(*objects, exported("dns"), clusters=gateway).state

    dropped = {
        op.netns.rsplit(".", 1)[1]: op.destination
        for op in changes(state(2), state(1))
        if isinstance(op, ConntrackDelete)
    }
    assert dropped == {"gateway": ip("198.18.0.3"), "n1": ip("10.96.0.2")}


def test_a_nodeport_and_every_other_address_of_a_service_is_translated() -> None:
    port = "{port: 53, targetPort: 80, nodePort: 30053, protocol: UDP}"
    found = lab(
        workload("Deployment", "dns", 1, spec=UDP),
        service("dns", port, spec="type: NodePort, externalIPs: [192.0.2.10]"),
    ).state[NODE]
    end = ((ip("10.244.0.2"), 80),)
    assert found.translations == (
        Translation(ip("10.96.0.2"), 53, end),
        Translation(ip("192.0.2.10"), 53, end),
        Translation(None, 30053, end),
    )


def test_a_terminating_endpoint_that_serves_keeps_its_flows() -> None:
    """It gets no new ones while another is ready; kube-proxy forgets those it has when it ends."""
    meta = "deletionTimestamp: '2026-01-01T00:00:00Z'"
    going = pod("old", labels="app: dns", spec=UDP, meta=meta)
    ready = pod("new", labels="app: dns", spec=UDP)
    both = written(going, ready, service("dns", DNS))
    old = resolve(both)
    here = compile_state(old)
    assert [len(each.endpoints) for each in here[NODE].translations] == [2]
    gone = compile_state(resolve(written(ready, service("dns", DNS)), old.assignment()))
    dropped = [op.endpoint for op in changes(here, gone) if isinstance(op, ConntrackDelete)]
    assert dropped == [ip("10.244.1.2")] * 2
