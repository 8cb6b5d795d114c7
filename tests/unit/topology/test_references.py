"""How a place in the lab is named, and what the name stands for from where the client stands."""

import pytest

from nsnet.ip import Protocol
from nsnet.topology.model import Topology
from nsnet.topology.notation import UnknownReferenceError
from nsnet.topology.references import expand, find_destination, locate
from tests.support.labs import exported, in_clusters, pod, service, topology, workload

BOTH = in_clusters("east,west")
WEB = "containers: [{ports: [{name: http, containerPort: 8080}]}]"
LAB = topology(
    pod("client", meta=BOTH),
    pod("web", namespace="test", meta=in_clusters("east")),
    pod("web.prod", spec="nodeName: n2", meta=in_clusters("east")),
    pod("web.prod", namespace="test", meta=in_clusters("east")),
    workload("Deployment", "shop", 2, meta=BOTH, spec=WEB),
    workload("StatefulSet", "db", 2, namespace="prod", meta=in_clusters("east")),
    workload("Deployment", "idle", 0, meta=in_clusters("east")),
    service("shop", "{name: web, port: 80, targetPort: http}", meta=BOTH),
    service("all", app="shop", spec="clusterIP: None", meta=in_clusters("east")),
    service("private", app="shop", meta=in_clusters("west")),
    exported("shop", in_clusters("west")),
    clusters=(
        "{name: east, nodes: 2}",
        "{name: west, gateway: {kind: nat}}",
    ),
    spec=(
        "externals:\n"
        "- {name: api, address: 203.0.113.80}\n"
        "- {name: api6, address: 2001:db8::80}\n"
        "fabricCIDR: 198.18.0.0/16,fd98::/64"
    ),
)
ONE = topology(pod("client"), workload("Deployment", "shop"), service("shop"))


def to(reference: str, source: str = "east/pod/client", *, lab: Topology = LAB) -> str:
    """The address and port of a target."""
    found = find_destination(lab, reference, locate(lab, source))
    return f"{found.address} {found.port}"


def complaint(reference: str, source: str = "east/pod/client", *, lab: Topology = LAB) -> str:
    """Why the reference cannot be a target."""
    with pytest.raises(UnknownReferenceError) as caught:
        to(reference, source, lab=lab)
    return str(caught.value)


@pytest.mark.parametrize(
    ("reference", "netns", "addresses"),
    [
        ("east/pod/client", "nsnet.lab.east.pod.default.client", ["10.244.0.2"]),
        ("east/pod/db-0.prod", "nsnet.lab.east.pod.prod.db-0", ["10.244.1.4"]),
        (
            "east/node/n1",
            "nsnet.lab.east.node.n1",
            ["192.168.10.2", "10.244.0.1"],  # its eth0 and its bridge
        ),
        (
            "west/gateway",
            "nsnet.lab.west.gateway",
            ["192.168.20.1", "198.18.0.2", "198.18.0.3"],  # inside, outside, and what it exports
        ),
        ("external/api", "nsnet.lab.external.api", ["203.0.113.80"]),
        ("fabric", "nsnet.lab.fabric", ["198.18.0.1", "fd98::1", "192.168.10.1"]),
    ],
)
def test_where_packets_come_from(reference: str, netns: str, addresses: list[str]) -> None:
    place = locate(LAB, reference)
    assert (place.netns, place.reference) == (netns, reference)
    assert list(map(str, place.addresses)) == addresses


@pytest.mark.parametrize(
    ("reference", "netns"),
    [
        ("pod/client", "nsnet.lab.east.pod.default.client"),
        ("pod/client.default", "nsnet.lab.east.pod.default.client"),
        ("node/n2", "nsnet.lab.east.node.n2"),
    ],
)
def test_the_only_cluster_and_the_default_namespace_need_no_name(
    reference: str, netns: str
) -> None:
    assert locate(ONE, reference).netns == netns


@pytest.mark.parametrize(
    ("reference", "netns"),
    [
        ("east/pod/web.prod", "nsnet.lab.east.pod.default.web.prod"),  # the longest name there is
        ("east/pod/web.prod.default", "nsnet.lab.east.pod.default.web.prod"),
        ("east/pod/web.prod.test", "nsnet.lab.east.pod.test.web.prod"),
        ("east/pod/db-1.prod", "nsnet.lab.east.pod.prod.db-1"),
    ],
)
def test_the_longest_existing_name_wins_before_a_namespace_is_split_off(
    reference: str, netns: str
) -> None:
    assert locate(LAB, reference).netns == netns


@pytest.mark.parametrize(
    ("reference", "address"),
    [
        ("east/pod/shop-0:80", "10.244.1.2 80"),
        ("east/pod/shop-0:http", "10.244.1.2 8080"),  # a port of the pod, by name
        ("east/svc/shop:80", "10.96.0.2 80"),
        ("east/svc/shop:web", "10.96.0.2 80"),  # a port of the Service, by name
        ("east/svc/shop:81", "10.96.0.2 81"),  # a port it does not have may be asked, too
        ("east/node/n2:30080", "192.168.10.3 30080"),
        ("west/gateway:80", "198.18.0.2 80"),
        ("external/api:443", "203.0.113.80 443"),
        ("10.244.0.9:80", "10.244.0.9 80"),
    ],
)
def test_where_packets_go(reference: str, address: str) -> None:
    assert to(reference) == address


@pytest.mark.parametrize("reference", ["10.0.0.1", "[10.0.0.1]", "external/api"])
def test_ping_needs_no_port(reference: str) -> None:
    assert find_destination(LAB, reference, locate(LAB, "fabric"), Protocol.ICMP).port is None


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("west/pod/client", "10.96.0.2 80"),  # in its own cluster: the ClusterIP
        ("west/node/n1", "10.96.0.2 80"),
        ("east/pod/client", "198.18.0.3 80"),  # from another cluster: what the gateway offers
        ("external/api", "198.18.0.3 80"),  # and from outside
        ("fabric", "198.18.0.3 80"),
    ],
)
def test_a_service_is_addressed_as_a_client_there_would(source: str, address: str) -> None:
    assert to("west/svc/shop:80", source) == address


@pytest.mark.parametrize(
    ("source", "address"),
    [("west/pod/client", "192.168.20.1 80"), ("east/pod/client", "198.18.0.2 80")],
)
def test_a_gateway_has_a_side_for_each_client(source: str, address: str) -> None:
    assert to("west/gateway:80", source) == address


def test_of_two_families_the_client_takes_one_that_it_has() -> None:
    clusters = (
        "{name: east, podCIDR: '10.244.0.0/16,fd00:10:244::/56',"
        " serviceCIDR: '10.96.0.0/16,fd00:10:96::/112',"
        " nodeCIDR: '192.168.10.0/24,fd00:192:168::/64', model: flat}",
    )
    found = topology(
        pod("web"),
        clusters=clusters,
        spec="fabricCIDR: '198.18.0.0/16,fd98::/64'\n"
        "externals:\n- {name: four, address: 192.0.2.1}\n- {name: six, address: 2001:db8::1}",
    )
    assert to("pod/web:80", "external/four", lab=found) == "10.244.0.2 80"
    assert to("pod/web:80", "external/six", lab=found) == "fd00:10:244::2 80"
    assert to("[fd00::1]:80", "external/six", lab=found) == "fd00::1 80"
    with pytest.raises(UnknownReferenceError, match="is IPv6, and external/four has no such"):
        to("[fd00::1]:80", "external/four", lab=found)


# --- who may answer ---


@pytest.mark.parametrize(
    ("reference", "servers"),
    [
        ("east/pod/shop-0:80", {"east/pod/shop-0"}),
        ("east/svc/shop:80", {"east/pod/shop-0", "east/pod/shop-1"}),
        ("west/svc/shop:80", {"west/pod/shop-0", "west/pod/shop-1"}),
        ("external/api:80", {"external/api"}),
        ("east/node/n1:80", {"east/node/n1"}),
        ("west/gateway:80", {"west/gateway"}),
        ("10.244.0.2:80", None),  # whoever has the address
    ],
)
def test_who_may_answer(reference: str, servers: set[str] | None) -> None:
    assert find_destination(LAB, reference, locate(LAB, "east/pod/client")).servers == servers


@pytest.mark.parametrize(
    ("reference", "pods"),
    [
        ("east/deploy/shop", {"east/pod/shop-0", "east/pod/shop-1"}),
        ("west/deploy/shop", {"west/pod/shop-0", "west/pod/shop-1"}),
        ("east/deploy/shop.default", {"east/pod/shop-0", "east/pod/shop-1"}),
        ("east/statefulset/db.prod", {"east/pod/db-0.prod", "east/pod/db-1.prod"}),
        ("east/deploy/idle", set()),  # it is there, and has no pods
        ("east/svc/all", {"east/pod/shop-0", "east/pod/shop-1"}),
        ("east/pod/client", {"east/pod/client"}),
        ("fabric", {"fabric"}),
        ("10.244.0.2", {"10.244.0.2"}),
        ("[fd00::1]", {"fd00::1"}),
    ],
)
def test_whom_a_reference_stands_for(reference: str, pods: set[str]) -> None:
    assert expand(LAB, reference) == pods


@pytest.mark.parametrize(
    ("gone", "ready", "servers"),
    [
        ("", "'True'", {"a", "b"}),
        ("deletionTimestamp: now", "'True'", {"b"}),  # while another is ready, it gets nothing new
        ("deletionTimestamp: now", "'False'", {"a"}),  # without one, who is leaving still serves
    ],
)
def test_who_stands_behind_a_service_while_pods_leave(
    gone: str, ready: str, servers: set[str]
) -> None:
    other = f"\nstatus: {{conditions: [{{type: Ready, status: {ready}}}]}}"
    found = topology(
        pod("a", labels="app: web", meta=gone), pod("b", labels="app: web") + other, service("web")
    )
    assert expand(found, "svc/web") == {f"east/pod/{name}" for name in servers}


# --- Services that others than pods can use ---

BALANCED = topology(
    pod("client", meta=BOTH),
    workload("Deployment", "shop", 2, meta=BOTH, spec=WEB),
    workload("Deployment", "dns", meta=BOTH, spec=WEB.replace("8080", "53, protocol: UDP")),
    service(
        "shop", "{name: web, port: 80, targetPort: http}", spec="type: LoadBalancer", meta=BOTH
    ),
    service("dns", "{port: 53, protocol: UDP}", spec="type: NodePort", meta=BOTH),
    service("plain", app="shop", spec="externalIPs: [203.0.113.1]", meta=BOTH),
    exported("shop", in_clusters("west")),
    exported("plain", in_clusters("west")),
    clusters=("{name: east, nodes: 2}", "{name: west, gateway: {kind: nat}}"),
    spec="externals: [{name: api, address: 203.0.113.80}]",
)
SHOPS = {"east/pod/shop-0", "east/pod/shop-1"}


@pytest.mark.parametrize(
    ("reference", "source", "address"),
    [
        ("east/lb/shop:80", "external/api", "198.18.0.3 80"),
        ("east/lb/shop:web", "west/pod/client", "198.18.0.3 80"),
        ("east/lb/shop:80", "east/pod/client", "198.18.0.3 80"),  # from its own pods, too
        ("east/lb/shop:80", "east/node/n1", "198.18.0.3 80"),
        ("east/svc/shop:80", "external/api", "198.18.0.3 80"),
        ("east/svc/shop:80", "fabric", "198.18.0.3 80"),
        ("east/svc/shop:80", "east/pod/client", "10.96.0.2 80"),
        ("west/svc/shop:80", "external/api", "198.18.0.4 80"),  # the load balancer's
        ("west/svc/shop:80", "east/pod/client", "198.18.0.5 80"),  # what the gateway offers
        ("west/svc/plain:80", "external/api", "198.18.0.6 80"),  # it has no load balancer
    ],
)
def test_a_load_balancer_is_addressed_from_outside(
    reference: str, source: str, address: str
) -> None:
    assert to(reference, source, lab=BALANCED) == address


@pytest.mark.parametrize(
    ("reference", "protocol", "servers"),
    [
        ("east/lb/shop:80", "tcp", SHOPS),
        ("east/node/n1:30000", "tcp", {"east/node/n1", *SHOPS}),
        ("east/node/n2:30000", "tcp", {"east/node/n2", *SHOPS}),
        ("east/node/n1:30000", "udp", {"east/node/n1"}),  # nobody's, over UDP
        ("east/node/n1:30001", "udp", {"east/node/n1", "east/pod/dns-0"}),
        ("east/node/n1:30001", "tcp", {"east/node/n1"}),
        ("west/node/n1:30000", "tcp", {"west/node/n1", "west/pod/shop-0", "west/pod/shop-1"}),
        ("east/node/n1:80", "tcp", {"east/node/n1"}),
        ("192.168.10.2:30000", "tcp", None),  # whoever gets it
        ("203.0.113.1:80", "tcp", None),
    ],
)
def test_behind_a_node_port_are_the_endpoints_of_its_service(
    reference: str, protocol: str, servers: set[str] | None
) -> None:
    source = locate(BALANCED, "external/api")
    assert find_destination(BALANCED, reference, source, Protocol(protocol)).servers == servers


def test_a_load_balancer_stands_for_its_endpoints() -> None:
    assert expand(BALANCED, "east/lb/shop") == SHOPS


@pytest.mark.parametrize("source", ["east/node/n1", "east/pod/client"])
def test_everybody_may_speak_to_itself(source: str) -> None:
    assert to("127.0.0.1:30000", source, lab=BALANCED) == "127.0.0.1 30000"


@pytest.mark.parametrize(
    ("reference", "source", "message"),
    [
        ("east/lb/dns:53", "external/api", "load-balancer address here: it is of type NodePort"),
        ("east/svc/dns:53", "external/api", "no address outside east (type: LoadBalancer or a Ser"),
        ("east/svc/shop:80", "west/pod/client", "is not exported, so it has no address outside e"),
    ],
)
def test_a_service_that_has_no_such_address(reference: str, source: str, message: str) -> None:
    assert message in complaint(reference, source, lab=BALANCED)


# --- what is wrong, and what was meant ---


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("east/pod/clint:80", "east has no pod clint; did you mean client?"),
        ("east/pod/shop-0.prod:80", "east has no pod shop-0.prod; did you mean "),
        ("east/svc/shp:80", "east has no Service shp; did you mean shop?"),
        ("west/svc/none:80", "west has no Service none; there are: shop, private"),
        ("east/node/n3:80", "east has no node n3; there are: n1, n2"),
        ("eats/pod/client:80", "there is no cluster eats; did you mean east?"),
        ("external/apy:80", "there is no external apy; did you mean api?"),
        ("pod/client:80", "say of which cluster: east, west"),
        ("east/gateway:80", "east has no gateway"),
        ("west/svc/private:80", "is not exported, so it has no address outside west"),
        ("east/svc/all:80", "has no address of its own (headless); name one of its pods"),
        ("east/deploy/shop:80", "packets cannot be sent to a deploy; name its Service or a pod"),
        ("east/pod/client", "tcp needs a port, as in east/pod/client:80"),
        ("east/pod/shop-0:htpp", "no port is named htpp; named ports: http"),
        ("east/pod/client:0", "no port is named 0; named ports: none"),
        ("east/pod/client:65536", "no port is named 65536"),
        ("east/job/client:80", "no such reference; they look like CLUSTER/pod/NAME, "),
        ("east/pod", "no such reference"),
        ("web.example.org:80", "neither a reference such as east/pod/web-0 nor an IP address"),
        ("10.0.0.300:80", "neither a reference"),
        ("0.0.0.0:80", "is not the address of one host"),
        ("224.0.0.1:80", "is not the address of one host"),
        ("255.255.255.255:80", "is not the address of one host"),
        ("[ff02::1]:80", "is not the address of one host"),
    ],
)
def test_a_target_that_is_none(reference: str, message: str) -> None:
    assert message in complaint(reference)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("east/svc/shop", "has no network namespace"),
        ("east/deploy/shop", "has no network namespace"),
        ("10.244.0.2", "has no network namespace"),
        ("east/pod/client:80", "a place has no port here"),
        ("east/gateway", "east has no gateway"),
    ],
)
def test_a_source_that_is_none(reference: str, message: str) -> None:
    with pytest.raises(UnknownReferenceError, match=message):
        locate(LAB, reference)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("east/deploy/shpo", "east has none of this name; did you mean east/deploy/shop?"),
        ("east/deploy/db.prod", "east has none of this name"),
        ("east/statefulset/db", "east has none of this name"),
    ],
)
def test_a_workload_that_is_none(reference: str, message: str) -> None:
    with pytest.raises(UnknownReferenceError, match=message):
        expand(LAB, reference)
