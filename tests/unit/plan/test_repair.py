"""What was changed by hand is undone, by no more steps than that takes."""

from dataclasses import replace

import pytest

from nsnet.plan import repair
from nsnet.plan.differences import diff
from nsnet.plan.ops import (
    DaemonStart,
    LinkUp,
    Op,
    RouteAdd,
    RouteDelete,
    RoutesAwait,
    RulesLoad,
    ServersStart,
    SetsLoad,
    SysctlSet,
    TableLoad,
    VirtualServersLoad,
)
from nsnet.plan.shell import render
from nsnet.state.model import Netns, State
from nsnet.state.observed import LO, Hung, ListedChain, ListedSet, Observed, expected
from tests.support.labs import SHIPPED, net, shipped

NODE = "nsnet.one-node.east.node.n1"


def intact(netns: Netns) -> Observed:
    """What is read where nothing was changed by hand; sets list their members in any order."""
    found = expected(netns)
    return replace(
        found,
        ipsets=tuple(replace(each, members=each.members[::-1]) for each in found.ipsets),
        virtual_servers=tuple(
            replace(each, servers=each.servers[::-1]) for each in found.virtual_servers
        ),
        sets=tuple(each._replace(lines=each.lines[::-1]) for each in found.sets),
    )


def whole(state: State) -> dict[str, Observed]:
    return {each.name: intact(each) for each in state.netns}


def repairs(state: State, observed: dict[str, Observed], *, served: bool = True) -> list[Op]:
    return repair.repairs(state, diff(state, observed), served=served)


def repaired(**changed: object) -> list[Op]:
    """The steps to repair the node of the smallest lab with these differences."""
    state = shipped("one-node").state
    observed = whole(state)
    observed[NODE] = replace(observed[NODE], **changed)  # type: ignore[arg-type]
    return repairs(state, observed)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_lab_as_its_state_needs_no_step(name: str) -> None:
    state = shipped(name).state
    assert repairs(state, whole(state)) == []


def test_only_the_chain_that_was_flushed_is_loaded_again() -> None:
    found = intact(shipped("one-node").state[NODE])
    emptied = tuple(
        each._replace(lines=()) if each.name == "KUBE-POSTROUTING" else each
        for each in found.chains
    )
    (op,) = repaired(chains=emptied)
    assert isinstance(op, RulesLoad)
    assert ([each.name for each in op.chains], op.deleted) == (["KUBE-POSTROUTING"], ())


def test_a_chain_that_was_added_is_deleted() -> None:
    found = intact(shipped("one-node").state[NODE])
    mine = ListedChain(4, "filter", "MINE", ("-A MINE -j DROP",))
    (op,) = repaired(chains=(*found.chains, mine, ListedChain(4, "raw", "OUTPUT")))
    assert isinstance(op, RulesLoad)
    assert [each.name for each in op.deleted] == ["MINE"]  # an empty OUTPUT is the kernel's own


def test_a_deleted_route_is_added_and_an_added_route_deleted() -> None:
    first, *others = intact(shipped("one-node").state[NODE]).routes
    mine = replace(first, destination=net("192.0.2.0/24"))
    assert repaired(routes=(*others, mine)) == [RouteDelete(NODE, mine), RouteAdd(NODE, first)]


def test_a_changed_sysctl_is_set_again() -> None:
    first, *others = intact(shipped("one-node").state[NODE]).sysctls
    (op,) = repaired(sysctls=(replace(first, value="77"), *others))
    assert isinstance(op, SysctlSet)
    assert op.sysctl.key == first.key


def test_a_link_that_is_down_is_set_up() -> None:
    links = shipped("one-node").state[NODE].interfaces
    down = tuple(replace(each, up=each.name == "cbr0") for each in links)
    assert repaired(interfaces=down, other_links=(LO._replace(up=False),)) == [
        LinkUp(NODE, name) for name in ("lo", *(each.name for each in links if each.name != "cbr0"))
    ]


def test_a_missing_namespace_is_created_with_its_links_and_listeners() -> None:
    state = shipped("one-node").state
    observed = whole(state)
    pod = next(each for each in state.netns if ".pod." in each.name)
    del observed[pod.name]
    words = [render(op) for op in repairs(state, observed)]
    assert f"ip netns add {pod.name}" in words
    assert any(each.startswith(f"# {pod.name}: ") for each in words) or not pod.listeners
    assert not any(each.startswith("ip netns add") for each in words if pod.name not in each)


def test_a_killed_server_is_started_and_listens_on_every_port_again() -> None:
    state = shipped("one-node").state
    first, *others = repairs(state, whole(state), served=False)
    assert isinstance(first, ServersStart)
    assert len(others) == sum(len(each.listeners) for each in state.netns)


def test_only_the_ipset_and_the_virtual_server_that_were_changed_are_loaded_again() -> None:
    state = shipped("ipvs").state
    observed = whole(state)
    name = NODE.replace("one-node", "ipvs")
    found = observed[name]
    observed[name] = replace(
        found,
        ipsets=tuple(
            replace(each, members=()) if each.name == "KUBE-CLUSTER-IP" else each
            for each in found.ipsets
        ),
        virtual_servers=found.virtual_servers[1:],
    )
    sets, servers = repairs(state, observed)
    assert isinstance(sets, SetsLoad)
    assert [each.name for each in sets.sets] == ["KUBE-CLUSTER-IP"]
    assert isinstance(servers, VirtualServersLoad)
    assert (servers.old, servers.new) == ((), state[name].virtual_servers[:1])


SPEAKER = "nsnet.flat-bgp.fabric"


def repaired_speaker(**changed: object) -> list[Op]:
    """The steps to repair the fabric that learns routes by BGP."""
    state = shipped("flat-bgp").state
    observed = whole(state)
    observed[SPEAKER] = replace(observed[SPEAKER], **changed)  # type: ignore[arg-type]
    return repairs(state, observed)


def test_a_killed_bird_is_started_again_and_its_routes_awaited() -> None:
    fabric = shipped("flat-bgp").state[SPEAKER]
    learned = tuple(each for each in fabric.routes if each.learned)
    given = tuple(each for each in fabric.routes if not each.learned)
    (bird,) = fabric.daemons
    expected = [DaemonStart(SPEAKER, bird), RoutesAwait(SPEAKER, learned)]
    assert repaired_speaker(daemons=()) == expected
    assert repaired_speaker(daemons=(Hung(bird),)) == expected
    assert repaired_speaker(daemons=(), routes=given) == expected


def test_a_killed_haproxy_is_started_again() -> None:
    state, name = shipped("island-proxy").state, "nsnet.island-proxy.west.gateway"
    observed = whole(state)
    (haproxy,) = state[name].daemons
    for found in ((), (Hung(haproxy),)):
        observed[name] = replace(observed[name], daemons=found)
        assert repairs(state, observed) == [DaemonStart(name, haproxy)]


def test_a_missing_learned_route_is_awaited_and_never_added() -> None:
    fabric = shipped("flat-bgp").state[SPEAKER]
    learned = tuple(each for each in fabric.routes if each.learned)
    gone = tuple(each for each in fabric.routes if each != learned[0])
    assert repaired_speaker(routes=gone) == [RoutesAwait(SPEAKER, learned)]


def test_a_static_route_added_beside_learned_ones_is_deleted() -> None:
    fabric = shipped("flat-bgp").state[SPEAKER]
    learned = tuple(each for each in fabric.routes if each.learned)
    mine = replace(learned[0], learned=False, destination=net("192.0.2.0/24"))
    assert repaired_speaker(routes=(*fabric.routes, mine)) == [RouteDelete(SPEAKER, mine)]


TABLED = NODE.replace("one-node", "nftables")


def reloaded(**changed: object) -> list[Op]:
    """The steps to repair the node with proxyMode nftables."""
    state = shipped("nftables").state
    observed = whole(state)
    observed[TABLED] = replace(observed[TABLED], **changed)  # type: ignore[arg-type]
    return repairs(state, observed)


def test_an_nftables_table_that_was_changed_is_deleted_and_loaded_whole() -> None:
    node = shipped("nftables").state[TABLED]
    chains = tuple(each for each in node.chains if each.table == "kube-proxy")
    found = intact(node)
    first, *others = found.sets
    whole_table = [TableLoad(TABLED, 4, (), (*node.sets, *chains), whole=True)]
    assert reloaded(sets=(first._replace(lines=first.lines[1:]), *others)) == whole_table
    assert reloaded(sets=tuple(others)) == whole_table
    last = next(each for each in found.chains if each.table == "kube-proxy")
    assert reloaded(chains=tuple(each for each in found.chains if each != last)) == whole_table


def test_an_nftables_table_that_is_gone_is_loaded_and_one_that_is_not_wanted_is_deleted() -> None:
    node = shipped("nftables").state[TABLED]
    found = intact(node)
    (loaded,) = reloaded(
        chains=tuple(each for each in found.chains if each.table != "kube-proxy"), sets=()
    )
    assert isinstance(loaded, TableLoad)
    assert (len(loaded.old), len(loaded.new) > len(node.sets), loaded.whole) == (0, True, False)
    (deleted,) = reloaded(sets=(*found.sets, ListedSet(6, "mine", "set", ("type ipv6_addr",))))
    assert isinstance(deleted, TableLoad)
    assert (deleted.family, [each.name for each in deleted.old], deleted.new) == (6, ["mine"], ())
