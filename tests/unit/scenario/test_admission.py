"""The Services that the API server refuses, and the fields it refuses them for."""

from typing import Any

import pytest

from nsnet.scenario.admission import refusals
from nsnet.scenario.kubernetes import Service

HTTP = [{"name": "http", "port": 80}]


def refused(spec: dict[str, Any]) -> list[str]:
    """The paths in the spec that are refused."""
    data = {"kind": "Service", "metadata": {"name": "web"}, "spec": spec}
    return [path.removeprefix("spec.") for path, _ in refusals(Service.model_validate(data))]


@pytest.mark.parametrize(
    "spec",
    [
        {"ports": HTTP},
        {"ports": HTTP, "clusterIP": "None"},
        {"clusterIP": "None"},  # a headless Service may have no port
        {"ports": [*HTTP, {"name": "dns", "port": 80, "protocol": "UDP"}]},
        {"ports": HTTP, "externalIPs": ["203.0.113.1"], "externalTrafficPolicy": "Local"},
        {"ports": HTTP, "clusterIP": "10.96.0.7", "clusterIPs": ["10.96.0.7", "fd00::7"]},
        {"type": "ExternalName", "externalName": "api.example.org."},
        {
            "type": "LoadBalancer",
            "ports": HTTP,
            "externalTrafficPolicy": "Local",
            "healthCheckNodePort": 30000,
        },
    ],
)
def test_services_that_the_api_server_accepts(spec: dict[str, Any]) -> None:
    assert refused(spec) == []


@pytest.mark.parametrize(
    ("spec", "paths"),
    [
        ({}, ["ports"]),
        ({"ports": [*HTTP, {"name": "web", "port": 80}]}, ["ports[1].port"]),
        ({"ports": [*HTTP, {"port": 81}]}, ["ports[1]"]),
        ({"ports": [*HTTP, {"name": "http", "port": 81}]}, ["ports[1].name"]),
        ({"ports": [{"port": 80, "nodePort": 30080}]}, ["ports[0].nodePort"]),
        ({"ports": HTTP, "type": "NodePort", "clusterIP": "None"}, ["clusterIP"]),
        ({"ports": HTTP, "clusterIP": "10.96.0.7", "clusterIPs": ["10.96.0.8"]}, ["clusterIP"]),
        ({"ports": HTTP, "clusterIPs": ["10.96.0.7", "fd00::7", "10.96.0.8"]}, ["clusterIPs"]),
        ({"clusterIPs": ["None", "10.96.0.7"]}, ["clusterIPs"]),
        ({"ports": HTTP, "ipFamilies": ["IPv6", "IPv6"]}, ["ipFamilies"]),
        ({"ports": HTTP, "externalTrafficPolicy": "Local"}, ["externalTrafficPolicy"]),
        ({"ports": HTTP, "healthCheckNodePort": 30000}, ["healthCheckNodePort"]),
        (
            {"ports": HTTP, "loadBalancerSourceRanges": ["10.0.0.0/8"]},
            ["loadBalancerSourceRanges"],
        ),
        ({"ports": HTTP, "sessionAffinityConfig": {}}, ["sessionAffinityConfig"]),
        ({"type": "ExternalName"}, ["externalName"]),
        ({"type": "ExternalName", "externalName": "a..b"}, ["externalName"]),
        ({"type": "ExternalName", "externalName": f"{'a' * 254}"}, ["externalName"]),
        ({"type": "ExternalName", "externalName": "a", "clusterIP": "10.0.0.1"}, ["clusterIP"]),
    ],
)
def test_services_that_the_api_server_refuses(spec: dict[str, Any], paths: list[str]) -> None:
    assert refused(spec) == paths


def test_a_node_port_is_unique_per_protocol() -> None:
    ports = [
        {"name": "a", "port": 80, "nodePort": 30080},
        {"name": "b", "port": 81, "nodePort": 30080, "protocol": "UDP"},
        {"name": "c", "port": 82, "nodePort": 30080},
    ]
    assert refused({"type": "NodePort", "ports": ports}) == ["ports[2].nodePort"]
