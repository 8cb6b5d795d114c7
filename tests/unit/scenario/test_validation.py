"""The messages about documents that do not fit their model."""

from typing import Any

import pytest

from nsnet.scenario.documents import Document
from nsnet.scenario.kinds import ClusterSpec, ProbeSpec
from nsnet.scenario.kubernetes import Service, Workload
from nsnet.scenario.validation import Model, kind_of, validate


def problems(data: dict[str, Any], model: type[Model]) -> list[str]:
    """The problems of this document."""
    found, mistakes = validate(Document("lab.yaml", data), model)
    assert (found is None) == bool(mistakes)
    return [str(each).removeprefix("lab.yaml: ") for each in mistakes]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, "name: is missing"),
        (
            {"mtu": "1450"},
            "mtu: expected a whole number, got the text '1450'; remove the quotes",
        ),
        ({"mtu": 500}, "mtu: 500 is too small: at least 576"),
        ({"mtu": 9001}, "mtu: 9001 is too large: at most 9000"),
        ({"nodes": []}, "nodes: is empty; at least one is needed"),
        ({"nodes": "two"}, "nodes: expected a whole number or a list, got the text 'two'"),
        ({"nodes": {}}, "nodes: expected a whole number or a list, got a mapping"),
        ({"nodes": [{"name": "n1", "labels": 1}]}, "nodes[0].labels: expected a mapping, got the"),
        ({"gateway": {"kind": "tunnel"}}, "gateway.kind: 'tunnel' is not one of: nat, vip, proxy"),
        (
            {"model": "flatt"},
            "model: 'flatt' is not one of: flat, island, isolated; did you mean fl",
        ),
        ({"model": "Flat"}, "model: 'Flat' is not one of: flat, island, isolated; did you mean fl"),
        ({"model": 5}, "model: expected one of flat, island, isolated, got the number 5"),
        ({"mtu": "${MTU}"}, "mtu: '${MTU}' is a template; render it first: envsubst < TEMPLATE"),
        ({"cni": "{{ cni }}"}, "cni: '{{ cni }}' is a template; render it first: helm template"),
        ({"gateway": {"kind": "nat", "nam": "x"}}, "gateway.nam: unknown key; did you mean name?"),
        ({"proxymode": "ipvs"}, "proxymode: unknown key; did you mean proxyMode?"),
        ({"manifests": "pods"}, "manifests: expected a list, got the text 'pods'"),
        ({"manifests": [1.5]}, "manifests[0]: expected text, got the number 1.5; put it in quotes"),
    ],
)
def test_the_message_of_an_invalid_field(data: dict[str, Any], expected: str) -> None:
    named = data if not data else {"name": "east", **data}
    (problem,) = problems(named, ClusterSpec)
    assert problem.startswith(expected)


def test_all_invalid_fields_are_reported_at_once() -> None:
    found = problems({"from": 1, "times": 0, "size": None, "timeout": 0}, ProbeSpec)
    assert [each.partition(":")[0] for each in found] == ["from", "to", "times", "timeout", "size"]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (
            {"type": "Loadbalancer"},
            'spec.type: Unsupported value: "Loadbalancer": supported values: "ClusterIP",'
            ' "ExternalName", "LoadBalancer", "NodePort"; did you mean LoadBalancer?',
        ),
        (
            {"ports": [{"port": 80, "protocol": "Tcp"}]},
            'spec.ports[0].protocol: Unsupported value: "Tcp": supported values: "SCTP", "TCP",'
            ' "UDP"; did you mean TCP?',
        ),
        ({"ports": [{}]}, "spec.ports[0].port: Required value"),
        (
            {"ports": [{"port": 80, "targetport": 8080}]},
            'spec.ports[0]: unknown field "targetport"; did you mean targetPort?',
        ),
        ({"cluster_ip": ""}, 'spec: unknown field "cluster_ip"; did you mean clusterIP?'),
        ({"selectors": {"a": "b"}}, 'spec: unknown field "selectors"; did you mean selector?'),
        ({"selecter": {"a": "b"}}, 'spec: unknown field "selecter"; did you mean selector?'),
        ({"port": [{"port": 80}]}, 'spec: unknown field "port"; did you mean ports?'),
        (
            {"ports": [{"port": 80, "targePort": 8080}]},
            'spec.ports[0]: unknown field "targePort"; did you mean targetPort?',
        ),
    ],
)
def test_fields_of_kubernetes_are_refused_in_its_words(spec: dict[str, Any], expected: str) -> None:
    data = {"kind": "Service", "metadata": {"name": "web"}, "spec": spec}
    assert problems(data, Service) == [expected]


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("spec", {}, 'spec: unknown field "spec"; did you mean template.spec?'),
        ("replica", 3, 'spec: unknown field "replica"; did you mean replicas?'),
        (
            "template",
            {"containers": []},
            'spec.template: unknown field "containers"; did you mean spec.containers?',
        ),
        (
            "template",
            {"metadata": {"lables": {}}},
            'spec.template.metadata: unknown field "lables"; did you mean labels?',
        ),
        (
            "template",
            {"spec": {"containers": [{"port": []}]}},
            'spec.template.spec.containers[0]: unknown field "port"; did you mean ports?',
        ),
        (
            "template",
            {"spec": {"podAntiAffinity": {}}},
            'spec.template.spec: unknown field "podAntiAffinity";'
            " did you mean affinity.podAntiAffinity?",
        ),
        (
            "selector",
            {"matchLabel": {}},
            'spec.selector: unknown field "matchLabel"; did you mean matchLabels?',
        ),
    ],
)
def test_a_misspelt_or_misplaced_field_of_a_workload_is_a_mistake(
    field: str, value: object, expected: str
) -> None:
    data = {"kind": "Deployment", "metadata": {"name": "web"}, "spec": {field: value}}
    assert problems(data, Workload) == [expected]


@pytest.mark.parametrize(
    "spec",
    [
        {"topology": 1},  # spelled like no field
        {"topologyKeys": ["*"], "ipFamily": "IPv4"},  # fields of earlier releases
        {"ports": [{"port": 80, "appProtocol": "http"}]},
    ],
)
def test_other_keys_of_kubernetes_objects_are_ignored(spec: dict[str, Any]) -> None:
    data = {"kind": "Service", "metadata": {"name": "web", "uid": "1"}, "spec": spec}
    assert problems(data, Service) == []


def test_fields_that_nsnet_does_not_read_are_not_taken_for_misspelt_ones() -> None:
    container = {"env": [], "args": [], "resources": {}, "stdin": True, "tty": True}
    pod = {"hostname": "a", "hostIPC": False, "hostPID": False, "os": {}, "containers": [container]}
    template = {"metadata": {"name": "x", "creationTimestamp": None}, "spec": pod}
    spec = {"strategy": {}, "serviceName": "web", "minReadySeconds": 1, "template": template}
    data = {"kind": "Deployment", "metadata": {"name": "web", "generation": 2}, "spec": spec}
    assert problems(data, Workload) == []


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (None, "nothing"),
        (True, "the boolean true"),
        (1, "the number 1"),
        ("x", "the text 'x'"),
        ({}, "a mapping"),
        ([], "a list"),
    ],
)
def test_values_are_described_in_the_terms_of_yaml(value: object, named: str) -> None:
    assert kind_of(value) == named
