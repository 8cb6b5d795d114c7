"""Services that several clusters export under one name: one Service for their clients."""

import pytest

from nsnet.probes.question import explain, probe_spec
from nsnet.topology.model import ClusterSetService
from nsnet.topology.notation import UnknownReferenceError
from nsnet.topology.references import expand
from nsnet.topology.resolve import resolve
from tests.support.labs import (
    Lab,
    exported,
    in_clusters,
    lab,
    pod,
    refused,
    service,
    services,
    topology,
    workload,
    written,
)

A, B, C = map(in_clusters, "abc")
AB, ABC = in_clusters("a,b"), in_clusters("a,b,c")


def flat(mode: str = "iptables", names: str = "abc", nodes: int = 1) -> tuple[str, ...]:
    """Flat clusters of these names."""
    return tuple(
        f"{{name: {name}, model: flat, nodes: {nodes}, proxyMode: {mode}, dns: false,"
        f" podCIDR: 10.{number}.0.0/16}}"
        for number, name in enumerate(names, 1)
    )


def two_exporters(mode: str = "iptables") -> Lab:
    """Three flat clusters; a and b export their Service `web`, and c uses it."""
    return lab(
        pod("client", meta=ABC),
        workload("Deployment", "web", 2, meta=AB),
        service("web", meta=AB),
        exported("web", AB),
        clusters=flat(mode),
        spec="externals: [{name: laptop, address: 203.0.113.10}]",
    )


def merged(*objects: str, clusters: tuple[str, ...] = flat(names="ab")) -> ClusterSetService:
    """The one Service of several clusters, with `web` pods in both."""
    found = topology(workload("Deployment", "web", meta=AB), *objects, clusters=clusters)
    (each,) = found.clusterset
    return each


def endpoints_by_port(found: ClusterSetService) -> dict[str, list[str]]:
    """Each port, with the clusters whose pods serve it."""
    return {
        f"{port.name}:{port.port}/{port.protocol}": sorted(
            {each.reference.partition("/")[0] for each in port.endpoints}
        )
        for port in found.ports
    }


def test_exports_of_one_name_are_one_service_with_the_endpoints_of_all() -> None:
    found = two_exporters().topology
    (web,) = found.clusterset
    assert (web.reference, web.headless) == ("clusterset/svc/web", False)
    assert [each.service for each in web.exporters] == ["a/svc/web", "b/svc/web"]
    assert endpoints_by_port(web) == {":80/tcp": ["a", "b"]}
    assert len(web.ports[0].endpoints) == 4
    assert expand(found, "clusterset/svc/web") == {
        f"{cluster}/pod/web-{number}" for cluster in "ab" for number in (0, 1)
    }


def test_it_has_the_same_address_in_every_flat_cluster_and_a_name_of_its_own() -> None:
    found = two_exporters().topology
    (web,) = found.clusterset
    imported = {
        name: each.addresses
        for name, each in services(found).items()
        if each.imported_from == web.reference
    }
    # As the MCS API controller names it: a hash of default/web.
    assert set(imported) == {f"{each}/svc/derived-gapqrqeg1j" for each in "abc"}
    assert set(imported.values()) == {web.addresses}
    own = {each.exported for name, each in services(found).items() if name.endswith("/svc/web")}
    assert web.addresses not in own


@pytest.mark.parametrize("mode", ["iptables", "nftables", "ipvs"])
@pytest.mark.parametrize("client", ["a/pod/client", "b/node/n1", "c/pod/client", "c/node/n1"])
def test_each_flat_cluster_reaches_the_endpoints_of_all(mode: str, client: str) -> None:
    paths = explain(two_exporters(mode).model, probe_spec(client, "clusterset/svc/web:80")).paths
    assert {(each.verdict.value, each.server) for each in paths} == {
        ("ok", f"{cluster}/pod/web-{number}") for cluster in "ab" for number in (0, 1)
    }


def test_a_cluster_s_own_service_stays_its_own() -> None:
    model = two_exporters().model
    for client in ("a/pod/client", "c/pod/client"):
        paths = explain(model, probe_spec(client, "b/svc/web:80")).paths
        assert {each.server for each in paths} == {"b/pod/web-0", "b/pod/web-1"}


def test_a_service_that_is_not_exported_adds_no_endpoints() -> None:
    found = merged(service("web", meta=AB), exported("web", B))
    assert endpoints_by_port(found) == {":80/tcp": ["b"]}
    assert [each.service for each in found.exporters] == ["b/svc/web"]


def test_an_unused_name_is_no_service() -> None:
    assert topology(service("web", meta=AB), clusters=flat(names="ab")).clusterset == ()


@pytest.mark.parametrize(
    ("a", "b", "ports"),
    [
        ("{port: 80}", "{port: 80}", {":80/tcp": ["a", "b"]}),
        # The union of ports; each is served by the clusters that have it.
        (
            "{name: http, port: 80}",
            "{name: http, port: 80}, {name: dns, port: 53, protocol: UDP}",
            {"http:80/tcp": ["a", "b"], "dns:53/udp": ["b"]},
        ),
        (
            "{name: tcp, port: 42}",
            "{name: tcp2, port: 4242, targetPort: 42}",
            {"tcp:42/tcp": ["a"], "tcp2:4242/tcp": ["b"]},
        ),
        # One name, another number or protocol: the oldest export's.
        ("{name: tcp, port: 42}", "{name: tcp, port: 4242}", {"tcp:42/tcp": ["a"]}),
        ("{name: dns, port: 53}", "{name: dns, port: 53, protocol: UDP}", {"dns:53/tcp": ["a"]}),
        ("{port: 80}", "{port: 81}", {":80/tcp": ["a"]}),  # no name is a name, too
        # One number and protocol, another name: likewise.
        ("{name: http, port: 80}", "{name: web, port: 80}", {"http:80/tcp": ["a"]}),
        (
            "{name: http, port: 80}",
            "{name: web, port: 80}, {name: http, port: 81}",
            {"http:80/tcp": ["a"]},
        ),
        # Both protocols of one number are two ports.
        (
            "{name: tcp, port: 53}",
            "{name: udp, port: 53, protocol: UDP}",
            {"tcp:53/tcp": ["a"], "udp:53/udp": ["b"]},
        ),
        # The target may differ.
        ("{port: 80}", "{port: 80, targetPort: 8080}", {":80/tcp": ["a", "b"]}),
    ],
)
def test_ports_are_merged(a: str, b: str, ports: dict[str, list[str]]) -> None:
    found = merged(
        service("web", a, meta=A), service("web", b, meta=B), exported("web", A), exported("web", B)
    )
    assert endpoints_by_port(found) == ports


CLIENT_IP = "sessionAffinity: ClientIP"


@pytest.mark.parametrize(
    ("a", "b", "warning"),
    [
        ("{port: 80}", "{port: 80}", ""),
        ("{port: 80}", "{port: 80, targetPort: 81}", ""),
        (
            "{name: http, port: 80}",
            "{name: http, port: 8080}",
            '(PortConflict): Conflicting ports. Using the union "http 80/TCP"',
        ),
        (
            "{name: a, port: 80}",
            "{name: b, port: 81}",
            '(PortConflict): Conflicting ports. Using the union "a 80/TCP, b 81/TCP"',
        ),
        (
            "{port: 80}], clusterIP: None, ips: [",
            "{port: 80}",
            '(TypeConflict): Conflicting type. Using "Headless" from oldest service export in "a".',
        ),
        (
            "{port: 80}",
            "{port: 80}], clusterIP: None, ips: [",
            "(TypeConflict): Conflicting type. Using"
            ' "ClusterSetIP" from oldest service export in "a". 1/2 clusters disagree.',
        ),
        (
            "{port: 80}], sessionAffinity: ClientIP, x: [",
            "{port: 80}",
            '(SessionAffinityConflict): Conflicting session affinity. Using "ClientIP" from',
        ),
        (
            "{port: 80}], sessionAffinity: ClientIP, x: [",
            "{port: 80}], sessionAffinity: ClientIP,"
            " sessionAffinityConfig: {clientIP: {timeoutSeconds: 5}}, x: [",
            '(SessionAffinityConfigConflict): Conflicting session affinity config. Using "10800"',
        ),
        (
            "{port: 80}",
            "{port: 80}], internalTrafficPolicy: Local, x: [",
            "(InternalTrafficPolicyConflict): Conflicting internal traffic policy. Using"
            ' "Cluster" from',
        ),
        (
            "{port: 80}], trafficDistribution: PreferClose, x: [",
            "{port: 80}",
            "(TrafficDistributionConflict): Conflicting traffic distribution. Using"
            ' "PreferClose" from',
        ),
        (
            "{port: 80}], internalTrafficPolicy: Local, x: [",
            "{port: 81}",
            "(PortConflict,InternalTrafficPolicyConflict): Conflicting ports.",
        ),
        ("{port: 80}], type: NodePort, x: [", "{port: 80}", ""),  # both have ClusterSetIPs
    ],
)
def test_conflicts_are_reported_once(a: str, b: str, warning: str) -> None:
    found = topology(
        workload("Deployment", "web", meta=AB),
        service("web", a, meta=A),
        service("web", b, meta=B),
        exported("web", A),
        exported("web", B),
        clusters=flat(names="ab"),
    )
    conflicts = [each for each in found.warnings if "Conflict" in each]
    assert len(conflicts) == bool(warning)
    if warning:
        assert f"ServiceExport default/web of b: Conflict {warning}" in conflicts[0]


def test_the_oldest_export_decides_whichever_cluster_is_first() -> None:
    found = merged(
        service("web", "{name: http, port: 80}", meta=A),
        service("web", "{name: http, port: 81}", meta=B),
        exported("web", B),
        exported("web", A),
    )
    assert endpoints_by_port(found) == {"http:81/tcp": ["b"]}


def test_affinity_and_local_traffic_are_those_of_the_oldest_export() -> None:
    found = topology(
        workload("Deployment", "web", meta=AB),
        service("web", spec=f"{CLIENT_IP}, internalTrafficPolicy: Local", meta=AB),
        exported("web", AB),
        clusters=flat(names="ab"),
    )
    imported = [each for each in services(found).values() if each.imported_from]
    common = [each for each in imported if each.imported_from == "clusterset/svc/web"]
    assert {(each.affinity_seconds, each.internal_local) for each in common} == {(10_800, True)}


@pytest.mark.parametrize("mode", ["iptables", "nftables", "ipvs"])
def test_local_traffic_stays_on_the_client_s_node(mode: str) -> None:
    found = lab(
        pod("client", spec="nodeName: n1", meta=ABC),
        pod("web", labels="app: web", spec="nodeName: n1", meta=AB),
        service("web", spec="internalTrafficPolicy: Local", meta=AB),
        exported("web", AB),
        clusters=flat(mode),
    )
    # In every cluster the node's name is n1: only that of the own cluster counts.
    dropped = "refused" if mode == "ipvs" else "timeout"
    for client, seen in (("a", {("ok", "a/pod/web")}), ("c", {(dropped, None)})):
        paths = explain(found.model, probe_spec(f"{client}/pod/client", "clusterset/svc/web:80"))
        assert {(each.verdict.value, each.server) for each in paths.paths} == seen


ZONES = (
    "{name: %s, model: flat, dns: false, podCIDR: 10.%d.0.0/16, nodes: ["
    "{name: n1, labels: {topology.kubernetes.io/zone: x}},"
    " {name: n2, labels: {topology.kubernetes.io/zone: y}}]}"
)


@pytest.mark.parametrize(
    ("distribution", "servers"),
    [
        ("", {"a/pod/one", "a/pod/two", "b/pod/one", "b/pod/two"}),
        ("trafficDistribution: PreferClose", {"a/pod/one", "b/pod/one"}),
        ("trafficDistribution: PreferSameNode", {"a/pod/one"}),
    ],
)
def test_traffic_distribution_prefers_close_endpoints_of_all_clusters(
    distribution: str, servers: set[str]
) -> None:
    found = lab(
        pod("client", spec="nodeName: n1", meta=AB),
        pod("one", labels="app: web", spec="nodeName: n1", meta=AB),
        pod("two", labels="app: web", spec="nodeName: n2", meta=AB),
        service("web", spec=distribution, meta=AB),
        exported("web", AB),
        clusters=(ZONES % ("a", 1), ZONES % ("b", 2)),
    )
    paths = explain(found.model, probe_spec("a/pod/client", "clusterset/svc/web:80")).paths
    assert {each.server for each in paths} == servers


def test_an_address_lasts_as_long_as_one_cluster_exports() -> None:
    objects = (service("web", meta=AB), service("other", meta=A))
    old = resolve(written(*objects, exported("web", AB), clusters=flat(names="ab")))
    assert (
        resolve(written(*objects, exported("web", AB), clusters=flat(names="ab")), old.assignment())
        == old
    )
    new = resolve(
        written(*objects, exported("other", A), exported("web", B), clusters=flat(names="ab")),
        old.assignment(),
    )
    addresses = {each.reference: each.addresses for each in new.clusterset}
    assert addresses["clusterset/svc/web"] == old.clusterset[0].addresses
    assert addresses["clusterset/svc/other"] != addresses["clusterset/svc/web"]


def test_namespaces_are_kept_apart() -> None:
    both = [
        each
        for namespace in ("default", "shop")
        for each in (
            service("web", meta=A, namespace=namespace),
            exported("web", f"namespace: {namespace}, {A}"),
        )
    ]
    found = topology(*both, clusters=flat(names="ab"))
    assert [each.reference for each in found.clusterset] == [
        "clusterset/svc/web",
        "clusterset/svc/web.shop",
    ]


@pytest.mark.parametrize(
    ("source", "to", "message"),
    [
        ("a/pod/client", "clusterset/svc/wbe:80", "clusterset has no exported Service wbe; did"),
        ("a/pod/client", "clusterset/pod/web-0:80", "did you mean clusterset/svc/web-0?"),
        ("a/pod/client", "clusterset/lb/web:80", "did you mean clusterset/svc/web?"),
        ("external/laptop", "clusterset/svc/web:80", "from external/laptop, use a/svc/web"),
    ],
)
def test_mistakes_in_references(source: str, to: str, message: str) -> None:
    with pytest.raises(UnknownReferenceError, match=message.replace("?", r"\?")):
        explain(two_exporters().model, probe_spec(source, to))


def test_clusterset_is_no_name_of_a_cluster() -> None:
    found = refused(clusters=("{name: clusterset}",))
    assert "'clusterset' is reserved for references" in found


HEADLESS = "{port: 5432}], clusterIP: None, x: ["


def databases(*clusters: str) -> Lab:
    """Clusters a, b and c, of which a and b export a StatefulSet behind a headless Service."""
    containers = "containers: [{ports: [{containerPort: 5432}]}]"
    return lab(
        pod("client", meta=ABC),
        workload("StatefulSet", "db", 2, spec=containers, meta=AB),
        service("db", HEADLESS, meta=AB),
        exported("db", AB),
        clusters=clusters,
    )


def test_a_headless_service_of_flat_clusters_has_the_addresses_of_its_pods() -> None:
    found = databases(*flat())
    (db,) = found.topology.clusterset
    assert (db.headless, db.addresses) == (True, ())
    assert not [each for each in services(found.topology).values() if each.imported_from]
    paths = explain(found.model, probe_spec("c/pod/client", "clusterset/svc/db:5432")).paths
    assert {(each.verdict.value, each.server, str(each.source)) for each in paths} == {
        ("ok", f"{cluster}/pod/db-{number}", "10.3.0.2") for cluster in "ab" for number in (0, 1)
    }


def island(name: str, kind: str) -> str:
    """An island with such a gateway; all have the same pod addresses."""
    gateway = {"shared": "{kind: nat, name: hub}"}.get(kind, f"{{kind: {kind}}}")
    return f"{{name: {name}, dns: false, gateway: {gateway}}}"


@pytest.mark.parametrize("kind", ["nat", "vip", "proxy", "shared"])
@pytest.mark.parametrize("to", ["clusterset/svc/db:5432", "b/svc/db:5432", "b/pod/db-1:5432"])
def test_each_pod_of_a_headless_service_has_an_address_outside_its_island(
    kind: str, to: str
) -> None:
    found = databases(island("a", "nat"), island("b", kind), island("c", kind))
    paths = explain(found.model, probe_spec("c/pod/client", to)).paths
    servers = {
        "clusterset/svc/db:5432": {f"{each}/pod/db-{number}" for each in "ab" for number in (0, 1)},
        "b/svc/db:5432": {"b/pod/db-0", "b/pod/db-1"},
        "b/pod/db-1:5432": {"b/pod/db-1"},
    }
    assert {(each.verdict.value, each.server) for each in paths} == {
        ("ok", each) for each in servers[to]
    }


def test_a_pod_keeps_its_address_outside() -> None:
    islands = tuple(island(each, "nat") for each in "abc")
    db = (workload("StatefulSet", "db", 2, meta=A), service("db", HEADLESS, meta=A))
    earlier = (workload("StatefulSet", "cache", 2, meta=A), service("cache", HEADLESS, meta=A))
    old = topology(*db, exported("db", A), clusters=islands)
    new = topology(
        *earlier,
        *db,
        exported("cache", A),
        exported("db", A),
        clusters=islands,
        keep=old.assignment(),
    )
    was, now = (services(each)["a/svc/db"].exported_pods for each in (old, new))
    assert [each.outside for each in now] == [each.outside for each in was]
    assert len({*now, *services(new)["a/svc/cache"].exported_pods}) == 4


def test_a_pod_that_is_not_ready_has_an_address_that_clients_do_not_learn() -> None:
    unready = "\nstatus: {conditions: [{type: Ready, status: 'False'}]}"
    found = topology(
        pod("db-0", labels="app: db", meta=A) + unready,
        pod("db-1", labels="app: db", meta=A),
        service("db", HEADLESS, meta=A),
        exported("db", A),
        clusters=tuple(island(each, "nat") for each in "ab"),
    )
    (_, second) = services(found)["a/svc/db"].exported_pods
    (db,) = found.clusterset
    assert db.addresses_in(found.clusters[1]) == (second.outside,)


def web_on(*clusters: str) -> Lab:
    """Clusters a, b and c, of which a and b export their Service `web`."""
    return lab(
        pod("client", meta=ABC),
        workload("Deployment", "web", 2, meta=AB),
        service("web", meta=AB),
        exported("web", AB),
        clusters=clusters,
    )


@pytest.mark.parametrize("kind", ["nat", "vip", "proxy"])
@pytest.mark.parametrize("client", ["a", "c"])
def test_between_islands_it_has_the_addresses_of_all_exporters(kind: str, client: str) -> None:
    found = web_on(*(island(each, kind) for each in "abc"))
    (web,) = found.topology.clusterset
    assert web.addresses == ()
    by_name = services(found.topology)
    (a_inside,), (a_outside,) = by_name["a/svc/web"].addresses, by_name["a/svc/web"].exported
    (b_outside,) = by_name["b/svc/web"].exported
    cluster = next(each for each in found.topology.clusters if each.name == client)
    # A cluster uses the ClusterIP of its own.
    assert web.addresses_in(cluster) == (a_inside if client == "a" else a_outside, b_outside)
    paths = explain(found.model, probe_spec(f"{client}/pod/client", "clusterset/svc/web:80")).paths
    assert {(each.verdict.value, each.server) for each in paths} == {
        ("ok", f"{each}/pod/web-{number}") for each in "ab" for number in (0, 1)
    }


def test_flat_clusters_and_islands_together() -> None:
    a, b, _ = flat()
    found = web_on(a, b, island("c", "nat"))
    assert {
        each.server
        for each in explain(found.model, probe_spec("c/pod/client", "clusterset/svc/web:80")).paths
    } == {f"{each}/pod/web-{number}" for each in "ab" for number in (0, 1)}
    found = web_on(a, island("b", "nat"), flat()[2])
    (web,) = found.topology.clusterset
    paths = explain(found.model, probe_spec("c/pod/client", "clusterset/svc/web:80")).paths
    assert {each.server for each in paths} == {
        f"{each}/pod/web-{number}" for each in "ab" for number in (0, 1)
    }
    assert len(web.addresses_in(found.topology.clusters[2])) == 2


def test_an_isolated_cluster_imports_nothing() -> None:
    found = web_on(*flat(names="ab"), "{name: c, model: isolated, dns: false}")
    with pytest.raises(UnknownReferenceError, match="c is isolated, so it imports no Services"):
        explain(found.model, probe_spec("c/pod/client", "clusterset/svc/web:80"))


def test_the_controller_s_own_service_in_a_dump_is_another_one() -> None:
    found = topology(
        service("derived-gapqrqeg1j", meta=A),
        service("web", meta=AB),
        exported("web", AB),
        clusters=flat(names="ab"),
    )
    names = [each.name for each in found.clusters[0].services]
    assert len(set(names)) == len(names) == 4  # with b's own, and the one of both


DUAL = (
    "{{name: {0}, model: flat, dns: false, podCIDR: '10.{1}.0.0/16,fd00:{1}::/56',"
    " serviceCIDR: '10.96.0.0/16,fd00:96::/112', nodeCIDR: '192.168.{1}.0/24,fd00:192:{1}::/64'}}"
)


@pytest.mark.parametrize(
    ("a", "b", "addresses", "conflict"),
    [
        ("PreferDualStack", "PreferDualStack", 2, False),
        ("PreferDualStack", "SingleStack", 2, True),
        ("SingleStack", "PreferDualStack", 1, True),
    ],
)
def test_it_has_an_address_of_each_family_of_the_oldest_export(
    a: str, b: str, addresses: int, conflict: bool
) -> None:
    found = topology(
        workload("Deployment", "web", meta=AB),
        service("web", spec=f"ipFamilyPolicy: {a}", meta=A),
        service("web", spec=f"ipFamilyPolicy: {b}", meta=B),
        exported("web", AB),
        clusters=(DUAL.format("a", 1), DUAL.format("b", 2)),
        spec="fabricCIDR: '198.18.0.0/16,fd98::/64'",
    )
    (web,) = found.clusterset
    assert len(web.addresses) == addresses
    assert any("IPFamilyConflict" in each for each in found.warnings) == conflict


def test_a_cluster_imports_the_families_that_it_has() -> None:
    both = "ipFamilyPolicy: PreferDualStack"
    found = lab(
        pod("client", meta=in_clusters("b")),
        workload("Deployment", "web", meta=A),
        service("web", spec=both, meta=A),
        exported("web", A),
        clusters=(DUAL.format("a", 1), *flat(names="xb")[1:]),
        spec="fabricCIDR: '198.18.0.0/16,fd98::/64'",
    )
    (web,) = found.topology.clusterset
    assert len(web.addresses_in(found.topology.clusters[0])) == 2
    assert len(web.addresses_in(found.topology.clusters[1])) == 1
    paths = explain(found.model, probe_spec("b/pod/client", "clusterset/svc/web:80")).paths
    assert {each.server for each in paths} == {"a/pod/web-0"}
