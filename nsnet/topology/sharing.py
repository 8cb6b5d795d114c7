"""Which clusters stand behind one gateway: those that call theirs by the same name."""

from typing import Final

from nsnet.scenario.kinds import ClusterSpec
from nsnet.scenario.model import Scenario
from nsnet.topology.ledger import Ledger

# Their tables of routes are numbered from 101 on, and 253 is the kernel's own.
MOST: Final = 99


def sharing(scenario: Scenario, spec: ClusterSpec) -> list[ClusterSpec]:
    """The clusters that have the same gateway, this one among them."""
    if spec.gateway is None or spec.gateway.name is None:
        return [spec]
    named = [each for each in scenario.spec.clusters if each.gateway is not None]
    return [each for each in named if each.gateway and each.gateway.name == spec.gateway.name]


def gateways_of(clusters: list[ClusterSpec]) -> list[str]:
    """The references of their gateway, or of its replicas, the preferred one first."""
    reference = f"{','.join(each.name for each in clusters)}/gateway"
    first = clusters[0].gateway
    if first is None or first.replicas == 1:
        return [reference]
    return [f"{reference}/{number}" for number in range(1, first.replicas + 1)]


def refuse_mixtures(ledger: Ledger) -> None:
    """One gateway is of one kind, and that is nat; and one of the clusters says its address."""
    for index, spec in enumerate(ledger.scenario.spec.clusters):
        members = sharing(ledger.scenario, spec)
        first, gateway = members[0].gateway, spec.gateway
        if len(members) == 1 or first is None or gateway is None:
            continue
        if gateway.replicas > 1:
            message = f"{gateway.name} is shared, and only one that is not has replicas"
            ledger.refuse(f"spec.clusters[{index}].gateway.replicas", message)
        path, whose = f"spec.clusters[{index}].gateway", members[0].name
        if gateway.kind != first.kind:
            message = f"{gateway.name} is of kind {first.kind} for {whose}: it is one gateway"
            ledger.refuse(f"{path}.kind", message)
        elif gateway.kind != "nat":
            names = " and ".join(each.name for each in members)
            message = f"only a nat gateway is shared: {names} all name {gateway.name}"
            ledger.refuse(f"{path}.kind", message)
        if gateway.address and spec is not members[0]:
            message = f"{gateway.name} is one gateway: write its addresses where {whose} names it"
            ledger.refuse(f"{path}.address", message)
        if len(members) > MOST and spec is members[MOST]:
            ledger.refuse(f"{path}.kind", f"at most {MOST} clusters share a gateway")
