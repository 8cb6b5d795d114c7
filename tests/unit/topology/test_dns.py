"""The cluster DNS that nsnet adds, and what it takes from a cluster: an address and a place that no
other object would have had."""

import pytest

from nsnet.topology.assignment import Assignment
from nsnet.topology.model import Topology
from tests.support.labs import node, pod, refused, service, topology, workload

DUAL = (
    "{name: east, dns: true, podCIDR: '10.244.0.0/16,fd00:10:244::/56', nodeCIDR:"
    " '192.168.10.0/24,fd00:a::/64', serviceCIDR: '10.96.0.0/16,fd00:10:96::/112'}"
)
CLUSTER = "{{name: east, dns: {dns}, {more}}}"
COREDNS, KUBE_DNS = "east/pod/coredns-0.kube-system", "east/svc/kube-dns.kube-system"
OURS = {COREDNS, KUBE_DNS}
OBJECTS = (
    workload("Deployment", "web", 3),
    workload("DaemonSet", "agent", namespace="zoo"),
    pod("alone", spec="nodeName: n2"),
    service("web"),
)
NEW = (workload("Deployment", "new", 4, namespace="aaa"), service("new"), pod("last"))


def built(
    *objects: str, dns: str = "true", more: str = "", keep: Assignment | None = None
) -> Topology:
    """A cluster of these objects; `more` is the rest of its text."""
    more = more if "nodes" in more else f"nodes: 2, {more}"
    return topology(*objects, clusters=(CLUSTER.format(dns=dns, more=more),), keep=keep)


def places(found: Topology) -> dict[str, tuple[str, ...]]:
    """The node and the addresses of each pod, and the addresses of each Service."""
    (cluster,) = found.clusters
    pods = {each.reference: (each.node, *map(str, each.addresses)) for each in cluster.pods}
    return pods | {each.reference: tuple(map(str, each.addresses)) for each in cluster.services}


def others(found: Topology) -> dict[str, tuple[str, ...]]:
    return {name: place for name, place in places(found).items() if name not in OURS}


def about_dns(found: Topology) -> list[str]:
    return [each for each in found.warnings if "dns" in each.lower()]


def test_dns_has_the_tenth_service_address_and_the_last_one_of_its_pods_node() -> None:
    found = places(built(*OBJECTS))
    assert found[KUBE_DNS] == ("10.96.0.10",)
    assert found[COREDNS] == ("n2", "10.244.1.254")


def test_dns_has_an_address_of_each_family() -> None:
    found = places(topology(clusters=(DUAL,)))
    assert found[KUBE_DNS] == ("10.96.0.10", "fd00:10:96::a")
    assert found[COREDNS][1:] == ("10.244.0.254", "fd00:10:244:0:ffff:ffff:ffff:ffff")


@pytest.mark.parametrize("model", ["flat", "island", "isolated"])
def test_a_cluster_of_each_model_has_dns(model: str) -> None:
    (cluster,) = built(more=f"model: {model}").clusters
    assert cluster.dns is not None
    assert cluster.dns.service == KUBE_DNS


def test_a_cluster_may_have_no_dns() -> None:
    found = built(*OBJECTS, dns="false")
    assert places(found).keys().isdisjoint(OURS)
    assert found.clusters[0].dns is None


@pytest.mark.parametrize("more", ["", "cni: vxlan", "model: flat", "nodes: 3"])
def test_no_other_object_has_another_place_because_of_dns(more: str) -> None:
    """Not at first, and not after the lab has been changed."""
    with_dns, without = (built(*OBJECTS, more=more, dns=each) for each in ("true", "false"))
    assert others(with_dns) == places(without)
    changed, expected = (
        built(*NEW, *OBJECTS, more=more, dns=dns, keep=before.assignment())
        for dns, before in (("true", with_dns), ("false", without))
    )
    assert others(changed) == places(expected)
    assert (kept := places(changed)).keys() >= OURS
    assert all(kept[each] == places(with_dns)[each] for each in OURS)


def test_dns_can_be_added_to_a_lab_and_removed() -> None:
    before = built(*OBJECTS, dns="false")
    after = built(*OBJECTS, keep=before.assignment())
    assert others(after) == places(before)
    assert places(after)[KUBE_DNS] == ("10.96.0.10",)
    assert places(built(*OBJECTS, dns="false", keep=after.assignment())) == places(before)


@pytest.mark.parametrize(
    ("service_cidr", "services", "address"),
    [
        ("10.96.0.0/28", 0, "10.96.0.10"),
        ("10.96.0.0/28", 12, "10.96.0.10"),  # full, with it
        ("10.96.0.0/29", 4, "10.96.0.6"),  # the range has no 10th address
        ("10.96.0.0/29", 5, None),
        ("10.96.0.0/30", 0, "10.96.0.2"),
        ("10.96.0.0/32", 0, None),
    ],
)
def test_dns_takes_what_services_leave(
    service_cidr: str, services: int, address: str | None
) -> None:
    objects = [service(f"s{each}") for each in range(services)]
    found = built(*objects, more=f"serviceCIDR: {service_cidr}")
    assert places(found).get(KUBE_DNS) == ((address,) if address else None)
    assert (found.clusters[0].dns is None) == (address is None)
    left_out = f"{KUBE_DNS} is left out: serviceCIDR has no address left for it"
    assert about_dns(found) == ([] if address else [left_out])


def test_a_service_of_the_file_may_have_the_tenth_address() -> None:
    found = places(built(service("mine", spec="clusterIP: 10.96.0.10")))
    assert found["east/svc/mine"] == ("10.96.0.10",)
    assert found[KUBE_DNS] == ("10.96.255.254",)
    later = built(keep=built().assignment())
    taking = built(service("mine", spec="clusterIP: 10.96.0.10"), keep=later.assignment())
    assert places(taking)[KUBE_DNS] == ("10.96.255.254",)


def test_on_a_full_node_dns_is_pending() -> None:
    pods = [pod(f"p{each}") for each in range(5)]
    cluster = "{name: east, dns: true, podCIDR: 10.244.0.0/29, nodeCIDRMaskSize: 29}"
    found = topology(*pods, clusters=(cluster,))
    reason = "is Pending: n1 has no address left for it"
    assert [(each.reference, each.why) for each in found.clusters[0].absent] == [(COREDNS, reason)]
    assert found.warnings == (f"{COREDNS} {reason}",)


def test_dns_is_pending_if_it_finds_no_node() -> None:
    tainted = node("n1", spec="taints: [{key: k, value: v, effect: NoSchedule}]")
    found = topology(tainted, clusters=("{name: east, dns: true}",))
    assert [each.reference for each in found.clusters[0].absent] == [COREDNS]
    (warning,) = about_dns(found)
    assert warning.endswith("1 node(s) had untolerated taint {k: v}.")


def test_dns_runs_on_a_control_plane() -> None:
    taint = "taints: [{key: node-role.kubernetes.io/control-plane, effect: NoSchedule}]"
    found = topology(node("n1", spec=taint), clusters=("{name: east, dns: true}",))
    assert COREDNS in places(found)


@pytest.mark.parametrize(
    ("name", "namespace", "spec"),
    [
        ("kube-dns", "kube-system", ""),
        ("dns-default", "openshift-dns", "clusterIP: 10.96.0.10"),  # at the address of the DNS
    ],
)
def test_a_file_may_bring_the_dns(name: str, namespace: str, spec: str) -> None:
    ports = "{name: dns, port: 53, protocol: UDP}"
    found = built(service(name, namespace=namespace, ports=ports, spec=spec))
    (cluster,) = found.clusters
    assert [each.name for each in cluster.services] == [name]
    assert cluster.pods == ()
    assert cluster.dns is not None
    assert cluster.dns.service == f"east/svc/{name}.{namespace}"


def test_a_file_may_bring_the_pods_of_the_dns() -> None:
    mine = workload("Deployment", "coredns", 2, namespace="kube-system")
    assert "east/pod/coredns-1.kube-system" in places(built(mine))
    alone = pod("coredns-0", namespace="kube-system", labels="k8s-app: kube-dns")
    (found,) = built(alone).clusters
    assert [each.reference for each in found.pods] == [COREDNS]
    assert [each.reference for each in found.services[0].ports[0].endpoints] == [COREDNS]


def test_stub_domains_need_hosts_with_zones() -> None:
    externals = "externals: [{name: ns, address: 203.0.113.53}]"
    message = refused(clusters=("{name: east, dns: {stubDomains: {corp: ns}}}",), spec=externals)
    assert message.endswith(
        "spec.clusters[0].dns.stubDomains.corp: ns is not an external host with a zone; there are"
        " none"
    )
