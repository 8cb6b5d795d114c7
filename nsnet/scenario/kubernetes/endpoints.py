"""EndpointSlices: the endpoints of a Service, if a manifest lists them."""

from typing import Literal

from pydantic import StrictBool

from nsnet.scenario.fields import Port
from nsnet.scenario.kubernetes.fields import (
    EndpointAddress,
    Lenient,
    ObjectMeta,
    PortName,
    PortProtocol,
)


class EndpointConditions(Lenient):
    """The conditions of an endpoint. It is ready unless `ready` is false."""

    ready: StrictBool | None = None
    serving: StrictBool | None = None
    terminating: StrictBool | None = None


class Hint(Lenient):
    """A zone or a node, by name."""

    name: str


class EndpointHints(Lenient):
    """The zones and the nodes from which clients should use an endpoint."""

    for_zones: tuple[Hint, ...] = ()
    for_nodes: tuple[Hint, ...] = ()


class SliceEndpoint(Lenient):
    """An endpoint of an EndpointSlice: its addresses, conditions, node and zone hints."""

    addresses: tuple[EndpointAddress, ...]
    conditions: EndpointConditions = EndpointConditions()
    node_name: str = ""
    hints: EndpointHints = EndpointHints()


class SlicePort(Lenient):
    """The port on which the endpoints of a slice serve the Service port of the same name."""

    name: PortName = ""
    port: Port
    protocol: PortProtocol = "TCP"


class EndpointSlice(Lenient):
    """Endpoints that a manifest lists for a Service, usually for one without a selector."""

    kind: Literal["EndpointSlice"]
    metadata: ObjectMeta
    endpoints: tuple[SliceEndpoint, ...] = ()
    ports: tuple[SlicePort, ...] = ()
