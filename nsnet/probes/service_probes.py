"""Probes of every Service port of a lab, each with what the model predicts as its expectation."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from nsnet.ip import endpoint
from nsnet.probes.judge import predicted
from nsnet.probes.model import Model
from nsnet.probes.question import Question, predicted_paths, question
from nsnet.scenario.kinds import Expectation, ProbeSpec
from nsnet.topology.model import Cluster, Service, ServicePort, Topology
from nsnet.topology.notation import UnknownReferenceError, without_only_cluster

ATTEMPTS: Final = 16  # at most, of a probe; an endpoint gets two on average, if there are few


@dataclass(frozen=True, slots=True)
class _Target:
    """What a client asks for a Service port, and whether the client is outside the cluster."""

    reference: str
    outside: bool = False


def service_probes(model: Model) -> tuple[ProbeSpec, ...]:
    """Return a probe of each Service port from a pod, from a node and, where the cluster lets
    packets in, from an external host.

    A headless Service is asked at its first endpoint. Ports of an ExternalName are left out, those
    of a headless Service without endpoints, and clients without an address of the Service's family.
    """
    return tuple(
        answered
        for cluster in model.topology.clusters
        for spec in (
            *_of_cluster(model.topology, cluster),
            *_of_clusterset(model.topology, cluster),
        )
        for answered in _with_answer(model, spec)
    )


def _of_cluster(topology: Topology, cluster: Cluster) -> Iterator[ProbeSpec]:
    for service in cluster.services:
        for port in service.ports:
            yield from _of_port(topology, cluster, service, port)


def _of_clusterset(topology: Topology, cluster: Cluster) -> Iterator[ProbeSpec]:
    """Yield the probes of Services of several clusters that no Service of this cluster stands
    for."""
    imported = {each.imported_from for each in cluster.services}
    for common in topology.clusterset:
        others = any(each.cluster != cluster.name for each in common.exporters)
        missing = others and common.reference not in imported
        addresses = common.addresses_in(cluster) if missing else ()
        for port in common.ports if addresses else ():
            for client in _inside(cluster, port):
                reference = f"{common.reference}:{port.port}"
                yield _probe(topology, client, reference, port, 2 * len(addresses))


def _of_port(
    topology: Topology, cluster: Cluster, service: Service, port: ServicePort
) -> Iterator[ProbeSpec]:
    outside = [each.reference for each in topology.externals[:1]]
    for target in _targets(cluster, service, port):
        for client in outside if target.outside else _inside(cluster, port):
            yield _probe(topology, client, target.reference, port, 2 * len(port.endpoints))


def _probe(
    topology: Topology, client: str, target: str, port: ServicePort, times: int
) -> ProbeSpec:
    return ProbeSpec.model_validate(
        {
            "from": without_only_cluster(client, topology),
            "to": without_only_cluster(target, topology),
            "protocol": port.protocol.value,
            "times": min(max(1, times), ATTEMPTS),
        }
    )


def _inside(cluster: Cluster, port: ServicePort) -> Iterator[str]:
    """Yield the clients in a cluster: a pod, if there is one, and a node."""
    if pod := _client_pod(cluster, port):
        yield pod
    yield cluster.nodes[0].reference


def _client_pod(cluster: Cluster, port: ServicePort) -> str:
    """Return a pod with its own network that is, if possible, no endpoint of the port."""
    pods = [each.reference for each in cluster.pods if not each.host_network]
    endpoints = {each.reference for each in port.endpoints}
    return next((each for each in pods if each not in endpoints), pods[0] if pods else "")


def _targets(cluster: Cluster, service: Service, port: ServicePort) -> Iterator[_Target]:
    reference = f"{service.imported_from or service.reference}:{port.port}"
    if service.addresses:
        yield _Target(reference)
    elif port.endpoints and service.type != "ExternalName":
        first = port.endpoints[0]
        is_address = first.reference == str(first.address)
        at = endpoint(first.address, first.port)
        yield _Target(at if is_address else f"{first.reference}:{first.port}")
    if service.load_balancer_ips or service.exported:
        yield _Target(reference, outside=True)
    if port.node_port is not None and cluster.is_on_fabric:
        yield _Target(f"{cluster.nodes[0].reference}:{port.node_port}", outside=True)


def _with_answer(model: Model, spec: ProbeSpec) -> Iterator[ProbeSpec]:
    try:
        asked = question(model.topology, spec)
    except UnknownReferenceError:
        return  # the client has no address of this family
    assert isinstance(asked, Question)  # it has a reference
    outcomes = predicted(predicted_paths(model, asked), asked.to, asked.expected)
    verdicts = tuple(dict.fromkeys(each.verdict for each in outcomes))
    expect = Expectation(verdict=verdicts if len(verdicts) > 1 else verdicts[0])
    yield spec.model_copy(update={"expect": expect})
