"""The kernel's own chains: in which order they jump to those of features."""

import pytest

from nsnet.errors import CompileError
from nsnet.features.hooks import ORDER, built_in_chains
from nsnet.state.rules import BUILT_IN, Chain, Hook, Jump, Match, Rule
from tests.support.labs import SCENARIOS, shipped


def test_jumps_are_in_the_order_of_the_table_not_in_that_of_features() -> None:
    names = ORDER["filter", "INPUT"]
    hooks = [Hook("filter", "INPUT", each, Match(comment=each)) for each in reversed(names)]
    (chain,) = built_in_chains("n1", hooks)
    assert chain == Chain(
        "filter", "INPUT", tuple(Rule(Match(comment=each), Jump(each)) for each in names)
    )


def test_each_family_and_table_has_chains_of_its_own() -> None:
    hooks = [
        Hook("nat", "POSTROUTING", "NSNET-EGRESS", family=6),
        Hook("nat", "PREROUTING", "NSNET-EXPORTS"),
        Hook("nat", "POSTROUTING", "NSNET-EGRESS"),
        Hook("filter", "OUTPUT", "NSNET-LB"),
    ]
    assert [(each.family, each.table, each.name) for each in built_in_chains("n1", hooks)] == [
        (4, "filter", "OUTPUT"),
        (4, "nat", "PREROUTING"),
        (4, "nat", "POSTROUTING"),
        (6, "nat", "POSTROUTING"),
    ]


@pytest.mark.parametrize(
    "hook",
    [
        Hook("nat", "PREROUTING", "NSNET-OTHER"),
        Hook("nat", "INPUT", "NSNET-EXPORTS"),  # another hook of the table
        Hook("filter", "PREROUTING", "NSNET-EXPORTS"),
        Hook("nat", "NSNET-LB", "NSNET-EXPORTS"),  # no hook of the kernel
    ],
)
def test_a_jump_without_a_place_in_the_order_is_refused(hook: Hook) -> None:
    message = f"n1: {hook.table} {hook.hook} has no place for a jump to {hook.chain}"
    with pytest.raises(CompileError, match=message):
        list(built_in_chains("n1", [hook]))


def test_the_order_names_hooks_of_the_kernel_and_no_chain_twice() -> None:
    for (_, hook), names in ORDER.items():
        assert hook in BUILT_IN
        assert len(set(names)) == len(names)


def test_every_place_in_the_table_is_taken_in_some_scenario() -> None:
    jumps = {
        (chain.table, chain.name, rule.target.chain)
        for file in SCENARIOS.glob("*.yaml")
        for netns in shipped(file.stem).state.netns
        for chain in netns.chains
        if chain.name in BUILT_IN
        for rule in chain.rules
        if isinstance(rule.target, Jump)
    }
    places = {(*hook, name) for hook, names in ORDER.items() for name in names}
    assert places <= jumps
