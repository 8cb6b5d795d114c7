"""Pods know their neighbours for good where the kernel's table could not keep those they learn."""

import pytest

from nsnet.state.model import State
from tests.support.labs import ip, lab, workload

CLUSTERS = ("east", "west", "north", "south")


def state(clusters: int, pods: int, more: str = "nodes: 1") -> State:
    """Return the State of as many clusters with as many pods each."""
    names = CLUSTERS[:clusters]
    meta = f"annotations: {{nsnet.dev/cluster: '{','.join(names)}'}}"
    specs = tuple(f"{{name: {name}, {more}}}" for name in names)
    return lab(workload("Deployment", "web", pods, meta=meta), clusters=specs).state


@pytest.mark.parametrize(
    ("clusters", "pods", "more", "permanent"),
    [
        (1, 28, "nodes: 1", False),
        (1, 29, "nodes: 1", True),
        (1, 40, "nodes: 2", False),  # pods of two nodes are no neighbours
        (2, 20, "nodes: 1", False),
        (4, 28, "nodes: 1", True),  # one table for all clusters
        (4, 28, "nodes: 1, cni: vxlan", True),
    ],
)
def test_neighbours_are_permanent_if_the_whole_lab_could_learn_too_many(
    clusters: int, pods: int, more: str, permanent: bool
) -> None:
    found = state(clusters, pods, more)
    each = [netns for netns in found.netns if "/pod/" in netns.reference]
    assert len(each) == clusters * pods
    assert {bool(netns.neighbours) for netns in each} == {permanent}


def test_a_pod_has_all_neighbours_but_itself() -> None:
    found = state(1, 29)
    at = {each.reference: each for each in found.netns}
    node, web = at["east/node/n1"], at["east/pod/web-0"]
    known = {each.address for each in web.neighbours}
    others = {each for name, netns in at.items() for each in netns.addresses if "/pod/" in name}
    assert known == {ip("10.244.0.1"), *others} - set(web.addresses)
    assert {each.dev for each in web.neighbours} == {"eth0"}
    assert {each.address for each in node.neighbours if each.dev == "cbr0"} == others
