"""Connections that are idle for a while, and the machines on the way that forget them."""

import pytest

from nsnet.ip import Protocol
from nsnet.topology.destinations import find_destination
from nsnet.topology.references import locate
from nsnet.walk.idle import Idle
from tests.support.labs import Lab, lab, pod


def idle_lab(outbound: str) -> Lab:
    """A cluster in a VNet with this way out, and a host outside."""
    place = "cni: azure-cni-overlay, vnet: hub, serviceCIDR: 10.0.0.0/16"
    return lab(
        pod("client"),
        pod("web"),
        clusters=(f"{{name: east, {place}, outbound: {outbound}}}",),
        spec="vnets: [{name: hub, ranges: [10.224.0.0/12],"
        " subnets: [{name: aks, range: 10.224.0.0/16}]}]\n"
        "externals: [{name: api, address: 203.0.113.80, ports: [{port: 443}]}]",
    )


def verdicts(found: Lab, idle: Idle | None, to: str = "external/api:443") -> list[str]:
    client = locate(found.topology, "pod/client")
    target = find_destination(found.topology, to, client)
    where = client.netns, Protocol.TCP, target.address, target.port
    return [str(each.verdict) for each in found.model.walker.paths(*where, idle=idle)]


FORGETFUL = "{type: loadBalancer, idleSeconds: 2}"


@pytest.mark.parametrize(
    ("outbound", "idle", "verdict"),
    [
        (FORGETFUL, None, "ok"),
        (FORGETFUL, Idle(1.5), "ok"),
        (FORGETFUL, Idle(3), "reset"),
        (FORGETFUL, Idle(3, keepalive=1), "ok"),
        (FORGETFUL, Idle(3, keepalive=2), "reset"),  # it comes too late
        ("{type: loadBalancer}", Idle(60), "ok"),
        ("{type: natGateway, idleSeconds: 2}", Idle(3), "reset"),
    ],
)
def test_what_is_forgotten_is_reset(outbound: str, idle: Idle | None, verdict: str) -> None:
    assert verdicts(idle_lab(outbound), idle) == [verdict]


def test_connections_that_pass_no_load_balancer_are_not_forgotten() -> None:
    assert verdicts(idle_lab(FORGETFUL), Idle(60), "pod/web:80") == ["ok"]


def test_the_explanation_shows_the_request_after_the_handshake() -> None:
    found = idle_lab(FORGETFUL)
    client = locate(found.topology, "pod/client")
    target = find_destination(found.topology, "external/api:443", client)
    where = client.netns, Protocol.TCP, target.address, target.port
    (path,) = found.model.walker.paths(*where, idle=Idle(3))
    said = [(each.reference, each.what) for each in path.request]
    assert ("east/pod/client", "sends its request after 3 s") in said
    assert said[-1] == ("vnet/hub", "REJECT")
