"""The endpoints that manifests list: EndpointSlices, and Endpoints objects, which are mirrored."""

import pytest

from tests.support.labs import (
    endpoint_slice,
    endpoints,
    endpoints_object,
    pod,
    refused,
    service,
    services,
    topology,
)

OUTSIDE = "externals: [{name: db, address: 203.0.113.5}]"
MANAGED = "endpointslice.kubernetes.io/managed-by"
BY_PODS = f"{MANAGED}: endpointslice-controller.k8s.io"
BY_MIRROR = f"{MANAGED}: endpointslicemirroring-controller.k8s.io"
NINE = "{addresses: [{ip: 192.0.2.9}], ports: [{port: 80}]}"
POD = "10.244.0.2:80 east/pod/web ready"
LISTED = "192.0.2.9:80 192.0.2.9 ready"
OF_SLICE = "192.0.2.8:80 192.0.2.8 ready"
EIGHT = "{addresses: [192.0.2.8]}"


@pytest.mark.parametrize(
    ("subset", "found"),
    [
        (
            "{addresses: [{ip: 203.0.113.5}], ports: [{port: 5432}]}",
            ["203.0.113.5:5432 external/db ready"],
        ),
        (
            "{addresses: [{ip: 10.244.0.2, nodeName: n1}], ports: [{port: 80, protocol: TCP}]}",
            ["10.244.0.2:80 east/pod/web ready"],
        ),
        (
            "{addresses: [{ip: 192.0.2.9}], notReadyAddresses: [{ip: 192.0.2.8}],"
            " ports: [{port: 1}]}",
            ["192.0.2.8:1 192.0.2.8 not ready", "192.0.2.9:1 192.0.2.9 ready"],
        ),
        ("{addresses: [{ip: 192.0.2.9}], ports: [{name: other, port: 80}]}", []),
        ("{addresses: [{ip: 192.0.2.9}], ports: [{port: 80, protocol: UDP}]}", []),
        ("{addresses: [{ip: 192.0.2.9}]}", []),  # no port
        ("{addresses: [{ip: 192.000.002.009}], ports: [{port: 80}]}", [LISTED]),
    ],
)
def test_an_endpoints_object_lists_the_endpoints_of_a_service_without_selector(
    subset: str, found: list[str]
) -> None:
    lab = topology(
        pod("web", spec="nodeName: n1"),
        service("db", app=""),
        endpoints_object("db", subset),
        spec=OUTSIDE,
    )
    assert endpoints(lab, "east/svc/db") == found


def test_the_subsets_of_an_endpoints_object_are_joined() -> None:
    other = "{addresses: [{ip: 192.0.2.8}], ports: [{port: 81}]}"
    lab = topology(service("db", app=""), endpoints_object("db", NINE, other))
    assert endpoints(lab, "east/svc/db") == ["192.0.2.8:81 192.0.2.8 ready", LISTED]


def test_the_node_of_an_address_makes_its_endpoint_local_to_this_node() -> None:
    subset = "{addresses: [{ip: 192.0.2.9, nodeName: n2}], ports: [{port: 80}]}"
    lab = topology(service("db", app=""), endpoints_object("db", subset))
    assert services(lab)["east/svc/db"].ports[0].endpoints[0].node == "n2"


def test_of_a_subset_1000_addresses_are_mirrored_the_ready_ones_first() -> None:
    ready = ", ".join(f"{{ip: 10.9.{number // 250}.{number % 250}}}" for number in range(999))
    unready = "{ip: 192.0.2.1}, {ip: 192.0.2.2}"
    subset = f"{{addresses: [{ready}], notReadyAddresses: [{unready}], ports: [{{port: 80}}]}}"
    lab = topology(service("db", app=""), endpoints_object("db", subset))
    found = services(lab)["east/svc/db"].ports[0].endpoints
    assert [str(each.address) for each in found if not each.ready] == ["192.0.2.1"]
    assert len(found) == 1000


@pytest.mark.parametrize(
    ("meta", "found"),
    [
        ("", [LISTED]),
        ("labels: {endpointslice.kubernetes.io/skip-mirror: 'true'}", []),
        ("labels: {endpointslice.kubernetes.io/skip-mirror: 'True'}", [LISTED]),
        ("annotations: {control-plane.alpha.kubernetes.io/leader: '{}'}", []),
        ("namespace: prod", []),  # of another Service
    ],
)
def test_which_endpoints_objects_are_mirrored(meta: str, found: list[str]) -> None:
    lab = topology(service("db", app=""), endpoints_object("db", NINE, meta=meta))
    assert endpoints(lab, "east/svc/db") == found
    assert lab.warnings == ()


def test_the_endpoints_object_of_a_service_with_a_selector_is_the_controllers() -> None:
    lab = topology(pod("web", labels="app: web"), service("web"), endpoints_object("web", NINE))
    assert endpoints(lab) == [POD]
    assert lab.warnings == ()


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        (BY_PODS, [POD]),
        (BY_MIRROR, [POD]),
        ("", [POD, OF_SLICE]),
        (f"{MANAGED}: me", [POD, OF_SLICE]),
    ],
)
def test_a_slice_that_a_controller_made_for_a_service_with_a_selector_is_left_out(
    labels: str, found: list[str]
) -> None:
    lab = topology(
        pod("web", labels="app: web"), service("web"), endpoint_slice("web", EIGHT, labels=labels)
    )
    assert endpoints(lab) == found


@pytest.mark.parametrize(
    ("labels", "objects", "found"),
    [
        (BY_PODS, [], [OF_SLICE]),
        (BY_MIRROR, [], [OF_SLICE]),
        (BY_MIRROR, [NINE], [LISTED]),  # the slice was made from the object, which may be newer
        ("", [NINE], [OF_SLICE, LISTED]),
    ],
)
def test_a_slice_that_was_made_from_an_endpoints_object_is_left_out_beside_it(
    labels: str, objects: list[str], found: list[str]
) -> None:
    written = [endpoints_object("web", each) for each in objects]
    lab = topology(service("web", app=""), endpoint_slice("web", EIGHT, labels=labels), *written)
    assert endpoints(lab) == found


ODD = [
    "addressType: FQDN\nports: [{port: 80}]\nendpoints: [{addresses: [db.example.org]}]",
    "addressType: IPv4\nports: [{}]\nendpoints: [{addresses: [192.0.2.9]}]",
    "addressType: IPv4\nports: [{port: 0}]\nendpoints: [{addresses: [192.0.2.9]}]",
    "addressType: IPv4\nports: null\nendpoints: [{addresses: [192.0.2.9]}]",
    "addressType: IPv4\nports: [{port: 80}]\nendpoints: null",
]


@pytest.mark.parametrize("rest", ODD)
def test_slices_that_kube_proxy_ignores_list_no_endpoints(rest: str) -> None:
    head = "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: odd, labels:"
    odd = f"{head} {{kubernetes.io/service-name: web}}}}\n{rest}"
    assert endpoints(topology(service("web", app=""), odd)) == []


def test_listed_endpoints_of_a_service_that_does_not_exist_are_harmless() -> None:
    lab = topology(endpoint_slice("gone", EIGHT), endpoints_object("gone", NINE))
    assert lab.warnings == ()


@pytest.mark.parametrize(
    ("ports", "listed", "warning"),
    [
        (
            "{name: http, port: 80}",
            "{port: 80}",
            "lab.yaml:11: no listed endpoints of east/svc/db have a TCP port named http,"
            " so its port http has none; their ports: no name/TCP",
        ),
        (
            "{port: 80}",
            "{name: http, port: 80}",
            "lab.yaml:11: no listed endpoints of east/svc/db have a TCP port without a name,"
            " so its port 80 has none; their ports: http/TCP",
        ),
    ],
)
def test_a_port_that_no_listed_endpoint_has_is_a_warning(
    ports: str, listed: str, warning: str
) -> None:
    subset = f"{{addresses: [{{ip: 192.0.2.9}}], ports: [{listed}]}}"
    lab = topology(service("db", ports, app=""), endpoints_object("db", subset))
    assert lab.warnings == (warning,)


def test_slices_without_an_address_type_are_used_with_one_warning() -> None:
    untyped = endpoint_slice("web", EIGHT).replace("addressType: IPv4\n", "")
    lab = topology(service("web", app=""), untyped, untyped.replace("web-1", "web-2"))
    assert endpoints(lab) == [OF_SLICE]
    assert lab.warnings == (
        "the API server refuses an EndpointSlice without addressType: default/web-1, default/web-2",
    )


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (
            endpoint_slice("web", "{addresses: [192.0.2.9]}").replace("IPv4", "IPv6"),
            'endpoints[0].addresses[0]: Invalid value: "192.0.2.9": must be a valid IPv6 address',
        ),
        (
            endpoint_slice("web", "{addresses: []}"),
            "endpoints[0].addresses: Required value: must contain at least 1 address",
        ),
        (
            endpoint_slice("web", EIGHT, "{port: 80}, {port: 81}"),
            'ports[1].name: Duplicate value: ""',
        ),
        (
            endpoints_object("web", "{ports: [{port: 80}]}"),
            "subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`",
        ),
        (
            endpoints_object(
                "web", "{addresses: [{ip: 192.0.2.9}], ports: [{port: 80}, {port: 81, name: b}]}"
            ),
            "subsets[0].ports[0].name: Required value",
        ),
        (
            endpoints_object("web", "{addresses: [{ip: 192.0.2.9}], ports: [{port: 0}]}"),
            "subsets[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
        ),
        (
            endpoints_object("web", "{addresses: [{ip: 127.0.0.1}], ports: [{port: 80}]}"),
            'addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range',
        ),
    ],
)
def test_lists_that_the_api_server_refuses(written: str, message: str) -> None:
    assert message in refused(written)
