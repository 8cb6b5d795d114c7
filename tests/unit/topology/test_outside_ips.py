"""The addresses of Services outside their cluster: load balancers and externalIPs."""

import pytest

from nsnet.errors import ScenarioError
from nsnet.topology.model import Topology
from tests.support.labs import (
    exported,
    in_clusters,
    only_service,
    pod,
    service,
    services,
    topology,
)

DUAL = (
    "{name: east, nodes: 2, podCIDR: '10.244.0.0/16,fd00:10:244::/56',"
    " serviceCIDR: '10.96.0.0/16,fd00:10:96::/112',"
    " nodeCIDR: '192.168.10.0/24,fd00:192:168::/64'}",
)
BOTH_OUTSIDE = "fabricCIDR: 198.18.0.0/16,fd98::/64"
BALANCED = "type: LoadBalancer"


def outside(found: Topology) -> dict[str, list[str]]:
    """The load-balancer addresses of every Service."""
    return {
        name.removeprefix("east/svc/"): list(map(str, each.load_balancer_ips))
        for name, each in services(found).items()
    }


@pytest.mark.parametrize(
    ("spec", "status", "addresses"),
    [
        ("", "", ["198.18.0.2"]),  # the first belongs to the fabric
        ("loadBalancerIP: 198.18.0.9", "", ["198.18.0.9"]),
        ("loadBalancerIP: 203.0.113.9", "", ["203.0.113.9"]),
        ("", "{ip: 203.0.113.9}", ["203.0.113.9"]),
        ("", "{ip: 203.0.113.9, ipMode: VIP}, {ip: 203.0.113.10}", ["203.0.113.9", "203.0.113.10"]),
        ("loadBalancerIP: 203.0.113.8", "{ip: 203.0.113.9}", ["203.0.113.9"]),
        # With ipMode Proxy, kube-proxy does not handle packets to the address.
        ("", "{ip: 203.0.113.9, ipMode: Proxy}", []),
        ("", "{hostname: lb.example.org}", []),
    ],
)
def test_the_address_of_a_load_balancer(spec: str, status: str, addresses: list[str]) -> None:
    saved = f"\nstatus: {{loadBalancer: {{ingress: [{status}]}}}}"
    found = only_service(service("web", spec=f"{BALANCED}, {spec}") + saved)
    assert list(map(str, found.load_balancer_ips)) == addresses


def test_only_type_load_balancer_has_load_balancer_addresses() -> None:
    saved = "\nstatus: {loadBalancer: {ingress: [{ip: 203.0.113.9}]}}"
    found = topology(service("a") + saved, service("b", spec="loadBalancerIP: 203.0.113.9"))
    assert outside(found) == {"a": [], "b": []}


@pytest.mark.parametrize(
    ("spec", "addresses"),
    [
        ("", ["198.18.0.2"]),
        ("ipFamilies: [IPv6]", ["fd98::2"]),
        ("ipFamilyPolicy: PreferDualStack", ["198.18.0.2", "fd98::2"]),
    ],
)
def test_a_load_balancer_has_the_families_of_its_service(spec: str, addresses: list[str]) -> None:
    web = service("web", spec=f"{BALANCED}, {spec}")
    assert outside(topology(web, clusters=DUAL, spec=BOTH_OUTSIDE)) == {"web": addresses}


def test_a_family_that_the_fabric_lacks_is_a_warning() -> None:
    found = topology(service("web", app="", spec=f"{BALANCED}, ipFamilies: [IPv6]"), clusters=DUAL)
    assert outside(found) == {"web": []}
    assert found.warnings == (
        "lab.yaml:11: east/svc/web has no load-balancer address:"
        " fabricCIDR 198.18.0.0/16 lacks its family",
    )


def test_written_addresses_are_reserved_before_gateways_and_exports_get_theirs() -> None:
    found = topology(
        service("web", spec=BALANCED),
        exported("web"),
        service("api", spec=f"{BALANCED}, loadBalancerIP: 198.18.0.2"),
        service("db", spec="externalIPs: [198.18.0.3]"),
        clusters=("{name: east, gateway: {kind: nat}}",),
    )
    (gateway,) = found.clusters[0].gateways
    assert str(gateway.outside[0]) == "198.18.0.4/16"
    assert str(services(found)["east/svc/web"].exported[0]) == "198.18.0.6"
    assert outside(found) == {"web": ["198.18.0.5"], "api": ["198.18.0.2"], "db": []}


def test_two_load_balancers_may_share_an_address_if_their_ports_differ() -> None:
    shared = f"{BALANCED}, loadBalancerIP: 198.18.0.9"
    found = topology(
        service("web", "{port: 80}", spec=shared),
        service("dns", "{port: 53}", spec=shared),
        service("udp", "{port: 53, protocol: UDP}", spec=shared),
    )
    assert set(map(tuple, outside(found).values())) == {("198.18.0.9",)}


def test_an_isolated_cluster_has_no_load_balancer() -> None:
    found = topology(
        service("web", app="", spec=BALANCED), clusters=("{name: east, model: isolated}",)
    )
    assert outside(found) == {"web": []}
    assert found.warnings == (
        "east is isolated, so its load balancers have no address: east/svc/web",
    )


@pytest.mark.parametrize(
    ("spec", "status"),
    [("loadBalancerIP: '2001:db8::1'", ""), ("", "{ip: 203.0.113.9}, {ip: '2001:db8::1'}")],
)
def test_a_load_balancer_address_of_another_family_is_ignored(spec: str, status: str) -> None:
    saved = f"\nstatus: {{loadBalancer: {{ingress: [{status}]}}}}"
    found = topology(service("web", app="", spec=f"{BALANCED}, {spec}") + saved)
    assert "2001:db8::1" not in outside(found)["web"]
    assert "no IPv6 ClusterIP, so kube-proxy ignores 2001:db8::1" in found.warnings[0]


# --- externalIPs ---


def test_an_external_ip_is_as_written_even_if_a_node_or_pod_has_it() -> None:
    ips = "externalIPs: [192.168.10.2, 10.244.0.2, 203.0.113.1, 203.0.113.1]"
    found = only_service(pod("web", labels="app: web"), service("web", spec=ips))
    assert list(map(str, found.external_ips)) == ["192.168.10.2", "10.244.0.2", "203.0.113.1"]


def test_an_external_ip_of_another_family_is_ignored() -> None:
    found = topology(service("web", app="", spec="externalIPs: [203.0.113.1, '2001:db8::1']"))
    assert list(map(str, services(found)["east/svc/web"].external_ips)) == ["203.0.113.1"]
    assert "no IPv6 ClusterIP, so kube-proxy ignores 2001:db8::1" in found.warnings[0]


def test_a_load_balancer_address_may_also_be_an_external_ip() -> None:
    both = f"{BALANCED}, loadBalancerIP: 203.0.113.1, externalIPs: [203.0.113.1]"
    assert outside(topology(service("web", spec=both))) == {"web": ["203.0.113.1"]}


def test_two_clusters_may_have_the_same_external_ip() -> None:
    here = in_clusters("east,west")
    found = topology(
        service("web", spec="externalIPs: [203.0.113.1]", meta=here),
        clusters=("{name: east}", "{name: west}"),
    )
    assert len({each.external_ips for each in services(found).values()}) == 1


# --- a lab that is up already ---


def test_a_load_balancer_keeps_its_address() -> None:
    old = topology(*(service(name, spec=BALANCED) for name in "abc"))
    assert outside(old) == {"a": ["198.18.0.2"], "b": ["198.18.0.3"], "c": ["198.18.0.4"]}
    new = topology(*(service(name, spec=BALANCED) for name in "dcb"), keep=old.assignment())
    assert outside(new) == {"d": ["198.18.0.5"], "c": ["198.18.0.4"], "b": ["198.18.0.3"]}
    last = topology(*(service(name, spec=BALANCED) for name in "edcb"), keep=new.assignment())
    assert outside(last)["e"] == ["198.18.0.2"]


def test_an_allocated_address_may_be_written_later() -> None:
    old = topology(service("a", spec=BALANCED))
    written = service("a", spec=f"{BALANCED}, loadBalancerIP: 198.18.0.2")
    assert outside(topology(written, keep=old.assignment())) == {"a": ["198.18.0.2"]}


def test_a_written_address_is_taken_from_the_service_that_had_it() -> None:
    old = topology(service("a", spec=BALANCED))
    new = topology(
        service("a", spec=BALANCED),
        service("b", spec=f"{BALANCED}, loadBalancerIP: 198.18.0.2"),
        keep=old.assignment(),
    )
    assert outside(new) == {"a": ["198.18.0.3"], "b": ["198.18.0.2"]}


def test_services_that_no_longer_write_a_shared_address_get_one_each() -> None:
    shared = f"{BALANCED}, loadBalancerIP: 198.18.0.2"
    old = topology(service("a", spec=shared), service("b", "{port: 81}", spec=shared))
    new = topology(service("a", spec=BALANCED), service("b", spec=BALANCED), keep=old.assignment())
    assert outside(new) == {"a": ["198.18.0.2"], "b": ["198.18.0.3"]}


def test_a_full_fabric_is_a_mistake() -> None:
    with pytest.raises(ScenarioError, match="/30 has no free address left for east/svc"):
        topology(*(service(name, spec=BALANCED) for name in "ab"), spec="fabricCIDR: 198.18.0.0/30")
