"""Mistakes of a scenario that show before anything is allocated."""

import pytest

from nsnet.topology.scenario_checks import scenario_problems
from tests.support.labs import written

SIX = "podCIDR: 'fd00:10:244::/56', nodeCIDR: 'fd00:192::/64', serviceCIDR: 'fd00:96::/112'"
FABRIC6 = "fabricCIDR: fd98::/64"


@pytest.mark.parametrize(
    ("clusters", "spec", "problems"),
    [
        (["name: east", "name: west"], "", []),
        (["name: east", "name: east"], "", ["spec.clusters[1].name: east is used twice"]),
        (
            ["name: east, nodes: [{name: a}, {name: b}, {name: a}]"],
            "",
            ["spec.clusters[0].nodes[2].name: a is used twice"],
        ),
        (
            ["name: east"],
            "externals: [{name: a, address: 203.0.113.1}, {name: a, address: 203.0.113.2}]",
            ["spec.externals[1].name: a is used twice"],
        ),
        (
            ["name: east"],
            "externals: [{name: a, address: 203.0.113.1}, {name: b, address: 203.0.113.1}]",
            ["spec.externals[1].address: 203.0.113.1 is already the address of a"],
        ),
        (
            ["name: east"],
            "externals: [{name: a, address: 2001:db8::1, mtu: 1279}]",
            ["spec.externals[0].mtu: IPv6 needs an MTU of at least 1280, not 1279"],
        ),
        (["name: east"], "externals: [{name: a, address: 203.0.113.1, mtu: 1279}]", []),
        (
            [f"name: east, mtu: 1279, {SIX}"],
            FABRIC6,
            ["spec.clusters[0].mtu: IPv6 needs an MTU of at least 1280, not 1279"],
        ),
        ([f"name: east, mtu: 1280, {SIX}"], FABRIC6, []),
        (
            ["name: east, model: flat, gateway: {kind: nat}"],
            "",
            [
                "spec.clusters[0].gateway: only a cluster of model island has a gateway;"
                " east is flat"
            ],
        ),
        (
            ["name: east, routing: bgp"],
            "",
            [
                "spec.clusters[0].routing: only a cluster of model flat can announce its pods"
                " by BGP; east is island"
            ],
        ),
        (["name: east, model: flat, routing: bgp"], "", []),
        (
            ["name: east, gateway: {kind: nat, virtualCIDR: 100.64.0.0/16}"],
            "",
            [
                "spec.clusters[0].gateway.virtualCIDR: only kind vip has virtual addresses;"
                " this gateway is of kind nat"
            ],
        ),
    ],
)
def test_duplicate_names_and_options_that_cannot_apply(
    clusters: list[str], spec: str, problems: list[str]
) -> None:
    scenario = written(clusters=tuple(f"{{{each}}}" for each in clusters), spec=spec)
    found = [f"{each.path}: {each.message}" for each in scenario_problems(scenario)]
    assert found == problems
