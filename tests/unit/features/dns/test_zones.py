"""The names of a cluster, after the Kubernetes DNS specification."""

import pytest

from nsnet.features.dns.zones import TTL, zone_of
from nsnet.names.lookup import Index, Onward, Rcode, Reply
from nsnet.names.zones import Record, RecordType
from nsnet.state.model import NameServer
from tests.support.labs import exported, in_clusters, ip, lab, pod, service, workload

ONE = ("{name: east, nodes: 2, dns: true}",)
DUAL = (
    "{name: east, dns: true, podCIDR: '10.244.0.0/16,fd00:10:244::/56', nodeCIDR:"
    " '192.168.10.0/24,fd00:a::/64', serviceCIDR: '10.96.0.0/16,fd00:10:96::/112'}",
)
STATEFUL = workload("StatefulSet", "db", 2).replace("replicas:", "serviceName: db\n  replicas:")
SLICE = """apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: far-1, labels: {kubernetes.io/service-name: far}}
addressType: IPv4
ports: [{name: p, port: 9}]
endpoints: [{addresses: [192.0.2.9], hostname: nine}, {addresses: [192.0.2.8]}]"""


def names(*objects: str, clusters: tuple[str, ...] = ONE, spec: str = "") -> Index:
    """What the DNS server of the first cluster knows."""
    state = lab(*objects, clusters=clusters, spec=spec).state
    servers = [one for each in state.netns for one in each.listeners if isinstance(one, NameServer)]
    return Index(next(one.names for one in servers if "coredns" in one.reference))


def ask(index: Index, name: str, kind: str = "A", domain: str = "svc.cluster.local") -> object:
    """The data of the records that answer, sorted; or the code of the response."""
    found = index.lookup(f"{name}.{domain}".strip("."), kind)
    if isinstance(found, Onward):
        return found.forward.servers
    return sorted(each.data for each in found.answer) if not found.rcode else found.rcode.name


def test_a_service_has_its_address_and_its_ports() -> None:
    index = names(service("web", ports="{name: http, port: 80, targetPort: 8080}"), pod("web"))
    assert ask(index, "web.default") == ["10.96.0.2"]
    assert ask(index, "web.default", "AAAA") == []
    srv = ["0 100 80 web.default.svc.cluster.local"]
    assert ask(index, "_http._tcp.web.default", "SRV") == srv
    assert ask(index, "_http._udp.web.default", "SRV") == "NXDOMAIN"
    assert ask(index, "2.0.96.10.in-addr.arpa", "PTR", "") == ["web.default.svc.cluster.local"]


def test_a_service_of_two_families_has_both_addresses() -> None:
    index = names(service("web", spec="ipFamilyPolicy: PreferDualStack"), clusters=DUAL)
    assert ask(index, "web.default") == ["10.96.0.2"]
    assert ask(index, "web.default", "AAAA") == ["fd00:10:96::2"]
    assert ask(index, "kube-dns.kube-system", "AAAA") == ["fd00:10:96::a"]


@pytest.mark.parametrize("name", ["kubernetes.default", "kube-dns.kube-system"])
def test_the_cluster_has_services_of_its_own(name: str) -> None:
    assert ask(names(), name) in (["10.96.0.1"], ["10.96.0.10"])


def test_a_headless_service_has_the_addresses_of_its_ready_pods() -> None:
    unready = "status: {conditions: [{type: Ready, status: 'False'}]}"
    objects = (
        service("web", ports="{name: http, port: 80}", spec="clusterIP: None"),
        pod("one", labels="app: web"),
        f"{pod('two', labels='app: web')}\n{unready}",
    )
    index = names(*objects)
    assert ask(index, "web.default") == ["10.244.0.2"]
    assert ask(index, "10-244-0-2.web.default") == ["10.244.0.2"]
    target = "0 100 80 10-244-0-2.web.default.svc.cluster.local"
    assert ask(index, "_http._tcp.web.default", "SRV") == [target]
    every = names(objects[0].replace("None", "None, publishNotReadyAddresses: true"), *objects[1:])
    assert len(list(ask(every, "web.default"))) == 2  # type: ignore[call-overload]


def test_a_headless_service_without_ready_endpoints_does_not_exist() -> None:
    assert ask(names(service("web", spec="clusterIP: None")), "web.default") == "NXDOMAIN"


def test_a_headless_service_needs_no_ports() -> None:
    headless = "apiVersion: v1\nkind: Service\nmetadata: {name: db}\n"
    index = names(headless + "spec: {clusterIP: None, selector: {app: db}}", STATEFUL)
    assert ask(index, "db-1.db.default") == ["10.244.1.2"]


NAMED_PORTS = """apiVersion: v1
kind: Pod
metadata: {{name: {name}, labels: {{app: web}}}}
spec: {{nodeName: n1, containers: [{{ports: [{{name: {port}, containerPort: {number}}}]}}]}}"""


def test_each_endpoint_of_a_headless_service_has_its_own_port() -> None:
    """A named targetPort may be another number in each pod. A pod without it has a name, but no
    port."""
    pods = (("blue", "http", 8080), ("green", "http", 8081), ("grey", "other", 9))
    index = names(
        service("web", ports="{name: web, port: 80, targetPort: http}", spec="clusterIP: None"),
        *(NAMED_PORTS.format(name=name, port=port, number=each) for name, port, each in pods),
    )
    assert ask(index, "_web._tcp.web.default", "SRV") == [
        "0 50 8080 10-244-0-2.web.default.svc.cluster.local",
        "0 50 8081 10-244-0-3.web.default.svc.cluster.local",
    ]
    assert ask(index, "web.default") == ["10.244.0.2", "10.244.0.3", "10.244.0.4"]
    assert ask(index, "10-244-0-4.web.default") == ["10.244.0.4"]


@pytest.mark.parametrize("ports", ["", "{name: p, port: 9}", "{name: other, port: 8}"])
@pytest.mark.parametrize("listed", [True, False])
def test_endpoints_of_a_headless_service_have_names_whatever_its_ports(
    ports: str, *, listed: bool
) -> None:
    text = "apiVersion: v1\nkind: Service\nmetadata: {name: far}\n"
    text += f"spec: {{clusterIP: None, ports: [{ports}]"
    selected = pod("one", labels="app: far", spec="hostname: nine, subdomain: far")
    index = names(
        *((text + "}", SLICE) if listed else (text + ", selector: {app: far}}", selected))
    )
    address = "192.0.2.9" if listed else "10.244.0.2"
    assert address in list(ask(index, "far.default"))  # type: ignore[call-overload]
    assert ask(index, "nine.far.default") == [address]


def test_a_hostname_is_a_name_below_any_service() -> None:
    """As in CoreDNS: the serviceName of a StatefulSet may be that of a Service with a ClusterIP."""
    index = names(service("db"), STATEFUL)
    assert ask(index, "db.default") == ["10.96.0.2"]
    assert ask(index, "db-1.db.default") == ["10.244.1.2"]
    assert ask(index, "2.1.244.10.in-addr.arpa", "PTR", "") == ["db-1.db.default.svc.cluster.local"]
    assert ask(index, "10-244-1-2.db.default") == "NXDOMAIN"


def test_pods_of_a_stateful_set_have_names() -> None:
    index = names(service("db", spec="clusterIP: None"), STATEFUL)
    assert ask(index, "db.default") == ["10.244.0.2", "10.244.1.2"]
    assert ask(index, "db-0.db.default") == ["10.244.0.2"]
    pointer = ["db-0.db.default.svc.cluster.local"]
    assert ask(index, "2.0.244.10.in-addr.arpa", "PTR", "") == pointer


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("hostname: h, subdomain: web", "h.web.default"),
        ("subdomain: web", "10-244-0-2.web.default"),
        ("hostname: h, subdomain: other", "10-244-0-2.web.default"),
        ("hostname: h", "10-244-0-2.web.default"),
    ],
)
def test_a_pod_has_its_hostname_below_its_subdomain(spec: str, name: str) -> None:
    index = names(service("web", spec="clusterIP: None"), pod("web", labels="app: web", spec=spec))
    assert ask(index, name) == ["10.244.0.2"]
    assert ask(index, "h.web.default") == (["10.244.0.2"] if name[0] == "h" else "NXDOMAIN")


def test_listed_endpoints_have_their_hostnames() -> None:
    index = names(service("far", ports="{name: p, port: 9}", app="", spec="clusterIP: None"), SLICE)
    assert ask(index, "far.default") == ["192.0.2.8", "192.0.2.9"]
    assert ask(index, "nine.far.default") == ["192.0.2.9"]
    assert ask(index, "192-0-2-8.far.default") == ["192.0.2.8"]


def test_every_namespace_has_names_for_addresses() -> None:
    index = names(pod("web", namespace="prod"))
    assert ask(index, "192-0-2-1.prod.pod", domain="cluster.local") == ["192.0.2.1"]
    assert ask(index, "192-0-2-1.nope.pod", domain="cluster.local") == "NXDOMAIN"


@pytest.mark.parametrize("namespace", ["default", "kube-system", "kube-public", "prod", "empty"])
def test_the_name_of_a_namespace_exists(namespace: str) -> None:
    index = names(
        pod("web", namespace="prod"), "apiVersion: v1\nkind: Namespace\nmetadata: {name: empty}"
    )
    assert ask(index, namespace) == []
    assert ask(index, f"{namespace}.pod", domain="cluster.local") == []
    assert ask(index, f"192-0-2-1.{namespace}.pod", domain="cluster.local") == ["192.0.2.1"]
    assert ask(index, f"2001-db8--1.{namespace}.pod", "AAAA", "cluster.local") == ["2001:db8::1"]
    assert ask(index, "nope") == "NXDOMAIN"


@pytest.mark.parametrize("name", ["default", "", "prod"])
def test_a_name_above_others_has_no_address(name: str) -> None:
    assert ask(names(service("web", namespace="prod")), name) == []


@pytest.mark.parametrize(
    ("target", "kind", "expected"),
    [
        ("web.default.svc.cluster.local", "A", ["10.96.0.2", "web.default.svc.cluster.local"]),
        ("web.default.svc.cluster.local", "CNAME", ["web.default.svc.cluster.local"]),
        ("www.example.com", "A", (("203.0.113.53", 53),)),
        ("nope.default.svc.cluster.local", "A", "NXDOMAIN"),
        ("192.0.2.1", "A", "NXDOMAIN"),  # CoreDNS has no record for an address
        ("192.0.2.1", "CNAME", "NXDOMAIN"),
    ],
)
def test_an_external_name_is_an_alias(target: str, kind: str, expected: object) -> None:
    alias = "apiVersion: v1\nkind: Service\nmetadata: {name: ext}\n"
    index = names(
        service("web"),
        f"{alias}spec: {{type: ExternalName, externalName: {target}}}",
        spec="externals: [{name: ns, address: 203.0.113.53, zone: {www.example.com: 192.0.2.1}}]",
    )
    assert ask(index, "ext.default", kind) == expected


def test_a_domain_may_have_servers_of_its_own() -> None:
    zones = (
        "externals: [{name: ns1, address: 203.0.113.53, zone: {a.example: 192.0.2.1}},"
        " {name: ns2, address: 203.0.113.54, zone: {b.corp: [192.0.2.2, '2001:db8::2']}}]"
    )
    clusters = ("{name: east, dns: {domain: k.local, stubDomains: {corp: ns2}}}",)
    built = lab(clusters=clusters, spec=zones).state
    servers = [one for each in built.netns for one in each.listeners if isinstance(one, NameServer)]
    cluster, first, second = (
        Index(next(one.names for one in servers if word in one.reference))
        for word in ("coredns", "ns1", "ns2")
    )
    assert ask(cluster, "x.corp", domain="") == (("203.0.113.54", 53),)
    assert ask(cluster, "a.example", domain="") == (("203.0.113.53", 53),)
    assert ask(cluster, "kubernetes.default", domain="svc.k.local") == ["10.96.0.1"]
    assert ask(first, "a.example", domain="") == ["192.0.2.1"]
    assert ask(second, "b.corp", "AAAA", domain="") == ["2001:db8::2"]
    assert ask(second, "a.example", domain="") == "NXDOMAIN"


def test_an_outside_server_knows_the_names_of_its_addresses() -> None:
    zone = "{a.example: [192.0.2.1, '2001:db8::1'], '*.b.example': 192.0.2.2, c.example: a.example}"
    state = lab(spec=f"externals: [{{name: ns, address: 203.0.113.53, zone: {zone}}}]").state
    servers = (one for each in state.netns for one in each.listeners if one.port == 53)
    index = Index(next(one.names for one in servers if isinstance(one, NameServer)))
    assert ask(index, "1.2.0.192.in-addr.arpa", "PTR", "") == ["a.example"]
    assert ask(index, ip("2001:db8::1").reverse_pointer, "PTR", "") == ["a.example"]
    assert ask(index, "2.2.0.192.in-addr.arpa", "PTR", "") == "NXDOMAIN"
    assert ask(index, "x.b.example", domain="") == ["192.0.2.2"]
    assert ask(index, "c.example", domain="") == ["192.0.2.1", "a.example"]


def test_without_an_outside_server_other_names_do_not_exist() -> None:
    found = names().lookup("example.com", "A")
    assert isinstance(found, Reply)
    assert found.rcode is Rcode.NXDOMAIN


def test_exported_services_have_names_in_every_cluster() -> None:
    clusters = (
        "{name: east, dns: true, model: flat, podCIDR: 10.1.0.0/16, serviceCIDR: 10.2.0.0/16}",
        "{name: west, dns: true, model: flat, podCIDR: 10.3.0.0/16, serviceCIDR: 10.4.0.0/16,"
        " nodeCIDR: 192.168.20.0/24}",
    )
    index = names(
        service("web", meta=in_clusters("west")),
        exported("web", in_clusters("west")),
        clusters=clusters,
    )
    assert str(ask(index, "web.default", domain="svc.clusterset.local")).startswith("['198.18.")
    assert ask(index, "web.default") == "NXDOMAIN"


def test_the_addresses_behind_srv_records_share_a_weight_of_100() -> None:
    """As in CoreDNS, an address of each family counts, and a name of two addresses twice."""
    name, hosts = "_s._tcp.example", {"a.example": "192.0.2.1", "b.example": "192.0.2.2"}
    addresses = [Record(each, RecordType.A, TTL, data) for each, data in hosts.items()]
    targets = [Record(name, RecordType.SRV, TTL, f"80 {each}") for each in hosts]
    both = Record("b.example", RecordType.AAAA, TTL, "2001:db8::2")
    for more, weight in (([], 50), ([both], 33)):
        zone = zone_of("example", "ns.example", [*targets, *addresses, *more])
        expected = [f"0 {weight} 80 {each}" for each in hosts]
        assert [each.data for each in zone.records[name]] == expected
