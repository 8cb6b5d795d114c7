"""What a lab needs of a host, and how a host that lacks it refuses."""

import pytest

from nsnet.errors import UnsupportedError
from nsnet.kernel.capacity import Capacity, capacity
from nsnet.lab import needs
from nsnet.lab.needs import Needs, needs_of, require_capacity
from nsnet.state.model import State
from tests.support.labs import lab, pod, service, shipped, workload

GB = 10**9
HOST = Capacity(namespaces=1000, memory=GB, threads=100, files=4096)
NEEDED = Needs(namespaces=1000, memory=GB, threads=100, files=4096)


def state(replicas: int, *objects: str) -> State:
    """Return the State of a lab with these pods, on one node."""
    return lab(workload("Deployment", "web", replicas), *objects, clusters=("{name: east}",)).state


def test_a_pod_needs_a_namespace_a_port_and_memory() -> None:
    one, two = needs_of(state(1)), needs_of(state(2))
    assert two.namespaces - one.namespaces == 1
    assert two.files - one.files == 1
    assert two.threads == one.threads == 1  # one server for all
    assert needs.NAMESPACE < two.memory - one.memory < 1.1 * needs.NAMESPACE


@pytest.mark.parametrize(
    ("mode", "entries"),
    [("iptables", 6), ("nftables", 6), ("ipvs", 5)],
)
def test_a_service_needs_memory_on_every_node(mode: str, entries: int) -> None:
    def memory(nodes: int, *objects: str) -> int:
        cluster = f"{{name: east, nodes: {nodes}, proxyMode: {mode}}}"
        return needs_of(
            lab(pod("web", labels="app: web"), *objects, clusters=(cluster,)).state
        ).memory

    one = memory(1, service("web")) - memory(1)
    assert entries * needs.ENTRY <= one <= 3 * entries * needs.ENTRY
    assert memory(3, service("web")) - memory(3) > 2 * one


def test_pods_that_cannot_learn_all_neighbours_need_memory_for_them() -> None:
    few, many = needs_of(state(20)), needs_of(state(60))
    extra = many.memory - few.memory - 40 * (needs.NAMESPACE + needs.LISTENER)
    assert extra > 60 * 60 * needs.ENTRY


def test_daemons_are_processes() -> None:
    found = needs_of(shipped("flat-bgp").state)
    assert found.threads == 1 + 5 * needs.THREADS  # on each node and in the fabric
    assert found.memory > 5 * needs.DAEMON


def test_a_host_that_has_what_a_lab_needs_is_enough() -> None:
    require_capacity(NEEDED, Needs(), HOST)


@pytest.mark.parametrize(
    ("needed", "message"),
    [
        (
            Needs(namespaces=1001),
            "it needs 1,001 network namespaces, and 1,000 are left"
            " (sysctl user.max_net_namespaces)",
        ),
        (Needs(memory=9 * GB), "it needs about 9.0 GB of memory, and 1.0 GB are available"),
        (
            Needs(threads=101),
            "it needs 101 processes, and 100 are left (sysctl kernel.pid_max)",
        ),
        (
            Needs(files=5000),
            "its server needs 5,000 open files, and may have 4,096 (ulimit -Hn)",
        ),
    ],
)
def test_what_a_host_lacks_is_named_with_both_numbers(needed: Needs, message: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        require_capacity(needed, Needs(), HOST)
    assert str(caught.value) == f"this host cannot carry the lab: {message}"
    assert caught.value.exit_code == 3


def test_everything_that_a_host_lacks_is_named_at_once() -> None:
    with pytest.raises(UnsupportedError, match=r"namespaces.*; it needs about .*; its server"):
        require_capacity(Needs(2000, 2 * GB, 1, 5000), Needs(), HOST)


def test_a_lab_that_is_up_needs_only_what_it_does_not_hold() -> None:
    larger = Needs(namespaces=1900, memory=GB + GB // 2, threads=150, files=4096)
    require_capacity(larger, NEEDED, HOST)
    with pytest.raises(UnsupportedError, match="may have 4,096"):  # the server opens all again
        require_capacity(Needs(files=4097), NEEDED, HOST)


def test_every_shipped_scenario_fits_on_this_host() -> None:
    require_capacity(needs_of(shipped("services").state), Needs(), capacity())
