"""EndpointSlices and Endpoints: the endpoints of a Service, if a manifest lists them."""

from typing import Annotated, Any, Literal

from pydantic import StrictBool, model_validator

from nsnet.scenario.kubernetes.fields import (
    Lenient,
    ObjectMeta,
    PortNumber,
    PortProtocol,
    zero_means,
)
from nsnet.scenario.kubernetes.names import EndpointAddress, PortName


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
    """An endpoint of an EndpointSlice: its addresses, conditions, node and hints."""

    addresses: tuple[EndpointAddress, ...] = ()
    conditions: EndpointConditions = EndpointConditions()
    node_name: str = ""
    hostname: str = ""
    hints: EndpointHints = EndpointHints()


class SlicePort(Lenient):
    """The port on which the endpoints of a slice serve the Service port of the same name.

    Without a number, which stands for every port, kube-proxy ignores it.
    """

    name: PortName = ""
    port: Annotated[PortNumber | None, zero_means(None)] = None
    protocol: PortProtocol = "TCP"


class EndpointSlice(Lenient):
    """Endpoints that a manifest lists for a Service, usually for one without a selector."""

    kind: Literal["EndpointSlice"]
    metadata: ObjectMeta
    address_type: Literal["FQDN", "IPv4", "IPv6"] | None = None
    endpoints: tuple[SliceEndpoint, ...] = ()
    ports: tuple[SlicePort, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _without_names(cls, data: Any) -> Any:
        # kube-proxy ignores endpoints whose addresses are DNS names.
        if isinstance(data, dict) and data.get("addressType") == "FQDN":
            return {**data, "endpoints": ()}
        return data


class SubsetAddress(Lenient):
    """An address of an Endpoints object, and the node that has it."""

    ip: EndpointAddress
    node_name: str = ""
    hostname: str = ""


class SubsetPort(Lenient):
    """A port of an Endpoints object, which serves the Service port of the same name."""

    name: PortName = ""
    port: PortNumber
    protocol: PortProtocol = "TCP"


class EndpointSubset(Lenient):
    """Addresses that all have the same ports."""

    addresses: tuple[SubsetAddress, ...] = ()
    not_ready_addresses: tuple[SubsetAddress, ...] = ()
    ports: tuple[SubsetPort, ...] = ()


class Endpoints(Lenient):
    """Endpoints of the Service of the same name, in the form that EndpointSlices replace."""

    kind: Literal["Endpoints"]
    metadata: ObjectMeta
    subsets: tuple[EndpointSubset, ...] = ()
