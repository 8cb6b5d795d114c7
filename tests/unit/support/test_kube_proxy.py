"""The second kube-proxy against the vectors and sentences of its specification."""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from tests.support import kube_proxy as kp
from tests.support.kube_proxy_rules import Options, Ruleset, rules
from tests.support.rule_text import about, canonical, differences, of_kube_proxy, of_save

NODE = kp.Node("n1", ("192.168.0.2",), "zone-a")
OPTIONS = Options(4, "10.0.0.0/8")


def endpoint(last: int, node: str = "n1") -> kp.Endpoint:
    """10.180.0.LAST:80"""
    return kp.Endpoint(f"10.180.0.{last}", 80, node)


HERE, THERE = endpoint(1), endpoint(2, "n2")
LEAVING = replace(HERE, ready=False, terminating=True)
GONE = replace(LEAVING, serving=False)
SVC5 = kp.Service(
    "svc5", "ns5", cluster_ips=("172.30.0.41",), ports=(kp.Port("p80", 80, endpoints=(HERE,)),)
)
LB = replace(SVC5, type="LoadBalancer", ingress=("1.2.3.4",))
NAME = "NUKIZ6OKUXPJNT4C"


def of(service: kp.Service, *endpoints: kp.Endpoint, node_port: int = 0) -> Ruleset:
    """The rules of a node for this Service with these endpoints."""
    port = replace(service.ports[0], endpoints=endpoints, node_port=node_port)
    return rules([replace(service, ports=(port,))], NODE, OPTIONS)


def targets(found: Ruleset, table: str, name: str) -> list[str]:
    """Where the rules of a chain go."""
    return [each.rpartition("-j ")[2].split()[0] for each in found[table, name]]


# --- names ---


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ns5/svc5:p80tcp", "NUKIZ6OKUXPJNT4C"),
        ("ns5/svc5:p80tcp10.180.0.3:80", "I77PXRDZVX7PMWMN"),
        ("default/web:p80tcp", "4HWD6WD2BXF6N7ZC"),
    ],
)
def test_a_chain_is_named_as_a_running_kube_proxy_named_it(text: str, name: str) -> None:
    assert kp.hashed(text) == name


def test_the_chains_of_a_port_and_of_its_endpoints_have_these_names() -> None:
    port = SVC5.ports[0]
    assert kp.chain("SVC", SVC5, port) == f"KUBE-SVC-{NAME}"
    assert kp.chain("SEP", SVC5, port, endpoint(3)) == "KUBE-SEP-I77PXRDZVX7PMWMN"
    assert str(kp.Endpoint("fd00::1", 80)) == "[fd00::1]:80"
    assert kp.spn(SVC5, replace(port, name="")) == "ns5/svc5"


# --- what is always there ---


def test_kube_proxys_jumps_stand_in_reverse_of_the_order_in_which_it_inserts_them() -> None:
    found = rules([], NODE, OPTIONS)
    assert targets(found, "filter", "INPUT") == [
        "KUBE-FIREWALL",
        "KUBE-PROXY-FIREWALL",
        "KUBE-NODEPORTS",
        "KUBE-EXTERNAL-SERVICES",
    ]
    assert targets(found, "filter", "FORWARD") == [
        "KUBE-PROXY-FIREWALL",
        "KUBE-FORWARD",
        "KUBE-SERVICES",
        "KUBE-EXTERNAL-SERVICES",
    ]
    assert targets(found, "filter", "OUTPUT") == [
        "KUBE-FIREWALL",
        "KUBE-PROXY-FIREWALL",
        "KUBE-SERVICES",
    ]


def test_the_jump_to_node_ports_is_the_last_rule() -> None:
    local = "-m addrtype --dst-type LOCAL"
    for options, end in (
        (OPTIONS, f"{local} -j KUBE-NODEPORTS"),
        (replace(OPTIONS, localhost_node_ports=False), f"{local} ! -d 127.0.0.0/8 -j"),
        (replace(OPTIONS, family=6), f"{local} ! -d ::1/128 -j KUBE-NODEPORTS"),
    ):
        assert end in rules([SVC5], NODE, options)["nat", "KUBE-SERVICES"][-1]


def test_only_an_ipv4_node_with_localhost_node_ports_guards_its_loopback() -> None:
    for options in (replace(OPTIONS, localhost_node_ports=False), replace(OPTIONS, family=6)):
        found = rules([], NODE, options)
        assert found["filter", "KUBE-FIREWALL"] == []
        assert "KUBE-FIREWALL" in targets(found, "filter", "INPUT")
    assert targets(rules([], NODE, OPTIONS), "filter", "KUBE-FIREWALL") == ["DROP"]


# --- which endpoints ---


@pytest.mark.parametrize(
    ("endpoints", "cluster", "local", "exist"),
    [
        ((HERE, THERE), (HERE, THERE), (HERE,), True),
        ((THERE,), (THERE,), (), True),
        ((LEAVING, THERE), (THERE,), (LEAVING,), True),
        ((LEAVING,), (LEAVING,), (LEAVING,), True),
        ((GONE,), (), (), False),
        ((replace(HERE, ready=False),), (), (), False),
        ((), (), (), False),
    ],
)
def test_endpoints_on_their_way_out_serve_when_nobody_else_does(
    endpoints: tuple[kp.Endpoint, ...],
    cluster: tuple[kp.Endpoint, ...],
    local: tuple[kp.Endpoint, ...],
    exist: bool,
) -> None:
    port = kp.Port("p80", 80, node_port=30080, endpoints=endpoints)
    service = replace(SVC5, type="NodePort", external_policy="Local")
    assert kp.choose(service, port, NODE, 4) == kp.Choice(cluster, local, exist)


@pytest.mark.parametrize(
    ("mode", "here", "there", "chosen"),
    [
        ("Auto", "zone-a", "zone-b", [HERE]),
        ("anything", "zone-a", "zone-b", [HERE]),
        ("", "zone-a", "zone-b", [HERE, THERE]),
        ("Disabled", "zone-a", "zone-b", [HERE, THERE]),
        ("Auto", "zone-a", "", [HERE, THERE]),  # one has no hint
        ("Auto", "zone-b", "zone-b", [HERE, THERE]),  # nobody is meant for me
    ],
)
def test_hints_count_if_all_have_one_and_one_is_for_me(
    mode: str, here: str, there: str, chosen: list[kp.Endpoint]
) -> None:
    endpoints = tuple(
        replace(each, zones=frozenset({zone} - {""}))
        for each, zone in ((HERE, here), (THERE, there))
    )
    port = kp.Port("p80", 80, endpoints=endpoints)
    found = kp.choose(replace(SVC5, topology_mode=mode), port, NODE, 4).cluster
    assert [each.address for each in found] == [each.address for each in chosen]


# --- the rules of a Service ---


def test_a_cluster_ip_without_endpoints_is_refused() -> None:
    found = of(SVC5)
    (rule,) = found["filter", "KUBE-SERVICES"]
    assert canonical(rule) == canonical(
        '-m comment --comment "ns5/svc5:p80 has no endpoints" -m tcp -p tcp -d 172.30.0.41'
        " --dport 80 -j REJECT"
    )
    assert len(found["nat", "KUBE-SERVICES"]) == 1
    assert ("nat", f"KUBE-SVC-{NAME}") not in found


def test_internal_policy_local_without_local_endpoints_drops() -> None:
    found = of(replace(SVC5, internal_policy="Local"), THERE)
    (rule,) = found["filter", "KUBE-SERVICES"]
    assert "has no local endpoints" in rule
    assert rule.endswith("-j DROP")
    assert not [name for _, name in found if name.startswith(("KUBE-SVC", "KUBE-SVL", "KUBE-SEP"))]


def test_three_endpoints_are_chosen_with_a_third_a_half_and_certainty() -> None:
    lines = of(SVC5, endpoint(1), endpoint(2), endpoint(3))["nat", f"KUBE-SVC-{NAME}"]
    assert "! -s 10.0.0.0/8 -j KUBE-MARK-MASQ" in lines[0]
    assert "--probability 0.3333333333 " in lines[1]
    assert "--probability 0.5000000000 " in lines[2]
    assert lines[3].endswith('"ns5/svc5:p80 -> 10.180.0.3:80" -j KUBE-SEP-I77PXRDZVX7PMWMN')


def test_masquerade_all_asks_for_no_source() -> None:
    found = rules([SVC5], NODE, replace(OPTIONS, masquerade_all=True))
    assert "-s" not in found["nat", f"KUBE-SVC-{NAME}"][0]
    found = rules([SVC5], NODE, replace(OPTIONS, cluster_cidr=""))
    assert len(found["nat", f"KUBE-SVC-{NAME}"]) == 1


def test_affinity_asks_every_endpoint_first() -> None:
    found = of(replace(SVC5, affinity_seconds=10800), endpoint(3), endpoint(4))
    sep = "KUBE-SEP-I77PXRDZVX7PMWMN"
    lines = found["nat", f"KUBE-SVC-{NAME}"]
    assert lines[1].endswith(f"-m recent --name {sep} --rcheck --seconds 10800 --reap -j {sep}")
    assert [("recent" in each, "statistic" in each) for each in lines[1:]] == [
        (True, False),
        (True, False),
        (False, True),
        (False, False),
    ]
    assert canonical(found["nat", sep][1]) == canonical(
        f"-m comment --comment ns5/svc5:p80 -m recent --name {sep} --set -m tcp -p tcp"
        " -j DNAT --to-destination 10.180.0.3:80"
    )


def test_from_outside_policy_cluster_masquerades_all() -> None:
    found = of(LB, THERE, node_port=30001)
    assert targets(found, "nat", f"KUBE-EXT-{NAME}") == ["KUBE-MARK-MASQ", f"KUBE-SVC-{NAME}"]
    assert targets(found, "nat", "KUBE-NODEPORTS") == [f"KUBE-EXT-{NAME}"]
    assert not found["filter", "KUBE-EXTERNAL-SERVICES"]


def test_from_outside_policy_local_lets_pods_and_the_node_itself_go_anywhere() -> None:
    local = replace(LB, external_policy="Local", health_check_node_port=32000)
    svc = f"KUBE-SVC-{NAME}"
    found = of(local, HERE, THERE, node_port=30001)
    short = [svc, "KUBE-MARK-MASQ", svc]
    assert targets(found, "nat", f"KUBE-EXT-{NAME}") == [*short, f"KUBE-SVL-{NAME}"]
    assert "--dport 32000 -j ACCEPT" in found["filter", "KUBE-NODEPORTS"][0]
    found = of(local, THERE, node_port=30001)
    assert targets(found, "nat", f"KUBE-EXT-{NAME}") == short
    # Whatever did not take the short way is dropped, although the nat rule is there.
    assert targets(found, "filter", "KUBE-EXTERNAL-SERVICES") == ["DROP", "DROP"]
    assert "-m addrtype --dst-type LOCAL" in found["filter", "KUBE-EXTERNAL-SERVICES"][1]
    assert ("nat", f"KUBE-SVL-{NAME}") not in found


@pytest.mark.parametrize(("allowed", "from_vip"), [("192.168.0.0/24", 1), ("203.0.113.0/25", 0)])
def test_source_ranges_stand_before_the_load_balancer_alone(allowed: str, from_vip: int) -> None:
    found = of(replace(LB, source_ranges=(allowed,)), HERE, node_port=30001)
    ext, fw = f"KUBE-EXT-{NAME}", f"KUBE-FW-{NAME}"
    lines = found["nat", fw]
    assert len(lines) == 2 + from_vip
    assert f"-s {allowed} -j {ext}" in lines[0]
    assert [f"-s 1.2.3.4 -j {ext}" in each for each in lines[1:]] == [True, False][1 - from_vip :]
    assert "-j" not in lines[-1].split()
    assert targets(found, "nat", "KUBE-NODEPORTS") == [ext]
    (dropped,) = found["filter", "KUBE-PROXY-FIREWALL"]
    assert f"ns5/svc5:p80 traffic not accepted by {fw}" in dropped


def test_with_more_than_a_thousand_endpoints_their_rules_have_no_comments() -> None:
    endpoints = [kp.Endpoint(str(ip_address("10.180.0.1") + number), 80) for number in range(1001)]
    for few, count in ((False, 1001), (True, 1000)):
        found = of(SVC5, *endpoints[:count])
        lines = found["nat", f"KUBE-SVC-{NAME}"]
        assert '"ns5/svc5:p80 cluster IP"' in lines[0]
        assert all(("--comment" in each) is few for each in lines[1:])
        sep = kp.chain("SEP", SVC5, SVC5.ports[0], endpoints[0])
        assert all(("--comment" in each) is few for each in found["nat", sep])


@pytest.mark.parametrize(
    "service",
    [
        replace(SVC5, cluster_ips=("None",)),
        replace(SVC5, type="ExternalName", cluster_ips=()),
        replace(SVC5, labels=frozenset({"service.kubernetes.io/service-proxy-name"})),
        replace(SVC5, cluster_ips=("fd00::1",)),
    ],
)
def test_what_is_not_kube_proxys_or_not_of_this_family_has_no_rules(service: kp.Service) -> None:
    assert rules([service], NODE, OPTIONS) == rules([], NODE, OPTIONS)


# --- two spellings of one rule ---


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (
            "-m mark ! --mark 0x00004000/0x00004000 -j RETURN",
            "-m mark ! --mark 0x4000/0x4000 -j RETURN",
        ),
        ("-j MARK --or-mark 0x00004000", "-j MARK --set-xmark 0x4000/0x4000"),
        ("-j MARK --xor-mark 0x00004000", "-j MARK --set-xmark 0x4000/0x0"),
        (
            "-m comment --comment x/y -m tcp -p tcp -d 10.0.0.1 --dport 80 -j REJECT",
            "-d 10.0.0.1/32 -p tcp -m comment --comment x/y -m tcp --dport 80 -j REJECT"
            " --reject-with icmp-port-unreachable",
        ),
        (
            "-m statistic --mode random --probability 0.3333333333 -j A",
            "-m statistic --mode random --probability 0.33333333349 -j A",
        ),
        (
            "-m recent --name X --rcheck --seconds 9 --reap -j X",
            "-m recent --rcheck --seconds 9 --reap --name X --mask 255.255.255.255 --rsource -j X",
        ),
    ],
)
def test_the_same_rule_in_two_spellings_is_the_same(written: str, shown: str) -> None:
    assert canonical(written) == canonical(shown)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("-s 10.0.0.1 -j X", "! -s 10.0.0.1 -j X"),
        ("-s 10.0.0.1 -j X", "-d 10.0.0.1 -j X"),
        ("-j X", "-j Y"),
        ("-m comment --comment x", "-m comment --comment x -j X"),
        (
            "-m statistic --mode random --probability 0.33333333 -j A",
            "-m statistic --mode random --probability 0.33333334 -j A",
        ),
        ("-j MASQUERADE", "-j MASQUERADE --random-fully"),
    ],
)
def test_different_rules_are_different(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


def test_services_come_in_any_order_but_their_rules_in_one() -> None:
    def services(*rules: str) -> dict[tuple[str, str], list[str]]:
        return {("nat", "KUBE-SERVICES"): list(rules)}

    def rule(words: str, target: str) -> str:
        return f'-m comment --comment "{words}" -j {target}'

    a, b = rule("ns/a:x cluster IP", "A"), rule("ns/b:x cluster IP", "B")
    c, last = rule("ns/b:x external IP", "C"), rule("kubernetes service nodeports", "N")
    assert differences(services(a, b, c, last), services(b, c, a, last)) == []
    assert differences(services(a, b, c, last), services(a, c, b, last))
    assert differences(services(a, b, last), services(a, last, b))
    assert differences(services(a, b), services(a))
    assert differences(services(a), {}) == ["nat KUBE-SERVICES is missing"]
    assert about(c) == "ns/b:x"
    assert about(last) == ""


def test_iptables_save_is_read_and_only_kube_proxys_part_is_kept() -> None:
    text = (
        "*nat\n:PREROUTING ACCEPT [0:0]\n:KUBE-SERVICES - [0:0]\n:OTHER - [0:0]\n"
        "-A PREROUTING -j OTHER\n-A PREROUTING -j KUBE-SERVICES\n-A OTHER -j RETURN\nCOMMIT\n"
    )
    assert of_kube_proxy(of_save(text)) == {
        ("nat", "PREROUTING"): ["-j KUBE-SERVICES"],
        ("nat", "KUBE-SERVICES"): [],
    }
