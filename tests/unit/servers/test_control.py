"""What the lab's server is sent about a port. (tests/kernel/test_echo.py: it listens there.)"""

from dataclasses import fields, replace
from typing import Any

import pytest

from nsnet.ip import Protocol
from nsnet.names.zones import Forward, Names
from nsnet.servers.control import _entry
from nsnet.state.model import HealthCheck, Listener, Listens, NameServer

OTHERS: dict[str, Any] = {
    "protocol": Protocol.UDP,
    "port": 81,
    "reference": "east/pod/other",
    "proxy_protocol": True,
    "namespace": "prod",
    "name": "other",
    "local_endpoints": 2,
    "names": Names(forwards=(Forward("", (("192.0.2.1", 53),)),)),
}
LISTENERS = (
    Listener(Protocol.TCP, 80, "east/pod/web"),
    HealthCheck(80, "default", "web", 1),
    NameServer(Protocol.TCP, 53, "east/pod/dns", Names()),
)


def _sent(netns: str, listener: Listens) -> object:
    """What the server is sent: an entry, and what DNS servers know."""
    names: dict[int, tuple[int, Names]] = {}
    return _entry(netns, listener, names), [known for _, known in names.values()]


@pytest.mark.parametrize(
    ("listener", "field"),
    [(each, field.name) for each in LISTENERS for field in fields(each)],
    ids=lambda each: each if isinstance(each, str) else type(each).__name__,
)
def test_the_server_is_sent_every_field_of_a_listener(listener: Listens, field: str) -> None:
    other = replace(listener, **{field: OTHERS[field]})
    assert _sent("n1", other) != _sent("n1", listener)
