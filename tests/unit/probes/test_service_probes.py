"""Probes of every Service port, with what the model predicts as the expectation."""

from nsnet.probes.service_probes import service_probes
from tests.support.labs import TWO_NODES, exported, in_clusters, lab, pod, service, workload

ONE = "externals: [{name: outside, address: 203.0.113.10}]"


def asked(*objects: str, clusters: tuple[str, ...] = TWO_NODES, spec: str = ONE) -> list[str]:
    """Each probe of a lab as "FROM → TO protocol ×times: verdict"."""
    return [
        f"{each.from_} → {each.to} {each.protocol} ×{each.times}: {each.expect.verdict}"
        for each in service_probes(lab(*objects, clusters=clusters, spec=spec).model)
    ]


def test_a_service_is_asked_from_a_pod_that_is_no_endpoint_and_from_a_node() -> None:
    objects = (workload("Deployment", "app", 2), pod("client"), service("app"))
    assert asked(*objects) == [
        "pod/client → svc/app:80 tcp ×4: ok",
        "node/n1 → svc/app:80 tcp ×4: ok",
    ]


def test_an_endpoint_asks_its_own_service_if_there_is_no_other_pod() -> None:
    assert asked(workload("Deployment", "app"), service("app"))[0] == (
        "pod/app-0 → svc/app:80 tcp ×2: ok"
    )


def test_a_node_alone_asks_where_every_pod_is_on_the_host_network() -> None:
    found = asked(pod("agent", labels="app: agent", spec="hostNetwork: true"), service("agent"))
    assert found == ["node/n1 → svc/agent:80 tcp ×2: ok"]


def test_a_service_without_endpoints_is_expected_to_refuse() -> None:
    assert asked(pod("client"), service("none", ports="{port: 53, protocol: UDP}")) == [
        "pod/client → svc/none:53 udp ×1: refused",
        "node/n1 → svc/none:53 udp ×1: refused",
    ]


def test_a_load_balancer_and_a_node_port_are_asked_from_outside() -> None:
    found = asked(
        workload("Deployment", "web"), pod("client"), service("web", spec="type: LoadBalancer")
    )
    assert found[2:] == [
        "external/outside → svc/web:80 tcp ×2: ok",
        "external/outside → node/n1:30000 tcp ×2: ok",
    ]


def test_no_outside_host_asks_a_cluster_that_lets_no_packet_in() -> None:
    clusters = ("{name: east, model: isolated}",)
    node_port = service("web", spec="type: NodePort")
    found = asked(workload("Deployment", "web"), node_port, clusters=clusters)
    assert [each.split(" →")[0] for each in found] == ["pod/web-0", "node/n1"]


def test_an_exported_service_of_an_island_is_asked_from_outside_at_its_gateway() -> None:
    clusters = ("{name: east, gateway: {kind: nat}}",)
    found = asked(
        workload("Deployment", "web"),
        service("web", spec="type: NodePort"),
        exported("web"),
        clusters=clusters,
    )
    assert found[2:] == ["external/outside → svc/web:80 tcp ×2: ok"]


def test_a_headless_service_is_asked_at_an_endpoint() -> None:
    objects = (workload("StatefulSet", "db", 2), pod("client"))
    headless = service("db", ports="{port: 5432, targetPort: 80}", spec="clusterIP: None")
    assert asked(*objects, headless)[0] == "pod/client → pod/db-1:80 tcp ×4: ok"


def test_an_external_name_is_not_asked() -> None:
    alias = service("db", app="", spec="type: ExternalName, externalName: db.example.com")
    assert asked(pod("client"), alias) == []


def test_a_client_of_another_family_does_not_ask() -> None:
    clusters = (
        '{name: east, podCIDR: "fd00:244::/48", serviceCIDR: "fd00:96::/112",'
        ' nodeCIDR: "fd01:1::/64"}',
    )
    found = asked(
        workload("Deployment", "web"),
        service("web", spec="type: NodePort"),
        clusters=clusters,
        spec=f"fabricCIDR: 198.18.0.0/16,fd98::/64\n{ONE}",
    )
    assert [each.split(" →")[0] for each in found] == ["pod/web-0", "node/n1"]


def test_a_service_of_many_endpoints_is_asked_a_few_times() -> None:
    found = asked(workload("Deployment", "app", 20), pod("client"), service("app"))
    assert found[0] == "pod/client → svc/app:80 tcp ×16: ok"


def test_a_service_of_several_clusters_is_asked_once_in_each() -> None:
    here, everywhere = in_clusters("a,b,c"), in_clusters("a,b,c,d")
    clusters = tuple(
        f"{{name: {name}, dns: false, {spec}}}"
        for name, spec in zip(
            "abcd",
            (
                "model: flat, podCIDR: 10.1.0.0/16",
                "model: flat, podCIDR: 10.2.0.0/16",
                "gateway: {kind: nat}",
                "gateway: {kind: nat}",
            ),
            strict=True,
        )
    )
    found = asked(
        pod("client", meta=everywhere),
        pod("web", labels="app: web", meta=here),
        service("web", meta=here),
        exported("web", here),
        clusters=clusters,
        spec="",
    )
    assert [each for each in found if "clusterset" in each and "pod/client" in each] == [
        "a/pod/client → clusterset/svc/web:80 tcp ×4: ok",
        "b/pod/client → clusterset/svc/web:80 tcp ×4: ok",
        "c/pod/client → clusterset/svc/web:80 tcp ×6: ok",  # an address for each exporter
        "d/pod/client → clusterset/svc/web:80 tcp ×6: ok",
    ]
