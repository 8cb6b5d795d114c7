"""Where packets go in proxyMode nftables, where a test can see that it is not iptables, and where
it is the same."""

from dataclasses import replace
from typing import Any

import pytest

from nsnet.features.compile import compile_state
from nsnet.probes.model import Model
from nsnet.probes.question import explain, probe_spec
from nsnet.state.rules import KUBE_PROXY, Base, Chain, Dnat, Drop, Goto, Jump, Match, Rule
from nsnet.topology.model import Proxy, Topology
from tests.support.labs import ip, net
from tests.support.proxied import CLUSTER_IP, EXTERNAL_IP, LAB, VIP, offered, outcomes
from tests.support.wiring import ROUTED, SNAT_TO_LINK, TO_SERVER, only_path, with_chains

# pod client 10.180.0.2, pod near 10.180.0.3 (both on n1), pod far 10.180.1.2 (on n2)
NODE_PORT: dict[str, Any] = {"node_port": 30080}
N1, N2, BRIDGE_1 = "192.168.10.2", "192.168.10.3", "10.180.0.1"
LAPTOP = "198.51.100.9"
EVERYWHERE = Proxy("nftables", node_port_addresses=(net("0.0.0.0/0"),))
OUTSIDE: dict[str, Any] = {"external_ips": (ip(EXTERNAL_IP),), "load_balancer_ips": (ip(VIP),)}


@pytest.mark.parametrize(
    ("case", "found", "source", "to", "expected"),
    [
        # --- ClusterIP ---
        (
            "from a pod: as itself",
            offered(),
            "pod/client",
            f"{CLUSTER_IP}:80",
            ["ok far as 10.180.0.2", "ok near as 10.180.0.2"],
        ),
        (
            "from an endpoint: masqueraded if it connects to itself",
            offered(),
            "pod/near.ns1",
            f"{CLUSTER_IP}:80",
            ["ok far as 10.180.0.3", f"ok near as {BRIDGE_1}"],
        ),
        (
            "from the node: masqueraded, it is no pod",
            offered(),
            "node/n1",
            f"{CLUSTER_IP}:80",
            [f"ok far as {N1}", f"ok near as {BRIDGE_1}"],
        ),
        (
            "masqueradeAll",
            offered(proxy=Proxy("nftables", masquerade_all=True)),
            "pod/client",
            f"{CLUSTER_IP}:80",
            [f"ok far as {N1}", f"ok near as {BRIDGE_1}"],
        ),
        ("no endpoints", offered(""), "pod/client", f"{CLUSTER_IP}:80", ["refused"]),
        ("no endpoints, from the node", offered(""), "node/n1", f"{CLUSTER_IP}:80", ["refused"]),
        ("unknown port", offered(), "pod/client", f"{CLUSTER_IP}:81", ["refused"]),
        ("unknown port, from the node", offered(), "node/n1", f"{CLUSTER_IP}:81", ["refused"]),
        ("unallocated ClusterIP", offered(), "pod/client", "172.30.9.9:80", ["timeout"]),
        (
            "unallocated ClusterIP, from the node",
            offered(),
            "node/n1",
            "172.30.9.9:80",
            ["timeout"],
        ),
        (
            "internalTrafficPolicy Local",
            offered(internal_local=True),
            "pod/client",
            f"{CLUSTER_IP}:80",
            ["ok near as 10.180.0.2"],
        ),
        (
            "internalTrafficPolicy Local, none here",
            offered("far", internal_local=True),
            "pod/client",
            f"{CLUSTER_IP}:80",
            ["timeout"],
        ),
        (
            "ClientIP, a new client",
            offered(affinity_seconds=10800),
            "pod/client",
            f"{CLUSTER_IP}:80",
            ["ok far as 10.180.0.2", "ok near as 10.180.0.2"],
        ),
        # --- NodePort ---
        (
            "NodePort from outside: masqueraded",
            offered(**NODE_PORT),
            "external/laptop",
            f"{N1}:30080",
            [f"ok far as {N1}", f"ok near as {BRIDGE_1}"],
        ),
        (
            "NodePort of the other node, from a pod",
            offered(**NODE_PORT),
            "pod/client",
            f"{N2}:30080",
            ["ok far as 10.180.1.1", f"ok near as {N2}"],
        ),
        (
            "NodePort at the node's primary address alone",
            offered(**NODE_PORT),
            "pod/client",
            f"{BRIDGE_1}:30080",
            ["refused"],
        ),
        (
            "NodePort at every address, if configured",
            offered(**NODE_PORT, proxy=EVERYWHERE),
            "pod/client",
            f"{BRIDGE_1}:30080",
            [f"ok far as {N1}", f"ok near as {BRIDGE_1}"],
        ),
        ("NodePort at localhost", offered(**NODE_PORT), "node/n1", "127.0.0.1:30080", ["refused"]),
        (
            "NodePort at localhost, at every address",
            offered(**NODE_PORT, proxy=EVERYWHERE),
            "node/n1",
            "127.0.0.1:30080",
            ["refused"],
        ),
        (
            "NodePort without endpoints",
            offered("", **NODE_PORT),
            "external/laptop",
            f"{N1}:30080",
            ["refused"],
        ),
        # --- externalTrafficPolicy: Local ---
        (
            "from outside: one of this node's, as itself",
            offered(**NODE_PORT, external_local=True),
            "external/laptop",
            f"{N1}:30080",
            [f"ok near as {LAPTOP}"],
        ),
        (
            "from outside, none here",
            offered("far", **NODE_PORT, external_local=True),
            "external/laptop",
            f"{N1}:30080",
            ["timeout"],
        ),
        (
            "from outside, where it is",
            offered("far", **NODE_PORT, external_local=True),
            "external/laptop",
            f"{N2}:30080",
            [f"ok far as {LAPTOP}"],
        ),
        # --- other addresses ---
        (
            "external IP from outside",
            offered(**OUTSIDE),
            "external/laptop",
            f"{EXTERNAL_IP}:80",
            [f"ok far as {N1}", f"ok near as {BRIDGE_1}"],
        ),
        (
            "external IP from a pod",
            offered(**OUTSIDE),
            "pod/client",
            f"{EXTERNAL_IP}:80",
            [f"ok far as {N1}", f"ok near as {BRIDGE_1}"],
        ),
        (
            "Local, from a pod: as if there were no policy, and as itself",
            offered(**OUTSIDE, external_local=True),
            "pod/client",
            f"{VIP}:80",
            ["ok far as 10.180.0.2", "ok near as 10.180.0.2"],
        ),
        (
            "Local, from the node: likewise, masqueraded",
            offered(**OUTSIDE, external_local=True),
            "node/n1",
            f"{VIP}:80",
            [f"ok far as {N1}", f"ok near as {BRIDGE_1}"],
        ),
        (
            "Local, from outside, by the load balancer",
            offered(**OUTSIDE, external_local=True),
            "external/laptop",
            f"{VIP}:80",
            [f"ok far as {LAPTOP}", f"ok near as {LAPTOP}"],
        ),
        (
            "source ranges without the client",
            offered(**OUTSIDE, source_ranges=(net("192.0.2.0/24"),)),
            "external/laptop",
            f"{VIP}:80",
            ["timeout"],
        ),
        (
            "source ranges with the client",
            offered(**OUTSIDE, source_ranges=(net("198.51.100.0/24"), net("192.0.2.0/24"))),
            "external/laptop",
            f"{VIP}:80",
            [
                "ok far as 10.180.1.1",
                f"ok far as {N1}",
                f"ok near as {BRIDGE_1}",
                f"ok near as {N2}",
            ],
        ),
        (
            "source ranges are not for NodePorts",
            offered(**OUTSIDE, **NODE_PORT, source_ranges=(net("192.0.2.0/24"),)),
            "external/laptop",
            f"{N1}:30080",
            [f"ok far as {N1}", f"ok near as {BRIDGE_1}"],
        ),
        (
            "source ranges are for the node's own connections, too",
            offered(**OUTSIDE, source_ranges=(net("192.0.2.0/24"),)),
            "node/n1",
            f"{VIP}:80",
            ["timeout"],
        ),
    ],
)
def test_a_service_as_a_client_sees_it(
    case: str, found: Topology, source: str, to: str, expected: list[str]
) -> None:
    assert outcomes(found, source, to) == expected, case


def test_a_service_address_does_not_answer_ping() -> None:
    assert outcomes(LAB, "pod/client", CLUSTER_IP, "icmp") == ["refused"]


@pytest.mark.parametrize(
    ("found", "to", "chain", "position"),
    [
        (offered(""), f"{CLUSTER_IP}:80", "reject-chain", 1),
        (offered("far", internal_local=True), f"{CLUSTER_IP}:80", "no-endpoint-services", 1),
        (offered(), f"{CLUSTER_IP}:81", "cluster-ips-check", 1),
        (offered(), "172.30.9.9:80", "cluster-ips-check", 2),
    ],
)
def test_the_chain_that_dropped_or_rejected_the_packet(
    found: Topology, to: str, chain: str, position: int
) -> None:
    (path,) = explain(Model(found, compile_state(found)), probe_spec("pod/client", to)).paths
    rule = path.request[-1].rule
    assert rule is not None
    assert (rule.table, rule.chain, rule.position) == (KUBE_PROXY, chain, position)


# --- hooks and priorities, beside iptables ---


def base(kind_hook: str, priority: int, *rules: tuple[Match, Dnat | Drop | Jump]) -> Chain:
    """A base chain of these rules: `filter prerouting`."""
    kind, hook = kind_hook.split()
    at = Base("nat" if kind == "nat" else "filter", hook, priority)
    return Chain(
        KUBE_PROXY, f"{kind}-{hook}{priority}", tuple(Rule(*each) for each in rules), base=at
    )


VISIBLE = Match(dst=net("10.0.1.1/32"))
TRANSLATED = Match(dst=net("10.0.2.2/32"))


@pytest.mark.parametrize(
    ("kind_hook", "priority", "match", "verdict"),
    [
        ("filter prerouting", -110, VISIBLE, "timeout"),  # before DNAT: the original destination
        ("filter prerouting", -110, TRANSLATED, "ok"),
        ("filter prerouting", -90, VISIBLE, "ok"),  # after DNAT: the endpoint's
        ("filter prerouting", -90, TRANSLATED, "timeout"),
        ("filter forward", -110, TRANSLATED, "timeout"),
        ("filter forward", 10, TRANSLATED, "timeout"),
        ("filter input", -110, TRANSLATED, "ok"),  # it is not for this host
    ],
)
def test_a_filter_matches_addresses_before_or_after_dnat_by_its_priority(
    kind_hook: str, priority: int, match: Match, verdict: str
) -> None:
    drops = base(kind_hook, priority, (match, Drop()))
    wiring = with_chains("router", TO_SERVER, SNAT_TO_LINK, drops)
    assert only_path(wiring, "10.0.1.1").verdict == verdict


@pytest.mark.parametrize(("nft", "verdict"), [("10.0.2.2", "ok"), ("10.0.2.9", "host-unreachable")])
def test_of_two_nat_chains_nftables_comes_first_and_the_first_to_translate_wins(
    nft: str, verdict: str
) -> None:
    first = base("nat prerouting", -100, (VISIBLE, Dnat(ip(nft), 80)))
    wiring = with_chains("router", first, TO_SERVER, SNAT_TO_LINK)
    assert only_path(wiring, "10.0.1.1").verdict == verdict


def test_a_nat_chain_that_does_not_translate_leaves_it_to_the_next() -> None:
    passes = base("nat prerouting", -100, (Match(dst=net("192.0.2.1/32")), Drop()))
    wiring = with_chains("router", passes, TO_SERVER, SNAT_TO_LINK)
    assert only_path(wiring, "10.0.1.1").verdict == "ok"


def test_goto_does_not_return_to_the_chain_that_it_leaves() -> None:
    empty = Chain(KUBE_PROXY, "empty")
    leaves = Chain(KUBE_PROXY, "leaves", (Rule(target=Goto("empty")), Rule(target=Drop())))
    calls = base("filter forward", -110, (Match(), Jump("leaves")))
    there = (empty, leaves, calls)
    assert only_path(with_chains("router", *there, wiring=ROUTED)).verdict == "ok"
    after = replace(calls, rules=(*calls.rules, Rule(target=Drop())))  # the caller continues
    assert (
        only_path(with_chains("router", empty, leaves, after, wiring=ROUTED)).verdict == "timeout"
    )
