"""The objects that nsnet does not read: warnings about those that would change traffic or create
pods, and a summary of the others."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Final, NamedTuple

from nsnet.scenario.kubernetes.builtin import BUILT_IN, CLUSTER_WIDE, REMOVED
from nsnet.text import printable, some_of


class IgnoredObject(NamedTuple):
    """An object that nsnet does not read.

    `namespace`: "" for an object of the whole cluster, and for one of a custom kind that names no
    namespace.
    """

    group: str
    kind: str
    namespace: str
    name: str
    place: str  # file:line
    version: str = ""  # of the API group

    @property
    def kind_name(self) -> str:
        """The kind, with the API group if Kubernetes itself has a kind of this name."""
        own = self.group in BUILT_IN
        shared = any(self.kind in kinds for kinds in BUILT_IN.values())
        return printable(self.kind if own or not shared else f"{self.group} {self.kind}")

    @property
    def full_name(self) -> str:
        """The name, with the namespace if it is known."""
        return printable(f"{self.namespace}/{self.name}" if self.namespace else self.name)


def ignored_object(
    group: str, kind: str, namespace: str, name: str, place: str, version: str = ""
) -> IgnoredObject:
    """Return an object as its manifest writes it, in the namespace that it belongs to."""
    if (group, kind) in CLUSTER_WIDE:
        namespace = ""
    elif group in BUILT_IN:
        namespace = namespace or "default"
    return IgnoredObject(group, kind, namespace, name or "(no name)", place, version)


_NOT_ENFORCED: Final = "not enforced, so it blocks nothing"
_NOT_ROUTED: Final = "not emulated, so no traffic takes its routes"
_DERIVED: Final = "not read, because nsnet derives it from the ServiceExports of the file"
_NOT_RUN: Final = "not run, because no schedule fires in a lab"
_NO_PODS: Final = "not emulated, so the pods that it would create do not exist"
# Kinds that would change traffic or create pods: what the lab lacks → API group → kinds.
_EFFECTS: Final = {
    _NOT_ENFORCED: {
        "networking.k8s.io": "NetworkPolicy",
        "extensions": "NetworkPolicy",
        "policy.networking.k8s.io": "AdminNetworkPolicy BaselineAdminNetworkPolicy"
        " ClusterNetworkPolicy",
        "cilium.io": "CiliumClusterwideNetworkPolicy CiliumNetworkPolicy",
        "crd.projectcalico.org": "GlobalNetworkPolicy NetworkPolicy",
        "projectcalico.org": "GlobalNetworkPolicy NetworkPolicy",
        "crd.antrea.io": "ClusterNetworkPolicy NetworkPolicy",
        "security.istio.io": "AuthorizationPolicy PeerAuthentication",
    },
    _NOT_ROUTED: {
        "gateway.networking.k8s.io": "BackendTLSPolicy GRPCRoute ListenerSet TCPRoute UDPRoute",
        "route.openshift.io": "Route",
        "networking.istio.io": "DestinationRule Gateway ServiceEntry VirtualService",
        "traefik.io": "IngressRoute IngressRouteTCP IngressRouteUDP",
        "traefik.containo.us": "IngressRoute IngressRouteTCP IngressRouteUDP",
        "projectcontour.io": "HTTPProxy",
        "getambassador.io": "Mapping",
        "split.smi-spec.io": "TrafficSplit",
    },
    _DERIVED: {"multicluster.x-k8s.io": "ServiceImport"},
    _NOT_RUN: {"batch": "CronJob"},
    _NO_PODS: {
        "argoproj.io": "Application ApplicationSet Rollout Workflow",
        "apps.openshift.io": "DeploymentConfig",
        "serving.knative.dev": "Configuration Service",
        "apps.kruise.io": "AdvancedCronJob CloneSet DaemonSet StatefulSet",
        "leaderworkerset.x-k8s.io": "LeaderWorkerSet",
        "jobset.x-k8s.io": "JobSet",
        "helm.cattle.io": "HelmChart",
        "helm.toolkit.fluxcd.io": "HelmRelease",
        "kustomize.toolkit.fluxcd.io": "Kustomization",
        "kafka.strimzi.io": "Kafka",
        "monitoring.coreos.com": "Alertmanager Prometheus PrometheusAgent ThanosRuler",
        "postgresql.cnpg.io": "Cluster",
        "kubevirt.io": "VirtualMachine VirtualMachineInstance",
    },
}
_EFFECT_OF: Final = {
    (group, kind): text
    for text, groups in _EFFECTS.items()
    for group, kinds in groups.items()
    for kind in kinds.split()
}
_RBAC: Final = "RBAC object"  # the group of kinds that every application has several of
_RBAC_KINDS: Final = ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ServiceAccount")
_MOST_KINDS: Final = 8


def missing_effects(ignored: Iterable[IgnoredObject]) -> Iterator[str]:
    """Yield a warning for each kind that would let traffic in, block it or create pods."""
    names: dict[tuple[str, str], dict[str, None]] = {}
    for each in ignored:
        if text := _EFFECT_OF.get((each.group, each.kind)):
            names.setdefault((text, each.kind_name), {})[each.full_name] = None
    for (text, kind), those in sorted(names.items(), key=lambda found: _order(*found[0])):
        yield f"{kind} is {text}: {some_of(those)}"


def removed(ignored: Iterable[IgnoredObject]) -> Iterator[str]:
    """Yield a warning about all objects whose apiVersion Kubernetes has removed."""
    found: dict[str, None] = {}
    for each in ignored:
        version = f"{each.group}/{each.version}"
        if release := REMOVED.get((version, each.kind)):
            found[f"{each.kind} in {version} (since {release})"] = None
    if found:
        what = "the API server refuses objects that the lab ignores"
        yield f"{what}, because their apiVersions are removed: {some_of(found)}"


def _order(text: str, kind: str) -> tuple[int, str]:
    return [*_EFFECTS].index(text), kind


def summary(ignored: Collection[IgnoredObject]) -> str:
    """Return a line that counts the objects without an effect on traffic or pods, "" if there are
    none."""
    counts = Counter(_counted_as(each) for each in _others(ignored))
    if not counts:
        return ""
    kinds = sorted(counts, key=lambda kind: (kind != _RBAC, -counts[kind], kind))
    most = len(kinds) if len(kinds) <= _MOST_KINDS else _MOST_KINDS - 1
    parts = [f"{counts[kind]} {_plural(kind, counts[kind])}" for kind in kinds[:most]]
    if more := kinds[most:]:
        parts.append(f"{sum(counts[kind] for kind in more)} of {len(more)} other kinds")
    return ", ".join(parts)


def listed(ignored: Iterable[IgnoredObject]) -> Iterator[str]:
    """Yield a line for each of the objects that `summary` counts."""
    for each in _others(ignored):
        yield f"{each.place}: {each.kind_name} {each.full_name}"


def _others(ignored: Iterable[IgnoredObject]) -> Iterator[IgnoredObject]:
    return (each for each in dict.fromkeys(ignored) if (each.group, each.kind) not in _EFFECT_OF)


def _counted_as(each: IgnoredObject) -> str:
    own = each.group in ("", "rbac.authorization.k8s.io")
    return _RBAC if own and each.kind in _RBAC_KINDS else each.kind_name


def _plural(kind: str, number: int) -> str:
    if number == 1 or kind == "Endpoints":
        return kind
    if kind.endswith(("s", "x", "ch")):
        return f"{kind}es"
    return f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"
