"""NodePorts and health check ports, allocated as by Kubernetes' API server."""

import pytest

from nsnet.errors import ScenarioError
from nsnet.topology.model import Topology
from nsnet.topology.resolve import resolve
from tests.support.labs import pod, service, services, topology, written

NODE_PORT = "type: NodePort"
BALANCED = "type: LoadBalancer"
LOCAL = "type: LoadBalancer, externalTrafficPolicy: Local"
DNS = "{name: a, port: 53, protocol: UDP}, {name: b, port: 53}"


def numbers(found: Topology) -> dict[str, list[int | None]]:
    """The NodePorts of every Service, and its health check port if it has one."""
    given: dict[str, list[int | None]] = {}
    for name, each in services(found).items():
        checked = [each.health_check_port] if each.health_check_port else []
        ports = [port.node_port for port in each.ports]
        given[name.removeprefix("east/svc/")] = [*ports, *checked]
    return given


@pytest.mark.parametrize(
    ("ports", "spec", "given"),
    [
        ("{port: 80}", "", [None]),
        ("{port: 80}", NODE_PORT, [30000]),
        ("{port: 80}", BALANCED, [30000]),
        ("{port: 80}", f"{BALANCED}, allocateLoadBalancerNodePorts: false", [None]),
        # A written number is used even so.
        (
            "{name: a, port: 80, nodePort: 30500}, {name: b, port: 81}",
            f"{BALANCED}, allocateLoadBalancerNodePorts: false",
            [30500, None],
        ),
        ("{name: a, port: 80}, {name: b, port: 81}", NODE_PORT, [30000, 30001]),
        # One port of a Service has one number for both protocols, unless it is written.
        (DNS, NODE_PORT, [30000, 30000]),
        (DNS.replace("b, port: 53", "b, port: 53, nodePort: 30053"), NODE_PORT, [30053, 30053]),
        (
            "{name: a, port: 53, protocol: UDP, nodePort: 30054},"
            " {name: b, port: 53, nodePort: 30053}",
            NODE_PORT,
            [30054, 30053],
        ),
        ("{port: 80}", LOCAL, [30000, 30001]),
        ("{port: 80}", f"{LOCAL}, healthCheckNodePort: 30000", [30001, 30000]),
        ("{port: 80}", f"{BALANCED}, externalTrafficPolicy: Cluster", [30000]),
        ("{port: 80}", "type: NodePort, externalTrafficPolicy: Local", [30000]),
        ("{port: 80, protocol: SCTP}", NODE_PORT, []),
    ],
)
def test_the_node_ports_of_a_service(ports: str, spec: str, given: list[int | None]) -> None:
    assert numbers(topology(service("web", ports, spec=spec)))["web"] == given


def test_a_port_that_a_pod_binds_on_the_host_is_not_allocated() -> None:
    spec = "hostNetwork: true, containers: [{ports: [{containerPort: 30000}]}]"
    found = topology(pod("web", spec=spec), service("web", "{port: 80}", spec=LOCAL))
    assert numbers(found)["web"] == [30001, 30002]


def test_written_numbers_are_reserved_before_others_are_allocated() -> None:
    found = topology(
        service("a", spec=NODE_PORT),
        service("b", "{port: 80, nodePort: 30001}", spec=NODE_PORT),
        service("c", spec=f"{LOCAL}, healthCheckNodePort: 30000"),
        service("d", spec=NODE_PORT),
    )
    assert numbers(found) == {"a": [30002], "b": [30001], "c": [30003, 30000], "d": [30004]}


def test_each_cluster_has_its_own_numbers() -> None:
    both = "annotations: {nsnet.dev/cluster: 'east,west'}"
    found = topology(
        service("web", spec=NODE_PORT, meta=both), clusters=("{name: east}", "{name: west}")
    )
    assert numbers(found) == {"web": [30000], "west/svc/web": [30000]}


def test_two_services_cannot_share_a_number_not_even_with_two_protocols() -> None:
    with pytest.raises(ScenarioError, match="already allocated: it is taken by east/svc/a"):
        topology(
            service("a", "{port: 53, nodePort: 30080}", spec=NODE_PORT),
            service("b", "{port: 53, protocol: UDP, nodePort: 30080}", spec=NODE_PORT),
        )


def test_the_range_ends() -> None:
    many = (service(f"s{number}", spec=NODE_PORT) for number in range(2769))
    with pytest.raises(ScenarioError) as caught:
        topology(*many)
    assert [each.message for each in caught.value.problems] == ["all of 30000-32767 are taken"]


# --- a lab that is up already ---


def test_a_service_keeps_its_numbers_until_it_is_removed() -> None:
    old = topology(*(service(name, spec=LOCAL) for name in "abc"))
    assert numbers(old) == {"a": [30000, 30001], "b": [30002, 30003], "c": [30004, 30005]}
    new = topology(*(service(name, spec=LOCAL) for name in "dbc"), keep=old.assignment())
    assert numbers(new) == {"d": [30000, 30001], "b": [30002, 30003], "c": [30004, 30005]}


def test_a_written_number_replaces_an_allocated_one() -> None:
    old = topology(service("a", spec=NODE_PORT), service("b", spec=NODE_PORT))
    new = topology(
        service("a", "{port: 80, nodePort: 30001}", spec=NODE_PORT),
        service("b", "{port: 80, nodePort: 30000}", spec=NODE_PORT),
        keep=old.assignment(),
    )
    assert numbers(new) == {"a": [30001], "b": [30000]}


def test_a_service_may_move_its_number_to_another_of_its_ports() -> None:
    old = topology(service("web", "{port: 80, protocol: UDP}", spec=NODE_PORT))
    both = "{name: a, port: 80, protocol: UDP}, {name: b, port: 53, protocol: UDP, nodePort: 30000}"
    new = resolve(written(service("web", both, spec=NODE_PORT)), old.assignment())
    assert numbers(old)["web"] == [30000]
    assert numbers(new)["web"] == [30001, 30000]


def test_a_service_cannot_write_the_allocated_number_of_another() -> None:
    old = topology(service("z", spec=NODE_PORT))
    late = service("a", "{port: 80, nodePort: 30000}", spec=NODE_PORT)
    with pytest.raises(ScenarioError, match=r"30000: .* taken by east/svc/z"):
        topology(late, service("z", spec=NODE_PORT), keep=old.assignment())


def test_a_change_of_type_frees_the_numbers() -> None:
    old = topology(service("web", spec=LOCAL))
    new = topology(service("web", spec=NODE_PORT), keep=old.assignment())
    assert numbers(new) == {"web": [30000]}
    assert numbers(topology(service("web"), keep=old.assignment())) == {"web": [None]}
