"""What was changed by hand, and the steps that undo it: only those."""

from dataclasses import replace

import pytest

from nsnet.plan.drift import Observed, chain_lines
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
    VirtualServersLoad,
)
from nsnet.plan.repair import repairs
from nsnet.plan.shell import render
from nsnet.state import nftables_text as nft
from nsnet.state.model import Kind, Netns, State
from tests.support.labs import SHIPPED, net, shipped

NODE = "nsnet.one-node.east.node.n1"


def intact(netns: Netns) -> Observed:
    """What is read where nobody changed anything."""
    return Observed(
        interfaces=netns.interfaces,
        up=(
            "lo",
            *(one.name for one in netns.interfaces if one.up and one.kind is not Kind.DUMMY),
        ),
        routes=netns.routes,
        neighbours=netns.neighbours,
        policy_rules=netns.policy_rules,
        daemons=netns.daemons,
        fdb=netns.fdb,
        sysctls=tuple(replace(each, value=" ".join(each.value.split())) for each in netns.sysctls),
        chains={(each.family, each.table, each.name): chain_lines(each) for each in netns.chains},
        sets={(each.family, each.name): nft.lines(each) for each in netns.sets},
        ipsets=tuple(replace(each, members=each.members[::-1]) for each in netns.ipsets),
        virtual_servers=tuple(
            replace(each, servers=each.servers[::-1]) for each in netns.virtual_servers
        ),
    )


def whole(state: State) -> dict[str, Observed]:
    return {each.name: intact(each) for each in state.netns}


def repaired(**changed: object) -> list[Op]:
    """The steps where the node of the smallest lab is found otherwise than asked."""
    state = shipped("one-node").state
    observed = whole(state)
    observed[NODE] = replace(observed[NODE], **changed)  # type: ignore[arg-type]
    return repairs(state, observed, served=True)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_lab_as_it_was_asked_needs_no_step(name: str) -> None:
    state = shipped(name).state
    assert repairs(state, whole(state), served=True) == []


def test_a_chain_that_was_emptied_is_filled_and_no_other_touched() -> None:
    found = intact(shipped("one-node").state[NODE])
    key = next(key for key, lines in found.chains.items() if key[2] == "KUBE-POSTROUTING")
    (op,) = repaired(chains={**found.chains, key: ()})
    assert isinstance(op, RulesLoad)
    assert ([each.name for each in op.chains], op.deleted) == ([key[2]], ())


def test_a_chain_of_ones_own_is_deleted() -> None:
    found = intact(shipped("one-node").state[NODE])
    chains = dict(found.chains)
    chains[4, "filter", "MINE"] = ("-A MINE -j DROP",)
    chains[4, "raw", "OUTPUT"] = ()
    (op,) = repaired(chains=chains)
    assert isinstance(op, RulesLoad)
    assert [each.name for each in op.deleted] == ["MINE"]  # an empty OUTPUT is the kernel's own


def test_a_route_that_is_gone_comes_back_and_one_of_ones_own_goes() -> None:
    first, *others = intact(shipped("one-node").state[NODE]).routes
    mine = replace(first, destination=net("192.0.2.0/24"))
    assert repaired(routes=(*others, mine)) == [RouteDelete(NODE, mine), RouteAdd(NODE, first)]


def test_a_setting_is_set_again() -> None:
    first, *others = intact(shipped("one-node").state[NODE]).sysctls
    (op,) = repaired(sysctls=(replace(first, value="77"), *others))
    assert isinstance(op, SysctlSet)
    assert op.sysctl.key == first.key


def test_a_link_that_is_down_comes_up() -> None:
    assert repaired(up=("lo", "cbr0")) == [
        LinkUp(NODE, each.name)
        for each in shipped("one-node").state[NODE].interfaces
        if each.name != "cbr0"
    ]


def test_a_namespace_that_is_gone_is_made_with_all_that_hangs_on_it() -> None:
    state = shipped("one-node").state
    observed = whole(state)
    pod = next(each for each in state.netns if ".pod." in each.name)
    del observed[pod.name]
    words = [render(op) for op in repairs(state, observed, served=True)]
    assert f"ip netns add {pod.name}" in words
    assert any(each.startswith(f"# {pod.name}: ") for each in words) or not pod.listeners
    assert not any(each.startswith("ip netns add") for each in words if pod.name not in each)


def test_a_server_that_died_is_started_and_told_every_port() -> None:
    state = shipped("one-node").state
    first, *others = repairs(state, whole(state), served=False)
    assert isinstance(first, ServersStart)
    assert len(others) == sum(len(each.listeners) for each in state.netns)


def test_a_set_and_a_virtual_server_are_filled_again_and_no_other_touched() -> None:
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
    sets, servers = repairs(state, observed, served=True)
    assert isinstance(sets, SetsLoad)
    assert [each.name for each in sets.sets] == ["KUBE-CLUSTER-IP"]
    assert isinstance(servers, VirtualServersLoad)
    assert (servers.old, servers.new) == ((), state[name].virtual_servers[:1])


SPOKEN = "nsnet.flat-bgp.fabric"


def respoken(**changed: object) -> list[Op]:
    """The steps where the fabric that learns by BGP is found otherwise than asked."""
    state = shipped("flat-bgp").state
    observed = whole(state)
    observed[SPOKEN] = replace(observed[SPOKEN], **changed)  # type: ignore[arg-type]
    return repairs(state, observed, served=True)


def test_a_program_that_died_is_started_again_and_what_it_learns_awaited() -> None:
    fabric = shipped("flat-bgp").state[SPOKEN]
    learned = tuple(each for each in fabric.routes if each.learned)
    given = tuple(each for each in fabric.routes if not each.learned)
    (bird,) = fabric.daemons
    expected = [DaemonStart(SPOKEN, bird), RoutesAwait(SPOKEN, learned)]
    assert respoken(daemons=()) == expected
    assert respoken(daemons=(), routes=given) == expected


def test_a_proxy_that_died_is_started_again() -> None:
    state, name = shipped("island-proxy").state, "nsnet.island-proxy.west.gateway"
    observed = whole(state)
    observed[name] = replace(observed[name], daemons=())
    assert repairs(state, observed, served=True) == [DaemonStart(name, *state[name].daemons)]


def test_a_route_that_a_program_should_have_learned_is_awaited_and_never_written() -> None:
    fabric = shipped("flat-bgp").state[SPOKEN]
    learned = tuple(each for each in fabric.routes if each.learned)
    gone = tuple(each for each in fabric.routes if each != learned[0])
    assert respoken(routes=gone) == [RoutesAwait(SPOKEN, learned)]


def test_a_route_that_was_written_where_one_is_learned_goes() -> None:
    fabric = shipped("flat-bgp").state[SPOKEN]
    learned = tuple(each for each in fabric.routes if each.learned)
    mine = replace(learned[0], learned=False, destination=net("192.0.2.0/24"))
    assert respoken(routes=(*fabric.routes, mine)) == [RouteDelete(SPOKEN, mine)]
