"""Gateways of kind vip: pods have virtual addresses for other clusters."""

import pytest

from nsnet.features.compile import compile_state
from nsnet.ip import Protocol, ips_of, mapped
from nsnet.probes.question import explain, probe_spec
from nsnet.state.model import State
from nsnet.state.rules import Chain, Match, Netmap, Return, Rule
from nsnet.topology.destinations import find_destination
from nsnet.topology.model import Topology
from nsnet.topology.notation import UnknownReferenceError
from nsnet.topology.references import expand, locate
from nsnet.topology.resolve import resolve
from nsnet.walk.packet import PredictedPath
from nsnet.walk.walker import walk
from tests.support.labs import (
    exported,
    in_clusters,
    ip,
    lab,
    net,
    pod,
    service,
    services,
    topology,
    workload,
    written,
)
from tests.support.wiring import ROUTED

# --- NETMAP, between two hosts ---


@pytest.mark.parametrize(
    ("address", "network", "becomes"),
    [
        ("10.244.3.7", "100.64.0.0/16", "100.64.3.7"),
        ("10.244.3.7", "100.64.9.0/24", "100.64.9.7"),
        ("10.244.3.7", "100.64.0.1/32", "100.64.0.1"),
        ("10.7.3.7", "100.64.0.0/12", "100.71.3.7"),
        ("fd00:10:244:1::2", "fd64:0:0:100::/56", "fd64:0:0:101::2"),
    ],
)
def test_a_mapped_address_keeps_its_host_part(address: str, network: str, becomes: str) -> None:
    assert mapped(ip(address), net(network)) == ip(becomes)


# The router makes 100.64.2.x of the server's range, and 100.64.1.x of the client's.
TO_SERVER = Rule(Match(dst=net("100.64.2.0/24")), Netmap(net("10.0.2.0/24")))
FROM_CLIENT = Rule(
    Match(src=net("10.0.1.0/24"), out_interface="eth1"), Netmap(net("100.64.1.0/24"))
)
BOTH_WAYS = {
    "router": [
        Chain("nat", "PREROUTING", (TO_SERVER,)),
        Chain("nat", "POSTROUTING", (FROM_CLIENT,)),
    ]
}


def through(to: str, port: int = 80, protocol: Protocol = Protocol.TCP) -> PredictedPath:
    """Return the only path from the client, through the router that maps both ends."""
    (path,) = walk(ROUTED._replace(chains=BOTH_WAYS).state(), "client", protocol, ip(to), port)
    return path


@pytest.mark.parametrize(
    ("to", "port", "protocol", "verdict", "seen"),
    [
        ("100.64.2.2", 80, "tcp", "ok", "100.64.1.2"),
        ("100.64.2.2", 80, "udp", "ok", "100.64.1.2"),
        ("100.64.2.2", 0, "icmp", "ok", "100.64.1.2"),
        ("100.64.2.2", 81, "tcp", "refused", "None"),
        ("100.64.2.2", 81, "udp", "refused", "None"),  # an ICMP error finds back, too
        ("10.0.2.2", 80, "tcp", "ok", "100.64.1.2"),  # only one end is mapped
    ],
)
def test_both_ends_are_mapped_and_answers_return(
    to: str, port: int, protocol: str, verdict: str, seen: str
) -> None:
    path = through(to, port, Protocol(protocol))
    assert (path.verdict.value, str(path.source)) == (verdict, seen)


def test_netmap_translates_one_end_at_each_hook_and_conntrack_translates_both_back() -> None:
    path = through("100.64.2.2")
    assert [(hop.what, str(hop.packet)) for hop in path.request if hop.rule] == [
        ("NETMAP", "10.0.1.2 → 10.0.2.2:80"),
        ("NETMAP", "100.64.1.2 → 10.0.2.2:80"),
    ]
    assert [(hop.what, str(hop.packet)) for hop in path.reply if "undoes" in hop.what] == [
        ("conntrack undoes the SNAT", "10.0.2.2:80 → 10.0.1.2"),
        ("conntrack undoes the DNAT", "100.64.2.2:80 → 10.0.1.2"),
    ]


# --- whole labs ---

EVERYWHERE = in_clusters("plain,nat,vip,other")
OBJECTS = (
    pod("client", meta=EVERYWHERE),
    workload("Deployment", "web", meta=EVERYWHERE),
    pod(
        "host",
        spec="hostNetwork: true, containers: [{ports: [{containerPort: 90}]}]",
        meta=EVERYWHERE,
    ),
    service("web", meta=EVERYWHERE),
    exported("web", EVERYWHERE),
)
CLUSTERS = (
    "{name: plain, model: flat, podCIDR: 10.245.0.0/16}",
    "{name: nat, gateway: {kind: nat}}",
    "{name: vip, gateway: {kind: vip}}",
    "{name: other, gateway: {kind: vip, virtualCIDR: 172.20.0.0/15}}",
)
OUTSIDE = "externals: [{name: api, address: 203.0.113.80, ports: [{port: 443}]}]"
LAB = lab(*OBJECTS, clusters=CLUSTERS, spec=OUTSIDE)


@pytest.mark.parametrize(
    ("source", "to", "seen"),
    [
        ("vip/pod/client", "vip/pod/web-0:80", "10.244.0.2"),  # at home, its own
        ("vip/pod/client", "other/pod/web-0:80", "100.66.0.2"),
        ("other/pod/client", "vip/pod/web-0:80", "172.20.0.2"),
        ("vip/pod/client", "other/svc/web:80", "100.66.0.2"),
        ("vip/pod/client", "nat/svc/web:80", "100.66.0.2"),
        ("vip/pod/client", "plain/pod/web-0:80", "198.18.0.3"),  # masqueraded, then its gateway
        ("vip/pod/client", "external/api:443", "198.18.0.3"),
        ("vip/node/n1", "other/pod/web-0:80", "198.18.0.3"),
        ("vip/pod/host", "other/pod/web-0:80", "198.18.0.3"),  # a node's address is not mapped
        ("nat/pod/client", "vip/pod/web-0:80", "198.18.0.2"),
        ("plain/pod/client", "vip/pod/web-0:80", "10.245.0.2"),
        ("plain/node/n1", "other/pod/web-0:80", "192.168.10.2"),
        ("external/api", "vip/pod/web-0:80", "203.0.113.80"),
        ("external/api", "vip/svc/web:80", "203.0.113.80"),
        ("fabric", "other/pod/web-0:80", "198.18.0.1"),
        ("vip/gateway", "vip/pod/web-0:80", "192.168.30.1"),
        ("vip/gateway", "other/pod/web-0:80", "198.18.0.3"),
        ("vip/pod/client", "vip/gateway", "10.244.0.2"),  # in nodeCIDR, so it is at home
    ],
)
def test_which_address_the_server_sees(source: str, to: str, seen: str) -> None:
    protocol = "icmp" if to.endswith("gateway") else "tcp"
    paths = explain(LAB.model, probe_spec(source, to, protocol)).paths
    assert {(each.verdict.value, str(each.source)) for each in paths} == {("ok", seen)}


@pytest.mark.parametrize(
    ("reference", "source", "address"),
    [
        ("vip/pod/web-0:80", "vip/pod/client", "10.244.0.3"),
        ("vip/pod/web-0:80", "vip/node/n1", "10.244.0.3"),
        ("vip/pod/web-0:80", "vip/gateway", "10.244.0.3"),
        ("vip/pod/web-0:80", "other/pod/client", "100.66.0.3"),
        ("vip/pod/web-0:80", "plain/pod/client", "100.66.0.3"),
        ("vip/pod/web-0:80", "external/api", "100.66.0.3"),
        ("vip/pod/web-0:80", "fabric", "100.66.0.3"),
        ("other/pod/web-0:80", "vip/pod/client", "172.20.0.3"),  # the first part of what is written
        ("vip/pod/host:90", "external/api", "192.168.30.2"),
        ("nat/pod/web-0:80", "vip/pod/client", "10.244.0.3"),
        ("vip/svc/web:80", "vip/pod/client", "10.96.0.2"),
        ("vip/svc/web:80", "other/pod/client", "198.18.0.7"),
        ("vip/svc/web:80", "external/api", "198.18.0.7"),
    ],
)
def test_a_reference_resolves_to_the_address_that_a_client_there_uses(
    reference: str, source: str, address: str
) -> None:
    found = find_destination(LAB.topology, reference, locate(LAB.topology, source))
    assert str(found.address) == address


def test_as_a_source_a_pod_has_both_of_its_addresses() -> None:
    assert [str(each) for each in locate(LAB.topology, "vip/pod/client").addresses] == [
        "10.244.0.2",
        "100.66.0.2",
    ]
    assert [str(each) for each in locate(LAB.topology, "vip/pod/host").addresses] == [
        "192.168.30.2"
    ]
    assert expand(LAB.topology, "vip/pod/client") == {"vip/pod/client"}


def test_the_last_address_of_a_virtual_range_belongs_to_no_pod() -> None:
    with pytest.raises(UnknownReferenceError, match="broadcast address of its range"):
        find_destination(LAB.topology, "100.66.0.255:80", locate(LAB.topology, "external/api"))


def kept(state: State, node: str) -> list[str]:
    """Return the destinations to which a node does not masquerade its pods."""
    (chain,) = (each for each in state[node].chains if each.name == "IP-MASQ-AGENT")
    return [str(rule.match.dst) for rule in chain.rules if isinstance(rule.target, Return)]


@pytest.mark.parametrize(
    ("cluster", "networks"),
    [
        ("nat", ["10.244.0.0/16", "192.168.20.0/24"]),
        (
            "vip",
            [
                "10.244.0.0/16",
                "192.168.30.0/24",
                "198.18.0.5/32",  # plain/svc/web
                "198.18.0.6/32",  # nat/svc/web
                "172.20.0.0/16",  # the pods of other
                "198.18.0.8/32",  # other/svc/web
            ],
        ),
    ],
)
def test_a_node_masquerades_except_to_what_its_gateway_maps(
    cluster: str, networks: list[str]
) -> None:
    assert kept(LAB.state, f"nsnet.lab.{cluster}.node.n1") == networks


def test_the_fabric_has_routes_to_virtual_ranges_and_none_to_their_pods() -> None:
    routes = {str(each.destination): each.gateways for each in LAB.state["nsnet.lab.fabric"].routes}
    gateways = {each.name: each.gateways for each in LAB.topology.clusters}
    assert routes["100.66.0.0/16"] == ips_of(gateways["vip"][0].outside)
    assert routes["172.20.0.0/16"] == ips_of(gateways["other"][0].outside)
    assert "10.244.0.0/24" not in routes


# --- the ranges and addresses of clusters ---


@pytest.mark.parametrize(
    ("cluster", "ranges"),
    [
        ("podCIDR: 10.244.0.0/16, gateway: {kind: vip}", ["100.66.0.0/16"]),
        ("podCIDR: 10.244.0.0/20, gateway: {kind: vip}", ["100.64.32.0/20"]),
        ("podCIDR: 10.244.0.0/14, gateway: {kind: vip}", ["100.72.0.0/14"]),
        ("gateway: {kind: nat}", []),
        ("gateway: {kind: vip, virtualCIDR: 172.16.0.0/16}", ["172.16.0.0/16"]),
        ("gateway: {kind: vip, virtualCIDR: 172.16.0.0/12}", ["172.16.0.0/16"]),
        (
            "podCIDR: '10.244.0.0/16,fd00:10:244::/56', gateway: {kind: vip},"
            " nodeCIDR: '192.168.90.0/24,fd00:192::/64'",
            ["100.66.0.0/16", "fd64:0:0:200::/56"],
        ),
        (
            "podCIDR: 'fd00:10:244::/56,10.244.0.0/16', serviceCIDR: 'fd00:10:96::/112',"
            " nodeCIDR: '192.168.90.0/24,fd00:192::/64',"
            " gateway: {kind: vip, virtualCIDR: '172.16.0.0/16,fd99::/48'}",
            ["fd99::/56", "172.16.0.0/16"],  # in the order of podCIDR
        ),
    ],
)
def test_the_third_cluster_has_the_third_range(cluster: str, ranges: list[str]) -> None:
    found = topology(
        clusters=("{name: one}", "{name: two}", f"{{name: three, {cluster}}}"),
        spec="fabricCIDR: '198.18.0.0/16,fd98::/64'",
    )
    assert [str(each) for each in found.clusters[2].virtual_cidrs] == ranges


def outside(found: Topology) -> dict[str, list[str]]:
    """Return the outside addresses of all gateways."""
    return {
        each.name: [str(end) for end in each.gateways[0].outside]
        for each in found.clusters
        if each.gateways
    }


def test_written_addresses_are_reserved_before_others_are_allocated() -> None:
    found = topology(
        clusters=(
            "{name: one, gateway: {kind: nat}}",
            "{name: two, gateway: {kind: vip, address: 198.18.0.2}}",
        )
    )
    assert outside(found) == {"one": ["198.18.0.3/16"], "two": ["198.18.0.2/16"]}


def test_a_gateway_has_an_address_of_each_family_written_or_allocated() -> None:
    clusters = tuple(
        f"{{name: {name}, podCIDR: '10.244.0.0/16,fd00:10:244::/56',"
        f" nodeCIDR: '192.168.{number}.0/24,fd00:192:{number}::/64',"
        f" gateway: {{kind: vip, address: {address}}}}}"
        for number, (name, address) in enumerate(
            {
                "both": "'fd98::7,198.18.0.7'",
                "listed": "[198.18.0.8, fd98::8]",
                "half": "'fd98::9'",
            }.items(),
            1,
        )
    )
    found = topology(clusters=clusters, spec="fabricCIDR: '198.18.0.0/16,fd98::/64'")
    assert outside(found) == {
        "both": ["198.18.0.7/16", "fd98::7/64"],
        "listed": ["198.18.0.8/16", "fd98::8/64"],
        "half": ["198.18.0.2/16", "fd98::9/64"],
    }


def test_a_new_address_of_one_gateway_changes_no_other() -> None:
    web = service("web"), exported("web"), pod("web", labels="app: web")
    old = topology(*web, clusters=("{name: one, gateway: {kind: vip}}",))
    assert outside(old) == {"one": ["198.18.0.2/16"]}
    taken = services(old)["one/svc/web"].exported
    assert [str(each) for each in taken] == ["198.18.0.3"]
    new = topology(
        *web,
        clusters=("{name: one, gateway: {kind: vip, address: 198.18.0.9}}",),
        keep=old.assignment(),
    )
    assert outside(new) == {"one": ["198.18.0.9/16"]}
    assert services(new)["one/svc/web"].exported == taken


def test_exported_addresses_stay_and_virtual_ones_follow_their_pods() -> None:
    clusters = ("{name: one, gateway: {kind: vip}}", "{name: two, gateway: {kind: vip}}")
    here = in_clusters("one")
    a = pod("a", labels="app: a", meta=here), service("a", meta=here), exported("a", here)
    b = pod("b", labels="app: b", meta=here), service("b", meta=here), exported("b", here)
    old = topology(*a, *b, clusters=clusters)
    new = topology(*b, clusters=clusters, keep=old.assignment())
    assert services(new)["one/svc/b"].exported == services(old)["one/svc/b"].exported
    assert str(services(new)["one/svc/b"].exported[0]) == "198.18.0.5"  # not the first free
    assert [str(each) for each in locate(new, "one/pod/b").addresses] == [
        "10.244.0.3",
        "100.64.0.3",
    ]
    scenario = written(*b, clusters=clusters)
    moved = resolve(scenario, new.assignment().release("one/pod/b"))
    assert [str(each) for each in locate(moved, "one/pod/b").addresses] == [
        "10.244.0.2",
        "100.64.0.2",
    ]
    assert compile_state(moved) != compile_state(new)
    assert resolve(scenario, moved.assignment()) == moved
