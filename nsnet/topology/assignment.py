"""What a lab has allocated to each owner: addresses, pod ranges, nodes and NodePorts.

The name of an owner is a reference, or a reference and a use: "east/svc/web (exported)".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address, ip_network
from typing import Any, Final, NamedTuple, TypeAlias

from nsnet.ip import IPAddress, IPNetwork

ALLOWED: Final = "allowed"  # in place of the digest of a command: whatever it is


class ServiceEvent(NamedTuple):
    """A Service that was created, changed or, if it has no address, deleted."""

    namespace: str
    name: str
    address: str = ""
    ports: tuple[tuple[str, int, str], ...] = ()  # name, number, protocol (tcp)

    @property
    def key(self) -> tuple[str, str, str]:
        """What identifies the Service: kind, namespace and name."""
        return "Service", self.namespace, self.name

    @property
    def is_deletion(self) -> bool:
        """Whether the Service does not exist any more."""
        return not self.address


class ConfigEvent(NamedTuple):
    """A ConfigMap or a Secret that was created, changed or, without values, deleted. A repr does
    not show the values."""

    kind: str
    namespace: str
    name: str
    values: Mapping[str, str] | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What identifies the object: kind, namespace and name."""
        return self[:3]

    @property
    def is_deletion(self) -> bool:
        """Whether the object does not exist any more."""
        return self.values is None

    def __repr__(self) -> str:
        return f"{self.kind}({self.namespace}/{self.name})"


Event: TypeAlias = ServiceEvent | ConfigEvent


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a lab has allocated, by owner. It stays allocated when the lab is changed."""

    addresses: Mapping[str, tuple[IPAddress, ...]] = field(default_factory=dict)
    pod_cidrs: Mapping[str, tuple[IPNetwork, ...]] = field(default_factory=dict)
    nodes: Mapping[str, str] = field(default_factory=dict)  # pod reference → node name
    node_ports: Mapping[str, int] = field(default_factory=dict)
    events: Mapping[str, tuple[Event, ...]] = field(default_factory=dict)  # by cluster
    seen: Mapping[str, int] = field(default_factory=dict)  # pod → events before it was created
    # The commands that were allowed: the digest of each, or ALLOWED, by the container that owns it.
    commands: Mapping[str, str] = field(default_factory=dict)
    all_commands: bool = False  # whether those of the files are allowed now
    released: frozenset[IPAddress] = frozenset()  # of a restarting pod, which must get others

    def address_in(self, network: IPNetwork, owner: str) -> IPAddress | None:
        """Return the owner's address in this range, or None if there is none."""
        addresses = self.addresses.get(owner, ())
        return next((address for address in addresses if address in network), None)

    def release(self, owner: str) -> "Assignment":
        """Return the assignment without the addresses of this owner.

        The next allocation does not choose these addresses, so the owner gets different ones. A pod
        keeps its allowed commands, although their environment may change.
        """
        addresses, seen = dict(self.addresses), dict(self.seen)
        seen.pop(owner, None)
        released = frozenset(addresses.pop(owner, ()))
        own = container_owner(owner, "")
        commands = {
            name: ALLOWED if name.startswith(own) else digest
            for name, digest in self.commands.items()
        }
        return replace(self, released=released, addresses=addresses, seen=seen, commands=commands)

    def to_json(self) -> dict[str, object]:
        """Return the assignment as plain data for a JSON file. It has neither `released` nor
        `all_commands`."""
        return {
            "addresses": {owner: list(map(str, each)) for owner, each in self.addresses.items()},
            "podCIDRs": {owner: list(map(str, each)) for owner, each in self.pod_cidrs.items()},
            "nodes": dict(self.nodes),
            "nodePorts": dict(self.node_ports),
            "events": {name: [*map(_as_json, each)] for name, each in self.events.items()},
            "eventsSeen": dict(self.seen),
            "commands": dict(self.commands),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Mapping[str, Any]]) -> "Assignment":
        """Return the assignment that `to_json` turned into this data.

        Files of earlier versions have no nodePorts and no events. Raises KeyError or ValueError for
        data of another form.
        """
        addresses, pod_cidrs, nodes = data["addresses"], data["podCIDRs"], data["nodes"]
        node_ports = data.get("nodePorts", {})
        return cls(
            addresses={owner: tuple(map(ip_address, each)) for owner, each in addresses.items()},
            pod_cidrs={owner: tuple(map(ip_network, each)) for owner, each in pod_cidrs.items()},
            nodes={owner: str(node) for owner, node in nodes.items()},
            node_ports={owner: int(number) for owner, number in node_ports.items()},
            events={
                name: tuple(map(_event, each)) for name, each in data.get("events", {}).items()
            },
            seen={pod: int(count) for pod, count in data.get("eventsSeen", {}).items()},
            commands={owner: str(digest) for owner, digest in data.get("commands", {}).items()},
        )


def _as_json(event: Event) -> list[object]:
    return ["Service", *event] if isinstance(event, ServiceEvent) else [*event]


def _event(data: Sequence[Any]) -> Event:
    kind, namespace, name, *rest = data
    if kind != "Service":
        return ConfigEvent(kind, namespace, name, *rest)
    address, ports = rest
    return ServiceEvent(namespace, name, address, tuple((*each,) for each in ports))


def container_owner(pod: str, container: str) -> str:
    """Return the name under which a container of a pod owns what it runs."""
    return f"{pod} {container}"


def export_owner(reference: str, endpoint: str = "") -> str:
    """Return the name under which a Service owns the addresses at which it is exported, or, if it
    is headless, those at which this endpoint of it is."""
    return f"{reference} {endpoint}".rstrip() + " (exported)"


def load_balancer_owner(reference: str) -> str:
    """Return the name under which a Service owns its load-balancer addresses."""
    return f"{reference} (load balancer)"


def outbound_owner(cluster: str, number: int) -> str:
    """Return the name under which a cluster in a VNet owns a public address, by its number."""
    return f"{cluster} (outbound {number})"


def node_port_owner(reference: str, port: int, protocol: str) -> str:
    """Return the name under which a Service owns the NodePort of this port."""
    return f"{reference}:{port}/{protocol.lower()}"


def health_check_owner(reference: str) -> str:
    """Return the name under which a Service owns its health check port."""
    return f"{reference} (health check)"
