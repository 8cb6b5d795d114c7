"""Services as the manifests declare them, for each cluster that they belong to."""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from nsnet.errors import Problem
from nsnet.ip import IPNetwork
from nsnet.scenario import kubernetes
from nsnet.scenario.kinds import ClusterSpec
from nsnet.scenario.model import Manifest
from nsnet.topology.dumps import fitted
from nsnet.topology.model import reference_of


class DeclaredService(NamedTuple):
    """A Service of one cluster as its manifest declares it, before anything is allocated."""

    reference: str
    service: kubernetes.Service
    manifest: Manifest
    replaced: tuple[str, ...] = ()  # kinds of values of a dump that the lab cannot have

    @property
    def key(self) -> tuple[str, str]:
        """The Service's namespace and name."""
        return self.service.metadata.namespace, self.service.metadata.name

    @property
    def spec(self) -> kubernetes.ServiceSpec:
        """The spec of the Service."""
        return self.service.spec

    def problem(self, path: str, message: str) -> Problem:
        """Return a problem at this field of the Service, with its file and line."""
        return self.manifest.problem(path, message)

    def warning(self, path: str, message: str) -> str:
        """Return a warning about this field of the Service, with its file and line."""
        return self.manifest.warning(path, message)


def declared_services(
    cluster: ClusterSpec, manifests: Iterable[Manifest], taken: Collection[IPNetwork]
) -> Iterator[DeclaredService]:
    """Yield the Services of the cluster, in the order of the manifests.

    `taken`: the ranges in which no load-balancer address can be.
    """
    for manifest in manifests:
        service = manifest.object
        if isinstance(service, kubernetes.Service) and cluster.name in manifest.clusters:
            meta = service.metadata
            reference = reference_of(cluster.name, "svc", meta.name, meta.namespace)
            found, replaced = fitted(service, cluster, taken)
            yield DeclaredService(reference, found, manifest, replaced)
