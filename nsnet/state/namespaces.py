"""The network namespaces of a lab: their names and roles."""

from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """The role of a namespace in its lab, such as a pod or a gateway."""

    POD = "pod"
    NODE = "node"
    GATEWAY = "gateway"
    FABRIC = "fabric"
    VNET = "vnet"
    MACHINE = "vm"
    FIREWALL = "firewall"
    EXTERNAL = "external"
    SERVERS = "servers"  # where the lab's server is started; probes do not send packets there


class Namespace(NamedTuple):
    """One namespace of a lab; `reference` is its name in reports."""

    name: str
    reference: str
    role: Role


def netns_name(lab: str, *parts: str) -> str:
    """Return the name of a lab's namespace: `nsnet`, the lab's name and these parts, joined by
    dots. So the prefix nsnet.a. of lab `a` does not match the namespaces of lab `a-b`."""
    return ".".join(("nsnet", lab, *parts))


def servers_netns(lab: str) -> str:
    """Return the name of the namespace in which the lab's server is started."""
    return netns_name(lab, Role.SERVERS.value)
