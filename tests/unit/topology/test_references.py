"""What references resolve to: a namespace of the lab, or the pods of a workload or Service."""

import pytest

from nsnet.topology.notation import UnknownReferenceError
from nsnet.topology.references import expand, locate
from tests.support.labs import pod, service, topology, workload
from tests.support.references_lab import BALANCED, LAB

ONE = topology(pod("client"), workload("Deployment", "shop"), service("shop"))
SHOPS = {"east/pod/shop-0", "east/pod/shop-1"}


@pytest.mark.parametrize(
    ("reference", "netns", "addresses"),
    [
        ("east/pod/client", "nsnet.lab.east.pod.default.client", ["10.244.0.2"]),
        ("east/pod/db-0.prod", "nsnet.lab.east.pod.prod.db-0", ["10.244.1.4"]),
        (
            "east/node/n1",
            "nsnet.lab.east.node.n1",
            ["192.168.10.2", "10.244.0.1"],  # eth0 and the bridge
        ),
        (
            "west/gateway",
            "nsnet.lab.west.gateway",
            ["192.168.20.1", "198.18.0.2", "198.18.0.3"],  # inside, outside, exported
        ),
        ("external/api", "nsnet.lab.external.api", ["203.0.113.80"]),
        ("fabric", "nsnet.lab.fabric", ["198.18.0.1", "fd98::1", "192.168.10.1"]),
    ],
)
def test_the_location_of_a_reference(reference: str, netns: str, addresses: list[str]) -> None:
    place = locate(LAB, reference)
    assert (place.netns, place.reference) == (netns, reference)
    assert list(map(str, place.addresses)) == addresses


@pytest.mark.parametrize(
    ("reference", "netns"),
    [
        ("pod/client", "nsnet.lab.east.pod.default.client"),
        ("pod/client.default", "nsnet.lab.east.pod.default.client"),
        ("node/n2", "nsnet.lab.east.node.n2"),
    ],
)
def test_the_only_cluster_and_the_default_namespace_need_no_name(
    reference: str, netns: str
) -> None:
    assert locate(ONE, reference).netns == netns


@pytest.mark.parametrize(
    ("reference", "netns"),
    [
        ("east/pod/web.prod", "nsnet.lab.east.pod.default.web.prod"),  # the longest name there is
        ("east/pod/web.prod.default", "nsnet.lab.east.pod.default.web.prod"),
        ("east/pod/web.prod.test", "nsnet.lab.east.pod.test.web.prod"),
        ("east/pod/db-1.prod", "nsnet.lab.east.pod.prod.db-1"),
    ],
)
def test_the_longest_existing_name_wins_before_a_namespace_is_split_off(
    reference: str, netns: str
) -> None:
    assert locate(LAB, reference).netns == netns


@pytest.mark.parametrize(
    ("reference", "pods"),
    [
        ("east/deploy/shop", {"east/pod/shop-0", "east/pod/shop-1"}),
        ("west/deploy/shop", {"west/pod/shop-0", "west/pod/shop-1"}),
        ("east/deploy/shop.default", {"east/pod/shop-0", "east/pod/shop-1"}),
        ("east/statefulset/db.prod", {"east/pod/db-0.prod", "east/pod/db-1.prod"}),
        ("east/deploy/idle", set()),  # it exists without pods
        ("east/svc/all", {"east/pod/shop-0", "east/pod/shop-1"}),
        ("east/pod/client", {"east/pod/client"}),
        ("fabric", {"fabric"}),
        ("10.244.0.2", {"10.244.0.2"}),
        ("[fd00::1]", {"fd00::1"}),
    ],
)
def test_what_a_reference_expands_to(reference: str, pods: set[str]) -> None:
    assert expand(LAB, reference) == pods


@pytest.mark.parametrize(
    ("gone", "ready", "servers"),
    [
        ("", "'True'", {"a", "b"}),
        ("deletionTimestamp: now", "'True'", {"b"}),  # another one is ready
        ("deletionTimestamp: now", "'False'", {"a"}),  # none is ready
    ],
)
def test_the_endpoints_of_a_service_while_pods_terminate(
    gone: str, ready: str, servers: set[str]
) -> None:
    other = f"\nstatus: {{conditions: [{{type: Ready, status: {ready}}}]}}"
    found = topology(
        pod("a", labels="app: web", meta=gone), pod("b", labels="app: web") + other, service("web")
    )
    assert expand(found, "svc/web") == {f"east/pod/{name}" for name in servers}


def test_a_load_balancer_expands_to_its_endpoints() -> None:
    assert expand(BALANCED, "east/lb/shop") == SHOPS


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("east/svc/shop", "has no network namespace"),
        ("east/deploy/shop", "has no network namespace"),
        ("10.244.0.2", "has no network namespace"),
        ("east/pod/client:80", "a port is not allowed here; remove :80"),
        ("east/gateway", "east has no gateway"),
    ],
)
def test_a_reference_without_a_location(reference: str, message: str) -> None:
    with pytest.raises(UnknownReferenceError, match=message):
        locate(LAB, reference)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("east/deploy/shpo", "east has no deploy shpo; did you mean east/deploy/shop?"),
        ("east/deploy/db.prod", "east has no deploy db.prod"),
        ("east/statefulset/db", "east has no statefulset db"),
    ],
)
def test_a_workload_that_does_not_exist(reference: str, message: str) -> None:
    with pytest.raises(UnknownReferenceError, match=message):
        expand(LAB, reference)
