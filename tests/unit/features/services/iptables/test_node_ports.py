"""Where a node looks for NodePorts: its own addresses, or those that nodePortAddresses names."""

import pytest

from nsnet.features.compile import compile_state
from nsnet.ip import Family
from nsnet.topology.model import Proxy
from tests.support.labs import net
from tests.support.web import HERE, chains, comment, serving, web

LAST = comment("kubernetes service nodeports; NOTE: this must be the last rule in this chain")
ANY = f"{LAST} -m addrtype --dst-type LOCAL"


def proxy(*ranges: str, localhost: bool = True) -> Proxy:
    """kube-proxy with these nodePortAddresses."""
    return Proxy(
        "iptables", localhost_node_ports=localhost, node_port_addresses=tuple(map(net, ranges))
    )


@pytest.mark.parametrize(
    ("ranges", "localhost", "node", "matches"),
    [
        ("", True, "n1", [ANY]),
        ("", False, "n1", [f"! -d 127.0.0.0/8 {ANY}"]),
        ("0.0.0.0/0", True, "n1", [ANY]),
        ("0.0.0.0/0", False, "n1", [f"! -d 127.0.0.0/8 {ANY}"]),
        ("192.168.10.0/24 0.0.0.0/0", True, "n1", [ANY]),
        ("fd00::/8", True, "n1", [ANY]),  # a range of IPv6 does not restrict IPv4
        ("192.168.10.0/24", True, "n1", [f"-d 192.168.10.2/32 {LAST}"]),
        ("192.168.10.0/24", True, "n2", [f"-d 192.168.10.3/32 {LAST}"]),
        ("192.168.10.2/32", True, "n2", []),
        # The bridge's address is the node's, too, and so is 127.0.0.1.
        (
            "192.168.10.0/24 10.244.0.0/16",
            True,
            "n2",
            [f"-d 192.168.10.3/32 {LAST}", f"-d 10.244.1.1/32 {LAST}"],
        ),
        ("127.0.0.0/8", True, "n1", [f"-d 127.0.0.1/32 {LAST}"]),
        ("127.0.0.0/8", False, "n1", []),
    ],
)
def test_the_last_rules_of_a_node_are_those_for_node_ports(
    ranges: str, localhost: bool, node: str, matches: list[str]
) -> None:
    configured = proxy(*ranges.split(), localhost=localhost)
    found = chains(web(HERE, node_port=30080), node=node, proxy=configured)
    wanted = [f"{match} -j KUBE-NODEPORTS" for match in matches]
    assert found["nat KUBE-SERVICES"][1:] == wanted


@pytest.mark.parametrize(
    ("ranges", "localhost", "opened"),
    [
        ("", True, True),
        ("", False, False),
        ("0.0.0.0/0", True, True),
        ("127.0.0.0/8", True, True),
        ("127.0.0.1/32", True, True),
        ("127.0.0.0/8", False, False),
        ("192.168.10.0/24", True, False),  # the ranges exclude 127.0.0.1
        ("fd00::/8", True, True),
    ],
)
def test_node_ports_at_127_0_0_1_also_block_it_for_other_hosts(
    ranges: str, localhost: bool, opened: bool
) -> None:
    configured = proxy(*ranges.split(), localhost=localhost)
    node = compile_state(serving(proxy=configured))["nsnet.lab.east.node.n1"]
    assert node.setting("net.ipv4.conf.all.route_localnet") == opened
    found = chains(proxy=configured)
    assert bool(found["filter KUBE-FIREWALL"]) is opened
    # The chain is the kubelet's, too: it is there in any case.
    assert found["filter INPUT"][0] == found["filter OUTPUT"][0] == "-j KUBE-FIREWALL"


@pytest.mark.parametrize("family", [4, 6])
def test_an_idle_node_has_the_chains_of_the_families_it_serves(family: Family) -> None:
    assert ("nat KUBE-SERVICES" in chains(family=family)) is (family == 4)
