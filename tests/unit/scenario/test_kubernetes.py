"""Models of Kubernetes objects: nulls, ports and addresses."""

import re
from ipaddress import ip_address
from typing import TypeVar

import pytest
from pydantic import ValidationError

from nsnet.scenario.documents import parse
from nsnet.scenario.kubernetes import EndpointSlice, Lenient, Pod, Service, Workload
from nsnet.scenario.kubernetes.fields import NO_LETTER, port_name_mistakes

Model = TypeVar("Model", bound=Lenient)


def read(text: str, model: type[Model]) -> Model:
    """The object of this text."""
    (document,), _ = parse("lab.yaml", text)
    return model.model_validate(document.data)


def service(spec: str) -> Service:
    """A Service with this spec."""
    return read(f"kind: Service\nmetadata: {{name: web}}\nspec: {spec}\n", Service)


def test_a_null_is_the_same_as_no_key() -> None:
    workload = read(
        "apiVersion: apps/v1\n"
        "kind: Deployment\n"
        "metadata: {name: web, namespace: null, labels: null, creationTimestamp: null}\n"
        "spec:\n"
        "  replicas:\n"
        "  strategy: {}\n"
        "  template:\n"
        "    metadata: {labels: {app: web}, annotations: null}\n"
        "    spec: {nodeName: null, containers: [{name: web, image: nginx, ports: null}]}\n"
        "status: null\n",
        Workload,
    )
    assert (workload.metadata.namespace, workload.spec.replicas) == ("default", 1)
    assert workload.spec.template.spec.containers[0].ports == ()


def test_a_null_in_a_selector_is_the_empty_value() -> None:
    assert service("{selector: {app: }}").spec.selector == {"app": ""}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("http", "http"),
        ("8080", 8080),
        ('"8080"', "8080"),
        ("null", None),
        ("0", None),
        ('""', None),
    ],
)
def test_a_target_port_is_a_number_or_a_name(written: str, read: int | str | None) -> None:
    found = service(f"{{ports: [{{port: 80, targetPort: {written}}}]}}")
    assert found.spec.ports[0].target_port == read


ZEROS = {
    "type": "",
    "clusterIP": "",
    "externalName": "",
    "externalTrafficPolicy": "",
    "healthCheckNodePort": 0,
    "loadBalancerIP": "",
    "sessionAffinity": "",
    "selector": {},
    "externalIPs": [],
    "loadBalancerSourceRanges": [],
}


@pytest.mark.parametrize("field", ZEROS)
def test_the_zero_value_of_a_field_means_that_it_is_not_set(field: str) -> None:
    web = {"kind": "Service", "metadata": {"name": "web", "namespace": ""}}
    found = Service.model_validate({**web, "spec": {field: ZEROS[field]}})
    assert found == Service.model_validate({**web, "spec": {}})
    assert found.metadata.namespace == "default"


def test_the_zero_values_of_a_port_mean_that_they_are_not_set() -> None:
    zeros = '{port: 80, name: "", protocol: "", nodePort: 0, targetPort: 0}'
    assert service(f"{{ports: [{zeros}]}}") == service("{ports: [{port: 80}]}")


@pytest.mark.parametrize(
    "field", ["internalTrafficPolicy", "ipFamilyPolicy", "trafficDistribution"]
)
def test_a_field_that_is_a_pointer_may_be_absent_but_not_empty(field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        service(f'{{{field}: ""}}')


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("' 192.0.2.0/24 '", "192.0.2.0/24"),
        ("010.000.0.0/8", "10.0.0.0/8"),
        ("'2001:db8::1/32'", "2001:db8::/32"),
    ],
)
def test_source_ranges_may_have_spaces_host_bits_and_leading_zeros(written: str, read: str) -> None:
    found = service(f"{{loadBalancerSourceRanges: [{written}]}}")
    assert list(map(str, found.spec.load_balancer_source_ranges)) == [read]


@pytest.mark.parametrize("kind", ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"])
def test_the_cluster_ip_none_is_text_and_not_a_null(kind: str) -> None:
    found = service(f"{{type: {kind}, clusterIP: None, externalName: example.org}}")
    assert (found.spec.cluster_ip, found.spec.headless) == ("None", True)


def test_addresses_with_leading_zeros_are_decimal() -> None:
    found = service("{clusterIP: 010.96.0.08, externalIPs: [203.000.113.010]}")
    assert found.spec.cluster_ip == ip_address("10.96.0.8")
    assert found.spec.external_ips == (ip_address("203.0.113.10"),)


def test_the_endpoints_of_an_endpoint_slice() -> None:
    found = read(
        "kind: EndpointSlice\n"
        "metadata: {name: web-a}\n"
        "addressType: IPv4\n"
        "ports: [{name: '', port: 80}]\n"
        "endpoints: [{addresses: [10.244.0.9], conditions: {ready: null, serving: yes}}]\n",
        EndpointSlice,
    )
    (endpoint,) = found.endpoints
    assert endpoint.addresses == (ip_address("10.244.0.9"),)
    assert (endpoint.conditions.ready, endpoint.conditions.serving) == (None, True)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("http", ""),
        ("a23456789012345", ""),
        ("a234567890123456", "must be no more than 15 characters"),
        ("8080", "must contain at least one letter (a-z)"),
        ("a--b", "must not contain consecutive hyphens"),
    ],
)
def test_the_name_of_a_container_port(name: str, reason: str) -> None:
    ports = f"[{{name: '{name}', containerPort: 80}}]"
    text = f"kind: Pod\nmetadata: {{name: web}}\nspec: {{containers: [{{ports: {ports}}}]}}\n"
    if reason:
        with pytest.raises(ValueError, match=re.escape(f'Invalid value: "{name}": {reason}')):
            read(text, Pod)
    else:
        assert read(text, Pod).spec.containers[0].ports[0].name == name


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("http", []),
        ("a", []),
        ("8", [NO_LETTER]),
        ("80-443", [NO_LETTER]),
        ("exactly-15-long", []),
        ("one-more-than-15", ["must be no more than 15 characters"]),
        ("Http", ["must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"]),
        ("a--b", ["must not contain consecutive hyphens"]),
        ("-a", ["must not begin or end with a hyphen"]),
    ],
)
def test_the_names_of_container_ports(name: str, reasons: list[str]) -> None:
    assert list(port_name_mistakes(name)) == reasons
