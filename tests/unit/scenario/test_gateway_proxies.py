"""The objects that nsnet adds for Gateways."""

from pathlib import Path

import pytest

from nsnet.scenario.gateway_proxies import proxy_name
from nsnet.scenario.kubernetes import Gateway, Service, Workload
from nsnet.scenario.load import load
from tests.support.gateways import HTTP, gateway
from tests.support.labs import service, topology, written


def added(*objects: str) -> dict[str, Service | Workload]:
    """The objects that nsnet adds to these, by kind and name."""
    return {
        f"{found.kind} {found.metadata.namespace}/{found.metadata.name}": found
        for found in (each.object for each in written(*objects).manifests if each.own)
        if isinstance(found, Service | Workload)
    }


def test_a_gateway_has_a_deployment_behind_a_load_balancer_in_its_namespace() -> None:
    listeners = (
        HTTP,
        "{name: two, port: 80, protocol: HTTP, hostname: a.example}",
        "{name: tcp, port: 81, protocol: TCP}",
        "{name: tls, port: 443, protocol: TLS, tls: {mode: Passthrough}}",
    )
    found = added(gateway("shop/front", *listeners))
    assert [*found] == ["Service shop/front-lab", "Deployment shop/front-lab"]
    web = found["Service shop/front-lab"]
    assert isinstance(web, Service)
    assert web.spec.type == "LoadBalancer"
    assert [each.port for each in web.spec.ports] == [80, 443]
    assert web.spec.selector == {"gateway.networking.k8s.io/gateway-name": "front"}


def test_a_gateway_without_a_port_that_can_be_served_has_no_proxy() -> None:
    assert added(gateway("front", "{name: tcp, port: 81, protocol: TCP}")) == {}


def test_the_files_own_service_of_that_name_stays() -> None:
    found = added(service("front-lab"), gateway("front"))
    assert [*found] == ["Deployment default/front-lab"]


def test_labels_and_annotations_of_the_infrastructure_are_those_of_the_service() -> None:
    spec = "infrastructure: {labels: {team: a}, annotations: {b: c}}"
    found = added(gateway("front", spec=spec))["Service default/front-lab"]
    assert found.metadata.labels["team"] == "a"
    assert found.metadata.annotations == {"b": "c"}


def test_nothing_else_moves_because_of_a_gateway() -> None:
    pods = [
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: p{each}}}\nspec: {{containers: [{{}}]}}"
        for each in range(5)
    ]
    alone, beside = topology(*pods), topology(gateway("front"), *pods)
    others = [each for each in beside.clusters[0].pods if each.name != "front-lab-0"]
    assert [(each.node, each.addresses) for each in others] == [
        (each.node, each.addresses) for each in alone.clusters[0].pods
    ]


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("front", "lab", "front-lab"),
        ("a.b", "lab", "gateway-a-b-lab-7b04e565"),
        ("1a", "lab", "gateway-1a-lab-e373e66a"),
        ("front", "Not a Name", "gateway-front-not-a-name-40a7a3b3"),
        ("a" * 253, "lab", f"gateway-{'a' * 46}-a87d4390"),
    ],
)
def test_the_name_of_a_proxy_is_one_of_a_service(name: str, kind: str, expected: str) -> None:
    (front,) = (
        each.object
        for each in written(gateway(name, kind=kind)).manifests
        if isinstance(each.object, Gateway)
    )
    assert proxy_name(front) == expected
    assert len(expected) <= 63


def test_plain_manifests_have_gateways_too(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(gateway("front"))
    assert sum(each.own for each in load(tmp_path / "web.yaml").manifests) == 4
