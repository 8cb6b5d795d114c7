"""The endpoints of a Service: pods and EndpointSlices, conditions and zone hints."""

import pytest

from nsnet.topology.model import Endpoint
from tests.support.labs import (
    endpoint_slice,
    endpoints,
    only_service,
    pod,
    pods,
    service,
    services,
    topology,
)

DUAL = (
    "{name: east, podCIDR: '10.244.0.0/16,fd00:10:244::/56',"
    " serviceCIDR: '10.96.0.0/16,fd00:10:96::/112',"
    " nodeCIDR: '192.168.10.0/24,fd00:192:168::/64'}",
)
ZONE = "topology.kubernetes.io/zone"
ZONES = (
    f"{{name: east, nodes: [{{name: n1, labels: {{{ZONE}: a}}}},"
    f" {{name: n2, labels: {{{ZONE}: b}}}}, {{name: n3}}]}}",
)
MODE = "service.kubernetes.io/topology-mode"
HINTS = "service.kubernetes.io/topology-aware-hints"
GOING = "deletionTimestamp: '2024-01-01T00:00:00Z'"
NOT_READY = "\nstatus: {conditions: [{type: Ready, status: 'False'}]}"


def behind(*objects: str) -> tuple[Endpoint, ...]:
    """The endpoints of the Service `web` at its first port."""
    return services(topology(*objects, clusters=ZONES))["east/svc/web"].ports[0].endpoints


@pytest.mark.parametrize(
    ("meta", "status", "publish", "ready", "serving", "terminating"),
    [
        ("", "", "false", True, True, False),
        ("", NOT_READY, "false", False, False, False),
        (GOING, "", "false", False, True, True),
        (GOING, NOT_READY, "false", False, False, True),
        # publishNotReadyAddresses makes them ready; the other conditions stay.
        ("", NOT_READY, "true", True, False, False),
        (GOING, "", "true", True, True, True),
        (GOING, NOT_READY, "true", True, False, True),
    ],
)
def test_the_conditions_of_a_pods_endpoint(
    meta: str, status: str, publish: str, ready: bool, serving: bool, terminating: bool
) -> None:
    (found,) = behind(
        pod("web", labels="app: web", meta=meta) + status,
        service("web", spec=f"publishNotReadyAddresses: {publish}"),
    )
    assert (found.ready, found.serving, found.terminating) == (ready, serving, terminating)


@pytest.mark.parametrize(
    ("meta", "spec", "zones"),
    [
        ("", "", [(), (), ()]),
        (f"annotations: {{{MODE}: Auto}}", "", [("a",), ("b",), ()]),
        (f"annotations: {{{HINTS}: auto}}", "", [("a",), ("b",), ()]),
        (f"annotations: {{{MODE}: Disabled}}", "", [(), (), ()]),
        ("", "trafficDistribution: PreferClose", [("a",), ("b",), ()]),
        ("", "trafficDistribution: PreferSameZone", [("a",), ("b",), ()]),
        ("", "trafficDistribution: PreferSameNode", [("a",), ("b",), ()]),
    ],
)
def test_the_zone_of_a_pods_node_is_its_hint_if_the_service_asks(
    meta: str, spec: str, zones: list[tuple[str, ...]]
) -> None:
    pods = (pod(name, labels="app: web") for name in "abc")  # one on each node
    found = behind(*pods, service("web", spec=spec, meta=meta))
    assert [each.zones for each in found] == zones


@pytest.mark.parametrize(
    ("distribution", "meta", "nodes"),
    [
        ("PreferClose", "", [(), ()]),
        ("PreferSameNode", "", [("n1",), ("n2",)]),
        ("PreferSameNode", f"annotations: {{{MODE}: Disabled}}", [("n1",), ("n2",)]),
        ("PreferSameNode", f"annotations: {{{MODE}: Auto}}", [(), ()]),  # it has precedence
    ],
)
def test_the_node_of_a_pod_is_its_hint_if_the_service_prefers_the_same_node(
    distribution: str, meta: str, nodes: list[tuple[str, ...]]
) -> None:
    pods = (pod(name, labels="app: web") for name in "ab")
    found = behind(*pods, service("web", spec=f"trafficDistribution: {distribution}", meta=meta))
    assert [each.nodes for each in found] == nodes


def test_the_node_hints_of_a_slice_are_as_written() -> None:
    hinted = "{addresses: [192.0.2.9], hints: {forNodes: [{name: n1}, {name: n3}]}}"
    (found,) = behind(service("web", app=""), endpoint_slice("web", hinted))
    assert found.nodes == ("n1", "n3")


@pytest.mark.parametrize(
    ("spec", "zones"), [("trafficDistribution: PreferClose", ("b", "c")), ("", ())]
)
def test_the_hints_of_a_slice_are_as_written_if_the_service_asks(
    spec: str, zones: tuple[str, ...]
) -> None:
    hinted = "{addresses: [192.0.2.9], hints: {forZones: [{name: b}, {name: c}]}}"
    (found,) = behind(service("web", app="", spec=spec), endpoint_slice("web", hinted))
    assert found.zones == zones


@pytest.mark.parametrize(
    ("conditions", "state"),
    [
        ("{}", (True, True, False)),
        ("{ready: null, serving: null, terminating: null}", (True, True, False)),
        ("{ready: false}", (False, True, False)),
        ("{ready: false, terminating: true}", (False, True, True)),
        ("{ready: false, serving: false, terminating: true}", (False, False, True)),
        ("{ready: false, serving: true, terminating: true}", (False, True, True)),
        ("{ready: true, serving: false}", (True, False, False)),
    ],
)
def test_the_conditions_of_a_slice(conditions: str, state: tuple[bool, bool, bool]) -> None:
    one = f"{{addresses: [192.0.2.9], conditions: {conditions}}}"
    (found,) = behind(service("web", app=""), endpoint_slice("web", one))
    assert (found.ready, found.serving, found.terminating) == state


def another(text: str) -> str:
    """A second slice of the same Service."""
    return text.replace("name: web-1", "name: web-2")


def test_the_slices_of_a_service_are_merged_and_an_address_is_counted_once() -> None:
    found = behind(
        service("web", app=""),
        endpoint_slice("web", "{addresses: [192.0.2.1]}, {addresses: [192.0.2.2]}"),
        another(endpoint_slice("web", "{addresses: [192.0.2.2]}, {addresses: [192.0.2.3]}")),
    )
    assert [str(each.address) for each in found] == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]


def test_one_address_with_two_ports_is_two_endpoints() -> None:
    found = behind(
        service("web", app=""),
        endpoint_slice("web", "{addresses: [192.0.2.1]}"),
        another(endpoint_slice("web", "{addresses: [192.0.2.1]}", "{port: 81}")),
    )
    assert [each.port for each in found] == [80, 81]


def test_a_slice_beside_a_selector_adds_to_it() -> None:
    found = behind(
        pod("web", labels="app: web"),
        service("web"),
        endpoint_slice("web", "{addresses: [10.244.0.2]}, {addresses: [192.0.2.9]}"),
    )
    assert [each.reference for each in found] == ["east/pod/web", "192.0.2.9"]


def test_an_external_name_has_no_selector() -> None:
    name = "type: ExternalName, externalName: api.example.org"
    found = topology(pod("web", labels="app: web"), service("web", spec=name))
    assert found.warnings == ()
    assert services(found)["east/svc/web"].ports[0].endpoints == ()


def test_endpoints_are_in_kube_proxys_order_that_of_their_text() -> None:
    listed = "{addresses: [10.244.0.2]}, {addresses: [10.244.0.10]}, {addresses: [10.244.0.1]}"
    found = behind(service("web", app=""), endpoint_slice("web", listed))
    # It compares "address:port": of 10.244.0.1: and 10.244.0.10 the digit comes before the colon.
    assert [str(each.address) for each in found] == ["10.244.0.10", "10.244.0.1", "10.244.0.2"]


def test_a_selector_finds_pods_of_its_own_namespace_with_all_of_its_labels() -> None:
    found = topology(
        pod("a", labels="app: web, tier: front"),
        pod("b", labels="app: web", namespace="prod"),
        pod("c", labels="app: api"),
        service("web"),
        clusters=("{name: east}",),
    )
    assert endpoints(found) == ["10.244.0.2:80 east/pod/a ready"]


@pytest.mark.parametrize(
    ("condition", "behind_it"),
    [
        ("", "ready"),
        ("\nstatus: {conditions: [{type: Ready, status: 'True'}]}", "ready"),
        ("\nstatus: {conditions: [{type: Ready, status: 'False'}]}", "not ready"),
        ("\nstatus: {conditions: [{type: Ready, status: Unknown}]}", "not ready"),
        ("\nstatus: {conditions: [{type: Initialized, status: 'False'}]}", "ready"),
    ],
)
def test_a_pod_is_ready_unless_its_status_says_otherwise(condition: str, behind_it: str) -> None:
    found = topology(pod("web", labels="app: web") + condition, service("web"))
    assert endpoints(found) == [f"10.244.0.2:80 east/pod/web {behind_it}"]


def test_a_pod_that_is_being_deleted_is_terminating() -> None:
    leaving = pod("web", labels="app: web", meta="deletionTimestamp: '2024-01-01T00:00:00Z'")
    found = topology(leaving, service("web"))
    assert endpoints(found) == ["10.244.0.2:80 east/pod/web terminating"]
    assert services(found)["east/svc/web"].ports[0].endpoints[0].serving


def test_a_named_target_port_may_be_another_number_in_each_pod() -> None:
    found = topology(
        pod(
            "a", labels="app: web", spec="containers: [{ports: [{name: http, containerPort: 80}]}]"
        ),
        pod(
            "b",
            labels="app: web",
            spec="containers: [{ports: [{name: http, containerPort: 8080}]}]",
        ),
        pod("c", labels="app: web", spec="containers: [{ports: [{name: x, containerPort: 80}]}]"),
        service("web", "{port: 80, targetPort: http}"),
        clusters=("{name: east}",),
    )
    assert endpoints(found) == [
        "10.244.0.2:80 east/pod/a ready",
        "10.244.0.3:8080 east/pod/b ready",  # and c has no port of that name: no endpoint
    ]


def test_a_named_target_port_is_one_of_its_own_protocol() -> None:
    tcp = "{ports: [{name: dns, containerPort: 5353}]}"
    udp = "{ports: [{name: dns, containerPort: 53, protocol: UDP}]}"
    found = topology(
        pod("dns", labels="app: web", spec=f"containers: [{tcp}, {udp}]"),
        service("web", "{port: 53, protocol: UDP, targetPort: dns}"),
    )
    assert endpoints(found) == ["10.244.0.2:53 east/pod/dns ready"]


@pytest.mark.parametrize(
    ("ports", "number"), [("{port: 80}", 80), ("{port: 80, targetPort: 8080}", 8080)]
)
def test_the_target_port_is_the_port_by_default(ports: str, number: int) -> None:
    found = topology(pod("web", labels="app: web"), service("web", ports))
    assert endpoints(found) == [f"10.244.0.2:{number} east/pod/web ready"]


def test_a_pod_of_the_hosts_network_is_found_at_its_nodes_address() -> None:
    found = topology(pod("web", labels="app: web", spec="hostNetwork: true"), service("web"))
    web = pods(found)["east/pod/web"]
    assert web.netns == found.clusters[0].nodes[0].netns
    assert endpoints(found) == ["192.168.10.2:80 east/pod/web ready"]
    assert web.netns in {each.name: each.reference for each in found.namespaces()}


@pytest.mark.parametrize(
    ("endpoint", "behind_it"),
    [
        ("{addresses: [10.244.0.2]}", "10.244.0.2:80 east/pod/client ready"),
        ("{addresses: [203.0.113.80]}", "203.0.113.80:80 external/api ready"),
        ("{addresses: [192.0.2.9]}", "192.0.2.9:80 192.0.2.9 ready"),
        ("{addresses: [192.0.2.9, 192.0.2.10]}", "192.0.2.9:80 192.0.2.9 ready"),
        (
            "{addresses: [192.0.2.9], conditions: {ready: false}}",
            "192.0.2.9:80 192.0.2.9 not ready",
        ),
        (
            "{addresses: [192.0.2.9], conditions: {ready: false, terminating: true}}",
            "192.0.2.9:80 192.0.2.9 terminating",
        ),
    ],
)
def test_endpoints_written_by_hand_are_used_as_they_are(endpoint: str, behind_it: str) -> None:
    found = topology(
        pod("client"),
        service("web", app=""),
        endpoint_slice("web", endpoint),
        spec="externals: [{name: api, address: 203.0.113.80}]",
    )
    assert endpoints(found) == [behind_it]


def test_the_port_name_of_a_slice_is_that_of_a_service_port() -> None:
    found = topology(
        service("web", "{name: http, port: 80}, {name: admin, port: 90}", app=""),
        endpoint_slice("web", "{addresses: [192.0.2.9]}", "{name: admin, port: 9090}"),
    )
    assert endpoints(found) == []
    assert endpoints(found, port=1) == ["192.0.2.9:9090 192.0.2.9 ready"]


@pytest.mark.parametrize(
    ("spec", "families"),
    [
        ("", [4]),
        ("ipFamilies: [IPv6]", [6]),
        ("ipFamilyPolicy: PreferDualStack", [4, 6]),
        ("clusterIP: None", [4]),  # a headless Service, too, has a family
    ],
)
def test_endpoints_are_of_the_families_of_their_service(spec: str, families: list[int]) -> None:
    found = only_service(pod("web", labels="app: web"), service("web", spec=spec), clusters=DUAL)
    assert [each.address.version for each in found.ports[0].endpoints] == families


def test_a_port_whose_target_no_pod_names_has_no_endpoints_and_the_others_work() -> None:
    ports = "{name: http, port: 80, targetPort: web}, {name: stats, port: 90, targetPort: stats}"
    found = topology(
        pod("a", labels="app: web", spec="containers: [{ports: [{name: web, containerPort: 8}]}]"),
        service("web", ports),
    )
    assert endpoints(found) == ["10.244.0.2:8 east/pod/a ready"]
    assert endpoints(found, port=1) == []
    assert found.warnings == (
        "lab.yaml:16: no pod behind east/svc/web has a port named stats/tcp,"
        " so its port stats has no endpoints; named ports: web/tcp",
    )
