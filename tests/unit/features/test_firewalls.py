"""Firewalls of VNets: the routes to them, what they let through, and what they have not seen."""

import pytest

from nsnet.ip import Protocol
from nsnet.state.iptables_text import line
from nsnet.topology.destinations import find_destination
from nsnet.topology.references import locate
from nsnet.verdict import Verdict
from tests.support.labs import Lab, lab, pod, service

HUB = """
vnets:
- name: hub
  ranges: [10.0.0.0/12]
  subnets:
  - {name: aks, range: 10.0.0.0/24}
  - {name: vms, range: 10.1.0.0/24}
  - {name: fw, range: 10.2.0.0/24}
  machines: [{name: jump, subnet: vms, ports: [{port: 22}]}, {name: beside, subnet: aks}]
  firewalls:
  - name: fw
    subnet: fw
    allow: [{to: 203.0.113.0/25, port: 443}, {to: 203.0.113.80/32, protocol: ICMP}]
  peerings: [{name: office, ranges: [172.20.0.0/16]}]
externals:
- {name: api, address: 203.0.113.80, ports: [{port: 443}]}
- {name: far, address: 203.0.113.180, ports: [{port: 443}]}
- {name: desk, address: 172.20.0.10, ports: [{port: 443}]}
"""
WEB = service("web", "{port: 80, nodePort: 30080}", spec="type: LoadBalancer")
PODS = (pod("client", spec="nodeName: n1"), pod("web", spec="nodeName: n2", labels="app: web"), WEB)


def built(cni: str = "azure-cni-overlay", spec: str = HUB) -> Lab:
    place = "vnet: hub, subnet: aks, nodes: 2, serviceCIDR: 192.168.0.0/16"
    wanted = f"{{name: east, cni: {cni}, {place}, outbound: {{type: userDefinedRouting}}}}"
    return lab(*PODS, clusters=(wanted,), spec=spec)


def end(found: Lab, source: str, to: str, protocol: Protocol) -> str:
    """The source that the server sees, or the verdict."""
    client = locate(found.topology, source)
    target = find_destination(found.topology, to, client, protocol)
    paths = found.model.walker.paths(client.netns, protocol, target.address, target.port)
    return " ".join(
        sorted({str(one.source) if one.verdict is Verdict.OK else one.verdict for one in paths})
    )


@pytest.mark.parametrize("cni", ["azure-cni-overlay", "azure-cni"])
@pytest.mark.parametrize(
    ("source", "to", "protocol", "expected"),
    [
        ("pod/client", "external/api:443", Protocol.TCP, "198.18.0.2"),
        ("node/n1", "external/api:443", Protocol.TCP, "198.18.0.2"),
        ("pod/client", "external/api", Protocol.ICMP, "198.18.0.2"),
        ("pod/client", "external/api:443", Protocol.UDP, "timeout"),
        ("pod/client", "external/api:444", Protocol.TCP, "timeout"),
        ("pod/client", "external/far:443", Protocol.TCP, "timeout"),
        ("vm/beside", "external/api:443", Protocol.TCP, "198.18.0.2"),
        ("vm/jump", "external/far:443", Protocol.TCP, "198.18.0.3"),  # the VNet's own
        ("external/desk", "vm/jump:22", Protocol.TCP, "172.20.0.10"),
        # The firewall drops replies, as it has not seen the request.
        ("external/api", "lb/web:80", Protocol.TCP, "timeout"),
        ("external/api", "firewall/fw:443", Protocol.TCP, "net-unreachable"),
        ("firewall/fw", "external/far:443", Protocol.TCP, "198.18.0.2"),
    ],
)
def test_who_gets_through_the_firewall(
    cni: str, source: str, to: str, protocol: Protocol, expected: str
) -> None:
    assert end(built(cni), source, to, protocol) == expected


def test_only_the_nodes_subnet_has_the_user_defined_route() -> None:
    netns = built().state["nsnet.lab.vnet.hub"]
    defaults = {
        each.table: f"{each.via} {each.dev} {each.why}"
        for each in netns.routes
        if not each.destination.prefixlen
    }
    system = "198.18.0.1 eth0 default route: the fabric"
    assert defaults == {
        None: system,
        101: "10.2.0.4 br-fw user-defined route: firewall/fw",
        102: system,
        103: system,
    }


def test_the_rules_are_replies_then_the_list_then_a_drop() -> None:
    chains = {
        (each.table, each.name): [line(each, rule) for rule in each.rules]
        for each in built().state["nsnet.lab.firewall.fw"].chains
    }
    assert chains["filter", "NSNET-FIREWALL"] == [
        "-A NSNET-FIREWALL -m comment --comment replies"
        " -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-A NSNET-FIREWALL -d 203.0.113.0/25 -o eth0 -p tcp -m conntrack --ctstate NEW"
        " -m comment --comment allowed -m tcp --dport 443 -j ACCEPT",
        "-A NSNET-FIREWALL -d 203.0.113.80/32 -o eth0 -p icmp -m conntrack --ctstate NEW"
        " -m comment --comment allowed -j ACCEPT",
        '-A NSNET-FIREWALL -m comment --comment "not allowed" -j DROP',
    ]
    assert chains["nat", "POSTROUTING"] == ["-A POSTROUTING -o eth0 -j NSNET-FIREWALL"]
    assert chains["nat", "NSNET-FIREWALL"] == ["-A NSNET-FIREWALL -j SNAT --to-source 198.18.0.2"]


def test_without_the_route_packets_are_dropped_in_the_vnet() -> None:
    start, end_of_it = HUB.index("  firewalls:"), HUB.index("  peerings:")
    found = built(spec=f"allow: [missing-route]\n{HUB[:start]}{HUB[end_of_it:]}")
    assert len(found.topology.warnings) == 1
    assert found.topology.warnings[0].endswith("each with subnet [missing-route]")
    assert end(found, "pod/client", "external/api:443", Protocol.TCP) == "timeout"
    assert end(found, "vm/beside", "external/api:443", Protocol.TCP) == "198.18.0.2"
    assert end(found, "external/api", "lb/web:80", Protocol.TCP) != "timeout"
