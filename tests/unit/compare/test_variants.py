"""A scenario in other network models."""

from pathlib import Path

import pytest

from nsnet.compare.actors import with_actors
from nsnet.compare.paths import compared_paths
from nsnet.compare.variants import MODELS, Variant, as_they_are, in_models
from nsnet.errors import ScenarioError, UsageError
from nsnet.scenario.kinds import MODEL_OF
from nsnet.scenario.load import load
from tests.support.labs import SCENARIOS, SHIPPED, written

# They have IPv6 ranges. With azure-cni, the range of the subnet takes the place of podCIDR.
REFUSED = {
    *((name, model) for name in ("dual-stack", "vxlan") for model in MODEL_OF),
    ("mtu-black-hole", "kubenet"),
    ("mtu-black-hole", "azure-cni-overlay"),
}


@pytest.mark.parametrize("name", SHIPPED)
def test_every_scenario_compiles_in_every_model(name: str) -> None:
    for each in in_models(load(SCENARIOS / f"{name}.yaml"), MODELS):
        if (name, each.name) in REFUSED:
            with pytest.raises(ScenarioError, match="networks in a VNet are IPv4 here"):
                with_actors(each)
            continue
        found = with_actors(each)
        assert [*compared_paths(found.topology)]
        assert not found.scenario.spec.probes


def variants(*models: str, clusters: tuple[str, ...], spec: str = "") -> dict[str, Variant]:
    return {each.name: each for each in in_models(written(clusters=clusters, spec=spec), models)}


EAST = "{name: east, gateway: {kind: nat, replicas: 2}}"
WEST = "{name: west, nodes: 3, proxyMode: nftables}"


def test_what_a_model_does_not_have_is_listed() -> None:
    bgp = "{name: east, model: flat, routing: bgp}"
    found = variants("flat", "island-vip", clusters=(EAST, WEST))
    assert found["flat"].lost == (
        "east: podCIDR: the pods of flat clusters have 10.160.0.0/16",
        "east: a gateway of its own, without replicas",
        "west: podCIDR: the pods of flat clusters have 10.161.0.0/16",
    )
    assert found["island-vip"].lost == ("east: a gateway of its own, without replicas",)
    (island,) = variants("island-nat", clusters=(bgp,)).values()
    assert island.lost == ("east: routing: bgp",)
    faults = "faults: [{in: node/n1, down: eth0}]"
    (faulty,) = variants("flat", clusters=(WEST,), spec=faults).values()
    assert faulty.lost == ("faults",)


def test_everything_else_stays_as_it_is() -> None:
    for each in variants(*MODELS, clusters=(EAST, WEST)).values():
        east, west = each.scenario.spec.clusters
        assert (east.name, west.name, west.nodes) == ("east", "west", 3)
        assert west.proxy_mode == "nftables"


def test_clusters_of_a_vnet_have_a_subnet_each_and_machines_another() -> None:
    hub = (
        "vnets: [{name: hub, ranges: [10.0.0.0/16], subnets: [{name: all, range: 10.0.0.0/16}],"
        " machines: [{name: jump, subnet: all, ports: [{port: 22}]}],"
        " peerings: [{name: office, ranges: [172.20.0.0/16]}]}]"
    )
    cluster = "{name: east, cni: azure-cni, vnet: hub, maxPods: 20, serviceCIDR: 192.168.0.0/16}"
    found = variants("kubenet", "flat", clusters=(cluster,), spec=hub)
    (vnet,) = found["kubenet"].scenario.spec.vnets
    assert [(each.name, str(each.range)) for each in vnet.subnets] == [
        ("east", "10.224.0.0/16"),
        ("compared-machines", "10.225.0.0/16"),
    ]
    assert [each.name for each in vnet.machines] == ["jump"]
    assert [each.name for each in vnet.peerings] == ["office"]
    assert found["kubenet"].scenario.spec.clusters[0].max_pods == 20
    assert found["flat"].scenario.spec.vnets == ()
    assert found["flat"].lost == ("only clusters in VNets have vnet/hub, vm/jump",)


def test_a_load_balancer_takes_the_place_of_a_firewall() -> None:
    names = ("azure-cni", "flat")
    inside, flat = in_models(load(SCENARIOS / "outbound-firewall.yaml"), names)
    assert "prod: outbound: by a load balancer, not by a firewall" in inside.lost
    assert inside.scenario.spec.clusters[0].outbound is None
    assert any("firewall/fw" in each for each in flat.lost)


def test_a_vnet_takes_a_range_that_is_free() -> None:
    cluster = "{name: east, podCIDR: 10.228.0.0/16}"
    (found,) = variants("kubenet", clusters=(cluster,)).values()
    assert [str(each) for each in found.scenario.spec.vnets[0].ranges] == ["10.128.0.0/12"]
    full = "{name: east, podCIDR: 10.128.0.0/9, serviceCIDR: 172.16.0.0/13}"
    with pytest.raises(UsageError, match="leaves none of"):
        variants("kubenet", clusters=(full,))


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(UsageError, match="there is no model island-nut; did you mean island-nat"):
        variants("island-nut", clusters=(WEST,))


def test_labs_of_one_name_are_numbered() -> None:
    one = written(clusters=(WEST,))
    assert [each.name for each in as_they_are([one, one])] == ["lab-1", "lab-2"]


def test_only_the_commands_of_nsnet_are_allowed(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(
        "apiVersion: v1\nkind: Pod\n"
        'metadata: {name: own, annotations: {nsnet.dev/run-command: "true"}}\n'
        "spec: {containers: [{name: main, command: [touch, /tmp/own]}]}\n"
    )
    (variant,) = in_models(load(file), ["flat"])
    running = {
        pod.name: sorted(pod.commands)
        for cluster in with_actors(variant).topology.clusters
        for pod in cluster.pods
        if pod.commands
    }
    assert running == {"near": ["iperf3", "sockperf"], "far": ["iperf3", "sockperf"]}
