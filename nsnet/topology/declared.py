"""A Service as the file declares it, in one of its clusters."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from nsnet.errors import Problem
from nsnet.scenario import kubernetes
from nsnet.scenario.model import Manifest
from nsnet.topology.model import reference_of


class Declared(NamedTuple):
    """A Service of one cluster before anything is known but what is written."""

    reference: str
    service: kubernetes.Service
    manifest: Manifest

    @property
    def spec(self) -> kubernetes.ServiceSpec:
        """What it asks for."""
        return self.service.spec

    def problem(self, path: str, message: str) -> Problem:
        """A mistake at this path of the Service."""
        return self.manifest.problem(path, message)

    def warning(self, path: str, message: str) -> str:
        """A sentence about what stands at this path."""
        problem = self.problem(path, "")
        return f"{problem.file}:{problem.line}: {message}"


def declared(cluster: str, manifests: Iterable[Manifest]) -> Iterator[Declared]:
    """The Services of the cluster in the order of the file."""
    for manifest in manifests:
        service = manifest.object
        if isinstance(service, kubernetes.Service) and cluster in manifest.clusters:
            meta = service.metadata
            reference = reference_of(cluster, "svc", meta.name, meta.namespace)
            yield Declared(reference, service, manifest)
