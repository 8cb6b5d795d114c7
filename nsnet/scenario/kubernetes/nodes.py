"""Nodes and namespaces, if a manifest describes them."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool

from nsnet.scenario.fields import Cidr
from nsnet.scenario.kubernetes.fields import Lenient, ObjectMeta
from nsnet.scenario.kubernetes.scheduling import Taint


class NodeSpec(Lenient):
    """The taints of a node, its pod ranges, and whether it takes new pods."""

    taints: tuple[Taint, ...] = ()
    pod_cidr: Annotated[Cidr | None, Field(alias="podCIDR")] = None
    pod_cidrs: Annotated[tuple[Cidr, ...], Field(alias="podCIDRs")] = ()
    unschedulable: StrictBool = False


class NodeAddress(Lenient):
    """An address of a node, or one of its names."""

    type: str
    address: str


class NodeStatus(Lenient):
    """The addresses of a node."""

    addresses: tuple[NodeAddress, ...] = ()


class Node(Lenient):
    """A node."""

    kind: Literal["Node"]
    metadata: ObjectMeta
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class Namespace(Lenient):
    """A namespace, with the labels by which affinity selects it."""

    kind: Literal["Namespace"]
    metadata: ObjectMeta
