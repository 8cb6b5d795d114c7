"""The plan of every scenario as the commands a person would type: what a change to nsnet changes
is a difference here, to be read before it is kept.

NSNET_GOLDEN=rewrite writes the texts anew (make golden).
"""

import os
from pathlib import Path

import pytest

from nsnet.features.compile import compile_state
from nsnet.plan.order import plan
from nsnet.plan.shell import script
from nsnet.scenario.load import load
from nsnet.topology.resolve import resolve

HERE = Path(__file__).parent
SCENARIOS = {each.stem: each for each in sorted((HERE.parents[1] / "scenarios").glob("*.yaml"))}
REWRITE = os.environ.get("NSNET_GOLDEN") == "rewrite"


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_plan_of_a_scenario(name: str) -> None:
    state = compile_state(resolve(load(SCENARIOS[name])))
    text = script(state.lab, plan(state))
    golden = HERE / f"{name}.sh"
    if REWRITE:
        golden.write_text(text, encoding="utf-8")
    assert golden.exists(), "new: make golden"
    assert text.splitlines() == golden.read_text(encoding="utf-8").splitlines()


def test_no_plan_is_of_a_scenario_that_is_gone() -> None:
    gone = [each for each in sorted(HERE.glob("*.sh")) if each.stem not in SCENARIOS]
    if REWRITE:
        for each in gone:
            each.unlink()
        gone = []
    assert gone == []
