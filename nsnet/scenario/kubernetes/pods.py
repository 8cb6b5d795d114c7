"""Pods, and the workloads that create them."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, model_validator

from nsnet.scenario.field_errors import invalid
from nsnet.scenario.fields import MAX_INT32, Number
from nsnet.scenario.kubernetes.fields import (
    Lenient,
    ObjectMeta,
    PortNumber,
    PortProtocol,
    TemplateMeta,
    check_port,
    port_name_mistakes,
    zero_means,
)
from nsnet.scenario.kubernetes.interior import (
    EnvFromSource,
    EnvVar,
    HostAlias,
    PodDnsConfig,
    Resources,
)
from nsnet.scenario.kubernetes.labels import Labels
from nsnet.scenario.kubernetes.names import NodeName
from nsnet.scenario.kubernetes.scheduling import Affinity, Toleration, TopologySpreadConstraint
from nsnet.scenario.kubernetes.selectors import LabelSelector


def _container_port_name(value: str) -> str:
    for mistake in port_name_mistakes(value) if value else ():
        raise ValueError(invalid(value, mistake))
    return value


def _host_port(value: int) -> int:
    return value and check_port(value)


class ContainerPort(Lenient):
    """A port on which a container listens."""

    unread = ""

    name: Annotated[str, AfterValidator(_container_port_name)] = ""
    container_port: PortNumber
    protocol: PortProtocol = "TCP"
    host_port: Annotated[Number, AfterValidator(_host_port)] = 0  # 0: none
    host_ip: Annotated[str, Field(alias="hostIP")] = ""


class Container(Lenient):
    """A container: its ports, its environment, its command, and whether it is a sidecar."""

    unread = (
        "image imagePullPolicy lifecycle livenessProbe readinessProbe"
        " resizePolicy restartPolicyRules securityContext startupProbe stdin stdinOnce"
        " terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts"
    )

    name: str = ""
    ports: tuple[ContainerPort, ...] = ()
    restart_policy: str = ""  # of an init container
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    working_dir: str = ""
    env: tuple[EnvVar, ...] = ()
    env_from: tuple[EnvFromSource, ...] = ()
    resources: Resources = Resources()


DnsPolicy = Literal["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"]


class SchedulingGate(Lenient):
    """What a pod waits for before the scheduler considers it."""

    name: str = ""


class PodSpec(Lenient):
    """The containers of a pod, the nodes that it can run on, and whether it uses their network."""

    unread = (
        "activeDeadlineSeconds automountServiceAccountToken"
        " ephemeralContainers hostIPC hostPID hostUsers hostnameOverride"
        " imagePullSecrets os overhead preemptionPolicy priority priorityClassName readinessGates"
        " resourceClaims resources runtimeClassName schedulerName securityContext"
        " shareProcessNamespace"
        " terminationGracePeriodSeconds volumes"
    )

    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    node_name: NodeName = ""
    node_selector: Labels = {}
    host_network: StrictBool = False
    affinity: Affinity = Affinity()
    tolerations: tuple[Toleration, ...] = ()
    topology_spread_constraints: tuple[TopologySpreadConstraint, ...] = ()
    scheduling_gates: tuple[SchedulingGate, ...] = ()
    restart_policy: str = ""
    hostname: str = ""
    subdomain: str = ""
    set_hostname_as_fqdn: Annotated[StrictBool, Field(alias="setHostnameAsFQDN")] = False
    dns_policy: Annotated[DnsPolicy, zero_means("ClusterFirst")] = "ClusterFirst"
    dns_config: PodDnsConfig = PodDnsConfig()
    host_aliases: tuple[HostAlias, ...] = ()
    enable_service_links: StrictBool = True
    service_account_name: str = ""
    service_account: str = ""  # its older name

    @property
    def serving(self) -> tuple[Container, ...]:
        """The containers that run as long as the pod: also the sidecars among its init containers.

        Source: KEP-753. Kubernetes, too, looks a port's name up in this order.
        """
        sidecars = (each for each in self.init_containers if each.restart_policy == "Always")
        return (*self.containers, *sidecars)


class Condition(Lenient):
    """A condition in the status of an object."""

    type: str
    status: str
    reason: str = ""
    message: str = ""


class StatusIP(Lenient):
    """One address in a status."""

    ip: str = ""


class PodStatus(Lenient):
    """The status of a pod, if its manifest has one."""

    phase: str = ""
    reason: str = ""
    conditions: tuple[Condition, ...] = ()
    pod_ip: Annotated[str, Field(alias="podIP")] = ""
    pod_ips: Annotated[tuple[StatusIP, ...], Field(alias="podIPs")] = ()
    host_ip: Annotated[str, Field(alias="hostIP")] = ""
    host_ips: Annotated[tuple[StatusIP, ...], Field(alias="hostIPs")] = ()

    @property
    def pod_addresses(self) -> tuple[str, ...]:
        """The addresses of the pod."""
        return tuple(each.ip for each in self.pod_ips) or (self.pod_ip,)

    @property
    def host_addresses(self) -> tuple[str, ...]:
        """The addresses of its node."""
        return tuple(each.ip for each in self.host_ips) or (self.host_ip,)

    def condition(self, type_: str) -> Condition | None:
        """Return the condition of this type, or None."""
        return next((each for each in self.conditions if each.type == type_), None)


class Pod(Lenient):
    """A pod."""

    unread = "apiVersion"

    kind: Literal["Pod"]
    metadata: ObjectMeta
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def is_ready(self) -> bool:
        """Whether its endpoints are ready: unless its status says otherwise."""
        ready = self.status.condition("Ready")
        return ready is None or ready.status == "True"

    @property
    def has_ended(self) -> bool:
        """Whether its containers have exited and are not restarted."""
        return self.status.phase in ("Succeeded", "Failed")

    @property
    def is_active(self) -> bool:
        """Whether its controller counts it: it has not ended and is not being deleted."""
        return not self.has_ended and self.metadata.deletion_timestamp is None


class PodTemplate(Lenient):
    """The template of a workload's pods."""

    unread = ""

    metadata: TemplateMeta = TemplateMeta()
    spec: PodSpec = PodSpec()


class Ordinals(Lenient):
    """The number of a StatefulSet's first pod."""

    start: Annotated[Number, Field(ge=0)] = 0


class WorkloadSpec(Lenient):
    """The number of pods of a workload, their template, and the selector that must match it."""

    unread = (
        "activeDeadlineSeconds backoffLimit backoffLimitPerIndex completionMode completions"
        " managedBy manualSelector maxFailedIndexes minReadySeconds parallelism"
        " persistentVolumeClaimRetentionPolicy podFailurePolicy podManagementPolicy"
        " podReplacementPolicy progressDeadlineSeconds revisionHistoryLimit rollbackTo"
        " strategy successPolicy suspend templateGeneration ttlSecondsAfterFinished updateStrategy"
        " volumeClaimTemplates"
    )

    replicas: Annotated[Number, Field(ge=0, le=MAX_INT32)] = 1
    selector: LabelSelector | None = None
    template: PodTemplate = PodTemplate()
    ordinals: Ordinals = Ordinals()
    service_name: str = ""  # of a StatefulSet: the subdomain of its pods
    paused: StrictBool = False


class WorkloadStatus(Lenient):
    """The status of a workload, if its manifest has one."""

    replicas: Annotated[Number, Field(ge=0)] = 0


class Workload(Lenient):
    """A workload: an object that creates pods from a template."""

    unread = "apiVersion"

    kind: Literal[
        "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController", "Job"
    ]
    metadata: ObjectMeta
    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()

    @property
    def selector(self) -> LabelSelector:
        """The selector; without one, that of the template's labels."""
        labels = self.spec.template.metadata.labels
        return self.spec.selector or LabelSelector(matchLabels=labels)


def _map_selector(value: Any) -> Any:
    return {"matchLabels": value} if value else None


class ReplicationControllerSpec(WorkloadSpec):
    """The spec of a ReplicationController, whose selector is a map of labels."""

    selector: Annotated[LabelSelector | None, BeforeValidator(_map_selector)] = None


class ReplicationController(Workload):
    """A ReplicationController, the predecessor of the ReplicaSet."""

    kind: Literal["ReplicationController"]
    spec: ReplicationControllerSpec = ReplicationControllerSpec()


class JobSpec(WorkloadSpec):
    """The number of pods that a Job runs at a time, and that have to succeed."""

    parallelism: Annotated[Number, Field(ge=0, le=MAX_INT32)] = 1
    completions: Annotated[Number, Field(ge=0)] | None = None
    completion_mode: Literal["NonIndexed", "Indexed"] = "NonIndexed"
    suspend: StrictBool = False
    manual_selector: StrictBool = False

    @model_validator(mode="before")
    @classmethod
    def _with_default(cls, data: Any) -> Any:
        fields = ("completions", "parallelism")
        if not isinstance(data, dict) or any(data.get(each) is not None for each in fields):
            return data
        return {**data, "completions": 1}


class JobStatus(WorkloadStatus):
    """The status of a Job, if its manifest has one."""

    conditions: tuple[Condition, ...] = ()
    succeeded: Annotated[Number, Field(ge=0)] = 0
    completed_indexes: str = ""  # such as "1,3-5"


class Job(Workload):
    """A Job, which creates pods until enough of them have succeeded."""

    kind: Literal["Job"]
    spec: JobSpec = JobSpec()
    status: JobStatus = JobStatus()

    @property
    def ended(self) -> str:
        """The condition with which the Job has ended: "Complete", "Failed" or ""."""
        ends = (each for each in self.status.conditions if each.status == "True")
        return next((each.type for each in ends if each.type in ("Complete", "Failed")), "")
