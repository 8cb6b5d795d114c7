"""The paths of packets in whole labs: over bridges, through Services, as their authors expect."""

from dataclasses import replace

import pytest

from nsnet.features.merge import merge
from nsnet.ip import Protocol
from nsnet.probes.judge import disagreements, predicted
from nsnet.probes.model import Model
from nsnet.probes.outcome import Outcome
from nsnet.probes.question import NamedQuestion, explain, predicted_paths, probe_spec
from nsnet.state.model import Fact, Interface, Kind, State, veth
from nsnet.verdict import Verdict
from nsnet.walk.walker import walk
from tests.support.labs import SHIPPED, held, ip, lab, pod, service, shipped, workload
from tests.support.wiring import nodes

# --- bridges ---

ONE_NODE = lab(
    pod("own", labels="app: own"),
    pod("other", labels="app: other"),
    service("own"),
    service("other"),
    clusters=("{name: east, nodes: 1}",),
)


def on_the_node(*, netfilter: bool, hairpin: bool) -> State:
    """The lab of one node, with these settings of its bridge."""
    node = ONE_NODE.state["nsnet.lab.east.node.n1"]
    sysctls = tuple(
        replace(each, value=str(int(netfilter))) if "bridge-nf-call" in each.key else each
        for each in node.sysctls
    )
    links = tuple(
        replace(each, hairpin=hairpin) if each.master else each for each in node.interfaces
    )
    changed = replace(node, sysctls=sysctls, interfaces=links)
    netns = tuple(changed if each is node else each for each in ONE_NODE.state.netns)
    return replace(ONE_NODE.state, netns=netns)


@pytest.mark.parametrize(
    ("netfilter", "hairpin", "to", "verdict"),
    [
        # bridge-nf-call-iptables=1: frames from port to port pass iptables.
        (True, False, "svc/own:80", "timeout"),  # it would have to leave where it came in
        (True, False, "svc/other:80", "ok"),
        (True, True, "svc/own:80", "ok"),
        (True, True, "svc/other:80", "ok"),
        # =0: the answer of another pod is bridged past the NAT that has to undo its address.
        (False, False, "svc/own:80", "ok"),  # its answer goes to the node, which stepped in between
        (False, False, "svc/other:80", "timeout"),
        (False, True, "svc/own:80", "ok"),
        (False, True, "svc/other:80", "timeout"),
        # Without a Service in between, none of this matters.
        (False, False, "pod/other:80", "ok"),
        (True, False, "pod/other:80", "ok"),
    ],
)
def test_a_pod_reaches_services_on_its_own_bridge(
    netfilter: bool, hairpin: bool, to: str, verdict: str
) -> None:
    state = on_the_node(netfilter=netfilter, hairpin=hairpin)
    (path,) = explain(Model(ONE_NODE.topology, state), probe_spec("pod/own", to)).paths
    assert path.verdict == verdict


def test_a_pod_that_reaches_itself_through_a_service_sees_its_node_as_source() -> None:
    (path,) = explain(ONE_NODE.model, probe_spec("pod/own", "svc/own:80")).paths
    assert (path.server, str(path.source)) == ("east/pod/own", "10.244.0.1")


def test_bridged_packets_are_masqueraded_too() -> None:
    # The external address is the endpoint's own: its port changes, and the frame stays a frame.
    found = lab(
        pod("own"),
        pod("web", labels="app: web"),
        service("web", "{port: 8080, targetPort: 80}", spec="externalIPs: [10.244.0.3]"),
        clusters=("{name: east, nodes: 1}",),
    )
    (path,) = explain(found.model, probe_spec("pod/own", "10.244.0.3:8080")).paths
    assert (path.verdict, path.server) == ("ok", "east/pod/web")
    assert str(path.source) == "10.244.0.1"


def test_a_bridge_names_the_ports_a_frame_passes() -> None:
    (path,) = explain(ONE_NODE.model, probe_spec("pod/own", "pod/other:80")).paths
    assert [hop.what for hop in path.request if hop.reference == "east/node/n1"] == [
        "cbr0 forwards it to port other"
    ]


def test_bridges_in_a_ring_are_not_walked_forever() -> None:
    bridges: list[Fact] = [
        (name, Interface("br0", Kind.BRIDGE, addresses=(held(f"10.0.0.{number}/24"),)))
        for number, name in enumerate(("client", "server", "third"), 1)
    ]
    for one, other in (("client", "server"), ("server", "third"), ("third", "client")):
        bridges += veth(
            (one, Interface(f"to-{other}", master="br0")),
            (other, Interface(f"to-{one}", master="br0")),
        )
    names = ("client", "server", "third")
    ring = merge("lab", nodes(names), [("the test", bridges)])
    (path,) = walk(ring, "client", Protocol.TCP, ip("10.0.0.9"), 80)
    assert path.verdict == "host-unreachable"


# --- whole labs ---


@pytest.mark.parametrize(
    ("scenario", "source", "to", "seen"),
    [
        ("flat", "east/pod/client", "west/pod/web-0:80", {"10.244.0.2"}),  # as itself
        ("flat", "external/laptop", "west/pod/web-0:80", {"203.0.113.10"}),
        ("egress", "pod/client", "external/api:443", {"192.168.10.2"}),  # as its node
        ("egress", "pod/client", "pod/other:80", {"10.244.0.2"}),
        ("clusterip", "pod/client", "svc/web:80", {"10.244.0.2"}),
        # By its bridge to the pods it hosts, by its eth0 to the others.
        ("clusterip", "node/n1", "svc/web:80", {"10.244.0.1", "192.168.10.2"}),
        # As itself, but where it meets itself.
        ("clusterip", "pod/web-0", "svc/web:80", {"10.244.0.1", "10.244.0.4"}),
        ("island-nat", "east/pod/client", "west/svc/web:80", {"198.18.0.2"}),  # as its gateway
        ("island-nat", "east/node/n1", "west/svc/web:80", {"198.18.0.2"}),
        ("island-nat", "external/laptop", "west/svc/web:80", {"203.0.113.10"}),
        ("dual-stack", "pod/client", "[fd00:10:96::2]:80", {"fd00:10:244::2"}),
    ],
)
def test_what_the_server_sees_as_its_client(
    scenario: str, source: str, to: str, seen: set[str]
) -> None:
    found = explain(shipped(scenario).model, probe_spec(source, to))
    assert {str(path.source) for path in found.paths} == seen


@pytest.mark.parametrize("name", SHIPPED)
def test_the_model_predicts_what_every_shipped_probe_expects(name: str) -> None:
    found = shipped(name)
    model = found.model
    wrong = {}
    for spec in found.scenario.spec.probes:
        explained = explain(model, spec)
        asked = explained.question
        if isinstance(asked, NamedQuestion):
            missing = (Outcome(Verdict.NAME_NOT_FOUND),)
            if sentences := disagreements(asked.expected, missing, {}, explained.lookup):
                wrong[spec.name] = sentences
            continue
        # Who keeps a server, and who gets no port, shows in later attempts; a walk is the first.
        expected = replace(asked.expected, sticky=False, counts=None)
        attempts = predicted(predicted_paths(model, asked), asked.to, expected)
        if sentences := disagreements(expected, attempts, {}, explained.lookup):
            wrong[spec.name] = sentences
    assert wrong == {}


def test_every_endpoint_of_a_service_is_a_path() -> None:
    found = explain(shipped("clusterip").model, probe_spec("pod/client", "svc/web:80"))
    # In the order of their addresses: 10.244.0.4, 10.244.0.5 and, on the other node, 10.244.1.2.
    assert [path.server for path in found.paths] == [
        "east/pod/web-0",
        "east/pod/web-2",
        "east/pod/web-1",
    ]
    assert {path.verdict for path in found.paths} == {Verdict.OK}


@pytest.mark.parametrize("source", ["node/n1", "pod/web"])
@pytest.mark.parametrize(
    ("cluster", "seen"),
    [
        # Out of `lo` MASQUERADE takes the first address of the first link that has one.
        ("", "192.168.10.2"),
        (", cni: vxlan", "192.168.10.2"),
        (", proxyMode: nftables", "192.168.10.2"),
        (", proxyMode: ipvs", "192.168.10.2"),
        (", gateway: {kind: nat, replicas: 2}", "192.168.10.2"),
        # In IPv6 an address of the host itself is its own source.
        (
            ", podCIDR: 'fd00:10:244::/56', serviceCIDR: 'fd00:10:96::/112',"
            " nodeCIDR: 'fd00:192:168::/64'",
            "fd00:192:168::2",
        ),
    ],
)
def test_a_host_sees_its_first_address_as_source_of_its_own_packets_to_a_service(
    cluster: str, seen: str, source: str
) -> None:
    found = lab(
        pod("web", labels="app: web", spec="hostNetwork: true"),
        service("web"),
        clusters=(f"{{name: east{cluster}}}",),
        spec="fabricCIDR: '198.18.0.0/16,fd98::/64'",
    )
    (path,) = explain(found.model, probe_spec(source, "svc/web:80")).paths
    assert (path.server, str(path.source)) == ("east/pod/web", seen)


# --- IPv6 ---

SIX = lab(
    pod("client", spec="nodeName: n1"),
    workload("Deployment", "web", 2),
    service("web", spec="ipFamilyPolicy: PreferDualStack"),
    service("empty", app="", spec="ipFamilyPolicy: PreferDualStack"),
    clusters=(
        "{name: east, nodes: 2, podCIDR: '10.244.0.0/16,fd00:10:244::/56',"
        " serviceCIDR: '10.96.0.0/16,fd00:10:96::/112',"
        " nodeCIDR: '192.168.10.0/24,fd00:192:168::/64'}",
    ),
    spec=(
        "fabricCIDR: 198.18.0.0/16,fd98::/64\n"
        "externals: [{name: api, address: '2001:db8::80', ports: [{port: 443}]}]"
    ),
)


@pytest.mark.parametrize(
    ("source", "to", "verdict", "seen"),
    [
        ("pod/client", "[fd00:10:244:1::2]:80", "ok", "fd00:10:244::2"),
        ("pod/client", "[fd00:10:96::2]:80", "ok", "fd00:10:244::2"),
        ("node/n1", "[fd00:10:244:1::2]:80", "ok", "fd00:192:168::2"),
        ("pod/client", "external/api:443", "ok", "fd00:192:168::2"),  # masqueraded by its node
        ("pod/client", "[fd00:10:96::3]:80", "refused", "None"),  # no endpoints
        ("pod/client", "[fd00:10:244:1::99]:80", "host-unreachable", "None"),
        ("pod/client", "[2001:db8::99]:80", "net-unreachable", "None"),
        ("external/api", "[fd00:10:244:1::2]:80", "net-unreachable", "None"),
    ],
)
def test_ipv6_services_are_predicted_like_ipv4_services(
    source: str, to: str, verdict: str, seen: str
) -> None:
    paths = explain(SIX.model, probe_spec(source, to)).paths
    assert {path.verdict.value for path in paths} == {verdict}
    assert {str(path.source) for path in paths} == {seen}
