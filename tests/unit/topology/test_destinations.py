"""The address that a client uses for a reference, and what may answer."""

import pytest

from nsnet.ip import Protocol
from nsnet.topology.destinations import find_destination
from nsnet.topology.model import Topology
from nsnet.topology.notation import UnknownReferenceError
from nsnet.topology.references import locate
from tests.support.labs import pod, service, topology
from tests.support.references_lab import BALANCED, LAB

SHOPS = {"east/pod/shop-0", "east/pod/shop-1"}


def to(reference: str, source: str = "east/pod/client", *, lab: Topology = LAB) -> str:
    """The address and port of a destination."""
    found = find_destination(lab, reference, locate(lab, source))
    return f"{found.address} {found.port}"


def complaint(reference: str, source: str = "east/pod/client", *, lab: Topology = LAB) -> str:
    """Why the reference cannot be a destination."""
    with pytest.raises(UnknownReferenceError) as caught:
        to(reference, source, lab=lab)
    return str(caught.value)


@pytest.mark.parametrize(
    ("reference", "address"),
    [
        ("east/pod/shop-0:80", "10.244.1.2 80"),
        ("east/pod/shop-0:http", "10.244.1.2 8080"),  # a port of the pod, by name
        ("east/svc/shop:80", "10.96.0.2 80"),
        ("east/svc/shop:web", "10.96.0.2 80"),  # a port of the Service, by name
        ("east/svc/shop:81", "10.96.0.2 81"),  # a port that it does not have may be probed
        ("east/node/n2:30080", "192.168.10.3 30080"),
        ("west/gateway:80", "198.18.0.2 80"),
        ("external/api:443", "203.0.113.80 443"),
        ("10.244.0.9:80", "10.244.0.9 80"),
    ],
)
def test_the_destination_of_a_reference(reference: str, address: str) -> None:
    assert to(reference) == address


@pytest.mark.parametrize("reference", ["10.0.0.1", "[10.0.0.1]", "external/api"])
def test_ping_needs_no_port(reference: str) -> None:
    assert find_destination(LAB, reference, locate(LAB, "fabric"), Protocol.ICMP).port is None


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("west/pod/client", "10.96.0.2 80"),  # in its own cluster: the ClusterIP
        ("west/node/n1", "10.96.0.2 80"),
        ("east/pod/client", "198.18.0.3 80"),  # from another cluster: the exported address
        ("external/api", "198.18.0.3 80"),  # and from outside
        ("fabric", "198.18.0.3 80"),
    ],
)
def test_the_address_of_a_service_depends_on_where_the_client_is(source: str, address: str) -> None:
    assert to("west/svc/shop:80", source) == address


@pytest.mark.parametrize(
    ("source", "address"),
    [("west/pod/client", "192.168.20.1 80"), ("east/pod/client", "198.18.0.2 80")],
)
def test_a_gateway_is_addressed_on_the_side_of_the_client(source: str, address: str) -> None:
    assert to("west/gateway:80", source) == address


def test_of_two_families_a_client_uses_one_that_it_has() -> None:
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


@pytest.mark.parametrize(
    ("reference", "servers"),
    [
        ("east/pod/shop-0:80", {"east/pod/shop-0"}),
        ("east/svc/shop:80", {"east/pod/shop-0", "east/pod/shop-1"}),
        ("west/svc/shop:80", {"west/pod/shop-0", "west/pod/shop-1"}),
        ("external/api:80", {"external/api"}),
        ("east/node/n1:80", {"east/node/n1"}),
        ("west/gateway:80", {"west/gateway"}),
        ("10.244.0.2:80", None),  # any server
    ],
)
def test_the_servers_of_a_reference(reference: str, servers: set[str] | None) -> None:
    assert find_destination(LAB, reference, locate(LAB, "east/pod/client")).servers == servers


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
        ("west/svc/shop:80", "east/pod/client", "198.18.0.5 80"),  # the exported address
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
        ("east/node/n1:30000", "udp", {"east/node/n1"}),  # no NodePort over UDP
        ("east/node/n1:30001", "udp", {"east/node/n1", "east/pod/dns-0"}),
        ("east/node/n1:30001", "tcp", {"east/node/n1"}),
        ("west/node/n1:30000", "tcp", {"west/node/n1", "west/pod/shop-0", "west/pod/shop-1"}),
        ("east/node/n1:80", "tcp", {"east/node/n1"}),
        ("192.168.10.2:30000", "tcp", None),  # any server
        ("203.0.113.1:80", "tcp", None),
    ],
)
def test_the_endpoints_of_a_service_answer_at_its_node_port(
    reference: str, protocol: str, servers: set[str] | None
) -> None:
    source = locate(BALANCED, "external/api")
    assert find_destination(BALANCED, reference, source, Protocol(protocol)).servers == servers


@pytest.mark.parametrize("source", ["east/node/n1", "east/pod/client"])
def test_loopback_may_be_addressed(source: str) -> None:
    assert to("127.0.0.1:30000", source, lab=BALANCED) == "127.0.0.1 30000"


@pytest.mark.parametrize(
    ("reference", "source", "message"),
    [
        ("east/lb/dns:53", "external/api", "load-balancer address here: it is of type NodePort"),
        ("east/svc/dns:53", "external/api", "no address outside east (type: LoadBalancer or a Ser"),
        ("east/svc/dns:53", "external/api", "gives it one); its NodePort is east/node/n1:30"),
        ("east/svc/shop:80", "west/pod/client", "is not exported, so it has no address outside e"),
    ],
)
def test_a_service_that_has_no_such_address(reference: str, source: str, message: str) -> None:
    assert message in complaint(reference, source, lab=BALANCED)


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
        ("pod/client:80", "needs the name of a cluster: east, west"),
        ("east/gateway:80", "east has no gateway"),
        ("west/svc/private:80", "is not exported, so it has no address outside west"),
        ("east/svc/all:80", "has no address of its own (headless); name one of its pods"),
        ("east/deploy/shop:80", "packets cannot be sent to a deploy; name its Service or a pod"),
        ("east/pod/client", "tcp needs a port, as in east/pod/client:80"),
        ("east/pod/shop-0:htpp", "no port is named htpp; named ports: http"),
        ("east/pod/client:0", "0 is not a port (1-65535)"),
        ("east/pod/client:none", "no port is named none; named ports: none"),
        ("east/pod/client:" + "9" * 5000, "is not a port (1-65535)"),
        ("east/pod/client:\u00b2", "no port is named \u00b2"),
        ("east/pod/client:65536", "65536 is not a port (1-65535)"),
        ("east/job/client:80", "not a reference; references look like CLUSTER/pod/NAME, "),
        ("east/pod", "not a reference"),
        ("web.example.org:80", "neither a reference such as east/pod/web-0 nor an IP address"),
        ("10.0.0.300:80", "neither a reference"),
        ("0.0.0.0:80", "is not a unicast address"),
        ("224.0.0.1:80", "is not a unicast address"),
        ("255.255.255.255:80", "is not a unicast address"),
        ("[ff02::1]:80", "is not a unicast address"),
    ],
)
def test_a_reference_that_cannot_be_a_destination(reference: str, message: str) -> None:
    assert message in complaint(reference)


def leaving(policies: str) -> Topology:
    """A terminating pod is alone on n1 and n3, a ready one on n2; n4 has none."""
    deleted = "deletionTimestamp: '2026-01-01T00:00:00Z'"
    return topology(
        pod("gone-1", labels="app: web", spec="nodeName: n1", meta=deleted),
        pod("stays", labels="app: web", spec="nodeName: n2"),
        pod("gone-2", labels="app: web", spec="nodeName: n2", meta=deleted),
        pod("gone-3", labels="app: web", spec="nodeName: n3", meta=deleted),
        *(pod(f"client-{each}", spec=f"nodeName: n{each}") for each in (1, 2, 4)),
        pod("host", spec="nodeName: n1, hostNetwork: true, containers: [{name: c}]"),
        service("web", "{port: 80, nodePort: 30080}", spec=f"type: LoadBalancer, {policies}"),
        clusters=("{name: east, nodes: 4}",),
        spec="externals: [{name: laptop, address: 203.0.113.9}]",
    )


INTERNAL, EXTERNAL = "internalTrafficPolicy: Local", "externalTrafficPolicy: Local"


@pytest.mark.parametrize(
    ("policies", "reference", "source", "servers"),
    [
        ("", "svc/web:80", "pod/client-1", {"stays"}),
        (INTERNAL, "svc/web:80", "pod/client-1", {"gone-1"}),
        (INTERNAL, "svc/web:80", "pod/host", {"gone-1"}),
        (INTERNAL, "svc/web:80", "node/n1", {"gone-1"}),
        (INTERNAL, "svc/web:80", "pod/client-2", {"stays"}),
        (INTERNAL, "svc/web:80", "node/n3", {"gone-3"}),
        (INTERNAL, "svc/web:80", "pod/client-4", set()),
        (INTERNAL, "lb/web:80", "pod/client-1", {"stays"}),
        (INTERNAL, "lb/web:80", "external/laptop", {"stays"}),
        (INTERNAL, "node/n1:30080", "external/laptop", {"east/node/n1", "host", "stays"}),
        (EXTERNAL, "svc/web:80", "pod/client-1", {"stays"}),
        # No node without a ready pod gets packets from the load balancer.
        (EXTERNAL, "lb/web:80", "external/laptop", {"stays"}),
        # Its own node's choice, or that of all pods: modes differ.
        (EXTERNAL, "lb/web:80", "pod/client-1", {"stays", "gone-1"}),
        (EXTERNAL, "node/n1:30080", "external/laptop", {"east/node/n1", "host", "gone-1"}),
        (EXTERNAL, "node/n2:30080", "external/laptop", {"east/node/n2", "stays"}),
        (EXTERNAL, "node/n4:30080", "external/laptop", {"east/node/n4"}),
        (EXTERNAL, "node/n1:30080", "pod/client-4", {"east/node/n1", "host", "gone-1", "stays"}),
    ],
)
def test_the_servers_depend_on_the_node_with_policy_local(
    policies: str, reference: str, source: str, servers: set[str]
) -> None:
    lab = leaving(policies)
    found = find_destination(lab, reference, locate(lab, source)).servers
    assert found is not None
    assert {each.removeprefix("east/pod/") for each in found} == servers


SIDECAR = pod(
    "edge",
    spec="containers: [{name: web, ports: [{name: http, containerPort: 8080}]},"
    " {name: log, ports: [{containerPort: 9000}, {containerPort: 8080, protocol: UDP}]}]",
)
SIX = "podCIDR: 'fd00:244::/48', serviceCIDR: 'fd00:96::/112', nodeCIDR: 'fd00:10::/64'"


@pytest.mark.parametrize(
    ("reference", "protocol", "found"),
    [
        ("localhost:8080", "tcp", "127.0.0.1 8080 web"),
        ("localhost:http", "tcp", "127.0.0.1 8080 web"),
        ("localhost:8080", "udp", "127.0.0.1 8080 log"),
        ("localhost:9000", "tcp", "127.0.0.1 9000 log"),
        ("localhost:9000", "udp", "127.0.0.1 9000 "),
        ("127.0.0.1:9000", "tcp", "127.0.0.1 9000 log"),
        ("10.244.0.3:9000", "tcp", "10.244.0.3 9000 log"),  # its own address
        ("pod/edge:9000", "tcp", "10.244.0.3 9000 log"),
        ("10.244.0.2:80", "tcp", "10.244.0.2 80 "),  # the client's, which has one container
        ("pod/client:80", "tcp", "10.244.0.2 80 "),
    ],
)
def test_a_pods_own_addresses_tell_the_container(reference: str, protocol: str, found: str) -> None:
    lab = topology(pod("client"), SIDECAR, clusters=("{name: east}",))
    asked = find_destination(lab, reference, locate(lab, "pod/edge"), Protocol(protocol))
    assert f"{asked.address} {asked.port} {asked.container}" == found


@pytest.mark.parametrize("source", ["node/n1", "pod/edge"])
def test_localhost_is_ipv6_where_there_is_no_ipv4(source: str) -> None:
    lab = topology(SIDECAR, clusters=(f"{{name: east, {SIX}}}",))
    assert to("localhost:9000", source, lab=lab) == "::1 9000"
    assert to("127.0.0.1:9000", source, lab=lab) == "127.0.0.1 9000"


def test_localhost_of_a_node_has_no_named_ports() -> None:
    lab = topology(SIDECAR, clusters=("{name: east}",))
    assert complaint("localhost:http", "node/n1", lab=lab) == (
        "localhost:http: no port is named http; named ports: none"
    )
