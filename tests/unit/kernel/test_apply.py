"""Which Ops are carried out together. (What they do in a kernel: tests/kernel.)"""

from pathlib import Path
from typing import get_args

import pytest

from nsnet.ip import Protocol
from nsnet.kernel import netfilter, nftables
from nsnet.kernel.apply import EXECUTORS, Applier, batches
from nsnet.plan.ops import (
    AddressAdd,
    LinkDelete,
    LinkUp,
    Listen,
    NeighbourFlush,
    NetnsAdd,
    Op,
    RulesLoad,
    ServersStart,
    SetsLoad,
    TableLoad,
)
from nsnet.state import iptables_text, nftables_text
from nsnet.state.model import Listener
from nsnet.state.rules import KUBE_PROXY, Chain
from tests.support.labs import held, ip

WEB = Listener(Protocol.TCP, 80, "east/pod/web")
ADDRESS = held("10.244.0.2/24")


def sizes(*ops: Op) -> list[int]:
    """Return how many of these Ops, in order, are carried out at a time."""
    return [len(batch) for _, batch in batches(ops)]


def test_every_op_has_an_executor() -> None:
    assert set(EXECUTORS) == set(get_args(Op))


def test_ops_in_one_namespace_are_one_send() -> None:
    assert sizes(NetnsAdd("a"), LinkUp("a", "lo"), AddressAdd("a", "eth0", ADDRESS)) == [3]


def test_ops_in_two_namespaces_are_two_sends() -> None:
    assert sizes(LinkUp("a", "lo"), LinkUp("b", "lo"), LinkUp("b", "eth0")) == [1, 2]


def test_the_rules_of_all_namespaces_are_loaded_at_once() -> None:
    assert sizes(RulesLoad("a", 4, ()), RulesLoad("b", 4, ()), TableLoad("a", 4, (), ())) == [3]


def test_the_sets_of_all_namespaces_are_loaded_at_once_and_before_rules() -> None:
    assert sizes(SetsLoad("a", ()), SetsLoad("b", ()), RulesLoad("a", 4, ())) == [2, 1]


def test_the_server_receives_all_ports_at_once() -> None:
    assert sizes(ServersStart("s"), Listen("a", WEB), Listen("b", WEB)) == [3]


def test_the_links_of_one_namespace_are_deleted_at_once() -> None:
    assert sizes(LinkDelete("a", "x"), LinkDelete("a", "y"), LinkDelete("b", "x")) == [2, 1]


def test_links_are_deleted_apart_from_what_comes_before_and_after() -> None:
    assert sizes(LinkUp("a", "lo"), LinkDelete("a", "x"), LinkUp("a", "eth0")) == [1, 1, 1]


def test_the_neighbours_of_one_namespace_are_flushed_at_once() -> None:
    flushed = [NeighbourFlush(each, "eth0", ip("10.0.0.1")) for each in ("a", "a", "b")]
    assert sizes(*flushed) == [2, 1]


def test_rules_reach_the_kernels_tools_with_what_is_deleted_and_whole_tables(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    new, old = Chain("nat", "KUBE-NEW"), Chain("nat", "KUBE-OLD")
    base = Chain(KUBE_PROXY, "services")
    loaded: dict[str, object] = {}
    monkeypatch.setattr(netfilter, "load", lambda rules, tool, lock: loaded.update(iptables=rules))
    monkeypatch.setattr(nftables, "load", lambda tables: loaded.update(nft=list(tables)))
    monkeypatch.setattr(nftables, "delete", list)
    applier = Applier(tmp_path, "iptables-legacy", lambda ops: None)
    applier.apply([RulesLoad("n1", 4, (new,), (old,)), TableLoad("n1", 4, (), (base,), whole=True)])
    assert loaded == {
        "iptables": {"n1": {4: iptables_text.restore((new,), (old,))}},
        "nft": [("n1", nftables_text.load(4, (), (base,), whole=True))],
    }
    assert loaded["nft"] != [("n1", nftables_text.load(4, (), (base,)))]
