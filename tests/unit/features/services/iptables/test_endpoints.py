"""The rules that choose an endpoint, keep affinity, DNAT and masquerade."""

from dataclasses import replace

import pytest

from nsnet.features.services.iptables import LARGE_CLUSTER_ENDPOINTS, iptables
from nsnet.ip import Protocol
from nsnet.state.rules import Chain
from nsnet.topology.model import Proxy, Service
from tests.support.web import (
    EXT,
    HERE,
    SVC,
    SVL,
    THERE,
    chains,
    comment,
    endpoint,
    going,
    jumps,
    sep,
    serving,
    to,
    web,
)
from tests.support.wiring import flat

MASQ = "KUBE-MARK-MASQ"


def test_with_affinity_the_clients_last_endpoint_is_matched_before_a_random_one() -> None:
    found = chains(web(HERE, THERE, affinity_seconds=10800))
    one, other = sep(found, "10.244.0.2"), sep(found, "10.244.1.2")
    first = comment("default/web:p80 -> 10.244.0.2:8080")
    second = comment("default/web:p80 -> 10.244.1.2:8080")
    mask = "--mask 255.255.255.255 --rsource"
    assert found[f"nat {SVC}"][1:] == [
        f"{first} -m recent --rcheck --seconds 10800 --reap --name {one} {mask} -j {one}",
        f"{second} -m recent --rcheck --seconds 10800 --reap --name {other} {mask} -j {other}",
        f"{first} -m statistic --mode random --probability 0.50000000000 -j {one}",
        f"{second} -j {other}",
    ]
    assert found[f"nat {one}"] == [
        f"-s 10.244.0.2/32 {comment('default/web:p80')} -j {MASQ}",
        f"-p tcp {comment('default/web:p80')} -m recent --set --name {one} {mask}"
        " -m tcp -j DNAT --to-destination 10.244.0.2:8080",
    ]


def test_affinity_uses_the_same_endpoint_chains_under_either_policy() -> None:
    found = chains(web(HERE, THERE, affinity_seconds=60, node_port=30080, external_local=True))
    one, other = sep(found, "10.244.0.2"), sep(found, "10.244.1.2")
    assert jumps(found[f"nat {SVC}"]) == [MASQ, one, other, one, other]
    assert jumps(found[f"nat {SVL}"]) == [one, one]


@pytest.mark.parametrize(
    ("proxy", "rule"),
    [
        (Proxy("iptables"), f"! -s 10.244.0.0/16 {to('10.96.0.10', 'cluster IP')} -j {MASQ}"),
        (
            Proxy("iptables", masquerade_all=True),
            f"{to('10.96.0.10', 'cluster IP')} -j {MASQ}",
        ),
    ],
)
@pytest.mark.parametrize("internal_local", [False, True])
def test_which_sources_are_masqueraded_on_the_way_to_the_cluster_ip(
    proxy: Proxy, rule: str, internal_local: bool
) -> None:
    service = web(HERE, internal_local=internal_local)
    found = chains(service, proxy=proxy)
    chain = SVL if internal_local else SVC
    assert found[f"nat {chain}"][0] == rule
    assert f"nat {SVC if internal_local else SVL}" not in found


@pytest.mark.parametrize(
    ("internal", "external", "first"),
    [
        # Whether the first jump of KUBE-SVC-… and of KUBE-SVL-… masquerades.
        (False, True, (True, False)),
        (True, False, (False, True)),
        (True, True, (False, True)),
    ],
)
def test_only_the_chain_of_the_cluster_ip_masquerades(
    internal: bool, external: bool, first: tuple[bool, bool]
) -> None:
    service = web(HERE, THERE, node_port=1, internal_local=internal, external_local=external)
    found = chains(service)
    assert tuple(jumps(found[f"nat {each}"])[0] == MASQ for each in (SVC, SVL)) == first


def test_every_endpoint_that_either_policy_needs_has_one_chain() -> None:
    # n1 has only a leaving endpoint, which its local traffic uses and no other.
    found = chains(web(going(HERE), THERE, node_port=30080, external_local=True))
    assert jumps(found[f"nat {SVC}"]) == [MASQ, sep(found, "10.244.1.2")]
    assert jumps(found[f"nat {SVL}"]) == [sep(found, "10.244.0.2")]


@pytest.mark.parametrize(("node", "address"), [("n1", "10.244.0.2"), ("n2", "10.244.1.2")])
def test_hints_keep_traffic_in_its_zone(node: str, address: str) -> None:
    hinted = (replace(HERE, zones=("a",)), replace(THERE, zones=("b",)))
    found = chains(web(*hinted), node=node)
    assert jumps(found[f"nat {SVC}"])[1:] == [sep(found, address)]
    assert len([name for name in found if "KUBE-SEP-" in name]) == 1


def test_udp_is_translated_like_tcp() -> None:
    found = chains(web(HERE, protocol=Protocol.UDP))
    assert found[f"nat {sep(found, '10.244.0.2')}"][1] == (
        f"-p udp {comment('default/web:p80')} -m udp -j DNAT --to-destination 10.244.0.2:8080"
    )


@pytest.mark.parametrize(
    ("more", "comments"),
    [
        (LARGE_CLUSTER_ENDPOINTS - 1, True),
        (LARGE_CLUSTER_ENDPOINTS, False),  # ready or not: what is counted are endpoints
    ],
)
def test_in_a_large_cluster_affinity_has_no_comments_either(more: int, comments: bool) -> None:
    unready = [
        endpoint(f"10.244.{2 + number // 250}.{number % 250}", ready=False, serving=False)
        for number in range(more)
    ]
    found = chains(web(HERE, *unready, affinity_seconds=60, node_port=30080))
    endpoint_rules = [*found[f"nat {SVC}"][1:], *found[f"nat {sep(found, '10.244.0.2')}"]]
    assert {"--comment" in rule for rule in endpoint_rules} == {comments}
    assert "--comment" in found[f"nat {EXT}"][0]  # others stay
    assert "--comment" in found["nat KUBE-NODEPORTS"][0]


def test_nodes_share_the_chains_that_are_the_same_on_them() -> None:
    # A Service with local traffic, and no endpoint on either node.
    service = web(endpoint("10.244.2.2", "n3"), node_port=30080, external_local=True)
    one, other = chains_of_both(service)
    assert one.keys() == other.keys()
    assert all(one[name] is other[name] for name in one)


def test_nodes_that_differ_in_one_service_share_the_chains_of_the_others() -> None:
    plain = replace(web(HERE, THERE), name="plain", reference="east/svc/plain")
    one, other = chains_of_both(plain, web(HERE, THERE, internal_local=True))
    differing = {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}
    assert {name[:8] for name in differing} == {"KUBE-SVL", "KUBE-SEP"}
    same = [name for name in one if name.startswith(("KUBE-SVC", "KUBE-SEP"))]
    assert [one[name] is other[name] for name in same if name not in differing] == [True] * 3


def chains_of_both(*services: Service) -> list[dict[str, Chain]]:
    """The nat chains of the two nodes by their names, as they are made in one go."""
    (cluster,) = serving(*services).clusters
    facts = [(netns, piece) for netns, piece in flat(iptables(cluster)) if isinstance(piece, Chain)]
    return [
        {piece.name: piece for netns, piece in facts if (netns, piece.table) == (node.netns, "nat")}
        for node in cluster.nodes
    ]
