"""What stands behind a Service: readiness, zones, and several EndpointSlices."""

import pytest

from nsnet.topology.model import Endpoint
from tests.support.labs import endpoint_slice, pod, service, services, topology

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
        # Who publishes what is not ready calls it ready, and going it is still.
        ("", NOT_READY, "true", True, False, False),
        (GOING, "", "true", True, True, True),
        (GOING, NOT_READY, "true", True, False, True),
    ],
)
def test_who_is_ready(
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
    ],
)
def test_the_zone_of_a_pods_node_is_its_hint_if_the_service_asks(
    meta: str, spec: str, zones: list[tuple[str, ...]]
) -> None:
    pods = (pod(name, labels="app: web") for name in "abc")  # one on each node
    found = behind(*pods, service("web", spec=spec, meta=meta))
    assert [each.zones for each in found] == zones


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
        ("{ready: false}", (False, False, False)),
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


def test_endpoints_stand_in_the_order_of_their_text_as_in_kube_proxy() -> None:
    listed = "{addresses: [10.244.0.2]}, {addresses: [10.244.0.10]}, {addresses: [10.244.0.1]}"
    found = behind(service("web", app=""), endpoint_slice("web", listed))
    # It compares "address:port": of 10.244.0.1: and 10.244.0.10 the digit comes before the colon.
    assert [str(each.address) for each in found] == ["10.244.0.10", "10.244.0.1", "10.244.0.2"]
