"""Pods, and the workloads that create them."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictBool

from nsnet.scenario.fields import Number, Port, check_subdomain
from nsnet.scenario.kubernetes.fields import (
    Labels,
    Lenient,
    ObjectMeta,
    PortName,
    PortProtocol,
    TemplateMeta,
)
from nsnet.scenario.kubernetes.scheduling import Affinity, Toleration, TopologySpreadConstraint


def _node_name(value: str) -> str:
    return value and check_subdomain(value)


NodeName = Annotated[str, AfterValidator(_node_name)]


class ContainerPort(Lenient):
    """A port on which a container listens."""

    name: PortName = ""
    container_port: Port
    protocol: PortProtocol = "TCP"
    host_port: Annotated[Number, Field(ge=0, le=65535)] = 0  # 0: none
    host_ip: Annotated[str, Field(alias="hostIP")] = ""


class Container(Lenient):
    """A container; nsnet reads only its ports."""

    name: str = ""
    ports: tuple[ContainerPort, ...] = ()


class PodSpec(Lenient):
    """The containers of a pod, the nodes that it can run on, and whether it uses their network."""

    containers: tuple[Container, ...] = ()
    node_name: NodeName = ""
    node_selector: Labels = {}
    host_network: StrictBool = False
    affinity: Affinity = Affinity()
    tolerations: tuple[Toleration, ...] = ()
    topology_spread_constraints: tuple[TopologySpreadConstraint, ...] = ()


class Condition(Lenient):
    """A condition in the status of a pod. nsnet uses only the condition Ready."""

    type: str
    status: str


class PodStatus(Lenient):
    """The status of a pod, if its manifest has one."""

    phase: str = ""
    conditions: tuple[Condition, ...] = ()


class Pod(Lenient):
    """A pod."""

    kind: Literal["Pod"]
    metadata: ObjectMeta
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


class PodTemplate(Lenient):
    """The template of a workload's pods."""

    metadata: TemplateMeta = TemplateMeta()
    spec: PodSpec = PodSpec()


class WorkloadSpec(Lenient):
    """The number of pods of a workload, and their template."""

    replicas: Annotated[Number, Field(ge=0, le=10_000)] = 1
    template: PodTemplate = PodTemplate()


class Workload(Lenient):
    """A workload: an object that creates pods from a template."""

    kind: Literal["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"]
    metadata: ObjectMeta
    spec: WorkloadSpec = WorkloadSpec()
