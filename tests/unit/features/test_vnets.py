"""VNets: their routing tables, and who reaches whom through them."""

import pytest

from nsnet.ip import Protocol
from nsnet.topology.destinations import find_destination
from nsnet.topology.references import locate
from tests.support.labs import Lab, lab, pod, service, shipped

HUB = """
vnets:
- name: hub
  ranges: [10.0.0.0/12]
  subnets: [{name: aks, range: 10.0.0.0/24}, {name: vms, range: 10.1.0.0/24}]
  machines: [{name: jump, subnet: vms, ports: [{port: 22}]}]
  peerings: [{name: spoke}, {name: office, ranges: [172.20.0.0/16]}]
- name: spoke
  ranges: [10.100.0.0/16]
  subnets: [{name: all, range: 10.100.0.0/24}]
  machines: [{name: peer, subnet: all, ports: [{port: 22}]}]
  peerings: [{name: hub}]
- name: alone
  ranges: [10.0.0.0/12]
  subnets: [{name: all, range: 10.0.0.0/24}]
  machines: [{name: hermit, subnet: all, ports: [{port: 22}]}]
externals:
- {name: api, address: 203.0.113.80, ports: [{port: 443}]}
- {name: desk, address: 172.20.0.10, ports: [{port: 443}]}
"""
PODS = (
    pod("client", spec="nodeName: n1"),
    pod("far", spec="nodeName: n2", labels="app: web"),
    service("web", "{port: 80, nodePort: 30080}", spec="type: LoadBalancer"),
)


def cluster(cni: str) -> Lab:
    place = "vnet: hub, subnet: aks, nodes: 2, serviceCIDR: 192.168.0.0/16"
    return lab(*PODS, clusters=(f"{{name: east, cni: {cni}, {place}}}",), spec=HUB)


def seen(found: Lab, source: str, to: str) -> str:
    """The source that the server sees, or the verdict."""
    client = locate(found.topology, source)
    target = find_destination(found.topology, to, client)
    paths = found.model.walker.paths(client.netns, Protocol.TCP, target.address, target.port)
    ends = {str(each.source) if each.verdict == "ok" else str(each.verdict) for each in paths}
    return " ".join(sorted(ends))


N1, POD, OVERLAY_POD, PUBLIC = "10.0.0.4", "10.0.0.5", "10.244.0.2", "198.18.0.2"
OUTBOUND = "198.18.0.5"  # of the load balancer: each VNet has an address before it


@pytest.mark.parametrize(
    ("source", "to", "kubenet", "azure", "overlay"),
    [
        ("pod/client", "pod/far:80", OVERLAY_POD, POD, OVERLAY_POD),
        ("pod/client", "vm/jump:22", N1, POD, N1),
        ("pod/client", "vm/peer:22", N1, N1, N1),
        ("pod/client", "external/desk:443", N1, N1, N1),
        ("pod/client", "external/api:443", *[OUTBOUND] * 3),
        ("node/n1", "external/api:443", *[OUTBOUND] * 3),
        ("vm/jump", "pod/far:80", "net-unreachable", "10.1.0.4", "net-unreachable"),
        ("vm/peer", "pod/far:80", "net-unreachable", "10.100.0.4", "net-unreachable"),
        ("external/desk", "pod/far:80", "net-unreachable", "172.20.0.10", "net-unreachable"),
        ("external/api", "pod/far:80", *["net-unreachable"] * 3),
        ("external/api", "vm/jump:22", *["net-unreachable"] * 3),
        ("external/desk", "vm/jump:22", *["172.20.0.10"] * 3),
        ("vm/peer", "vm/jump:22", *["10.100.0.4"] * 3),
        ("vm/peer", "external/desk:443", *["198.18.0.3"] * 3),  # peering is not transitive
        ("vm/jump", "external/desk:443", *["10.1.0.4"] * 3),
        ("vm/jump", "external/api:443", *[PUBLIC] * 3),
        ("vm/hermit", "external/api:443", *["198.18.0.4"] * 3),
        ("external/desk", "vm/hermit:22", *["refused"] * 3),  # node n1 has its address
    ],
)
def test_who_is_seen_by_whom(source: str, to: str, kubenet: str, azure: str, overlay: str) -> None:
    found = [
        seen(cluster(cni), source, to) for cni in ("kubenet", "azure-cni", "azure-cni-overlay")
    ]
    assert found == [kubenet, azure, overlay]


def tables(name: str) -> dict[int | None, list[str]]:
    """The routes of the VNet hub of a shipped scenario, by table."""
    netns = shipped(name).state[f"nsnet.{name}.vnet.hub"]
    found: dict[int | None, list[str]] = {}
    for each in netns.routes:
        found.setdefault(each.table, []).append(f"{each.destination} {each.via or ''}".rstrip())
    return found


def test_only_the_nodes_subnet_has_user_defined_routes() -> None:
    found = tables("kubenet")
    pods = ["10.244.0.0/24 10.224.0.4", "10.244.1.0/24 10.224.0.5"]
    assert [*map(sorted, ({*found[101]} & {*pods}, {*found[102]} & {*pods}))] == [pods, []]
    assert not any("10.244" in each for each in found[None])
    rules = shipped("kubenet").state["nsnet.kubenet.vnet.hub"].policy_rules
    assert [(each.iif, each.table) for each in rules] == [("br-aks", 101), ("br-vms", 102)]


def test_no_table_has_routes_to_pods_with_azure_cni() -> None:
    for name in ("azure-cni", "azure-cni-overlay"):
        every = [each for routes in tables(name).values() for each in routes]
        assert not [each for each in every if each.startswith("10.244.")]


def test_the_fabric_knows_vnets_only_for_what_is_peered() -> None:
    netns = shipped("kubenet").state["nsnet.kubenet.fabric"]
    known = {(str(each.destination), each.table) for each in netns.routes}
    assert ("10.224.0.0/12", 100) in known
    assert ("10.224.0.0/12", None) not in known
    assert [(each.iif, each.table) for each in netns.policy_rules] == [
        ("br-peers", 100),
        ("lo", 100),
    ]
