"""A lab that is up already and changes: who is there keeps its place and its addresses."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nsnet.scenario.scale import scaled
from nsnet.topology.resolve import resolve
from tests.support.labs import pod, pods, service, services, shipped, topology, written


def test_scaling_moves_nobody() -> None:
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


def test_what_is_new_takes_the_first_address_that_is_free() -> None:
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


def test_what_is_gone_frees_its_address() -> None:
    one = ("{name: east}",)
    old = topology(pod("a"), pod("b"), clusters=one)
    new = topology(pod("b"), pod("c"), clusters=one, keep=old.assignment())
    assert {name: str(each.addresses[0]) for name, each in pods(new).items()} == {
        "east/pod/b": "10.244.0.3",
        "east/pod/c": "10.244.0.2",
    }


def test_a_node_that_goes_leaves_the_others_where_they_are() -> None:
    old = topology(clusters=("{name: east, nodes: [{name: n1}, {name: n2}, {name: n3}]}",))
    new = topology(
        clusters=("{name: east, nodes: [{name: n0}, {name: n3}]}",), keep=old.assignment()
    )
    assert [
        (each.name, str(each.addresses[0]), str(each.pod_cidrs[0]))
        for each in new.clusters[0].nodes
    ] == [("n0", "192.168.10.2/24", "10.244.0.0/24"), ("n3", "192.168.10.4/24", "10.244.2.0/24")]


def test_a_new_range_for_pods_moves_all_of_them() -> None:
    old = topology(pod("a"))
    new = topology(
        pod("a"),
        clusters=("{name: east, nodes: 2, podCIDR: 10.250.0.0/16}",),
        keep=old.assignment(),
    )
    assert str(new.clusters[0].nodes[0].pod_cidrs[0]) == "10.250.0.0/24"
    assert str(pods(new)["east/pod/a"].addresses[0]) == "10.250.0.2"


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
def test_over_any_changes_nobody_moves_and_no_address_is_given_twice(
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
