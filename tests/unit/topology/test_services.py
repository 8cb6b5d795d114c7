"""A Service as its manifest describes it."""

import pytest

from tests.support.labs import (
    endpoints,
    only_service,
    pod,
    service,
    services,
    topology,
)


@pytest.mark.parametrize(
    ("spec", "field", "value"),
    [
        ("", "external_local", False),
        ("type: NodePort, externalTrafficPolicy: Local", "external_local", True),
        ("type: NodePort, externalTrafficPolicy: Cluster", "external_local", False),
        ("internalTrafficPolicy: Local", "internal_local", True),
        ("", "affinity_seconds", None),
        ("sessionAffinity: ClientIP", "affinity_seconds", 10800),
        (
            "sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 5}}",
            "affinity_seconds",
            5,
        ),
        ("", "proxied", True),
        ("type: ExternalName, externalName: a.example.org", "external_name", "a.example.org"),
        ("externalName: a.example.org", "external_name", ""),  # it has another type
    ],
)
def test_the_fields_of_a_service(spec: str, field: str, value: object) -> None:
    assert getattr(only_service(service("web", spec=spec)), field) == value


@pytest.mark.parametrize("label", ["service-proxy-name: mine", "headless: ''"])
def test_kube_proxy_ignores_a_service_with_this_label(label: str) -> None:
    found = only_service(service("web", meta=f"labels: {{service.kubernetes.io/{label}}}"))
    assert not found.proxied
    assert found.addresses  # but it has a ClusterIP


def test_a_headless_service_has_endpoints_and_no_address() -> None:
    found = topology(pod("web", labels="app: web"), service("web", spec="clusterIP: None"))
    assert services(found)["east/svc/web"].addresses == ()
    assert endpoints(found) == ["10.244.0.2:80 east/pod/web ready"]


def test_an_external_name_has_no_address_and_no_endpoints() -> None:
    found = topology(
        pod("web", labels="app: web"),
        service("web", spec="type: ExternalName, externalName: example.org"),
    )
    assert services(found)["east/svc/web"].addresses == ()
    assert endpoints(found) == []


def test_many_services_without_pods_get_few_warnings() -> None:
    many = [service(f"s{number}") for number in range(1, 41)]
    first = [
        f"lab.yaml:{11 + 5 * number}: the selector of east/svc/s{number + 1}" for number in range(3)
    ]
    assert topology(*many).warnings == (
        *(f"{each} matches no running pod" for each in first),
        "the selectors of 37 more Services match no running pod:"
        " east/svc/s4, east/svc/s5, east/svc/s6 and 34 more",
    )


def test_a_selector_that_matches_no_pod_is_a_warning() -> None:
    assert topology(service("web"), service("idle", app="")).warnings == (
        "lab.yaml:11: the selector of east/svc/web matches no running pod",
    )
