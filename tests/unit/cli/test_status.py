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
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "east: island, bridge, iptables",
        "  REF           ADDRESS       ABOUT",
        "  node/n1       192.168.10.2  pods 10.244.0.0/24",
        "  pod/web       10.244.0.2    on n1 80/tcp",
        "  svc/plain     10.96.0.2     ClusterIP 80/tcp to 1 endpoint",
        "  svc/web       10.96.0.3     LoadBalancer 80:30000/tcp to 1 endpoint",
        "                              load balancer 198.18.0.2",
        "                              external 203.0.113.1",
        "                              health check 30001",
        "  svc/dns       10.96.0.4     ClusterIP 53/tcp to 0 endpoints",
        "                              53/udp to 0 endpoints",
        "  svc/headless  none          headless 80/tcp to 1 endpoint",
        "  svc/other     10.96.0.5     ClusterIP 80/tcp to 1 endpoint",
        "                              not for kube-proxy",
        "  svc/api       none          ExternalName api.example.org",
        "",
        "no drift: the kernel holds what the file asks for",
    ]
    members = {each["ref"]: each["about"] for each in as_json(found.topology, [])["members"]}
    assert members["east/svc/web"] == (
        "LoadBalancer 80:30000/tcp to 1 endpoint, load balancer 198.18.0.2, external 203.0.113.1,"
        " health check 30001"
    )


@pytest.mark.parametrize(
    ("of", "about"),
    [
        ("near", "ClusterIP 80/tcp to 2 endpoints"),
        ("unready", "ClusterIP 80/tcp to 0 of 1 endpoint"),
        ("going", "ClusterIP 80/tcp to 1 endpoint"),  # used because no other endpoint is ready
        ("sliced", "ClusterIP 80/tcp to 3 of 4 endpoints"),
    ],
)
def test_endpoints_in_use_are_counted_apart_from_the_others(of: str, about: str) -> None:
    members = as_json(shipped("services").topology, [])["members"]
    assert {each["ref"]: each["about"] for each in members}[f"east/svc/{of}"] == about


def test_the_services_of_several_clusters() -> None:
    members = as_json(shipped("clusterset").topology, [])["members"]
    common = {each["ref"]: each for each in members if each["ref"].startswith("clusterset/")}
    assert {name: (each["addresses"], each["about"]) for name, each in common.items()} == {
        "clusterset/svc/web": (
            ["198.18.0.10"],
            "ClusterSetIP 80/tcp 53/udp, of east/svc/web at 198.18.0.4,"
            " of west/svc/web at 198.18.0.5",
        ),
        "clusterset/svc/shop": (
            [],
            "ClusterSetIP 80/tcp, of north/svc/shop at 198.18.0.6, of south/svc/shop at 198.18.0.9",
        ),
        "clusterset/svc/db": (
            [],
            "Headless 5432/tcp, of north/svc/db at 198.18.0.7 198.18.0.8",
        ),
    }


def test_no_address_is_broken_and_no_line_ends_with_a_blank_in_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ranges = "podCIDR: 'fd00:1111:2222:3333::/64', serviceCIDR: 'fd00:aaaa:bbbb:cccc::/112'"
    found = lab(
        pod("a-pod-with-quite-a-long-name-that-leaves-no-room", labels="app: web"),
        service("web"),
        clusters=(
            f"{{name: east, {ranges}, nodeCIDR: 'fd00:9999:8888:7777:6666:5555:4444:0/112'}}",
        ),
        spec="fabricCIDR: 'fd98::/64'",
    )
    show_status(found.topology, found.state, ["east/node/n1: a route is missing " + "word " * 20])
    lines = capsys.readouterr().out.splitlines()
    assert all(len(each) <= 80 and each == each.rstrip() for each in lines)
    words = [each for line in lines for each in line.split()]
    members = as_json(found.topology, [])["members"]
    assert {each for member in members for each in member["addresses"]} <= set(words)
    assert {member["ref"].removeprefix("east/") for member in members} <= set(words)
