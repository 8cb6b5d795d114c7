"""The DNS names of Services that several clusters export, for clients in each cluster."""

import pytest

from nsnet.features.dns.clusterset import clusterset_zone
from nsnet.names.zones import RecordType
from tests.support.labs import exported, in_clusters, pod, service, topology, workload

AB, ABC = in_clusters("a,b"), in_clusters("a,b,c")
FLAT = "{{name: {0}, model: flat, podCIDR: 10.{1}.0.0/16, dns: false}}"
ISLAND = "{{name: {0}, gateway: {{kind: nat}}, dns: false}}"
ALONE = "{{name: {0}, model: isolated, dns: false}}"
FLATS = tuple(FLAT.format(*each) for each in zip("abc", "123", strict=True))
ISLANDS = tuple(map(ISLAND.format, "abc"))
CONTAINERS = "containers: [{ports: [{containerPort: 80}]}]"
OBJECTS = (
    workload("Deployment", "web", meta=AB),
    service("web", "{name: http, port: 80}, {name: dns, port: 53, protocol: UDP}", meta=AB),
    workload("StatefulSet", "db", spec=f"{CONTAINERS}, subdomain: db", meta=AB),
    service("db", "{name: pg, port: 5432, targetPort: 80}", spec="clusterIP: None", meta=AB),
    exported("web", AB),
    exported("db", AB),
)


def records(
    clusters: tuple[str, ...], client: str, *objects: str
) -> dict[tuple[str, RecordType], list[str]]:
    """The data of the zone's records for clients in this cluster, by name (without the zone's) and
    type."""
    found = topology(*objects, clusters=clusters)
    cluster = next(each for each in found.clusters if each.name == client)
    zone = clusterset_zone(found, cluster, "ns.dns.cluster.local")
    every = (each for those in zone.records.values() for each in those)
    by_name: dict[tuple[str, RecordType], list[str]] = {}
    for each in every:
        if each.name != zone.origin:
            name = each.name.removesuffix(f".{zone.origin}")
            by_name.setdefault((name, each.type), []).append(each.data)
    return by_name


WEB, DB = "web.default.svc", "db.default.svc"
VERSION = {("dns-version", RecordType.TXT): ["1.0.0"]}


@pytest.mark.parametrize("client", ["a", "b", "c"])
def test_flat_clusters_have_one_address_and_a_name_for_each_pod(client: str) -> None:
    web = "web.default.svc.clusterset.local"
    db = [f"0 50 80 db-0.{each}.db.default.svc.clusterset.local" for each in "ab"]
    assert records(FLATS, client, *OBJECTS) == VERSION | {
        (WEB, RecordType.A): ["198.18.0.4"],
        (WEB, RecordType.SRV): [f"0 50 80 {web}", f"0 50 53 {web}"],
        (f"_http._tcp.{WEB}", RecordType.SRV): [f"0 100 80 {web}"],
        (f"_dns._udp.{WEB}", RecordType.SRV): [f"0 100 53 {web}"],
        (DB, RecordType.A): ["10.1.0.2", "10.2.0.2"],
        (f"db-0.a.{DB}", RecordType.A): ["10.1.0.2"],
        (f"db-0.b.{DB}", RecordType.A): ["10.2.0.2"],
        (DB, RecordType.SRV): db,
        (f"_pg._tcp.{DB}", RecordType.SRV): db,
    }


@pytest.mark.parametrize(
    ("client", "web", "db"),
    [
        # The cluster's own Service by its ClusterIP, its own pods by their own addresses.
        ("a", ["10.96.0.2", "198.18.0.7"], ["10.244.0.2", "198.18.0.8"]),
        ("b", ["198.18.0.5", "10.96.0.2"], ["198.18.0.6", "10.244.0.2"]),
        ("c", ["198.18.0.5", "198.18.0.7"], ["198.18.0.6", "198.18.0.8"]),
    ],
)
def test_islands_have_the_addresses_of_each_exporter(
    client: str, web: list[str], db: list[str]
) -> None:
    found = records(ISLANDS, client, *OBJECTS)
    assert found[WEB, RecordType.A] == web
    assert found[DB, RecordType.A] == db
    assert found[f"db-0.a.{DB}", RecordType.A] == db[:1]
    assert found[f"db-0.b.{DB}", RecordType.A] == db[1:]


def test_pods_without_hostnames_are_named_after_their_addresses() -> None:
    found = records(
        FLATS[:2],
        "b",
        workload("Deployment", "db", meta=in_clusters("a")),
        service("db", spec="clusterIP: None", meta=in_clusters("a")),
        exported("db", in_clusters("a")),
    )
    assert found[f"10-1-0-2.a.{DB}", RecordType.A] == ["10.1.0.2"]


def test_each_endpoint_has_its_own_number_of_a_port() -> None:
    a = in_clusters("a")
    pods = (
        pod(
            f"db-{number}",
            labels="app: db",
            spec=f"hostname: db-{number}, subdomain: db,"
            f" containers: [{{ports: [{{name: pg, containerPort: 543{number}}}]}}]",
            meta=a,
        )
        for number in range(2)
    )
    headless = service(
        "db", "{name: pg, port: 5432, targetPort: pg}", spec="clusterIP: None", meta=a
    )
    found = records(FLATS[:2], "b", *pods, headless, exported("db", a))
    assert found[f"_pg._tcp.{DB}", RecordType.SRV] == [
        f"0 50 543{number} db-{number}.a.db.default.svc.clusterset.local" for number in range(2)
    ]


def test_pods_that_are_not_ready_have_no_names() -> None:
    found = records(
        FLATS[:2],
        "b",
        workload("Deployment", "db", 0, meta=in_clusters("a")),
        service("db", spec="clusterIP: None", meta=in_clusters("a")),
        exported("db", in_clusters("a")),
    )
    assert found == VERSION  # the name does not exist


def test_an_address_without_pods_has_a_name_nevertheless() -> None:
    objects = (service("web", meta=AB), exported("web", AB))
    assert records(FLATS[:2], "a", *objects)[WEB, RecordType.A] == ["198.18.0.4"]


def test_an_isolated_cluster_knows_none_of_them() -> None:
    clusters = (*FLATS[:2], ALONE.format("c"))
    assert records(clusters, "c", pod("client", meta=ABC), *OBJECTS) == VERSION


def test_where_types_differ_the_oldest_export_decides() -> None:
    pods = workload("Deployment", "web", meta=AB)
    headless = service("web", spec="clusterIP: None", meta=in_clusters("a"))
    other = service("web", meta=in_clusters("b"))
    exports = [exported("web", in_clusters(each)) for each in "ab"]
    found = records(FLATS[:2], "a", pods, headless, other, *exports)
    assert found[WEB, RecordType.A] == ["10.1.0.2", "10.2.0.2"]
    found = records(FLATS[:2], "a", pods, headless, other, *reversed(exports))
    assert found[WEB, RecordType.A] == ["198.18.0.3"]
    assert (f"10-1-0-2.a.{WEB}", RecordType.A) not in found
