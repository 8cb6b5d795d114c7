"""The things that a reference names."""

from dataclasses import replace

import pytest

from nsnet.topology.lookup import (
    find_cluster,
    find_external,
    find_gateways,
    find_node,
    find_pod,
    find_service,
    find_workload_pods,
)
from nsnet.topology.model import AbsentPod, Topology
from nsnet.topology.notation import UnknownReferenceError, split
from tests.support.labs import topology
from tests.support.references_lab import LAB

SHARED = topology(
    clusters=(
        "{name: east, gateway: {kind: nat, name: hub}}",
        "{name: west, gateway: {kind: nat, name: hub}}",
        "{name: north, gateway: {kind: nat, replicas: 2}}",
    )
)


def found(reference: str, lab: Topology = LAB) -> str:
    """The full references of what this one names."""
    parts = split(reference)
    match parts.kind:
        case "node":
            return find_node(lab, reference, parts)[1].reference
        case "pod":
            return find_pod(lab, reference, parts)[1].reference
        case "svc":
            return find_service(lab, reference, parts)[1].reference
        case "external":
            return find_external(lab, reference, parts).reference
        case "gateway":
            return " ".join(each.reference for each in find_gateways(lab, reference, parts))
        case _:
            pods = find_workload_pods(lab, reference, parts)
            return " ".join(each.reference for each in pods)


@pytest.mark.parametrize(
    ("lab", "reference", "named"),
    [
        (LAB, "east/node/n2", "east/node/n2"),
        (LAB, "east/pod/client", "east/pod/client"),
        (LAB, "west/svc/shop", "west/svc/shop"),
        (LAB, "west/svc/shop.default", "west/svc/shop"),
        (LAB, "external/api", "external/api"),
        (LAB, "east/deploy/shop", "east/pod/shop-0 east/pod/shop-1"),
        (LAB, "east/deploy/idle", ""),
        (LAB, "west/gateway", "west/gateway"),
        (SHARED, "east,west/gateway", "east,west/gateway"),
        (SHARED, "west/gateway", "east,west/gateway"),
        (SHARED, "north/gateway", "north/gateway/1 north/gateway/2"),
        (SHARED, "north/gateway/2", "north/gateway/2"),
        # The longest existing name wins before a namespace is split off.
        (LAB, "east/pod/web.prod", "east/pod/web.prod"),
        (LAB, "east/pod/web.prod.test", "east/pod/web.prod.test"),
        (LAB, "east/pod/web.test", "east/pod/web.test"),
    ],
)
def test_what_a_reference_names(lab: Topology, reference: str, named: str) -> None:
    assert found(reference, lab) == named


@pytest.mark.parametrize(
    ("lab", "reference", "message"),
    [
        (LAB, "eats/pod/client", "there is no cluster eats; did you mean east?"),
        (LAB, "pod/client", "needs the name of a cluster: east, west"),
        (LAB, "east/node/n9", "east has no node n9; there are: n1, n2"),
        (LAB, "east/pod/clint", "east has no pod clint; did you mean client?"),
        (LAB, "west/svc/shp", "west has no Service shp; did you mean shop?"),
        (LAB, "external/apy", "there is no external apy; did you mean api?"),
        (LAB, "east/deploy/shpo", "east has no deploy shpo; did you mean east/deploy/shop?"),
        (LAB, "east/gateway", "east has no gateway"),
        (SHARED, "west,east/gateway", "these clusters share no gateway; did you mean"),
        (SHARED, "north/gateway/3", "there is no such gateway; did you mean north/gateway/"),
    ],
)
def test_a_reference_that_names_nothing(lab: Topology, reference: str, message: str) -> None:
    with pytest.raises(UnknownReferenceError) as caught:
        found(reference, lab)
    assert str(caught.value).startswith(f"{reference}: {message}")


def test_the_only_cluster_needs_no_name() -> None:
    one = topology(clusters=("{name: east}",))
    assert find_cluster(one, "node/n1", split("node/n1")).name == "east"


def test_a_pod_that_does_not_run_says_why() -> None:
    east, *others = LAB.clusters
    pending = AbsentPod("late", "default", "east/pod/late", "is Pending: 0/2 nodes are available")
    lab = replace(LAB, clusters=(replace(east, absent=(pending,)), *others))
    with pytest.raises(UnknownReferenceError) as raised:
        found("east/pod/late", lab)
    assert str(raised.value) == "east/pod/late: is Pending: 0/2 nodes are available"
