"""What a lab has allocated: as values, and in the file of a lab."""

import json

import pytest

from nsnet.topology.assignment import Assignment, ConfigEvent, ServiceEvent
from tests.support.labs import ip, net

ASSIGNMENT = Assignment(
    addresses={
        "east/pod/web": (ip("10.244.0.2"), ip("fd00:10:244::2")),
        "east/svc/web": (ip("10.96.0.2"),),
    },
    pod_cidrs={"east/node/n1": (net("10.244.0.0/24"), net("fd00:10:244::/64"))},
    nodes={"east/pod/web": "n1"},
    node_ports={"east/svc/web:80/tcp": 30080},
    events={
        "east": (
            ServiceEvent("default", "web", "10.96.0.2", (("http", 80, "tcp"),)),
            ConfigEvent("ConfigMap", "default", "c", {"a": "b"}),
            ConfigEvent("ConfigMap", "default", "c"),
        )
    },
    seen={"east/pod/web": 1},
    commands={"east/pod/web main": "d1"},
)


def test_an_assignment_survives_a_file() -> None:
    assert Assignment.from_json(json.loads(json.dumps(ASSIGNMENT.to_json()))) == ASSIGNMENT


def test_an_assignment_is_readable_in_its_file() -> None:
    assert ASSIGNMENT.to_json() == {
        "addresses": {
            "east/pod/web": ["10.244.0.2", "fd00:10:244::2"],
            "east/svc/web": ["10.96.0.2"],
        },
        "podCIDRs": {"east/node/n1": ["10.244.0.0/24", "fd00:10:244::/64"]},
        "nodes": {"east/pod/web": "n1"},
        "nodePorts": {"east/svc/web:80/tcp": 30080},
        "events": {
            "east": [
                ["Service", "default", "web", "10.96.0.2", (("http", 80, "tcp"),)],
                ["ConfigMap", "default", "c", {"a": "b"}],
                ["ConfigMap", "default", "c", None],
            ]
        },
        "eventsSeen": {"east/pod/web": 1},
        "commands": {"east/pod/web main": "d1"},
    }


def test_a_file_without_node_ports_is_read() -> None:
    before = {name: each for name, each in ASSIGNMENT.to_json().items() if name != "nodePorts"}
    assert Assignment.from_json(json.loads(json.dumps(before))).node_ports == {}


@pytest.mark.parametrize("data", [{}, {"addresses": {"a": ["x"]}, "podCIDRs": {}, "nodes": {}}])
def test_a_file_of_another_form_is_refused(data: dict[str, dict[str, list[str]]]) -> None:
    with pytest.raises((KeyError, ValueError)):
        Assignment.from_json(data)


@pytest.mark.parametrize(
    ("owner", "network", "address"),
    [
        ("east/pod/web", "10.244.0.0/24", "10.244.0.2"),
        ("east/pod/web", "fd00:10:244::/64", "fd00:10:244::2"),
        ("east/pod/web", "10.250.0.0/24", "None"),  # the range of another node
        ("east/pod/new", "10.244.0.0/24", "None"),
    ],
)
def test_the_address_of_an_owner_in_a_range(owner: str, network: str, address: str) -> None:
    assert str(ASSIGNMENT.address_in(net(network), owner)) == address


def test_released_addresses_have_no_owner_and_are_remembered() -> None:
    found = ASSIGNMENT.release("east/pod/web")
    assert dict(found.addresses) == {"east/svc/web": (ip("10.96.0.2"),)}
    assert found.released == {ip("10.244.0.2"), ip("fd00:10:244::2")}
    assert ASSIGNMENT.release("east/pod/other") == ASSIGNMENT
