"""The rules of a Service's addresses, and those that refuse: kube-proxy v1.30, mode iptables."""

from dataclasses import replace
from typing import Any

import pytest

from nsnet.ip import Protocol
from nsnet.topology.model import Service, ServicePort
from tests.support.labs import ip, net
from tests.support.web import (
    EXT,
    FW,
    HERE,
    SVC,
    SVL,
    THERE,
    chains,
    comment,
    going,
    of_services,
    to,
    web,
)

REJECT = "-j REJECT --reject-with icmp-port-unreachable"
ALL_ADDRESSES: dict[str, Any] = {
    "node_port": 30080,
    "external_ips": (ip("198.51.100.7"),),
    "load_balancer_ips": (ip("198.18.0.20"),),
}
NODE_PORT = '-p tcp -m comment --comment "default/web:p80" -m tcp --dport 30080'


def refused_node_port(text: str) -> str:
    """The match of a NodePort without endpoints."""
    commented = comment(f"default/web:p80 {text}")
    return f"-p tcp {commented} -m addrtype --dst-type LOCAL -m tcp --dport 30080"


def test_every_address_of_a_service_leads_to_its_endpoints() -> None:
    found = chains(web(HERE, **ALL_ADDRESSES))
    assert found["nat KUBE-SERVICES"][:-1] == [
        f"{to('10.96.0.10', 'cluster IP')} -j {SVC}",
        f"{to('198.51.100.7', 'external IP')} -j {EXT}",
        f"{to('198.18.0.20', 'loadbalancer IP')} -j {EXT}",
    ]
    assert found["nat KUBE-NODEPORTS"] == [f"{NODE_PORT} -j {EXT}"]
    for chain in ("KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES", "KUBE-PROXY-FIREWALL"):
        assert found[f"filter {chain}"] == []


def test_without_any_endpoint_every_address_is_refused() -> None:
    found = of_services(chains(web(**ALL_ADDRESSES)))
    assert found == {
        "filter KUBE-SERVICES": [f"{to('10.96.0.10', 'has no endpoints')} {REJECT}"],
        "filter KUBE-EXTERNAL-SERVICES": [
            f"{to('198.51.100.7', 'has no endpoints')} {REJECT}",
            f"{to('198.18.0.20', 'has no endpoints')} {REJECT}",
            f"{refused_node_port('has no endpoints')} {REJECT}",
        ],
    }


def test_traffic_of_policy_local_is_dropped_without_local_endpoints() -> None:
    found = chains(web(THERE, external_local=True, internal_local=True, **ALL_ADDRESSES))
    assert found["filter KUBE-SERVICES"] == [
        f"{to('10.96.0.10', 'has no local endpoints')} -j DROP"
    ]
    assert found["filter KUBE-EXTERNAL-SERVICES"] == [
        f"{to('198.51.100.7', 'has no local endpoints')} -j DROP",
        f"{to('198.18.0.20', 'has no local endpoints')} -j DROP",
        f"{refused_node_port('has no local endpoints')} -j DROP",
    ]
    # The node's own and its pods' are short-circuited before, so the other half is there, too.
    assert found["nat KUBE-SERVICES"][:-1] == [
        f"{to('198.51.100.7', 'external IP')} -j {EXT}",
        f"{to('198.18.0.20', 'loadbalancer IP')} -j {EXT}",
    ]
    assert found["nat KUBE-NODEPORTS"] == [f"{NODE_PORT} -j {EXT}"]


@pytest.mark.parametrize(
    ("internal", "external", "endpoints", "inside", "outside"),
    [
        # Where the ClusterIP leads on n1, and where the last rule of KUBE-EXT-… does.
        (False, False, [HERE, THERE], SVC, SVC),
        (False, False, [THERE], SVC, SVC),
        (True, False, [HERE, THERE], SVL, SVC),
        (True, False, [THERE], None, SVC),
        (False, True, [HERE, THERE], SVC, SVL),
        (False, True, [THERE], SVC, None),
        (True, True, [HERE, THERE], SVL, SVL),
        (True, True, [THERE], None, None),
        (True, True, [going(HERE), THERE], SVL, SVL),  # for want of a ready one
    ],
)
def test_policy_local_has_only_the_endpoints_of_the_node(
    internal: bool,
    external: bool,
    endpoints: list[Any],
    inside: str | None,
    outside: str | None,
) -> None:
    service = web(*endpoints, node_port=30080, internal_local=internal, external_local=external)
    found = chains(service)
    dispatched = found["nat KUBE-SERVICES"][0].partition("-j ")[2]
    assert (dispatched if "cluster IP" in found["nat KUBE-SERVICES"][0] else None) == inside
    last = found[f"nat {EXT}"][-1]
    assert (last.removeprefix("-j ") if last.startswith("-j") else None) == outside


def test_external_traffic_of_policy_cluster_is_masqueraded() -> None:
    found = chains(web(HERE, node_port=30080))
    assert found[f"nat {EXT}"] == [
        f"{comment('masquerade traffic for default/web:p80 external destinations')}"
        " -j KUBE-MARK-MASQ",
        f"-j {SVC}",
    ]


def test_policy_local_keeps_the_source_while_pods_and_nodes_use_all_endpoints() -> None:
    found = chains(web(HERE, THERE, node_port=30080, external_local=True))
    destinations = "for default/web:p80 external destinations"
    assert found[f"nat {EXT}"] == [
        f"-s 10.244.0.0/16 {comment(f'pod traffic {destinations}')} -j {SVC}",
        f"{comment(f'masquerade LOCAL traffic {destinations}')} -m addrtype --src-type LOCAL"
        " -j KUBE-MARK-MASQ",
        f"{comment(f'route LOCAL traffic {destinations}')} -m addrtype --src-type LOCAL -j {SVC}",
        f"-j {SVL}",
    ]


def test_source_ranges_apply_to_the_load_balancers_address_only() -> None:
    ranges = (net("203.0.113.0/24"), net("198.51.100.0/24"))
    found = chains(web(HERE, source_ranges=ranges, **ALL_ADDRESSES))
    assert found["nat KUBE-SERVICES"][:-1] == [
        f"{to('10.96.0.10', 'cluster IP')} -j {SVC}",
        f"{to('198.51.100.7', 'external IP')} -j {EXT}",
        f"{to('198.18.0.20', 'loadbalancer IP')} -j {FW}",
    ]
    assert found["nat KUBE-NODEPORTS"] == [f"{NODE_PORT} -j {EXT}"]
    commented = comment("default/web:p80 loadbalancer IP")
    assert found[f"nat {FW}"] == [
        f"-s 203.0.113.0/24 {commented} -j {EXT}",
        f"-s 198.51.100.0/24 {commented} -j {EXT}",
        comment("other traffic to default/web:p80 will be dropped by KUBE-PROXY-FIREWALL"),
    ]
    assert found["filter KUBE-PROXY-FIREWALL"] == [
        f"{to('198.18.0.20', f'traffic not accepted by {FW}')} -j DROP"
    ]


@pytest.mark.parametrize(
    ("node", "ranges", "allowed"),
    [
        ("n1", "192.168.10.2/32", True),
        ("n2", "192.168.10.2/32", False),
        ("n2", "192.168.10.0/24", True),
        ("n1", "10.244.0.0/16", False),  # its bridge is no address of the Node
    ],
)
def test_a_node_within_the_source_ranges_may_use_the_load_balancers_address_as_its_source(
    node: str, ranges: str, allowed: bool
) -> None:
    found = chains(web(HERE, source_ranges=(net(ranges),), **ALL_ADDRESSES), node=node)
    commented = comment("default/web:p80 loadbalancer IP")
    assert (f"-s 198.18.0.20/32 {commented} -j {EXT}" in found[f"nat {FW}"]) is allowed


@pytest.mark.parametrize(
    ("case", "service"),
    [
        ("no endpoints", web(source_ranges=(net("203.0.113.0/24"),), **ALL_ADDRESSES)),
        ("no such address", web(HERE, node_port=30080, source_ranges=(net("203.0.113.0/24"),))),
        ("another family", web(HERE, source_ranges=(net("fd00::/8"),), **ALL_ADDRESSES)),
    ],
)
def test_there_is_no_firewall_chain_for_a_service_with(case: str, service: Service) -> None:
    found = chains(service)
    assert f"nat {FW}" not in found, case
    assert found["filter KUBE-PROXY-FIREWALL"] == []


@pytest.mark.parametrize("endpoints", [(), (THERE,), (HERE,)])
def test_health_checks_are_accepted_with_and_without_endpoints(endpoints: tuple[Any, ...]) -> None:
    found = chains(web(*endpoints, external_local=True, health_check_port=30999, **ALL_ADDRESSES))
    commented = comment("default/web:p80 health check node port")
    assert found["filter KUBE-NODEPORTS"] == [f"-p tcp {commented} -m tcp --dport 30999 -j ACCEPT"]


@pytest.mark.parametrize(
    ("case", "service"),
    [
        ("headless", web(HERE, addresses=())),
        ("another proxy's", web(HERE, proxied=False, **ALL_ADDRESSES)),
        ("of the other family only", web(HERE, addresses=(ip("fd00::10"),), node_port=30080)),
    ],
)
def test_a_service_that_kube_proxy_does_not_handle_has_no_rules(
    case: str, service: Service
) -> None:
    assert of_services(chains(service)) == {}, case


def test_each_port_of_a_service_has_its_own_chains() -> None:
    both = tuple(
        ServicePort(f"dns-{protocol}", 53, protocol, (HERE,), 30053)
        for protocol in (Protocol.UDP, Protocol.TCP)
    )
    found = chains(replace(web(), ports=both))
    jumps_to = [rule.split() for rule in found["nat KUBE-SERVICES"][:-1]]
    assert [rule[3] for rule in jumps_to] == ["udp", "tcp"]
    assert len({rule[-1] for rule in jumps_to}) == 2


def test_rules_of_services_are_in_the_order_of_the_file() -> None:
    other = replace(web(HERE), name="a", reference="east/svc/a", addresses=(ip("10.96.0.9"),))
    found = chains(web(HERE), other)
    assert [rule.split()[1] for rule in found["nat KUBE-SERVICES"][:-1]] == [
        "10.96.0.10/32",
        "10.96.0.9/32",
    ]
