"""Which endpoints a node may choose from: the categories of kube-proxy v1.30 (topology.go)."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from nsnet.ip import Family, Protocol
from nsnet.topology.balancing import candidates, ready_else_terminating, usable
from nsnet.topology.model import ZONE, Endpoint, Node, Service, ServicePort
from tests.support.labs import held, ip, net

IN_A: Mapping[str, str] = MappingProxyType({ZONE: "a"})


def node(labels: Mapping[str, str] = MappingProxyType({})) -> Node:
    """Node n1, for which candidates are chosen."""
    where = (held("192.168.10.2/24"),)
    return Node("n1", "n1", "east/node/n1", labels, where, (net("10.244.0.0/24"),))


def endpoints(text: str) -> tuple[Endpoint, ...]:
    """`here` and `there` name the endpoint's node; what follows is its condition and hints: zones
    of one letter, and nodes."""
    found = []
    for number, (where, *words) in enumerate(each.split() for each in text.split(",")):
        unready = bool({"unready", "terminating", "terminated"} & set(words))
        found.append(
            Endpoint(
                ip("10.244.0.2") + number,
                80,
                f"e{number}",
                "n1" if where == "here" else "n2",
                ready=not unready,
                serving=not ({"unready", "terminated"} & set(words)),
                terminating=bool({"terminating", "terminated"} & set(words)),
                zones=tuple(word for word in words if len(word) == 1),
                nodes=tuple(word for word in words if len(word) == 2),
            )
        )
    return tuple(found)


def choice(
    text: str, labels: Mapping[str, str] = MappingProxyType({}), **what: Any
) -> tuple[str, str, bool]:
    """(cluster, local, anywhere) as n1 sees them, an endpoint as its number."""
    port = ServicePort("", 80, Protocol.TCP, endpoints(text) if text else (), what.pop("np", None))
    service = Service("web", "default", "east/svc/web", (ip("10.96.0.1"),), (port,), **what)
    found = candidates(service, port, node(labels), 4)
    cluster, local = (
        "".join(each.reference[1:] for each in one) for one in (found.cluster, found.local)
    )
    return cluster, local, found.anywhere


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("", ""),
        ("here,here", "01"),
        ("here,here terminating", "0"),
        ("here unready,here terminating", "1"),
        ("here terminating,here terminating", "01"),
        ("here unready,here terminated", ""),
    ],
)
def test_terminating_endpoints_are_used_only_without_a_ready_one(text: str, chosen: str) -> None:
    found = ready_else_terminating(endpoints(text) if text else ())
    assert "".join(each.reference[1:] for each in found) == chosen


@pytest.mark.parametrize(("family", "chosen"), [(4, ["a"]), (6, ["b"])])
def test_each_family_has_its_own_usable_endpoints(family: Family, chosen: list[str]) -> None:
    ready = Endpoint(ip("10.244.0.2"), 80, "a")
    terminating = Endpoint(ip("fd00::2"), 80, "b", ready=False, terminating=True)
    found = usable((ready, terminating), family)
    assert [each.reference for each in found] == chosen


@pytest.mark.parametrize(
    ("text", "cluster", "anywhere"),
    [
        ("", "", False),
        ("here,there", "01", True),
        ("here unready,there", "1", True),
        ("here terminating,there", "1", True),
        ("here terminating,there terminating", "01", True),  # there is no ready one
        ("here terminating,there terminated,there unready", "0", True),
        ("here unready", "", False),
        ("here terminated", "", False),
    ],
)
def test_policy_cluster_uses_ready_endpoints_else_serving_terminating_ones(
    text: str, cluster: str, anywhere: bool
) -> None:
    assert choice(text) == (cluster, "", anywhere)


@pytest.mark.parametrize(
    ("text", "local", "anywhere"),
    [
        ("", "", False),
        ("here,there", "0", True),
        ("there", "", True),  # elsewhere: dropped, not refused
        ("there terminating", "", True),
        ("there unready", "", False),
        ("here terminating,there", "0", True),  # not the ready one of another node
        ("here terminating,here,there", "1", True),
        ("here unready,there", "", True),
    ],
)
def test_policy_local_uses_the_endpoints_of_its_own_node(
    text: str, local: str, anywhere: bool
) -> None:
    assert choice(text, internal_local=True) == ("", local, anywhere)


@pytest.mark.parametrize(
    ("case", "what", "cluster", "local"),
    [
        ("only a ClusterIP", {}, "01", ""),
        ("external, Cluster", {"np": 30080}, "01", ""),
        # Clients inside the cluster still use all endpoints.
        ("external, Local", {"np": 30080, "external_local": True}, "01", "0"),
        ("internal Local, external Cluster", {"np": 30080, "internal_local": True}, "01", "0"),
        (
            "both Local",
            {"np": 30080, "internal_local": True, "external_local": True},
            "01",
            "0",
        ),
        ("internal Local, nothing external", {"internal_local": True}, "", "0"),
        ("external Local, nothing external", {"external_local": True}, "01", ""),
        (
            "external by an address",
            {"external_ips": (ip("198.51.100.7"),), "external_local": True},
            "01",
            "0",
        ),
        (
            "external by a load balancer",
            {"load_balancer_ips": (ip("198.18.0.20"),), "internal_local": True},
            "01",
            "0",
        ),
        (
            "external in the other family",
            {"load_balancer_ips": (ip("fd00::20"),), "internal_local": True},
            "",
            "0",
        ),
    ],
)
def test_which_policies_a_service_needs_endpoints_for(
    case: str, what: dict[str, Any], cluster: str, local: str
) -> None:
    assert choice("here,there", **what) == (cluster, local, True), case


@pytest.mark.parametrize(
    ("text", "labels", "cluster"),
    [
        ("here a,there b", IN_A, "0"),
        ("here a b,there b,there a", IN_A, "02"),
        ("here b,there b", IN_A, "01"),  # no hint for this zone
        ("here a,there", IN_A, "01"),  # one has no hint
        ("here a,there unready", IN_A, "0"),  # only ready ones need a hint
        ("here a,there b", {}, "01"),  # the node has no zone
        ("here a,there b", {ZONE: ""}, "01"),
        (
            "here a terminating,there b terminating",
            IN_A,
            "01",
        ),  # hints of terminating ones are ignored
        ("here b,there a terminating", IN_A, "0"),
    ],
)
def test_hints_are_used_if_every_ready_endpoint_has_one_and_one_is_for_this_zone(
    text: str, labels: Mapping[str, str], cluster: str
) -> None:
    assert choice(text, labels)[0] == cluster


@pytest.mark.parametrize(
    ("text", "cluster"),
    [
        ("here n1,there n2", "0"),
        ("here n1,there n1,there n2", "01"),  # the hint counts, and not the endpoint's own node
        ("here n1,there", "01"),  # one has no hint
        ("here n1,there unready", "0"),  # only ready ones need a hint
        ("there n2,there n3", "01"),  # no hint for this node
        ("here n1 a,there n2 a", "0"),  # the node comes before the zone
        ("there n2 a,there n3 b", "0"),  # no hint for this node, but one for its zone
        ("there n2 b,there n3 b", "01"),  # nor for its zone
        ("here n1 a,there a", "01"),  # one has no hint for a node, and both for the zone
        ("here n1 terminating,there n2 terminating", "01"),
    ],
)
def test_a_node_prefers_hints_for_itself_then_for_its_zone(text: str, cluster: str) -> None:
    assert choice(text, IN_A)[0] == cluster


def test_hints_are_for_policy_cluster() -> None:
    found = choice("here b,there a", IN_A, np=30080, external_local=True)
    assert found == ("1", "0", True)


def test_an_address_of_the_other_family_is_not_an_endpoint() -> None:
    six = replace(endpoints("here")[0], address=ip("fd00::2"))
    port = ServicePort("", 80, Protocol.TCP, (six,))
    service = Service("web", "default", "east/svc/web", (ip("10.96.0.1"),), (port,))
    assert candidates(service, port, node(), 4) == ((), (), False)
    assert candidates(service, port, node(), 6).cluster == (six,)
