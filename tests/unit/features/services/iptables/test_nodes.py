"""proxyMode iptables against what kube-proxy v1.30 writes: names, order, comments, choices."""

import re
from dataclasses import replace

import pytest

from nsnet.features.compile import compile_state
from nsnet.features.services.iptables import LARGE_CLUSTER_ENDPOINTS, iptables
from nsnet.features.services.kube_proxy import chain_hash
from nsnet.ip import Family, Protocol
from nsnet.state.iptables_text import line
from nsnet.state.model import Sysctl
from nsnet.state.rules import Chain
from nsnet.topology.model import Endpoint, Service, ServicePort, Topology
from tests.support.labs import ip, lab, net, pod, service, topology
from tests.support.wiring import flat

# The Service whose chain names were read from a running kube-proxy.
CLUSTERS = ("{name: east, podCIDR: 10.180.0.0/16, serviceCIDR: 172.30.0.0/16}",)
SVC5 = topology(
    pod("pod1", namespace="ns5", labels="app: svc5"),
    pod("pod2", namespace="ns5", labels="app: svc5"),
    service("svc5", "{name: p80, port: 80}", namespace="ns5", spec="clusterIP: 172.30.0.41"),
    clusters=CLUSTERS,
)
SVC = "KUBE-SVC-NUKIZ6OKUXPJNT4C"
FIRST, SECOND = "KUBE-SEP-PQJXIVEIT5Y2PF26", "KUBE-SEP-I77PXRDZVX7PMWMN"


def chains(found: Topology, family: Family = 4) -> dict[str, list[str]]:
    """Every chain of the first node as its lines without `-A NAME`, under its table and name."""
    node = compile_state(found)[found.clusters[0].nodes[0].netns]
    return {
        f"{each.table} {each.name}": [
            line(each, rule).removeprefix(f"-A {each.name} ") for rule in each.rules
        ]
        for each in node.chains
        if each.family == family
    }


def of(*services: Service) -> Topology:
    """The same cluster with other Services."""
    return replace(SVC5, clusters=(replace(SVC5.clusters[0], services=services),))


def backed_by(*endpoints: Endpoint) -> Topology:
    """The same Service with other endpoints."""
    (svc5,) = SVC5.clusters[0].services
    return of(replace(svc5, ports=(replace(svc5.ports[0], endpoints=endpoints),)))


def endpoint(number: int, *, ready: bool = True, leaving: bool = False) -> Endpoint:
    """An endpoint at 10.180.0.NUMBER:80."""
    address = ip("10.180.0.1") + number - 1
    return Endpoint(
        address, 80, f"east/pod/p{number}", ready=ready, serving=True, terminating=leaving
    )


# --- names ---


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ns5/svc5:p80tcp", "NUKIZ6OKUXPJNT4C"),
        ("ns5/svc5:p80tcp10.180.0.3:80", "I77PXRDZVX7PMWMN"),
        ("default/web:p80tcp", "4HWD6WD2BXF6N7ZC"),
    ],
)
def test_a_chain_has_the_name_that_kube_proxy_gives_it(text: str, name: str) -> None:
    assert chain_hash(text) == name


def test_a_service_port_and_each_of_its_endpoints_has_a_chain_of_that_name() -> None:
    found = chains(SVC5)
    assert {f"nat {SVC}", f"nat {FIRST}", f"nat {SECOND}"} <= set(found)


@pytest.mark.parametrize(
    ("ports", "names"),
    [
        ("{port: 80}", ["default/web"]),
        ("{name: http, port: 80}", ["default/web:http"]),
        (
            "{name: dns, port: 53}, {name: dns-udp, port: 53, protocol: UDP}",
            ["default/web:dns", "default/web:dns-udp"],
        ),
    ],
)
def test_the_name_of_a_service_port_is_part_of_its_comment(ports: str, names: list[str]) -> None:
    found = chains(topology(pod("web", labels="app: web"), service("web", ports)))
    dispatched = "\n".join(found["nat KUBE-SERVICES"])
    assert re.findall('"(.*) cluster IP"', dispatched) == names


# --- the rules of a Service ---


def test_a_service_is_dispatched_chosen_and_translated() -> None:
    found = chains(SVC5)
    clusterip = '-d 172.30.0.41/32 -p tcp -m comment --comment "ns5/svc5:p80 cluster IP" -m tcp'
    assert found["nat KUBE-SERVICES"][0] == f"{clusterip} --dport 80 -j {SVC}"
    assert found[f"nat {SVC}"] == [
        f"! -s 10.180.0.0/16 {clusterip} --dport 80 -j KUBE-MARK-MASQ",
        '-m comment --comment "ns5/svc5:p80 -> 10.180.0.2:80" -m statistic --mode random'
        f" --probability 0.50000000000 -j {FIRST}",
        f'-m comment --comment "ns5/svc5:p80 -> 10.180.0.3:80" -j {SECOND}',
    ]
    assert found[f"nat {SECOND}"] == [
        '-s 10.180.0.3/32 -m comment --comment "ns5/svc5:p80" -j KUBE-MARK-MASQ',
        '-p tcp -m comment --comment "ns5/svc5:p80" -m tcp -j DNAT --to-destination 10.180.0.3:80',
    ]


@pytest.mark.parametrize(
    ("endpoints", "probabilities"),
    [
        (1, []),
        (2, [1 / 2]),
        (3, [1 / 3, 1 / 2]),
        (5, [1 / 5, 1 / 4, 1 / 3, 1 / 2]),
    ],
)
def test_every_endpoint_is_chosen_with_equal_probability(
    endpoints: int, probabilities: list[float]
) -> None:
    found = chains(backed_by(*(endpoint(number) for number in range(2, 2 + endpoints))))
    written = re.findall(r"--probability (\S+)", "\n".join(found[f"nat {SVC}"]))
    assert list(map(float, written)) == pytest.approx(probabilities, abs=1e-9)


@pytest.mark.parametrize(
    ("case", "endpoints", "chosen"),
    [
        ("ready", [endpoint(2), endpoint(3)], ["10.180.0.2", "10.180.0.3"]),
        ("one not ready", [endpoint(2, ready=False), endpoint(3)], ["10.180.0.3"]),
        ("one leaving", [endpoint(2, ready=False, leaving=True), endpoint(3)], ["10.180.0.3"]),
        ("all leaving", [endpoint(2, ready=False, leaving=True)], ["10.180.0.2"]),
        ("none ready", [endpoint(2, ready=False)], []),
        ("all gone", [], []),
    ],
)
def test_ready_endpoints_are_used_or_else_terminating_ones_that_serve(
    case: str, endpoints: list[Endpoint], chosen: list[str]
) -> None:
    found = chains(backed_by(*endpoints))
    text = "\n".join("\n".join(rules) for rules in found.values())
    assert re.findall(r"--to-destination (\S+):80", text) == chosen, case


def test_an_endpoint_that_does_not_serve_is_not_used() -> None:
    gone = replace(endpoint(2, ready=False, leaving=True), serving=False)
    assert f"nat {SVC}" not in chains(backed_by(gone))


def test_a_service_without_endpoints_is_refused_and_not_translated() -> None:
    found = chains(backed_by())
    assert found["filter KUBE-SERVICES"] == [
        '-d 172.30.0.41/32 -p tcp -m comment --comment "ns5/svc5:p80 has no endpoints" -m tcp'
        " --dport 80 -j REJECT --reject-with icmp-port-unreachable"
    ]
    assert [text for text in found["nat KUBE-SERVICES"] if "172.30.0.41" in text] == []


@pytest.mark.parametrize(
    ("endpoints", "comments"),
    [(LARGE_CLUSTER_ENDPOINTS, True), (LARGE_CLUSTER_ENDPOINTS + 1, False)],
)
def test_with_more_than_a_thousand_endpoints_their_rules_have_no_comments(
    endpoints: int, comments: bool
) -> None:
    found = chains(backed_by(*(endpoint(number) for number in range(2, 2 + endpoints))))
    assert ("--comment" in found[f"nat {SVC}"][1]) is comments
    assert ("--comment" in found[f"nat {SECOND}"][0]) is comments
    assert ("--comment" in found[f"nat {SECOND}"][1]) is comments
    assert "cluster IP" in found["nat KUBE-SERVICES"][0]  # others stay
    assert "cluster IP" in found[f"nat {SVC}"][0]


def test_a_headless_service_has_no_rules() -> None:
    headless = topology(pod("web", labels="app: web"), service("web", spec="clusterIP: None"))
    assert chains(headless) == chains(topology(pod("web", labels="app: web")))


# --- the chains that are always there ---


def test_the_chains_of_an_idle_node() -> None:
    found = chains(of())
    assert [name for name in found if "KUBE-" in name] == [
        "filter KUBE-PROXY-CANARY",
        "filter KUBE-EXTERNAL-SERVICES",
        "filter KUBE-NODEPORTS",
        "filter KUBE-PROXY-FIREWALL",
        "filter KUBE-FIREWALL",
        "filter KUBE-FORWARD",
        "filter KUBE-SERVICES",
        "mangle KUBE-PROXY-CANARY",
        "nat KUBE-PROXY-CANARY",
        "nat KUBE-MARK-MASQ",
        "nat KUBE-POSTROUTING",
        "nat KUBE-NODEPORTS",
        "nat KUBE-SERVICES",
    ]
    assert found["filter KUBE-FIREWALL"] == [
        '! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections"'
        " -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP"
    ]
    assert found["filter KUBE-FORWARD"] == [
        "-m conntrack --ctstate INVALID -j DROP",
        '-m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT',
        '-m comment --comment "kubernetes forwarding conntrack rule"'
        " -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    ]
    assert found["nat KUBE-MARK-MASQ"] == ["-j MARK --set-xmark 0x4000/0x4000"]
    assert found["nat KUBE-POSTROUTING"] == [
        "-m mark ! --mark 0x4000/0x4000 -j RETURN",
        "-j MARK --set-xmark 0x4000/0x0",
        '-m comment --comment "kubernetes service traffic requiring SNAT"'
        " -j MASQUERADE --random-fully",
    ]
    assert found["nat KUBE-SERVICES"] == [
        '-m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in'
        ' this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS'
    ]


def test_the_rule_of_node_ports_follows_those_of_all_services() -> None:
    found = chains(SVC5)
    assert "this must be the last rule in this chain" in found["nat KUBE-SERVICES"][-1]


NEW = "-m conntrack --ctstate NEW "


def comment(text: str) -> str:
    """A comment as iptables-save prints it."""
    return f'-m comment --comment "{text}" '


EXTERNAL = f"{NEW}{comment('kubernetes externally-visible service portals')}"
SERVICES = comment("kubernetes service portals")
FIREWALL = f"{NEW}{comment('kubernetes load balancer firewall')}"


@pytest.mark.parametrize(
    ("hook", "jumps"),
    [
        # kube-proxy prepends its jumps one by one, so that the last comes first.
        (
            "filter INPUT",
            [
                "-j KUBE-FIREWALL",
                f"{FIREWALL}-j KUBE-PROXY-FIREWALL",
                f"{comment('kubernetes health check service ports')}-j KUBE-NODEPORTS",
                f"{EXTERNAL}-j KUBE-EXTERNAL-SERVICES",
            ],
        ),
        (
            "filter FORWARD",
            [
                f"{FIREWALL}-j KUBE-PROXY-FIREWALL",
                f"{comment('kubernetes forwarding rules')}-j KUBE-FORWARD",
                f"{NEW}{SERVICES}-j KUBE-SERVICES",
                f"{EXTERNAL}-j KUBE-EXTERNAL-SERVICES",
            ],
        ),
        (
            "filter OUTPUT",
            [
                "-j KUBE-FIREWALL",
                f"{FIREWALL}-j KUBE-PROXY-FIREWALL",
                f"{NEW}{SERVICES}-j KUBE-SERVICES",
            ],
        ),
        ("nat PREROUTING", [f"{SERVICES}-j KUBE-SERVICES"]),
        ("nat OUTPUT", [f"{SERVICES}-j KUBE-SERVICES"]),
        (
            "nat POSTROUTING",
            [
                f"{comment('kubernetes postrouting rules')}-j KUBE-POSTROUTING",
                f"""{
                    comment(
                        "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination"
                        " traffic to our custom IP-MASQ-AGENT chain"
                    )
                }-m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT""",
            ],
        ),
    ],
)
def test_the_order_in_which_a_node_shows_its_hooks(hook: str, jumps: list[str]) -> None:
    assert chains(SVC5)[hook] == jumps


def test_the_kernels_chains_come_before_all_others_of_their_table() -> None:
    names = list(chains(SVC5))
    for table in ("filter", "nat"):
        mine = [name.removeprefix(f"{table} ") for name in names if name.startswith(table)]
        own = [not name.startswith(("KUBE-", "IP-MASQ")) for name in mine]
        assert own == sorted(own, reverse=True)


def test_a_node_may_reach_node_ports_at_127_0_0_1() -> None:
    facts = list(iptables(SVC5.clusters[0]))
    sysctls = [piece for _, piece in facts if isinstance(piece, Sysctl)]
    assert [str(each.key) for each in sysctls] == ["net.ipv4.conf.all.route_localnet"]


def test_every_node_has_the_same_chains_and_shares_them_in_memory() -> None:
    found = lab(pod("web", labels="app: web"), service("web"), clusters=("{name: east, nodes: 2}",))
    facts = flat(iptables(found.topology.clusters[0]))
    one, other = (
        [piece for netns, piece in facts if netns == node.netns]
        for node in found.topology.clusters[0].nodes
    )
    assert one == other
    pairs = zip(one, other, strict=True)
    assert all(here is there for here, there in pairs if isinstance(here, Chain))


# --- IPv6 ---


def test_ipv6_has_the_same_chains_with_ipv6_addresses() -> None:
    svc5 = Service(
        "svc5",
        "ns5",
        "east/svc/svc5.ns5",
        (ip("172.30.0.41"), ip("fd00:172:30::41")),
        (
            ServicePort(
                "p80",
                80,
                Protocol.TCP,
                (endpoint(2), replace(endpoint(3), address=ip("fd00:10:180::3"))),
            ),
        ),
    )
    both = (net("172.30.0.0/16"), net("fd00:172:30::/112"))
    cluster = replace(SVC5.clusters[0], services=(svc5,), service_cidrs=both)
    six = {
        each.name: [line(each, rule) for rule in each.rules]
        for _, each in flat(iptables(cluster))
        if isinstance(each, Chain) and each.family == 6
    }
    sep = next(name for name in six if name.startswith("KUBE-SEP-"))
    assert SVC in six  # the name of a Service port includes no address
    assert six["KUBE-SERVICES"][0].startswith("-A KUBE-SERVICES -d fd00:172:30::41/128 -p tcp")
    assert six[sep][1].endswith("-j DNAT --to-destination [fd00:10:180::3]:80")
    assert sep == f"KUBE-SEP-{chain_hash('ns5/svc5:p80tcp[fd00:10:180::3]:80')}"
    assert six["KUBE-FIREWALL"] == []  # ::1 cannot be reached from outside anyway
    assert "-m addrtype --dst-type LOCAL" in six["KUBE-SERVICES"][-1]
    assert " ! -d ::1/128 " in six["KUBE-SERVICES"][-1]  # and no NodePort answers there


def test_a_node_has_kube_proxys_conntrack_timeouts() -> None:
    node = compile_state(SVC5)[SVC5.clusters[0].nodes[0].netns]
    timeout = "net.netfilter.nf_conntrack_tcp_timeout_{}".format
    assert node.setting(timeout("established")) == 86_400
    assert node.setting(timeout("close_wait")) == 3_600
