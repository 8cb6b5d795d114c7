"""Endpoints that were listed in another cluster, by the addresses that its hosts had there."""

import pytest

from tests.support.labs import endpoint_slice, endpoints, node, pod, service, topology

CLUSTERS = ("{name: east}",)
RUNNING = "phase: Running, hostIP: 172.18.0.4, podIP: 10.0.7.7, podIPs: [{ip: 10.0.7.7}]"


def behind(address: str, *objects: str) -> list[str]:
    """The endpoints of a Service for which a slice lists this address."""
    listed = endpoint_slice("api", f"{{addresses: [{address}]}}", "{port: 6443}")
    found = topology(service("api", app=""), listed, *objects, clusters=CLUSTERS)
    return endpoints(found, "east/svc/api")


@pytest.mark.parametrize(
    ("address", "status", "expected"),
    [
        ("172.18.0.4", RUNNING, "192.168.10.2:6443 192.168.10.2 ready"),
        ("10.0.7.7", RUNNING, "10.244.0.2:6443 east/pod/web ready"),
        ("10.0.7.7", "podIP: 10.0.7.7", "10.244.0.2:6443 east/pod/web ready"),
        ("10.0.7.7", "podIP: '', podIPs: []", "10.0.7.7:6443 10.0.7.7 ready"),
        ("10.0.7.8", RUNNING, "10.0.7.8:6443 10.0.7.8 ready"),
        ("10.0.7.7", "phase: Succeeded, podIP: 10.0.7.7", "10.0.7.7:6443 10.0.7.7 ready"),
    ],
)
def test_an_address_in_the_status_of_a_pod(address: str, status: str, expected: str) -> None:
    read = pod("web", spec="nodeName: n1") + f"\nstatus: {{{status}}}"
    (found,) = behind(address, node("n1"), read)
    assert found == expected


def test_an_address_in_the_status_of_a_node() -> None:
    (found,) = behind("172.18.0.4", node("n1", addresses="172.18.0.4"))
    assert found == "192.168.10.2:6443 192.168.10.2 ready"


def test_the_host_network_of_a_node_with_another_address() -> None:
    server = pod("server", spec="nodeName: n1, hostNetwork: true")
    (found,) = behind("172.18.0.4", node("n1", addresses="172.18.0.4"), server)
    assert found == "192.168.10.2:6443 east/pod/server ready"
