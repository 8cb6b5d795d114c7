"""What the echo server is sent about a port. (That it listens there: tests/kernel/test_echo.py.)"""

from dataclasses import fields, replace
from typing import Any

import pytest

from nsnet.ip import Protocol
from nsnet.servers.echo.control import _entry
from nsnet.state.model import HealthCheck, Listener, Listens

OTHERS: dict[str, Any] = {
    "protocol": Protocol.UDP,
    "port": 81,
    "reference": "east/pod/other",
    "proxy_protocol": True,
    "namespace": "prod",
    "name": "other",
    "local_endpoints": 2,
}
LISTENERS = (
    Listener(Protocol.TCP, 80, "east/pod/web"),
    HealthCheck(80, "default", "web", 1),
)


@pytest.mark.parametrize(
    ("listener", "field"),
    [(each, field.name) for each in LISTENERS for field in fields(each)],
    ids=lambda each: each if isinstance(each, str) else type(each).__name__,
)
def test_the_server_is_sent_every_field_of_a_listener(listener: Listens, field: str) -> None:
    other = replace(listener, **{field: OTHERS[field]})
    assert _entry("n1", other) != _entry("n1", listener)
