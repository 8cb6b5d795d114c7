"""The plans of a few scenarios as shell scripts: a reviewer reads what a change to nsnet changes.

Two writers, one reader (tests/kernel/test_two_writers.py) covers every scenario.
NSNET_GOLDEN=rewrite writes the scripts again (make golden).
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
SCENARIOS = HERE.parents[1] / "scenarios"
REWRITE = os.environ.get("NSNET_GOLDEN") == "rewrite"

# What each shows that the ones above it do not.
GOLDEN = {
    "one-node": "a node, its pods on a bridge, and masquerading to the outside",
    "two-nodes": "routes between nodes",
    "vxlan": "a tunnel instead: forwarding entries, neighbours, a smaller MTU; and IPv6",
    "services": "kube-proxy's chains of iptables for each kind of Service",
    "nftables": "kube-proxy's table of nftables",
    "ipvs": "ipsets and virtual servers",
    "island-nat": "two clusters behind gateways: SNAT on the way out, DNAT to what is exported",
}


@pytest.mark.parametrize("name", GOLDEN)
def test_the_plan_of_a_scenario(name: str) -> None:
    state = compile_state(resolve(load(SCENARIOS / f"{name}.yaml")))
    text = script(state.lab, plan(state))
    golden = HERE / f"{name}.sh"
    if REWRITE:
        golden.write_text(text, encoding="utf-8")
    assert golden.exists(), "new: make golden"
    assert text.splitlines() == golden.read_text(encoding="utf-8").splitlines()


def test_there_is_no_script_that_is_not_compared() -> None:
    unlisted = [each for each in HERE.glob("*.sh") if each.stem not in GOLDEN]
    if REWRITE:
        for each in unlisted:
            each.unlink()
        unlisted = []
    assert unlisted == []
