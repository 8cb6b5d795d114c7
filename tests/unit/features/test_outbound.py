"""How packets of clusters in VNets get to the internet, and by which rules."""

import pytest

from nsnet.ip import Protocol
from nsnet.state.iptables_text import line
from nsnet.state.model import Netns
from nsnet.state.rules import Snat
from nsnet.topology.destinations import find_destination
from nsnet.topology.references import locate
from nsnet.verdict import Verdict
from tests.support.labs import Lab, lab, pod, service

HUB = """
vnets:
- name: hub
  ranges: [10.0.0.0/12]
  subnets: [{name: aks, range: 10.0.0.0/24}, {name: vms, range: 10.1.0.0/24}]
  machines: [{name: jump, subnet: vms, ports: [{port: 22}]}]
  peerings: [{name: office, ranges: [172.20.0.0/16]}]
externals:
- {name: api, address: 203.0.113.80, ports: [{port: 443}]}
- {name: desk, address: 172.20.0.10, ports: [{port: 443}]}
"""
WEB = service("web", "{port: 80, nodePort: 30080}", spec="type: LoadBalancer")
PODS = (pod("client", spec="nodeName: n1"), pod("web", spec="nodeName: n2", labels="app: web"), WEB)


def cluster(outbound: str, name: str = "east") -> str:
    place = "vnet: hub, subnet: aks, nodes: 2, serviceCIDR: 192.168.0.0/16"
    return f"{{name: {name}, cni: azure-cni-overlay, {place}, outbound: {{{outbound}}}}}"


def built(outbound: str) -> Lab:
    return lab(*PODS, clusters=(cluster(outbound),), spec=HUB)


def vnet(found: Lab) -> Netns:
    return found.state["nsnet.lab.vnet.hub"]


def rules(found: Lab, name: str, table: str = "nat") -> list[str]:
    """The rules of a chain of the VNet, as text."""
    chains = [each for each in vnet(found).chains if (each.table, each.name) == (table, name)]
    return [line(each, one).removeprefix(f"-A {name} ") for each in chains for one in each.rules]


def ends(found: Lab, source: str, to: str, protocol: Protocol = Protocol.TCP) -> list[str]:
    """How connections end: with the source that the server sees and its ports, or a verdict."""
    client = locate(found.topology, source)
    target = find_destination(found.topology, to, client, protocol)
    paths = found.model.walker.paths(client.netns, protocol, target.address, target.port)
    said = set()
    for each in paths:
        snat = [hop.rule.rule.target for hop in each.request if hop.rule]
        ports = "".join(f":{one.ports}" for one in snat if isinstance(one, Snat) and one.ports)
        ok = each.verdict is Verdict.OK
        said.add(f"{each.source}{ports}" if ok else str(each.verdict))
    return sorted(said)


def test_a_load_balancer_translates_each_node_to_ports_of_its_own() -> None:
    found = built("portsPerNode: 64")
    assert rules(found, "NSNET-OUTBOUND") == [
        '-s 10.0.0.4/32 -p tcp -m comment --comment "east/node/n1" -m tcp'
        " -j SNAT --to-source 198.18.0.3:1024-1087",
        '-s 10.0.0.4/32 -p udp -m comment --comment "east/node/n1" -m udp'
        " -j SNAT --to-source 198.18.0.3:1024-1087",
        '-s 10.0.0.4/32 -m comment --comment "east/node/n1" -j SNAT --to-source 198.18.0.3',
        '-s 10.0.0.5/32 -p tcp -m comment --comment "east/node/n2" -m tcp'
        " -j SNAT --to-source 198.18.0.3:1088-1151",
        '-s 10.0.0.5/32 -p udp -m comment --comment "east/node/n2" -m udp'
        " -j SNAT --to-source 198.18.0.3:1088-1151",
        '-s 10.0.0.5/32 -m comment --comment "east/node/n2" -j SNAT --to-source 198.18.0.3',
        '-m comment --comment "machines: the public address of the VNet"'
        " -j SNAT --to-source 198.18.0.2",
    ]
    assert rules(found, "POSTROUTING") == ["-o eth0 -j NSNET-OUTBOUND"]
    assert rules(found, "NSNET-OUTBOUND", "filter") == []


def test_a_nat_gateway_chooses_one_of_its_addresses_at_random() -> None:
    found = built("type: natGateway, addresses: 3, portsPerAddress: 64")
    comment = '-m comment --comment "NAT gateway of east"'
    assert rules(found, "NSNET-OUTBOUND")[:2] == [
        "-s 10.0.0.4/32 -j NSNET-NAT-1",
        "-s 10.0.0.5/32 -j NSNET-NAT-1",
    ]
    assert rules(found, "NSNET-NAT-1") == [
        *(
            f"-p {protocol} {comment}{which} -m {protocol} -j SNAT --to-source {to}:1024-1087"
            for protocol in ("tcp", "udp")
            for which, to in (
                (" -m statistic --mode random --probability 0.33333333349", "198.18.0.3"),
                (" -m statistic --mode random --probability 0.50000000000", "198.18.0.4"),
                ("", "198.18.0.5"),
            )
        ),
        f"{comment} -j SNAT --to-source 198.18.0.3",
    ]


@pytest.mark.parametrize(
    ("outbound", "source", "to", "expected"),
    [
        ("portsPerNode: 64", "pod/client", "external/api:443", ["198.18.0.3:(1024, 1087)"]),
        ("portsPerNode: 64", "pod/web", "external/api:443", ["198.18.0.3:(1088, 1151)"]),
        ("portsPerNode: 64", "node/n2", "external/api:443", ["198.18.0.3:(1088, 1151)"]),
        ("portsPerNode: 64", "vm/jump", "external/api:443", ["198.18.0.2"]),
        ("portsPerNode: 64", "pod/client", "external/desk:443", ["10.0.0.4"]),
        ("portsPerNode: 64", "pod/client", "vm/jump:22", ["10.0.0.4"]),
        (
            "type: natGateway, addresses: 2, portsPerAddress: 8",
            "pod/web",
            "external/api:443",
            ["198.18.0.3:(1024, 1031)", "198.18.0.4:(1024, 1031)"],
        ),
        ("type: none", "pod/client", "external/api:443", ["timeout"]),
        ("type: none", "node/n1", "external/api:443", ["timeout"]),
        ("type: none", "vm/jump", "external/api:443", ["198.18.0.2"]),
        ("type: none", "pod/client", "external/desk:443", ["10.0.0.4"]),
        ("type: none", "external/api", "lb/web:80", ["10.0.0.4", "10.0.0.5"]),
        ("idleSeconds: 2", "external/api", "lb/web:80", ["10.0.0.4", "10.0.0.5"]),
    ],
)
def test_who_gets_out_and_how(outbound: str, source: str, to: str, expected: list[str]) -> None:
    assert ends(built(outbound), source, to) == expected


def test_without_outbound_only_new_connections_are_dropped() -> None:
    """A node may send ICMP errors about connections that came in by a load balancer."""
    assert rules(built("type: none"), "NSNET-OUTBOUND", "filter") == [
        f"-s 10.0.0.{host}/32 -m conntrack --ctstate NEW -m comment --comment {node} -j DROP"
        for host, node in ((4, '"east/node/n1"'), (5, '"east/node/n2"'))
    ]


def test_packets_without_ports_have_the_address_alone() -> None:
    for outbound in ("portsPerNode: 64", "type: natGateway"):
        found = ends(built(outbound), "pod/client", "external/api", Protocol.ICMP)
        assert found == ["198.18.0.3"]


def test_clusters_of_one_vnet_get_out_in_their_own_ways() -> None:
    pods = tuple(
        f"{pod('client')}".replace(
            "metadata: {", f"metadata: {{annotations: {{nsnet.dev/cluster: {each}}}, "
        )
        for each in ("east", "west", "north")
    )
    clusters = (
        cluster("addresses: 2"),
        cluster("type: natGateway", "west"),
        cluster("type: none", "north"),
    )
    found = lab(*pods, clusters=clusters, spec=HUB)
    seen = [
        ends(found, f"{each}/pod/client", "external/api:443") for each in ("east", "west", "north")
    ]
    assert seen == [["198.18.0.3:(1024, 2047)"], ["198.18.0.5:(1024, 65535)"], ["timeout"]]


def test_idle_connections_are_forgotten_and_reset() -> None:
    found = built("idleSeconds: 2")
    assert vnet(found).setting("net.netfilter.nf_conntrack_tcp_timeout_established") == 2
    assert vnet(found).setting("net.netfilter.nf_conntrack_tcp_loose") == 0
    assert rules(found, "NSNET-OUTBOUND", "filter") == [
        '-p tcp -m comment --comment "idle too long" -m conntrack --ctstate INVALID -m tcp'
        " -j REJECT --reject-with tcp-reset"
    ]
    assert rules(found, "FORWARD", "filter")[-1] == "-o eth0 -j NSNET-OUTBOUND"
    never = vnet(built(""))  # Linux's defaults: a change of the lab sets them again
    assert never.setting("net.netfilter.nf_conntrack_tcp_timeout_established") == 432_000
    assert never.setting("net.netfilter.nf_conntrack_tcp_loose") == 1
