"""ClusterIPs: the addresses of Services inside their cluster, and their families."""

import pytest

from tests.support.labs import (
    TWO_NODES,
    only_service,
    refused,
    service,
    services,
    topology,
)

DUAL = (
    "{name: east, nodes: 2, podCIDR: '10.244.0.0/16,fd00:10:244::/56',"
    " serviceCIDR: '10.96.0.0/16,fd00:10:96::/112',"
    " nodeCIDR: '192.168.10.0/24,fd00:192:168::/64'}",
)
SIX_FIRST = (DUAL[0].replace("10.96.0.0/16,fd00:10:96::/112", "fd00:10:96::/112,10.96.0.0/16"),)


REQUIRED = "ipFamilyPolicy: RequireDualStack"
SIX = "clusterIP: 'fd00:10:96::7'"


def inside(*objects: str, clusters: tuple[str, ...] = TWO_NODES) -> list[str]:
    """The ClusterIPs of the one Service of these objects."""
    return list(map(str, only_service(*objects, clusters=clusters).addresses))


@pytest.mark.parametrize(
    ("spec", "addresses"),
    [
        ("", ["10.96.0.2"]),  # as in Kubernetes: one, of the cluster's first family
        ("ipFamilyPolicy: SingleStack", ["10.96.0.2"]),
        ("ipFamilies: [IPv6]", ["fd00:10:96::2"]),
        ("ipFamilyPolicy: PreferDualStack", ["10.96.0.2", "fd00:10:96::2"]),
        ("ipFamilyPolicy: RequireDualStack", ["10.96.0.2", "fd00:10:96::2"]),
        ("ipFamilyPolicy: PreferDualStack, ipFamilies: [IPv6]", ["fd00:10:96::2", "10.96.0.2"]),
        (f"ipFamilies: [IPv6, IPv4], {REQUIRED}", ["fd00:10:96::2", "10.96.0.2"]),
        (SIX, ["fd00:10:96::7"]),
        (f"{SIX}, clusterIPs: ['fd00:10:96::7']", ["fd00:10:96::7"]),
        (
            f"{REQUIRED}, clusterIP: 10.96.0.7, clusterIPs: [10.96.0.7, 'fd00:10:96::7']",
            ["10.96.0.7", "fd00:10:96::7"],
        ),
        ("clusterIP: 10.96.0.7, ipFamilyPolicy: PreferDualStack", ["10.96.0.7", "fd00:10:96::2"]),
        ("clusterIP: 010.096.000.007", ["10.96.0.7"]),  # decimal, in spite of the zeros
        ("clusterIP: None, ipFamilyPolicy: PreferDualStack", []),
    ],
)
def test_the_families_of_a_service(spec: str, addresses: list[str]) -> None:
    assert inside(service("web", spec=spec), clusters=DUAL) == addresses


def test_the_first_range_of_a_cluster_is_its_first_family() -> None:
    assert inside(service("web"), clusters=SIX_FIRST) == ["fd00:10:96::2"]


def test_an_address_of_the_other_family_is_only_allocated_on_request() -> None:
    both = service("b", spec="ipFamilyPolicy: PreferDualStack")
    found = services(topology(service("a"), both, clusters=DUAL))
    assert list(map(str, found["east/svc/b"].addresses)) == ["10.96.0.3", "fd00:10:96::2"]


def test_prefer_dual_stack_gets_one_family_where_there_is_one() -> None:
    assert inside(service("web", spec="ipFamilyPolicy: PreferDualStack")) == ["10.96.0.2"]


def test_the_first_and_the_tenth_service_address_are_not_allocated() -> None:
    found = topology(*(service(f"s{number}") for number in range(1, 10)))
    assert [str(each.addresses[0]) for each in services(found).values()] == [
        f"10.96.0.{number}" for number in (2, 3, 4, 5, 6, 7, 8, 9, 11)
    ]


def test_a_service_has_the_address_that_it_asks_for() -> None:
    found = topology(service("first"), service("web", spec="clusterIP: 10.96.0.2"))
    assert {name: str(each.addresses[0]) for name, each in services(found).items()} == {
        "east/svc/first": "10.96.0.3",  # although it comes first in the file
        "east/svc/web": "10.96.0.2",
    }


@pytest.mark.parametrize(
    ("objects", "message"),
    [
        ([service("web", spec="clusterIP: 10.97.0.1")], "The range of valid IPs is 10.96.0.0/16"),
        ([service("web", spec="clusterIP: web")], 'spec.clusterIP: Invalid value: "web": must be'),
        (
            [service(name, spec="clusterIP: 10.96.0.7") for name in ("web", "api")],
            "provided IP is already allocated: it is taken by east/svc/web",
        ),
    ],
)
def test_an_address_that_a_service_cannot_have(objects: list[str], message: str) -> None:
    assert message in refused(*objects)
