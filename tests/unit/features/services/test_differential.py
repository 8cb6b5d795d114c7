"""nsnet's rules for kube-proxy against those of a second kube-proxy, Service by Service.

Two readings of one specification: where they differ, one of them is wrong.
"""

from functools import cache

import pytest

from nsnet.features.compile import compile_state
from nsnet.scenario.load import reload
from nsnet.topology.resolve import resolve
from tests.support import kube_proxy as kp
from tests.support.generated_lab import generated
from tests.support.kube_proxy_rules import rules
from tests.support.rule_text import Chains, by_service, differences, of_kube_proxy, of_netns

FAMILIES = (4, 6)
NODES = ("n1", "n2")
NAMES = [each.name for each in generated(4).cases]
OF_A_SERVICE = ("KUBE-SVC-", "KUBE-SVL-", "KUBE-FW-", "KUBE-EXT-", "KUBE-SEP-")


@cache
def both(family: int, masquerade_all: bool, localhost: bool) -> dict[str, tuple[Chains, Chains]]:
    """kube-proxy's chains on each node, as the second one wants them and as nsnet does."""
    lab = generated(family, masquerade_all=masquerade_all, localhost_node_ports=localhost)
    state = compile_state(resolve(reload("lab.yaml", {"lab.yaml": lab.text})))
    return {
        node: (
            rules(lab.services, lab.world.host(node).node, lab.options),
            of_kube_proxy(of_netns(state[f"nsnet.services.east.node.{node}"], family)),
        )
        for node in NODES
    }


@cache
def each_port(family: int, node: str) -> tuple[dict[str, Chains], dict[str, Chains]]:
    """The same, Service port by Service port."""
    wanted, found = both(family, False, True)[node]
    return by_service(wanted), by_service(found)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_service_has_the_rules_of_its_specification(family: int, name: str) -> None:
    service = next(each.service for each in generated(family).cases if each.name == name)
    for node in NODES:
        wanted, found = each_port(family, node)
        for port in service.ports:
            spn = kp.spn(service, port)
            assert (spn in wanted) is not kp.is_skipped(service)
            differing = differences(wanted.get(spn, {}), found.get(spn, {}))
            assert not differing, "\n".join((f"{spn} on {node}:", *differing))


@pytest.mark.parametrize("node", NODES)
@pytest.mark.parametrize("family", FAMILIES)
def test_there_are_no_other_chains(family: int, node: str) -> None:
    wanted, found = both(family, False, True)[node]
    assert sorted(found) == sorted(wanted)


@pytest.mark.parametrize("localhost", [True, False])
@pytest.mark.parametrize("masquerade_all", [True, False])
@pytest.mark.parametrize("family", FAMILIES)
def test_fixed_chains_are_those_of_the_specification(
    family: int, masquerade_all: bool, localhost: bool
) -> None:
    for wanted, found in both(family, masquerade_all, localhost).values():
        differing = differences(_shared(wanted), _shared(found))
        assert not differing, "\n".join(differing)


@pytest.mark.parametrize("family", FAMILIES)
def test_masquerade_all_applies_to_every_service(family: int) -> None:
    for wanted, found in both(family, True, True).values():
        differing = differences(wanted, found)
        assert not differing, "\n".join(differing)


def _shared(chains: Chains) -> Chains:
    return {key: each for key, each in chains.items() if not key[1].startswith(OF_A_SERVICE)}
