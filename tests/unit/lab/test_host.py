"""The host name of a shell in a place."""

import pytest

from nsnet.lab.host import hostname
from nsnet.topology.references import locate
from tests.support.labs import pod, topology


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("east/pod/web.prod", "web.prod"),
        ("east/pod/gateway", "gateway"),  # by its role, not by what it is called
        ("east/node/n1", "n1"),
        ("fabric", "fabric"),
        ("external/api", "api"),
        ("east/gateway", "east-gateway"),
    ],
)
def test_a_host_name_is_the_last_part_of_a_reference(reference: str, name: str) -> None:
    found = topology(
        pod("web", namespace="prod"),
        pod("gateway"),
        clusters=("{name: east, gateway: {kind: nat}}",),
        spec="externals: [{name: api, address: 203.0.113.80}]",
    )
    assert hostname(locate(found, reference)) == name
