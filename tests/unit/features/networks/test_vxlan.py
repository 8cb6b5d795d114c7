"""Tunnels between nodes: the entries of each node, and the path of a packet inside one."""

from dataclasses import replace

import pytest

from nsnet.errors import CompileError
from nsnet.features.merge import merge
from nsnet.ip import Protocol
from nsnet.plan.ops import FdbDelete, FdbSet, LinkDelete, MtuSet, Op, VxlanAdd
from nsnet.plan.order import changes
from nsnet.state.model import FdbEntry, Interface, Kind, Neighbour, Netns, Route, State, Vxlan
from nsnet.walk.walker import walk
from tests.support.labs import held, ip, lab, net, pod
from tests.support.wiring import nodes

CLUSTER = "{name: east, cni: vxlan, nodes: 2}"
DUAL = (
    "{name: east, cni: vxlan, nodes: 2, podCIDR: '10.244.0.0/16,fd00:10:244::/56',"
    " nodeCIDR: '192.168.10.0/24,fd00:192:168:10::/64'}"
)
SIX = (
    "{name: east, cni: vxlan, nodes: 2, podCIDR: 'fd00:10:244::/56',"
    " serviceCIDR: 'fd00:10:96::/108', nodeCIDR: 'fd00:192:168:10::/64'}"
)
PODS = (pod("client", spec="nodeName: n1"), pod("web", spec="nodeName: n2"))
N1, N2 = "nsnet.lab.east.node.n1", "nsnet.lab.east.node.n2"
CLIENT = "nsnet.lab.east.pod.default.client"


def overlay(cluster: str = CLUSTER) -> State:
    """Return a lab of two nodes with a pod each."""
    spec = "fabricCIDR: 198.18.0.0/16,fd00:198:18::/64"
    return lab(*PODS, clusters=(cluster,), spec=spec).state


def changed(state: State, name: str, **parts: object) -> State:
    """Return the lab with other parts in one namespace."""
    return replace(
        state,
        netns=tuple(
            replace(each, **parts) if each.name == name else each  # type: ignore[arg-type]
            for each in state.netns
        ),
    )


def links(netns: Netns) -> dict[str, Interface]:
    return {each.name: each for each in netns.interfaces}


def test_a_node_has_the_entries_that_flannel_would_write() -> None:
    node = overlay()[N1]
    assert links(node)["flannel.1"] == Interface(
        "flannel.1",
        Kind.VXLAN,
        addresses=(held("10.244.0.0/32"),),
        mac="02:00:0a:f4:00:00",
        mtu=1450,
        vxlan=Vxlan(1, ip("192.168.10.2"), "eth0", 8472),
    )
    assert node.fdb == (FdbEntry("02:00:0a:f4:01:00", ip("192.168.10.3"), "flannel.1"),)
    assert node.neighbours == (Neighbour(ip("10.244.1.0"), "02:00:0a:f4:01:00", "flannel.1"),)
    assert Route(net("10.244.1.0/24"), ip("10.244.1.0"), "flannel.1", onlink=True) in node.routes


def test_one_tunnel_carries_both_families() -> None:
    node = overlay(DUAL)[N1]
    assert [str(each) for each in links(node)["flannel.1"].addresses] == [
        "10.244.0.0/32",
        "fd00:10:244::/128",
    ]
    assert len(node.fdb) == 1
    assert {each.mac for each in node.neighbours} == {"02:00:0a:f4:01:00"}
    assert len(node.neighbours) == 2


@pytest.mark.parametrize("cluster", [CLUSTER, DUAL, SIX])
def test_no_two_tunnels_have_one_mac_address(cluster: str) -> None:
    state = overlay(cluster)
    first, second = (links(state[each])["flannel.1"].mac for each in (N1, N2))
    assert first != second
    assert [each.mac for each in state[N1].fdb] == [second]
    assert {each.mac for each in state[N1].neighbours} == {second}


@pytest.mark.parametrize(
    ("cluster", "pods", "tunnel"),
    [
        ("{name: east, nodes: 2}", None, None),
        ("{name: east, nodes: 2, mtu: 1500}", None, None),
        ("{name: east, nodes: 2, mtu: 1400}", 1400, None),
        (CLUSTER, 1450, 1450),
        (CLUSTER.replace("nodes", "mtu: 1500, nodes"), None, 1450),
        (CLUSTER.replace("nodes", "mtu: 1300, nodes"), 1300, 1450),
        (DUAL, 1450, 1450),
        (SIX, 1430, 1430),  # an IPv6 header is 20 bytes longer
    ],
)
def test_the_mtu_of_links(cluster: str, pods: int | None, tunnel: int | None) -> None:
    state = overlay(cluster)
    node, client = links(state[N1]), links(state[CLIENT])
    assert {client["eth0"].mtu, node["client"].mtu, node["cbr0"].mtu} == {pods}
    assert node["eth0"].mtu is None
    assert ("flannel.1" in node) is (tunnel is not None)
    assert tunnel is None or node["flannel.1"].mtu == tunnel


def test_the_mtu_of_an_external_host_is_that_of_the_fabrics_route() -> None:
    outside = "externals:\n- {name: api, address: 203.0.113.80, mtu: 1400}"
    state = lab(clusters=("{name: east}",), spec=outside).state
    routes = {each.destination: each.mtu for each in state["nsnet.lab.fabric"].routes}
    assert routes[net("203.0.113.80/32")] == 1400
    assert all(each.mtu is None for name in state.netns for each in name.interfaces)


def test_a_tunnel_through_a_missing_link_is_refused() -> None:
    tunnel = Interface("flannel.1", Kind.VXLAN, vxlan=Vxlan(1, ip("10.0.0.1"), "eth0", 8472))
    with pytest.raises(CompileError, match=r"flannel\.1 sends through eth0, which does not exist"):
        merge("lab", nodes(["n1"]), [("the test", [("n1", tunnel)])])


# --- changes ---


def steps(old: State, new: State) -> list[Op]:
    return [op for op in changes(old, new) if not isinstance(op, LinkDelete)]


def test_another_mtu_is_set_on_existing_links() -> None:
    ops = changes(overlay(), overlay(CLUSTER.replace("nodes", "mtu: 1500, nodes")))
    assert {(op.dev, op.mtu) for op in ops if isinstance(op, MtuSet)} == {
        ("cbr0", 1500),
        ("client", 1500),
        ("web", 1500),
        ("eth0", 1500),
    }
    assert {type(op) for op in ops} == {MtuSet}


def test_a_node_with_another_address_has_another_entry() -> None:
    state = overlay()
    (entry,) = state[N1].fdb
    moved = replace(entry, dst=ip("192.168.10.9"))
    assert changes(state, changed(state, N1, fdb=(moved,))) == [FdbSet(N1, moved)]
    assert changes(state, changed(state, N1, fdb=())) == [FdbDelete(N1, entry)]


def test_a_tunnel_is_recreated_with_the_link_that_it_sends_through() -> None:
    state = overlay()
    cut = tuple(each for each in state[N1].interfaces if each.name not in ("eth0", "flannel.1"))
    ops = changes(changed(state, N1, interfaces=cut), state)
    kinds = [type(op) for op in ops]
    assert kinds.count(VxlanAdd) == 1
    assert FdbSet(N1, state[N1].fdb[0]) in ops
    other = replace(links(state[N1])["eth0"], mac="02:00:00:00:00:99")
    found = tuple(other if each.name == "eth0" else each for each in state[N1].interfaces)
    ops = changes(changed(state, N1, interfaces=found), state)
    # eth0 stays the first link of its node, so those after it are recreated, too.
    deleted = [op.name for op in ops if isinstance(op, LinkDelete)]
    assert deleted == ["east_n1", "cbr0", "client"]
    assert [op.interface.name for op in ops if isinstance(op, VxlanAdd)] == ["flannel.1"]


# --- walks ---

PATH = ("east/pod/client", "east/node/n1", "fabric", "east/node/n2", "east/pod/web")


def test_a_packet_is_encapsulated_and_decapsulated() -> None:
    (path,) = walk(overlay(), CLIENT, Protocol.TCP, ip("10.244.1.2"), 80)
    assert (path.verdict, path.path, str(path.source)) == ("ok", PATH, "10.244.0.2")
    fabric = [str(hop.packet) for hop in (*path.request, *path.reply) if hop.reference == "fabric"]
    assert fabric == ["192.168.10.2 → 192.168.10.3:8472", "192.168.10.3 → 192.168.10.2:8472"]


@pytest.mark.parametrize(
    ("parts", "verdict", "what"),
    [
        ({"fdb": ()}, "timeout", "flannel.1 has no FDB entry for 02:00:0a:f4:01:00"),
        ({"neighbours": ()}, "host-unreachable", "flannel.1 has no neighbour entry for 10.244.1.0"),
        (
            {"fdb": (FdbEntry("02:00:0a:f4:01:00", ip("192.168.10.9"), "flannel.1"),)},
            "timeout",
            "no neighbour on eth0 answers ARP for 192.168.10.9",
        ),
    ],
)
def test_the_verdict_of_a_missing_or_wrong_entry(
    parts: dict[str, object], verdict: str, what: str
) -> None:
    (path,) = walk(changed(overlay(), N1, **parts), CLIENT, Protocol.TCP, ip("10.244.1.2"), 80)
    assert (path.verdict, path.request[-1].what) == (verdict, what)


@pytest.mark.parametrize("wrong", [{"mac": "02:00:00:00:00:99"}, {"vni": 2}])
def test_a_frame_with_another_vni_or_mac_address_is_dropped(wrong: dict[str, object]) -> None:
    state = overlay()
    tunnel = links(state[N2])["flannel.1"]
    assert tunnel.vxlan is not None
    if "vni" in wrong:
        other = replace(tunnel, vxlan=replace(tunnel.vxlan, vni=2))
    else:
        other = replace(tunnel, mac="02:00:00:00:00:99")
    found = tuple(other if each is tunnel else each for each in state[N2].interfaces)
    broken = changed(state, N2, interfaces=found)
    (path,) = walk(broken, CLIENT, Protocol.TCP, ip("10.244.1.2"), 80)
    assert (path.verdict, path.path) == ("timeout", PATH[:4])


def test_a_nodes_own_packets_have_the_address_of_its_tunnel() -> None:
    (path,) = walk(overlay(), N1, Protocol.TCP, ip("10.244.1.2"), 80)
    assert (path.verdict, str(path.source)) == ("ok", "10.244.0.0")


def test_with_bgp_nodes_use_their_tunnels_and_the_fabric_learns_their_pods() -> None:
    bgp = SIX.replace("cni: vxlan", "cni: vxlan, model: flat, routing: bgp")
    state = overlay(bgp)
    ways = [each for each in state[N1].routes if each.destination == net("fd00:10:244:1::/64")]
    assert [each.dev for each in ways] == ["flannel.1"]
    learned = {each.destination for each in state["nsnet.lab.fabric"].routes if each.learned}
    assert learned == {net("fd00:10:244::/64"), net("fd00:10:244:1::/64")}
