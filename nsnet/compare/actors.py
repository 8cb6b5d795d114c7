"""The pods and the Service between which paths are measured. Every cluster of a variant has them.

client  on the first node        near  a server on the first node        far  one on the last node

The Service selects `far` alone, so that all its connections take one path. Two containers of a
server run iperf3 and sockperf; in a third one the echo server answers probes.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from nsnet.compare.variants import Variant, exports
from nsnet.lab.compiled import Compiled, compiled
from nsnet.scenario.documents import Document
from nsnet.scenario.kubernetes import Object, Pod, Service, ServiceExport
from nsnet.scenario.model import Manifest
from nsnet.topology.assignment import ALLOWED, Assignment, container_owner
from nsnet.topology.commands import RUN_COMMAND
from nsnet.topology.model import Cluster, reference_of
from nsnet.topology.resolve import resolve

NAMESPACE: Final = "nsnet-compare"
CLIENT, NEAR, FAR, SERVICE = "client", "near", "far", "server"
ECHO, IPERF3, SOCKPERF = 80, 5201, 11111  # ports
_FILE: Final = "nsnet compare"  # the file that messages about these objects name
_ROLE: Final = "nsnet.dev/compare"  # label
_COMMANDS: Final = {
    "iperf3": (IPERF3, ("iperf3", "-s")),
    "sockperf": (SOCKPERF, ("sockperf", "server", "--tcp", "-p", str(SOCKPERF))),
}


def with_actors(variant: Variant) -> Compiled:
    """Return the variant with its actors, compiled. Only their commands are allowed. Raises
    ScenarioError, CompileError."""
    scenario, specs = variant.scenario, variant.scenario.spec.clusters
    clusters = resolve(scenario).clusters
    added = [
        Manifest(each, (cluster.name,), Document(_FILE, each.model_dump()), own=True)
        for cluster, spec in zip(clusters, specs, strict=True)
        for each in _objects(cluster, exported=exports(spec))
    ]
    allowed = {
        container_owner(reference(cluster.name, "pod", pod), container): ALLOWED
        for cluster in clusters
        for pod in (NEAR, FAR)
        for container in _COMMANDS
    }
    changed = replace(scenario, manifests=(*scenario.manifests, *added))
    return compiled(changed, Assignment(commands=allowed))


def reference(cluster: str, kind: str, name: str) -> str:
    """Return the reference of one of the actors."""
    return reference_of(cluster, kind, name, NAMESPACE)


def _objects(cluster: Cluster, *, exported: bool) -> Iterator[Object]:
    first, last = cluster.nodes[0].name, cluster.nodes[-1].name
    client: dict[str, Any] = {"nodeName": first, "containers": [{"name": "client"}]}
    yield Pod.model_validate({"kind": "Pod", "metadata": _metadata(CLIENT), "spec": client})
    for name, node in ((NEAR, first), (FAR, last)):
        metadata = {**_metadata(name), "annotations": {RUN_COMMAND: "true"}}
        spec: dict[str, Any] = {"nodeName": node, "containers": list(_containers())}
        yield Pod.model_validate({"kind": "Pod", "metadata": metadata, "spec": spec})
    ports = [{"name": f"p{each}", "port": each} for each in (ECHO, IPERF3, SOCKPERF)]
    spec = {"type": "LoadBalancer", "selector": {_ROLE: FAR}, "ports": ports}
    yield Service.model_validate({"kind": "Service", "metadata": _metadata(SERVICE), "spec": spec})
    if exported:
        metadata = _metadata(SERVICE)
        yield ServiceExport.model_validate({"kind": "ServiceExport", "metadata": metadata})


def _metadata(name: str) -> dict[str, Any]:
    return {"name": name, "namespace": NAMESPACE, "labels": {_ROLE: name}}


def _containers() -> Iterator[dict[str, Any]]:
    yield {"name": "echo", "ports": [{"containerPort": ECHO}]}
    for name, (port, command) in _COMMANDS.items():
        yield {"name": name, "command": [*command], "ports": [{"containerPort": port}]}
