"""hostPorts: the rules that the portmap plugin writes, and what packets meet there."""

import pytest

from nsnet.ip import Protocol
from nsnet.plan.ops import ConntrackDelete
from nsnet.plan.order import changes
from nsnet.state.iptables_text import line
from nsnet.state.model import State, Translation
from nsnet.topology.destinations import find_destination
from nsnet.topology.references import locate
from nsnet.verdict import Verdict
from nsnet.walk.walker import walk
from tests.support.labs import ip, lab, pod, service

UDP, TCP = Protocol.UDP, Protocol.TCP
N1, N2 = "nsnet.lab.east.node.n1", "nsnet.lab.east.node.n2"
DUAL = (
    "{name: east, nodes: 2, model: flat, podCIDR: '10.244.0.0/16,fd00:244::/48',"
    " serviceCIDR: '10.96.0.0/16,fd00:96::/112', nodeCIDR: '192.168.10.0/24,fd00:10::/64', MODE}"
)
CHAIN = "CNI-DN-7b6c56adf7a90a9ecfd34"  # sha512("cbr0default_edge")


def edge(*ports: str, name: str = "edge", more: str = "") -> str:
    """Return a pod on n2 with these ports."""
    containers = f"containers: [{{name: main, ports: [{', '.join(ports)}]}}]"
    return pod(name, spec=f"nodeName: n2, {more}{containers}")


EIGHTY = "{containerPort: 8080, hostPort: 80}"
CLIENTS = [pod("near", spec="nodeName: n2"), pod("far", spec="nodeName: n1")]


def compiled(*objects: str, mode: str = "iptables") -> State:
    cluster = DUAL.replace("MODE", f"proxyMode: {mode}")
    return lab(*objects, *CLIENTS, clusters=(cluster,)).state


def rules(state: State, netns: str, chain: str, family: int = 4) -> list[str]:
    """Return the rules of a chain of table nat, without the chain's name."""
    return [
        line(each, rule).removeprefix(f"-A {chain} ")
        for each in state[netns].chains
        if (each.table, each.name, each.family) == ("nat", chain, family)
        for rule in each.rules
    ]


def cni(lines: list[str]) -> list[str]:
    return [each for each in lines if "CNI-" in each]


@pytest.mark.parametrize("mode", ["iptables", "nftables", "ipvs"])
def test_the_rules_of_a_host_port_are_those_of_portmap(mode: str) -> None:
    state = compiled(edge(EIGHTY), mode=mode)
    to_node = ["-m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT"]
    comment = r'"dnat name: \"cbr0\" id: \"default_edge\""'
    for family, own, address in ((4, "10.244.1.0/24", "10.244.1.2:8080"), (6, "", "")):
        assert cni(rules(state, N2, "PREROUTING", family)) == to_node
        assert cni(rules(state, N2, "OUTPUT", family)) == to_node
        assert rules(state, N2, "CNI-HOSTPORT-DNAT", family) == [
            f"-p tcp -m comment --comment {comment} -m multiport --dports 80 -j {CHAIN}"
        ]
        assert rules(state, N2, "CNI-HOSTPORT-MASQ", family) == [
            "-m mark --mark 0x2000/0x2000 -j MASQUERADE"
        ]
        if own:
            assert rules(state, N2, CHAIN, family) == [
                f"-s {own} -p tcp -m tcp --dport 80 -j CNI-HOSTPORT-SETMARK",
                "-s 127.0.0.1/32 -p tcp -m tcp --dport 80 -j CNI-HOSTPORT-SETMARK",
                f"-p tcp -m tcp --dport 80 -j DNAT --to-destination {address}",
            ]
    # There is no route_localnet for ::1.
    assert rules(state, N2, CHAIN, 6) == [
        "-s fd00:244:0:1::/64 -p tcp -m tcp --dport 80 -j CNI-HOSTPORT-SETMARK",
        "-p tcp -m tcp --dport 80 -j DNAT --to-destination [fd00:244:0:1::2]:8080",
    ]
    assert state[N2].setting("net.ipv4.conf.cbr0.route_localnet") == 1
    assert not any("CNI-" in each.name for each in state[N1].chains)
    assert state[N1].setting("net.ipv4.conf.cbr0.route_localnet") == 0


def test_kube_proxy_comes_first_in_prerouting_and_last_in_postrouting() -> None:
    state = compiled(edge(EIGHTY))
    for chain in ("PREROUTING", "OUTPUT"):
        assert [each.rpartition(" ")[2] for each in rules(state, N2, chain)] == [
            "KUBE-SERVICES",
            "CNI-HOSTPORT-DNAT",
        ]
    assert [each.rpartition(" ")[2] for each in rules(state, N2, "POSTROUTING")] == [
        "CNI-HOSTPORT-MASQ",
        "KUBE-POSTROUTING",
    ]


def test_a_rule_has_at_most_15_ports() -> None:
    ports = [f"{{containerPort: {each}, hostPort: {each}}}" for each in range(1, 18)]
    state = compiled(edge(*ports, "{containerPort: 53, hostPort: 53, protocol: UDP}"))
    found = [each.partition("--dports ")[2] for each in rules(state, N2, "CNI-HOSTPORT-DNAT")]
    first = ",".join(map(str, range(1, 16)))
    assert found == [f"{first} -j {CHAIN}", f"16,17 -j {CHAIN}", f"53 -j {CHAIN}"]


def test_a_comment_fits_into_the_kernels_rule() -> None:
    state = compiled(edge(EIGHTY, name="a" * 228))
    (rule,) = rules(state, N2, "CNI-HOSTPORT-DNAT")
    assert len(rule.partition('--comment "')[2].partition('..."')[0].replace("\\", "")) == 253


@pytest.mark.parametrize(
    ("address", "families", "written"),
    [
        ("192.168.10.3", [4], "-d 192.168.10.3/32 "),
        ("0.0.0.0", [4], ""),
        ("'fd00:10::3'", [6], "-d fd00:10::3/128 "),
        ("'::'", [6], ""),
        ("''", [4, 6], ""),
        ("elsewhere", [], ""),  # the API server accepts it
    ],
)
def test_a_host_ip_restricts_the_port_to_its_family_and_address(
    address: str, families: list[int], written: str
) -> None:
    state = compiled(edge(f"{{containerPort: 80, hostPort: 80, hostIP: {address}}}"))
    for family in (4, 6):
        found = [each for each in rules(state, N2, CHAIN, family) if "DNAT" in each]
        assert len(found) == (family in families)
        assert all(each.startswith(f"{written}-p tcp") for each in found)


@pytest.mark.parametrize(
    ("ports", "more"),
    [
        ("{containerPort: 80}", ""),
        ("{containerPort: 80, hostPort: 0}", ""),
        ("{containerPort: 80, hostPort: 80}", "hostNetwork: true, "),
        ("{containerPort: 80, hostPort: 80, protocol: SCTP}", ""),
        ("{containerPort: 81}", "initContainers: [{name: i, ports: [" + EIGHTY + "]}], "),
    ],
)
def test_other_ports_need_no_rules(ports: str, more: str) -> None:
    state = compiled(edge(ports, more=more))
    assert not any("CNI-" in each.name for each in state[N2].chains)


def test_a_sidecar_has_host_ports_too() -> None:
    sidecar = "initContainers: [{name: i, restartPolicy: Always, ports: [" + EIGHTY + "]}], "
    assert rules(compiled(edge("{containerPort: 81}", more=sidecar)), N2, CHAIN)


# --- what packets meet ---

NODE, NODE6 = "192.168.10.3", "fd00:10::3"


@pytest.mark.parametrize("mode", ["iptables", "nftables", "ipvs"])
@pytest.mark.parametrize(
    ("source", "to", "sees"),
    [
        ("pod.default.far", NODE, "10.244.0.2"),
        ("pod.default.near", NODE, "10.244.1.1"),  # masqueraded: the reply must return through n2
        ("pod.default.edge", NODE, "10.244.1.1"),  # its own port: hairpin
        ("node.n1", NODE, "192.168.10.2"),
        ("node.n2", NODE, NODE),
        ("node.n2", "127.0.0.1", "10.244.1.1"),
        ("node.n2", "10.244.1.1", "10.244.1.1"),  # the bridge's address is LOCAL, too
        ("pod.default.far", NODE6, "fd00:244::2"),
        ("pod.default.near", NODE6, "fd00:244:0:1::1"),
        ("node.n2", NODE6, NODE6),
        ("node.n2", "::1", None),  # the pod's reply to ::1 would stay in the pod
    ],
)
def test_what_the_pod_sees_as_its_client(source: str, to: str, sees: str | None, mode: str) -> None:
    state = compiled(edge(EIGHTY), mode=mode)
    (path,) = walk(state, f"nsnet.lab.east.{source}", TCP, ip(to), 80)
    if sees is None:
        assert path.verdict is Verdict.TIMEOUT
    else:
        assert (path.verdict, path.server, str(path.source)) == (Verdict.OK, "east/pod/edge", sees)


def test_two_pods_share_a_number_at_different_addresses() -> None:
    a = edge("{containerPort: 80, hostPort: 80, hostIP: 127.0.0.1}", name="a")
    b = edge(f"{{containerPort: 80, hostPort: 80, hostIP: {NODE}}}", name="b")
    state = compiled(a, b)
    for to, server in (("127.0.0.1", "east/pod/a"), (NODE, "east/pod/b")):
        (path,) = walk(state, N2, TCP, ip(to), 80)
        assert path.server == server


@pytest.mark.parametrize("mode", ["iptables", "nftables"])
def test_a_node_port_of_the_same_number_wins(mode: str) -> None:
    web = service("web", "{port: 80, nodePort: 30080}", app="web", spec="type: NodePort")
    served = pod("web", labels="app: web", spec="nodeName: n1")
    state = compiled(edge("{containerPort: 80, hostPort: 30080}"), served, web, mode=mode)
    (path,) = walk(state, N2, TCP, ip(NODE), 30080)
    assert path.server == "east/pod/web"


def test_explain_says_why() -> None:
    (path,) = walk(compiled(edge(EIGHTY)), N2, TCP, ip("127.0.0.1"), 80)
    said = [hop.rule.rule.why for hop in path.request if hop.rule]
    assert said == [
        "hostPort 80 of east/pod/edge",
        "marked: the reply has to return through the node",
    ]


# --- UDP flows, and destinations ---

DNS = "{containerPort: 53, hostPort: 53, protocol: UDP}"


def test_a_change_of_the_pod_deletes_the_udp_flows_to_it() -> None:
    state = compiled(edge(DNS))
    assert Translation(None, 53, ((ip("10.244.1.2"), 53),)) in state[N2].translations
    flows = [each for each in changes(compiled(), state) if isinstance(each, ConntrackDelete)]
    assert {(each.netns, each.family, each.dport) for each in flows} == {(N2, 4, 53), (N2, 6, 53)}


def test_a_udp_node_port_of_the_same_number_contradicts_nothing() -> None:
    port = "{port: 53, nodePort: 30053, protocol: UDP}"
    dns = service("dns", port, app="", spec="type: NodePort")  # of IPv4 only
    taken = "{containerPort: 53, hostPort: 30053, protocol: UDP}"
    found = [each for each in compiled(edge(taken), dns)[N2].translations if each.port == 30053]
    assert found[0] == Translation(None, 30053)


@pytest.mark.parametrize(
    ("to", "servers"),
    [
        ("node/n2:80", {"east/node/n2", "east/pod/edge"}),
        ("node/n2:8080", {"east/node/n2"}),
        ("node/n1:80", {"east/node/n1"}),
    ],
)
def test_the_servers_of_a_nodes_port(to: str, servers: set[str]) -> None:
    found = lab(edge(EIGHTY), *CLIENTS)
    source = locate(found.topology, "pod/far")
    assert find_destination(found.topology, to, source).servers == frozenset(servers)
