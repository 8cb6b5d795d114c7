"""Addresses and Services of a lab, as people and machines read them."""

import pytest

from nsnet.cli.status import as_json, show_status
from tests.support.labs import lab, pod, service, shipped


def test_the_services_of_a_lab_for_people(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    local = "type: LoadBalancer, externalTrafficPolicy: Local, externalIPs: [203.0.113.1]"
    found = lab(
        pod("web", labels="app: web"),
        service("plain", app="web"),
        service("web", spec=local),
        service("dns", "{name: a, port: 53}, {name: b, port: 53, protocol: UDP}"),
        service("headless", app="web", spec="clusterIP: None"),
        service("other", app="web", meta="labels: {service.kubernetes.io/headless: ''}"),
        service("api", spec="type: ExternalName, externalName: api.example.org"),
        clusters=("{name: east}",),
    )
    show_status(found.topology, found.state, [])
    lines = [each.rstrip() for each in capsys.readouterr().out.splitlines()]
    assert lines[3:-1] == [
        "  svc/plain     10.96.0.2     ClusterIP 80/tcp→1",
        "  svc/web       10.96.0.3     LoadBalancer 80:30000/tcp→1",
        "                              load balancer 198.18.0.2",
        "                              external 203.0.113.1",
        "                              health check 30001",
        "  svc/dns       10.96.0.4     ClusterIP 53/tcp→0 53/udp→0",
        "  svc/headless  no address    headless 80/tcp→1",
        "  svc/other     10.96.0.5     ClusterIP 80/tcp→1",
        "                              not for kube-proxy",
        "  svc/api       no address    ExternalName api.example.org",
    ]
    members = {each["ref"]: each["about"] for each in as_json(found.topology, [])["members"]}
    assert members["east/svc/web"] == (
        "LoadBalancer 80:30000/tcp→1, load balancer 198.18.0.2, external 203.0.113.1,"
        " health check 30001"
    )


@pytest.mark.parametrize(
    ("of", "about"),
    [
        ("near", "ClusterIP 80/tcp→2"),
        ("unready", "ClusterIP 80/tcp→0 of 1"),
        ("going", "ClusterIP 80/tcp→1"),  # used because no other endpoint is ready
        ("sliced", "ClusterIP 80/tcp→3 of 4"),
    ],
)
def test_endpoints_in_use_are_counted_apart_from_the_others(of: str, about: str) -> None:
    members = as_json(shipped("services").topology, [])["members"]
    assert {each["ref"]: each["about"] for each in members}[f"east/svc/{of}"] == about
