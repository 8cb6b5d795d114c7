"""The ports that pods do not declare, and on which they listen because Services use them."""

import pytest

from tests.support.labs import endpoint_slice, pod, pods, service, topology

SILENT = "containers: [{name: web}]"


def ports_of(name: str, *objects: str, clusters: tuple[str, ...] = ("{name: east}",)) -> list[str]:
    """The ports on which this pod of east listens."""
    found = pods(topology(*objects, clusters=clusters))[f"east/pod/{name}"]
    return [f"{each.port}/{each.protocol}" for each in found.ports]


@pytest.mark.parametrize(
    ("ports", "listening"),
    [
        ("{port: 80, targetPort: 8080}", ["8080/tcp"]),
        ("{port: 80}", ["80/tcp"]),
        ("{port: 80, targetPort: 8080, protocol: UDP}", ["8080/udp"]),
        (
            "{name: a, port: 1, targetPort: 80}, {name: b, port: 2, targetPort: 80}",
            ["80/tcp"],
        ),
        ("{port: 80, protocol: SCTP}", []),
    ],
)
def test_a_pod_listens_on_the_target_ports_of_services_that_select_it(
    ports: str, listening: list[str]
) -> None:
    web = pod("web", labels="app: web", spec=SILENT)
    assert ports_of("web", web, service("web", ports)) == listening


@pytest.mark.parametrize("spec", ["clusterIP: None", "publishNotReadyAddresses: true"])
def test_it_does_so_whatever_the_kind_of_the_service(spec: str) -> None:
    web = pod("web", labels="app: web", spec=SILENT)
    assert ports_of("web", web, service("web", spec=spec)) == ["80/tcp"]


def test_no_other_pod_listens_on_them() -> None:
    web = pod("web", labels="app: web", spec=SILENT)
    api = pod("api", labels="app: api", spec=SILENT)
    other = pod("web", labels="app: web", namespace="prod", spec=SILENT)
    objects = (web, api, other, service("web"))
    assert ports_of("api", *objects) == ports_of("web.prod", *objects) == []


def test_declared_ports_stay_and_are_not_repeated() -> None:
    web = pod("web", labels="app: web")  # declares 80
    ports = "{name: a, port: 80}, {name: b, port: 81}"
    assert ports_of("web", web, service("web", ports)) == ["80/tcp", "81/tcp"]


def test_a_pod_listens_on_the_port_of_a_slice_that_lists_its_address() -> None:
    objects = (
        pod("web", spec=SILENT),
        service("web", app=""),
        endpoint_slice("web", "{addresses: [10.244.0.2]}", "{port: 8080}"),
    )
    assert ports_of("web", *objects) == ["8080/tcp"]


def test_on_the_host_network_one_pod_of_a_node_listens_on_a_port() -> None:
    host = f"hostNetwork: true, {SILENT}"
    objects = (
        pod("a", labels="app: web", spec=host),
        pod("b", labels="app: web", spec=host),
        service("web"),
    )
    assert [ports_of(name, *objects) for name in "ab"] == [["80/tcp"], []]
    two = ("{name: east, nodes: 2}",)
    assert [ports_of(name, *objects, clusters=two) for name in "ab"] == [["80/tcp"], ["80/tcp"]]


def test_kube_proxy_keeps_the_port_of_its_health_check() -> None:
    local = "type: LoadBalancer, externalTrafficPolicy: Local, healthCheckNodePort: 32000"
    objects = (
        pod("a", labels="app: web", spec=f"hostNetwork: true, {SILENT}"),
        service("web", "{port: 80, targetPort: 32000}", spec=local),
    )
    assert ports_of("a", *objects) == []
