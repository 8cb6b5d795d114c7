"""Pods before they are placed: the ports that they declare."""

import pytest

from tests.support.labs import pod, pods, topology, workload

WEB = "{name: web, ports: [{containerPort: 80}]}"


def listening(spec: str) -> list[str]:
    """The ports on which a pod with this spec listens, with their names."""
    found = pods(topology(pod("web", spec=spec)))["east/pod/web"]
    return [f"{each.port}/{each.protocol} {each.name}".rstrip() for each in found.ports]


@pytest.mark.parametrize(
    ("spec", "ports"),
    [
        ("containers: [{ports: [{containerPort: 53, protocol: UDP}]}]", ["53/udp"]),
        ("containers: [{ports: [{containerPort: 80, protocol: '', hostPort: 0}]}]", ["80/tcp"]),
        ("containers: [{ports: [{containerPort: 80, protocol: SCTP}]}]", []),
        # An init container exits before the pod is ready, except a sidecar.
        ("initContainers: [{ports: [{containerPort: 1}]}], containers: [{}]", []),
        (
            "initContainers: [{restartPolicy: Always, ports: [{containerPort: 1}]}],"
            " containers: [{ports: [{containerPort: 80}]}]",
            ["80/tcp", "1/tcp"],
        ),
        ("ephemeralContainers: [{ports: [{containerPort: 1}]}], containers: [{}]", []),
        # Two names for one port.
        (
            "containers: [{ports: [{name: a, containerPort: 80}, {name: b, containerPort: 80}]}]",
            ["80/tcp a", "80/tcp b"],
        ),
    ],
)
def test_a_pod_listens_on_the_ports_that_it_declares(spec: str, ports: list[str]) -> None:
    assert listening(spec) == ports


@pytest.mark.parametrize(
    ("containers", "warnings"),
    [
        (f"[{WEB}]", 0),
        ("[{name: web, ports: [{containerPort: 80}, {containerPort: 80}]}]", 0),
        (f"[{WEB}, {{name: log, ports: [{{containerPort: 81}}]}}]", 0),
        (f"[{WEB}, {{name: log, ports: [{{containerPort: 80, protocol: UDP}}]}}]", 0),
        (f"[{WEB}, {{name: log, ports: [{{containerPort: 80}}]}}]", 1),
    ],
)
def test_two_containers_of_a_pod_cannot_listen_on_the_same_port(
    containers: str, warnings: int
) -> None:
    found = topology(workload("Deployment", "shop", 3, spec=f"containers: {containers}"))
    assert len(found.warnings) == warnings


def test_the_warning_of_a_port_with_two_owners_names_both() -> None:
    both = f"containers: [{WEB}, {{name: log, ports: [{{containerPort: 80}}]}}]"
    assert topology(workload("Deployment", "shop", 3, spec=both)).warnings == (
        "lab.yaml:15: two containers of east/deploy/shop declare port 80/TCP, but share one"
        " network: web answers, log would fail (address already in use)",
    )
