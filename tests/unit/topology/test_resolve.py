"""From the file to the lab: names, reserved addresses, and what a running lab keeps."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nsnet.scenario.scale import scaled
from nsnet.topology.resolve import resolve
from tests.support.labs import (
    endpoints,
    exported,
    in_clusters,
    pod,
    pods,
    refused,
    service,
    services,
    shipped,
    topology,
    written,
)

DUAL = (
    "{name: east, nodes: 2, podCIDR: '10.244.0.0/16,fd00:10:244::/56',"
    " serviceCIDR: '10.96.0.0/16,fd00:10:96::/112',"
    " nodeCIDR: '192.168.10.0/24,fd00:192:168::/64'}",
)


def test_the_name_of_a_namespace_follows_from_its_reference() -> None:
    clusters = ("{name: east, gateway: {kind: nat}}",)
    found = topology(
        pod("web"),
        pod("db", namespace="prod"),
        clusters=clusters,
        spec="externals: [{name: api, address: 203.0.113.80}]",
    )
    assert [tuple(each) for each in found.namespaces()] == [
        ("nsnet.lab.servers", "servers", "servers"),
        ("nsnet.lab.fabric", "fabric", "fabric"),
        ("nsnet.lab.external.api", "external/api", "external"),
        ("nsnet.lab.east.gateway", "east/gateway", "gateway"),
        ("nsnet.lab.east.node.n1", "east/node/n1", "node"),
        ("nsnet.lab.east.pod.default.web", "east/pod/web", "pod"),
        ("nsnet.lab.east.pod.prod.db", "east/pod/db.prod", "pod"),
    ]


def test_a_namespace_name_is_at_most_255_bytes() -> None:
    assert "over 255 bytes" in refused(pod("a" * 250))


def test_a_dual_stack_cluster_has_addresses_of_both_families() -> None:
    found = topology(
        pod("web", labels="app: web"),
        service("web", spec="ipFamilyPolicy: PreferDualStack"),
        clusters=DUAL,
    )
    node = found.clusters[0].nodes[1]
    assert list(map(str, node.pod_cidrs)) == ["10.244.1.0/24", "fd00:10:244:1::/64"]
    assert list(map(str, node.addresses)) == ["192.168.10.3/24", "fd00:192:168::3/64"]
    web = pods(found)["east/pod/web"]
    assert list(map(str, web.addresses)) == ["10.244.0.2", "fd00:10:244::2"]
    assert list(map(str, services(found)["east/svc/web"].addresses)) == [
        "10.96.0.2",
        "fd00:10:96::2",
    ]
    assert endpoints(found) == [
        "10.244.0.2:80 east/pod/web ready",
        "fd00:10:244::2:80 east/pod/web ready",
    ]


def test_gateways_and_exported_services_have_addresses_of_the_fabric() -> None:
    clusters = ("{name: east, gateway: {kind: nat}}", "{name: west, gateway: {kind: nat}}")
    there = in_clusters("west")
    found = topology(service("web", meta=there), exported("web", there), clusters=clusters)
    assert [str(each.gateways[0].outside[0]) for each in found.clusters] == [
        "198.18.0.2/16",  # the first belongs to the fabric
        "198.18.0.3/16",
    ]
    assert str(services(found)["west/svc/web"].exported[0]) == "198.18.0.4"


def test_pod_ranges_of_islands_may_be_equal_those_of_flat_clusters_not() -> None:
    topology(clusters=("{name: east}", "{name: west}"))
    message = refused(clusters=("{name: east, model: flat}", "{name: west, model: flat}"))
    assert "10.244.0.0/16 overlaps 10.244.0.0/16, the podCIDR of east" in message


# --- a lab that is up already ---


def test_scaling_changes_no_other_pod() -> None:
    scenario, old, _ = shipped("clusterip")
    for replicas in (1, 5, 0):
        new = resolve(
            scaled(scenario, "east", "deploy", "web", "default", replicas), old.assignment()
        )
        stay = set(pods(old)) & set(pods(new))
        assert {name: pods(new)[name] for name in stay} == {name: pods(old)[name] for name in stay}
        assert [each.addresses for each in services(new).values()] == [
            each.addresses for each in services(old).values()
        ]
        assert sum(name.startswith("east/pod/web-") for name in pods(new)) == replicas


def test_what_is_new_gets_the_first_free_address() -> None:
    old = topology(pod("b"), service("b"), clusters=("{name: east}",))
    new = topology(
        pod("a"),
        pod("b"),
        service("a"),
        service("b"),
        clusters=("{name: east}",),
        keep=old.assignment(),
    )
    assert {name: str(each.addresses[0]) for name, each in pods(new).items()} == {
        "east/pod/a": "10.244.0.3",
        "east/pod/b": "10.244.0.2",
    }
    assert {name: str(each.addresses[0]) for name, each in services(new).items()} == {
        "east/svc/a": "10.96.0.3",
        "east/svc/b": "10.96.0.2",
    }


@pytest.mark.parametrize("name", ["clusterip", "dual-stack", "island-nat"])
def test_the_same_file_is_the_same_lab(name: str) -> None:
    scenario, found, _ = shipped(name)
    assert resolve(scenario) == found
    assert resolve(scenario, found.assignment()) == found


def test_the_same_file_is_the_same_lab_with_services_of_every_type() -> None:
    local = "type: LoadBalancer, externalTrafficPolicy: Local"
    scenario = written(
        service("first", spec="type: NodePort"),
        service("local", "{name: a, port: 53}, {name: b, port: 53, protocol: UDP}", spec=local),
        service("written", "{port: 80, nodePort: 30000}", spec="type: NodePort"),
        service("shared", spec="type: LoadBalancer, loadBalancerIP: 198.18.0.2"),
        service("api", spec="type: ExternalName, externalName: api.example.org"),
        clusters=("{name: east, gateway: {kind: nat}}",),
    )
    found = resolve(scenario)
    assert resolve(scenario, found.assignment()) == found


@settings(derandomize=True, max_examples=25, deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcdef"), unique=True), min_size=2, max_size=4))
def test_over_any_changes_addresses_stay_and_have_one_owner(
    changes: list[list[str]],
) -> None:
    found = topology(clusters=("{name: east, nodes: 2}",))
    for names in changes:
        before = pods(found)
        objects = [each for name in names for each in (pod(name), service(name))]
        found = resolve(written(*objects), found.assignment())
        after = pods(found)
        assert {name: after[name] for name in after if name in before} == {
            name: before[name] for name in after if name in before
        }
        addresses = [
            *(each.addresses for each in after.values()),
            *(each.addresses for each in services(found).values()),
        ]
        assert len(set(addresses)) == len(addresses)
