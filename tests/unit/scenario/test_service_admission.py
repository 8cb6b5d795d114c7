"""The Services that the API server refuses, and the fields it refuses them for."""

from typing import Any

import pytest

from nsnet.scenario.kubernetes import Service
from nsnet.scenario.service_admission import service_refusals

HTTP = [{"name": "http", "port": 80}]
AFFINITY = {"clientIP": {"timeoutSeconds": 10800}}
BALANCED = {"type": "LoadBalancer", "ports": HTTP}
RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
MODE = "service.kubernetes.io/topology-mode"
HINTS = "service.kubernetes.io/topology-aware-hints"
DUAL = {"ipFamilyPolicy": "RequireDualStack"}


def of(*addresses: str) -> dict[str, Any]:
    """The spec of a Service with these ClusterIPs."""
    return {"clusterIP": addresses[0], "clusterIPs": list(addresses), **DUAL}


def refused(spec: dict[str, Any]) -> list[str]:
    """The paths in the spec that are refused."""
    data = {"kind": "Service", "metadata": {"name": "web"}, "spec": spec}
    return [
        path.removeprefix("spec.") for path, _ in service_refusals(Service.model_validate(data))
    ]


@pytest.mark.parametrize(
    "spec",
    [
        {"ports": HTTP},
        {"ports": HTTP, "clusterIP": "None"},
        {"clusterIP": "None"},  # a headless Service may have no port
        {"ports": [*HTTP, {"name": "dns", "port": 80, "protocol": "UDP"}]},
        {"ports": HTTP, "externalIPs": ["203.0.113.1"], "externalTrafficPolicy": "Local"},
        {
            "ports": HTTP,
            "clusterIP": "10.96.0.7",
            "clusterIPs": ["10.96.0.7", "fd00::7"],
            "ipFamilyPolicy": "RequireDualStack",
        },
        # Headless and without a selector, its families have no effect.
        {"clusterIP": "None", "ipFamilies": ["IPv4", "IPv6"]},
        # The defaults clear it before it is validated.
        {"ports": HTTP, "sessionAffinity": "None", "sessionAffinityConfig": AFFINITY},
        {"ports": HTTP, "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 0}}},
        {"ports": HTTP, "sessionAffinity": "ClientIP", "sessionAffinityConfig": {}},
        {"ports": HTTP, "sessionAffinity": "ClientIP", "sessionAffinityConfig": AFFINITY},
        {"ports": [{"port": 80, "targetPort": "http-2"}]},
        {"ports": HTTP, "externalName": "Any Text"},  # of another type it is not read
        {"ports": HTTP, "loadBalancerIP": "any text"},
        {"ports": HTTP, "type": "LoadBalancer", "loadBalancerClass": "example.com/fast"},
        {"ports": HTTP, "type": "LoadBalancer", "allocateLoadBalancerNodePorts": False},
        {"ports": HTTP, "type": "LoadBalancer", "loadBalancerSourceRanges": [" 10.1.2.3/8 "]},
        {"ports": HTTP, "selector": {"app.kubernetes.io/name": "", "Tier_2": "Front.End"}},
        {"type": "ExternalName", "externalName": "a", "ports": [{"port": 80, "nodePort": 1}]},
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
        ({"ports": [*HTTP, {"name": "web", "port": 80}]}, ["ports[1]"]),
        ({"ports": [*HTTP, {"port": 81}]}, ["ports[1].name"]),
        ({"ports": [*HTTP, {"name": "http", "port": 81}]}, ["ports[1].name"]),
        ({"ports": [{"port": 80, "nodePort": 30080}]}, ["ports[0].nodePort"]),
        ({"ports": HTTP, "type": "NodePort", "clusterIP": "None"}, ["clusterIP"]),
        ({"ports": HTTP, "clusterIP": "10.96.0.7", "clusterIPs": ["10.96.0.8"]}, ["clusterIPs"]),
        ({"ports": HTTP, "clusterIPs": ["10.96.0.7"]}, ["clusterIPs"]),
        ({"ports": HTTP, **of("10.96.0.7", "fd00::7", "10.96.0.8")}, ["clusterIPs"]),
        ({"ports": HTTP, **of("10.96.0.7", "10.96.0.8")}, ["clusterIPs"]),
        (of("None", "10.96.0.7"), ["clusterIPs"]),
        ({"ports": HTTP, "clusterIP": "none"}, ["clusterIP"]),
        ({"ports": HTTP, "clusterIP": "10.96.0.7", "ipFamilies": ["IPv6"]}, ["clusterIP"]),
        ({"ports": HTTP, "ipFamilies": ["IPv4", "IPv6"]}, ["ipFamilyPolicy"]),
        ({"ports": HTTP, "ipFamilies": ["IPv6", "IPv6"], **DUAL}, ["ipFamilies[1]"]),
        ({"ports": [{"port": 80, "targetPort": "8080"}]}, ["ports[0].targetPort"]),
        ({"ports": HTTP, "externalTrafficPolicy": "Local"}, ["externalTrafficPolicy"]),
        ({"ports": HTTP, "healthCheckNodePort": 30000}, ["healthCheckNodePort"]),
        (
            {"ports": HTTP, "loadBalancerSourceRanges": ["10.0.0.0/8"]},
            ["loadBalancerSourceRanges"],
        ),
        ({"ports": HTTP, "loadBalancerClass": "fast"}, ["loadBalancerClass"]),
        ({"ports": HTTP, "type": "LoadBalancer", "loadBalancerClass": ""}, ["loadBalancerClass"]),
        (
            {"ports": HTTP, "allocateLoadBalancerNodePorts": False},
            ["allocateLoadBalancerNodePorts"],
        ),
        ({"ports": HTTP, "externalTrafficPolicy": "Cluster"}, ["externalTrafficPolicy"]),
        (
            {
                "ports": HTTP,
                "sessionAffinity": "ClientIP",
                "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 0}},
            },
            ["sessionAffinityConfig.clientIP.timeoutSeconds"],
        ),
        ({"type": "ExternalName"}, ["externalName"]),
        ({"type": "ExternalName", "externalName": "a..b"}, ["externalName"]),
        ({"type": "ExternalName", "externalName": f"{'a' * 254}"}, ["externalName"]),
        ({"type": "ExternalName", "externalName": "a", "clusterIP": "10.0.0.1"}, ["clusterIP"]),
        ({"type": "ExternalName", "externalName": "a", "clusterIP": "None"}, ["clusterIP"]),
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


@pytest.mark.parametrize(
    ("annotations", "spec", "paths"),
    [
        ({RANGES: " 10.0.0.0/8 , 192.0.2.7/24 "}, BALANCED, []),
        ({RANGES: ""}, BALANCED, []),
        ({RANGES: "home"}, BALANCED, [f"metadata.annotations.{RANGES}"]),
        ({RANGES: "home"}, {**BALANCED, "loadBalancerSourceRanges": ["10.0.0.0/8"]}, []),
        ({RANGES: "10.0.0.0/8"}, {"ports": HTTP}, [f"metadata.annotations.{RANGES}"]),
        ({MODE: "Auto", HINTS: "Auto"}, {"ports": HTTP}, []),
        ({MODE: "Auto", HINTS: "auto"}, {"ports": HTTP}, [f"metadata.annotations.{MODE}"]),
    ],
)
def test_the_annotations_that_the_api_server_checks(
    annotations: dict[str, str], spec: dict[str, Any], paths: list[str]
) -> None:
    meta = {"name": "web", "annotations": annotations}
    data = {"kind": "Service", "metadata": meta, "spec": spec}
    assert [path for path, _ in service_refusals(Service.model_validate(data))] == paths
