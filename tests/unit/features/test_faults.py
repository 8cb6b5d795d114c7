"""Faults of a lab: what they add to its State, and the verdicts that they lead to."""

import pytest

from nsnet.ip import Protocol
from nsnet.probes.question import explain, probe_spec
from nsnet.state.iptables_text import line
from nsnet.state.model import State
from nsnet.walk.walker import walk
from tests.support.labs import ip, lab, pod, service

NODE, CLIENT = "nsnet.lab.east.node.n1", "nsnet.lab.east.pod.default.client"
FABRIC = "\nfabricCIDR: fd98::/64"
SIX = (
    "{name: east, nodes: 2, podCIDR: 'fd00:10:244::/56', serviceCIDR: 'fd00:10:96::/108',"
    " nodeCIDR: 'fd00:192:168:10::/64'}"
)
PODS = (pod("client", spec="nodeName: n1"), pod("web", spec="nodeName: n2"))


def faulty(*faults: str, cluster: str = "{name: east, nodes: 2}") -> State:
    """Two nodes with a pod each, and these faults."""
    spec = "\n".join(["faults:", *(f"- {each}" for each in faults)]) if faults else ""
    spec += FABRIC if cluster == SIX else ""
    return lab(*PODS, clusters=(cluster,), spec=spec).state


def rules(state: State, netns: str, family: int = 4) -> dict[str, list[str]]:
    """The rules of the filter table, by chain."""
    return {
        chain.name: [line(chain, rule) for rule in chain.rules]
        for chain in state[netns].chains
        if (chain.table, chain.family) == ("filter", family)
    }


COMMENT = '-m comment --comment "a fault of this lab"'


@pytest.mark.parametrize(
    ("drop", "family", "rule"),
    [
        ("{protocol: tcp}", 4, f"-p tcp {COMMENT} -m tcp -j DROP"),
        ("{protocol: udp, port: 53}", 4, f"-p udp {COMMENT} -m udp --dport 53 -j DROP"),
        ("{protocol: icmp}", 4, f"-p icmp {COMMENT} -j DROP"),
        (
            "{protocol: icmp, type: fragmentation-needed}",
            4,
            f"-p icmp {COMMENT} -m icmp --icmp-type 3/4 -j DROP",
        ),
        (
            "{protocol: icmp, type: fragmentation-needed}",
            6,
            f"-p ipv6-icmp {COMMENT} -m icmp6 --icmpv6-type 2 -j DROP",
        ),
    ],
)
def test_dropped_packets_are_a_rule_before_all_others(drop: str, family: int, rule: str) -> None:
    cluster = (
        "{name: east, nodes: 2, podCIDR: '10.244.0.0/16,fd00:10:244::/56',"
        " nodeCIDR: '192.168.10.0/24,fd00:192:168:10::/64'}"
    )
    state = faulty(f"{{in: node/n1, drop: {drop}}}", cluster=cluster)
    found = rules(state, NODE, family)
    assert found["NSNET-FAULTS"] == [f"-A NSNET-FAULTS {rule}"]
    for hook in ("INPUT", "FORWARD", "OUTPUT"):
        assert found[hook][0] == f"-A {hook} -j NSNET-FAULTS"  # before all others


def test_a_fault_that_drops_all_icmpv6_spares_neighbour_discovery() -> None:
    cluster = (
        "{name: east, podCIDR: 'fd00:10:244::/56', serviceCIDR: 'fd00:10:96::/108',"
        " nodeCIDR: 'fd00:192:168:10::/64', nodes: 2}"
    )
    found = rules(faulty("{in: node/n1, drop: {protocol: icmp}}", cluster=cluster), NODE, 6)
    assert found["NSNET-FAULTS"] == [
        "-A NSNET-FAULTS -p ipv6-icmp -m icmp6 --icmpv6-type 135 -j RETURN",
        "-A NSNET-FAULTS -p ipv6-icmp -m icmp6 --icmpv6-type 136 -j RETURN",
        f"-A NSNET-FAULTS -p ipv6-icmp {COMMENT} -j DROP",
    ]


@pytest.mark.parametrize(
    ("drop", "verdict"),
    [
        ("{protocol: icmp, type: echo-request}", "refused"),
        ("{protocol: icmp, type: port-unreachable}", "timeout"),
        ("{protocol: icmp}", "timeout"),
    ],
)
def test_a_node_refuses_its_own_packets_by_icmp(drop: str, verdict: str) -> None:
    empty = service("empty", app="nobody")
    faults = f"faults:\n- {{in: node/n1, drop: {drop}}}"
    state = lab(*PODS, empty, clusters=("{name: east, nodes: 2}",), spec=faults).state
    (path,) = walk(state, NODE, Protocol.TCP, ip("10.96.0.2"), 80)
    assert path.verdict == verdict


def test_a_lab_without_faults_has_no_chain_for_them() -> None:
    assert "NSNET-FAULTS" not in rules(faulty(), NODE)


def test_the_faults_of_a_namespace_are_one_chain_in_their_order() -> None:
    state = faulty(
        "{in: node/n1, drop: {protocol: udp}}",
        "{in: pod/client, drop: {protocol: tcp}}",
        "{in: node/n1, drop: {protocol: icmp}}",
    )
    assert [each.split()[3] for each in rules(state, NODE)["NSNET-FAULTS"]] == ["udp", "icmp"]
    assert len(rules(state, CLIENT)["NSNET-FAULTS"]) == 1


@pytest.mark.parametrize(
    ("drop", "protocol", "port", "verdict"),
    [
        ("{protocol: tcp}", Protocol.TCP, 80, "timeout"),
        ("{protocol: tcp, port: 81}", Protocol.TCP, 80, "ok"),
        ("{protocol: tcp, port: 80}", Protocol.TCP, 80, "timeout"),
        ("{protocol: udp}", Protocol.TCP, 80, "ok"),
        ("{protocol: icmp}", Protocol.TCP, 80, "ok"),
        ("{protocol: icmp}", Protocol.ICMP, None, "timeout"),
        ("{protocol: icmp, type: echo-request}", Protocol.ICMP, None, "timeout"),
        ("{protocol: icmp, type: echo-reply}", Protocol.ICMP, None, "timeout"),
        ("{protocol: icmp, type: fragmentation-needed}", Protocol.ICMP, None, "ok"),
        # Nothing listens on UDP: the pod answers with an ICMP error.
        ("{protocol: icmp, type: fragmentation-needed}", Protocol.UDP, 80, "refused"),
        ("{protocol: icmp, type: port-unreachable}", Protocol.UDP, 80, "timeout"),
        ("{protocol: icmp}", Protocol.UDP, 80, "timeout"),
        # TCP refuses with a reset, not by ICMP.
        ("{protocol: icmp}", Protocol.TCP, 81, "refused"),
    ],
)
def test_a_fault_decides_the_verdict_of_a_walk(
    drop: str, protocol: Protocol, port: int | None, verdict: str
) -> None:
    state = faulty(f"{{in: node/n1, drop: {drop}}}")
    (path,) = walk(state, CLIENT, protocol, ip("10.244.1.2"), port)
    assert path.verdict == verdict


@pytest.mark.parametrize(
    ("cluster", "source", "to", "verdict"),
    [
        ("{name: east, nodes: 2}", "pod/client", "pod/web:80", "net-unreachable"),
        ("{name: east, nodes: 2}", "pod/client", "svc/web:80", "net-unreachable"),
        (SIX, "pod/client", "pod/web:80", "net-unreachable"),
        # br_netfilter drops a DNATed IPv6 frame without a route.
        (SIX, "pod/client", "svc/web:80", "timeout"),
        (SIX, "node/n1", "svc/web:80", "net-unreachable"),
    ],
)
def test_a_node_without_routes_to_others(cluster: str, source: str, to: str, verdict: str) -> None:
    found = lab(
        PODS[0],
        pod("web", labels="app: web", spec="nodeName: n2"),
        service("web"),
        clusters=(cluster,),
        spec="fabricCIDR: '198.18.0.0/16,fd98::/64'\nfaults: [{in: node/n1, down: eth0}]",
    )
    (path,) = explain(found.model, probe_spec(source, to)).paths
    assert path.verdict == verdict


def test_a_namespace_without_its_only_link_keeps_ipv6() -> None:
    """Where IPv6 is disabled, sending fails with EADDRNOTAVAIL instead of ENETUNREACH."""
    state = faulty("{in: pod/client, down: eth0}", cluster=SIX)
    assert state[CLIENT].setting("net.ipv6.conf.all.disable_ipv6") == 0
    assert not state[CLIENT].addresses
    state = faulty("{in: pod/client, down: eth0}")
    assert state[CLIENT].setting("net.ipv6.conf.all.disable_ipv6") == 1
