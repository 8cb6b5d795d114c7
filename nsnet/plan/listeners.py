"""The Ops for ports on which the lab's server answers, and the wait for handshakes with
removed pods."""

from collections.abc import Iterator, Sequence

from nsnet.ip import Protocol
from nsnet.plan.change import Change
from nsnet.plan.ops import Drain, Listen, ListenerReplace, Op, Unlisten
from nsnet.state.model import Listens


def start_listeners(change: Change) -> Iterator[Op]:
    """Yield Ops that open new ports, and Ops that change how the server answers on existing
    ports."""
    old = {_port(each): each for each in change.old.listeners}
    for listener in change.new.listeners:
        was = old.get(_port(listener))
        if was is None:
            yield Listen(change.new.name, listener)
        elif was != listener:
            yield ListenerReplace(change.new.name, listener)


def stop_listeners(change: Change) -> Iterator[Op]:
    """Yield Ops that close the ports that the new State does not have."""
    ports = {_port(each) for each in change.new.listeners} if change.old.listeners else set()
    for listener in change.old.listeners:
        if _port(listener) not in ports:
            yield Unlisten(change.old.name, listener)


def drain(changed: Sequence[Change], removed: Sequence[Change]) -> Iterator[Op]:
    """Yield a wait in each namespace whose old rules may have translated connections to removed
    pods. The wait is needed because a SYN to a removed pod may still be in flight."""
    endpoints = tuple(
        address
        for each in removed
        if any(one.protocol is Protocol.TCP for one in each.old.listeners)
        for address in each.old.addresses
    )
    for each in changed if endpoints else ():
        if each.old.chains or each.old.virtual_servers:
            yield Drain(each.new.name, endpoints)


def _port(listener: Listens) -> tuple[Protocol, int]:
    return listener.protocol, listener.port
