"""Services that were read from another cluster, in a lab with other ranges."""

import pytest

from nsnet.topology.model import Service, Topology
from tests.support.labs import pod, refused, service, services, topology

RANGE = "; serviceCIDR is 10.96.0.0/16"
READ = "uid: 7f3a, resourceVersion: '12', creationTimestamp: '2024-05-01T10:00:00Z'"
DUAL = (
    "{name: east, podCIDR: '10.244.0.0/16,fd00:10:244::/56',"
    " serviceCIDR: '10.96.0.0/16,fd00:10:96::/112',"
    " nodeCIDR: '192.168.10.0/24,fd00:192:168::/64'}",
)


def replaced_of(kind: str, services: str, names: str = "east/svc/web") -> str:
    """The warning that values of this kind were replaced."""
    where = "of east had in the cluster that the manifests were read from"
    ranges = RANGE if kind in ("ClusterIPs", "IP families") else ""
    return f"the lab replaces the {kind} that {services} {where}{ranges}: {names}"


def dump(spec: str, ports: str = "{port: 80}", status: str = "") -> str:
    """The Service `web` as the API server shows it."""
    ending = f"\nstatus: {{loadBalancer: {{ingress: [{status}]}}}}" if status else ""
    return service("web", ports, app="", spec=spec, meta=READ) + ending


def web(lab: Topology) -> Service:
    """The Service."""
    return services(lab)["east/svc/web"]


@pytest.mark.parametrize(
    ("spec", "addresses", "replaced"),
    [
        ("clusterIP: 10.96.0.7, clusterIPs: [10.96.0.7], ipFamilies: [IPv4]", ["10.96.0.7"], []),
        ("clusterIP: 10.0.3.7, clusterIPs: [10.0.3.7]", ["10.96.0.2"], ["ClusterIPs"]),
        ("clusterIP: 10.96.0.0", ["10.96.0.2"], ["ClusterIPs"]),  # the address of the network
        ("clusterIP: 'fd00:10:96::7'", ["10.96.0.2"], ["ClusterIPs"]),
        (
            "clusterIP: 'fd00::7', clusterIPs: ['fd00::7'], ipFamilies: [IPv6],"
            " ipFamilyPolicy: SingleStack",
            ["10.96.0.2"],
            ["IP families"],
        ),
        (
            "clusterIP: 10.96.0.7, clusterIPs: [10.96.0.7, 'fd00::7'], ipFamilies: [IPv4, IPv6],"
            " ipFamilyPolicy: RequireDualStack",
            ["10.96.0.7"],
            ["IP families"],
        ),
        (
            "clusterIP: 'fd00::7', clusterIPs: ['fd00::7', 10.0.0.7], ipFamilies: [IPv6, IPv4],"
            " ipFamilyPolicy: PreferDualStack",
            ["10.96.0.2"],
            ["IP families", "ClusterIPs"],
        ),
        ("clusterIP: None, clusterIPs: [None], ipFamilies: [IPv6]", [], []),
        ("clusterIP: None, selector: {app: x}, ipFamilies: [IPv6]", [], ["IP families"]),
    ],
)
def test_the_cluster_ips_that_the_lab_lacks_are_replaced(
    spec: str, addresses: list[str], replaced: list[str]
) -> None:
    lab = topology(pod("x", labels="app: x"), dump(spec))
    assert list(map(str, web(lab).addresses)) == addresses
    assert lab.warnings == tuple(replaced_of(kind, "1 Service") for kind in replaced)


def test_both_families_are_kept_in_a_cluster_that_has_both() -> None:
    both = "clusterIP: 'fd00:10:96::7', clusterIPs: ['fd00:10:96::7', 10.96.0.7]"
    families = "ipFamilies: [IPv6, IPv4], ipFamilyPolicy: RequireDualStack"
    lab = topology(dump(f"{both}, {families}"), clusters=DUAL)
    assert list(map(str, web(lab).addresses)) == ["fd00:10:96::7", "10.96.0.7"]
    assert lab.warnings == ()


def test_node_ports_of_another_range_are_replaced() -> None:
    ports = "{name: a, port: 80, nodePort: 8080}, {name: b, port: 81, nodePort: 30001}"
    local = "type: LoadBalancer, externalTrafficPolicy: Local, healthCheckNodePort: 40000"
    lab = topology(dump(local, ports))
    assert [each.node_port for each in web(lab).ports] == [30000, 30001]
    assert web(lab).health_check_port == 30002
    assert lab.warnings == (replaced_of("NodePorts", "1 Service"),)


@pytest.mark.parametrize(
    ("spec", "status", "address", "replaced"),
    [
        ("", "{ip: 203.0.113.9}", "203.0.113.9", False),
        ("", "{ip: 192.168.10.3}", "198.18.0.2", True),  # a node's, as some load balancers have it
        ("", "{ip: 10.96.0.9}", "198.18.0.2", True),
        ("loadBalancerIP: 10.244.0.9", "", "198.18.0.2", True),
    ],
)
def test_the_load_balancer_addresses_that_are_in_ranges_of_the_lab_are_replaced(
    spec: str, status: str, address: str, replaced: bool
) -> None:
    lab = topology(dump(f"type: LoadBalancer, {spec}", status=status))
    assert list(map(str, web(lab).load_balancer_ips)) == [address]
    warning = replaced_of("load-balancer addresses", "1 Service")
    assert lab.warnings == ((warning,) if replaced else ())


def test_many_services_of_a_dump_get_one_warning() -> None:
    many = [
        service(f"s{number}", app="", spec=f"clusterIP: 10.0.0.{number}", meta=READ)
        for number in range(1, 41)
    ]
    assert topology(*many).warnings == (
        replaced_of(
            "ClusterIPs", "40 Services", "east/svc/s1, east/svc/s2, east/svc/s3 and 37 more"
        ),
    )


@pytest.mark.parametrize(
    "meta", ["uid: 7f3a", "resourceVersion: '12'", "creationTimestamp: '2024-05-01T10:00:00Z'"]
)
def test_the_api_server_writes_what_a_dump_is_recognised_by(meta: str) -> None:
    written = service("web", app="", spec="clusterIP: 10.0.0.1", meta=meta)
    assert topology(written).warnings != ()


@pytest.mark.parametrize("meta", ["", "creationTimestamp: null", "uid: null"])
def test_an_address_that_was_written_by_hand_is_refused(meta: str) -> None:
    written = service("web", app="", spec="clusterIP: 10.0.0.1", meta=meta)
    assert "the provided IP is not in the valid range" in refused(written)


def test_the_reserved_addresses_belong_to_the_services_that_state_them() -> None:
    api = service("kubernetes", app="", spec="clusterIP: 10.96.0.1", meta=READ)
    dns = service("kube-dns", app="", spec="clusterIP: 10.96.0.10", meta=READ)
    found = services(topology(service("other", app=""), api, dns))
    assert {name: str(each.addresses[0]) for name, each in found.items()} == {
        "east/svc/other": "10.96.0.2",
        "east/svc/kubernetes": "10.96.0.1",
        "east/svc/kube-dns": "10.96.0.10",
    }
