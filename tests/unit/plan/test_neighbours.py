"""Which neighbours are added, deleted and flushed, and when."""

from nsnet.features.compile import compile_state
from nsnet.plan.ops import NeighbourDelete, NeighbourFlush, RulesLoad
from nsnet.plan.order import changes, plan
from nsnet.topology.resolve import resolve
from tests.support.labs import lab, pod, shipped, topology, workload, written
from tests.support.plans import kinds, web
from tests.support.world import World


def test_a_crowded_lab_has_permanent_neighbours() -> None:
    crowd = lab(workload("Deployment", "web", 30), clusters=("{name: east, nodes: 1}",)).state
    World().apply(plan(crowd)).holds(crowd)
    assert len(crowd["nsnet.lab.east.node.n1"].neighbours) == 30
    assert len(crowd["nsnet.lab.east.pod.default.web-0"].neighbours) == 30  # 29, and the bridge
    assert all(not each.neighbours for each in shipped("clusterip").state.netns)


def test_a_removed_address_is_flushed_on_every_link_of_its_layer_2_segment() -> None:
    both = (pod("client", spec="nodeName: n1"), pod("far", spec="nodeName: n2"))
    old = topology(*both, pod("web", spec="nodeName: n1"))
    new = resolve(written(*both), old.assignment())
    (address,) = next(each.addresses for each in old.clusters[0].pods if each.name == "web")
    ops = changes(compile_state(old), compile_state(new))
    assert [op for op in ops if isinstance(op, NeighbourFlush)] == [
        NeighbourFlush("nsnet.lab.east.node.n1", "cbr0", address),
        NeighbourFlush("nsnet.lab.east.pod.default.client", "eth0", address),
    ]


def test_a_permanent_neighbour_is_deleted_and_need_not_be_flushed() -> None:
    # Those of a crowded lab are permanent.
    one = ("{name: east, nodes: 1}",)
    old, new = (lab(workload("Deployment", "web", n), clusters=one).state for n in (30, 29))
    found = [op for op in changes(old, new) if isinstance(op, NeighbourDelete | NeighbourFlush)]
    assert kinds([*found]) == ["NeighbourDelete"]


def test_a_new_address_is_flushed_on_its_layer_2_segment_before_rules_send_packets_there() -> None:
    # A request for the address that got no answer would fail the packets that wait for the next.
    ops = changes(web(3), web(4))
    flushed = [op for op in ops if isinstance(op, NeighbourFlush)]
    (address,) = {op.address for op in flushed}
    assert address in web(4)["nsnet.clusterip.east.pod.default.web-3"].addresses
    assert {(op.netns, op.dev) for op in flushed} == {
        ("nsnet.clusterip.east.node.n2", "cbr0"),
        ("nsnet.clusterip.east.pod.default.web-1", "eth0"),
        ("nsnet.clusterip.east.pod.kube-system.coredns-0", "eth0"),
    }
    loads = [index for index, op in enumerate(ops) if isinstance(op, RulesLoad)]
    assert max(map(ops.index, flushed)) < min(loads)


def test_a_new_lab_has_no_learned_neighbours_to_flush() -> None:
    assert [op for op in plan(web(2)) if isinstance(op, NeighbourFlush)] == []
