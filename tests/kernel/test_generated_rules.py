"""Generated rules are saved by the kernel's tools exactly as nsnet wrote them.

So a loaded rule is never reported as drift, and the kernel and the model have the same rule.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from nsnet.ip import Family
from nsnet.kernel import netfilter, netns, nftables, uapi
from nsnet.state import ipsets, iptables_text, nftables_text
from nsnet.state.rules import KUBE_PROXY, Chain
from tests.support import generated_rules as generated
from tests.support.machine import NEEDS_ROOT

pytestmark = NEEDS_ROOT

# Each example starts processes, so there are few examples with many rules each.
FEW = settings(
    max_examples=8,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def namespace() -> Iterator[str]:
    """A new network namespace."""
    name = f"nsnet.t{os.getpid()}.rules"
    netns.prepare()
    with netns.returning():
        os.close(netns.create(name))
    try:
        yield name
    finally:
        netns.delete(name)


@pytest.fixture(params=netfilter.TOOLS)
def tool(request: pytest.FixtureRequest) -> str:
    with netns.returning():
        netns.unshare(uapi.CLONE_NEWNET)
        if not netfilter.works(request.param):
            pytest.skip(f"{request.param} does not work here")
    return str(request.param)


@pytest.fixture
def with_sets(namespace: str) -> str:
    """A new network namespace with the ipsets that rules name."""
    for family in netfilter.FAMILIES:
        netfilter.load_sets([(namespace, ipsets.fill_input(generated.ipsets(family)))])
    return namespace


@pytest.mark.needs("ipset")
@pytest.mark.parametrize("family", netfilter.FAMILIES)
@FEW
@given(data=st.data())
def test_iptables_save_prints_rules_as_written(
    with_sets: str, tool: str, family: Family, tmp_path: Path, data: st.DataObject
) -> None:
    chains = []
    for table in generated.TABLES:
        rules = tuple(data.draw(st.lists(generated.iptables_rules(table, family), max_size=8)))
        chains += [Chain(table, "C", rules, family), Chain(table, generated.OTHER, (), family)]
    text = iptables_text.restore(chains)
    netfilter.load({with_sets: {family: text}}, tool, tmp_path / "lock")
    found = netfilter.chains_of([with_sets], tool, [family])[with_sets]
    saved = {(each.table, each.name): each.lines for each in found}
    for chain in chains:
        lines = tuple(iptables_text.line(chain, rule) for rule in chain.rules)
        assert saved[chain.table, chain.name] == lines


@pytest.mark.needs("ipset")
@pytest.mark.parametrize("family", netfilter.FAMILIES)
@FEW
@given(data=st.data())
def test_ipset_save_prints_members_as_written(
    with_sets: str, family: Family, data: st.DataObject
) -> None:
    sets = data.draw(generated.filled_ipsets(family))
    netfilter.load_sets([(with_sets, ipsets.fill_input(sets))])
    saved = {each.name: each for each in netfilter.ipsets_of([with_sets])[with_sets]}
    for each in sets:
        found = saved[each.name]
        assert {*found.members} == {*each.members}
        assert replace(found, members=()) == replace(each, members=())


@pytest.mark.parametrize("family", netfilter.FAMILIES)
@FEW
@given(data=st.data())
def test_nft_list_prints_rules_as_written(
    namespace: str, family: Family, data: st.DataObject
) -> None:
    rules = tuple(data.draw(st.lists(generated.nft_rules(family), max_size=20)))
    chains = [Chain(KUBE_PROXY, "c", rules, family), Chain(KUBE_PROXY, generated.OTHER, (), family)]
    sets = data.draw(generated.nft_sets(family))
    again = bool(nftables.tables_of([namespace])[namespace].chains)
    texts = nftables_text.load(family, (), (*sets, *chains), whole=again)
    nftables.load([(namespace, texts)])
    listed = nftables.tables_of([namespace])[namespace]
    rules_of = {each.name: each.lines for each in listed.chains}
    elements_of = {each.name: sorted(each.lines) for each in listed.sets}
    assert rules_of == {each.name: nftables_text.lines(each) for each in chains}
    assert elements_of == {each.name: sorted(nftables_text.lines(each)) for each in sets}
