"""A pod that restarts gets another address; meanwhile no Service has it as an endpoint."""

import pytest

from nsnet.errors import UsageError
from nsnet.topology.model import Topology
from nsnet.topology.resolve import resolve
from nsnet.topology.restart import pods_to_restart, replaced_pods, without_pods
from tests.support.labs import pod, pods, service, services, topology, workload, written

OBJECTS = (
    workload("Deployment", "web", 2),
    pod("alone"),
    pod("host", spec="hostNetwork: true"),
    service("web"),
)


def found() -> Topology:
    return topology(*OBJECTS)


def test_only_the_pod_that_released_its_address_gets_another() -> None:
    before = found()
    keep = before.assignment().release("east/pod/web-0")
    after = resolve(written(*OBJECTS), keep)
    assert replaced_pods(before, after) == {"east/pod/web-0"}
    old, new = (pods(each)["east/pod/web-0"] for each in (before, after))
    assert set(old.addresses).isdisjoint(new.addresses)
    assert old.netns == new.netns
    assert new.addresses[0] not in {each for one in pods(before).values() for each in one.addresses}
    ends = services(after)["east/svc/web"].ports[0].endpoints
    assert new.addresses[0] in {each.address for each in ends}


def test_no_service_has_a_removed_pod_as_endpoint() -> None:
    between = without_pods(found(), {"east/pod/web-0"})
    assert "east/pod/web-0" not in pods(between)
    ends = services(between)["east/svc/web"].ports[0].endpoints
    assert [each.reference for each in ends] == ["east/pod/web-1"]


@pytest.mark.parametrize(
    ("reference", "names"),
    [
        ("pod/alone", ["alone"]),
        ("east/pod/web-1", ["web-1"]),
        ("deploy/web", ["web-0", "web-1"]),
    ],
)
def test_a_reference_names_one_pod_or_all_of_a_workload(reference: str, names: list[str]) -> None:
    assert [each.name for each in pods_to_restart(found(), reference)] == names


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("pod/host", "on the host network: its address is its node's"),
        ("pod/missing", "no pod missing"),
        ("deploy/nothing", "east has no deploy nothing"),
        ("node/n1", "only pod, deploy, statefulset can be restarted"),
    ],
)
def test_what_cannot_restart(reference: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        pods_to_restart(found(), reference)
