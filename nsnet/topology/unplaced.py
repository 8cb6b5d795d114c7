"""A pod as its manifest describes it, before it is placed on a node."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nsnet.ip import Protocol
from nsnet.scenario.kubernetes import PodSpec
from nsnet.scenario.model import Manifest
from nsnet.topology.model import ListenPort


@dataclass(frozen=True, slots=True)
class UnplacedPod:
    """A pod as its manifest describes it, before it is placed on a node."""

    name: str
    namespace: str
    reference: str
    labels: Mapping[str, str]
    spec: PodSpec
    path: str  # of the pod's spec inside its manifest
    manifest: Manifest
    workload: str = ""
    node: str = ""  # the only node it can run on
    ready: bool = True
    terminating: bool = False
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def ports(self) -> tuple[ListenPort, ...]:
        """The ports of the pod's containers, without SCTP ports."""
        return tuple(
            ListenPort(each.container_port, Protocol(each.protocol.lower()), each.name)
            for container in self.spec.containers
            for each in container.ports
            if each.protocol != "SCTP"
        )
