"""Pods on their nodes: their names, addresses and ports."""

import pytest

from tests.support.labs import (
    pod,
    pods,
    refused,
    topology,
    workload,
)


@pytest.mark.parametrize(
    ("objects", "message"),
    [
        (
            [pod("web-0"), workload("Deployment", "web")],
            "metadata.name: two pods are named east/pod/web-0",
        ),
    ],
)
def test_mistakes_in_pods(objects: list[str], message: str) -> None:
    assert message in refused(*objects)


def test_a_removed_pod_frees_its_address() -> None:
    one = ("{name: east}",)
    old = topology(pod("a"), pod("b"), clusters=one)
    new = topology(pod("b"), pod("c"), clusters=one, keep=old.assignment())
    assert {name: str(each.addresses[0]) for name, each in pods(new).items()} == {
        "east/pod/b": "10.244.0.3",
        "east/pod/c": "10.244.0.2",
    }


def test_a_new_pod_range_changes_all_pod_addresses() -> None:
    old = topology(pod("a"))
    new = topology(
        pod("a"),
        clusters=("{name: east, nodes: 2, podCIDR: 10.250.0.0/16}",),
        keep=old.assignment(),
    )
    assert str(new.clusters[0].nodes[0].pod_cidrs[0]) == "10.250.0.0/24"
    assert str(pods(new)["east/pod/a"].addresses[0]) == "10.250.0.2"
