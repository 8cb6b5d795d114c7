"""Which node each pod runs on."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nsnet.topology.model import Topology
from tests.support.labs import (
    pod,
    pods,
    refused,
    topology,
    workload,
)

ZONES = (
    "{name: east, nodes: [{name: n1, labels: {zone: a}}, {name: n2, labels: {zone: b}},"
    " {name: n3, labels: {zone: b}}]}",
)


def placed(found: Topology) -> dict[str, str]:
    """The node of every pod."""
    return {name.removeprefix("east/pod/"): each.node for name, each in pods(found).items()}


def test_pods_are_placed_in_turn_by_namespace_and_name() -> None:
    found = topology(pod("z"), pod("a"), pod("m", namespace="alpha"), pod("b"))
    assert placed(found) == {"m.alpha": "n1", "a": "n2", "b": "n1", "z": "n2"}


def test_a_pod_with_a_node_name_takes_no_turn() -> None:
    found = topology(pod("a"), pod("b", spec="nodeName: n1"), pod("c"), pod("d"))
    assert placed(found) == {"a": "n1", "b": "n1", "c": "n2", "d": "n1"}


def test_a_node_selector_limits_the_nodes() -> None:
    there = "nodeSelector: {zone: b}"
    found = topology(*(pod(name, spec=there) for name in "abc"), clusters=ZONES)
    assert set(placed(found).values()) == {"n2", "n3"}


def test_every_node_has_its_own_name_as_a_label() -> None:
    found = topology(pod("a", spec="nodeSelector: {kubernetes.io/hostname: n2}"))
    assert placed(found) == {"a": "n2"}


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("Deployment", {"web-0": "n1", "web-1": "n2", "web-2": "n3"}),
        ("ReplicaSet", {"web-0": "n1", "web-1": "n2", "web-2": "n3"}),
        ("StatefulSet", {"web-0": "n1", "web-1": "n2", "web-2": "n3"}),
        ("DaemonSet", {"web-n1": "n1", "web-n2": "n2", "web-n3": "n3"}),
    ],
)
def test_the_pods_of_a_workload(kind: str, names: dict[str, str]) -> None:
    found = topology(workload(kind, "web", 3), clusters=("{name: east, nodes: 3}",))
    assert placed(found) == names


def test_a_daemon_set_runs_on_the_nodes_it_selects() -> None:
    found = topology(workload("DaemonSet", "web", spec="nodeSelector: {zone: b}"), clusters=ZONES)
    assert placed(found) == {"web-n2": "n2", "web-n3": "n3"}


def test_a_workload_without_pods_has_a_reference() -> None:
    found = topology(workload("Deployment", "web", 0))
    assert (placed(found), found.clusters[0].workloads) == ({}, ("east/deploy/web",))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("nodeName: n7", "spec.nodeName: east has no node n7; it has n1"),
        ("nodeSelector: {disk: ssd}", "spec.nodeSelector: matches no node of east"),
    ],
)
def test_a_pod_without_a_node(spec: str, message: str) -> None:
    assert message in refused(pod("a", spec=spec))


@settings(derandomize=True, max_examples=30, deadline=None)
@given(names=st.lists(st.sampled_from("abcdefghijk"), unique=True), nodes=st.integers(1, 4))
def test_round_robin_is_even_and_ignores_the_order_of_the_file(
    names: list[str], nodes: int
) -> None:
    clusters = (f"{{name: east, nodes: {nodes}}}",)
    found = placed(topology(*map(pod, names), clusters=clusters))
    assert found == placed(topology(*map(pod, reversed(names)), clusters=clusters))
    counts = [list(found.values()).count(f"n{number}") for number in range(1, nodes + 1)]
    assert max(counts) - min(counts) <= 1
