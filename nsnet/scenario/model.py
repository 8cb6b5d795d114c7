"""What a scenario file says, as a value, and nothing that follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass

from nsnet.errors import Problem
from nsnet.scenario.documents import Document
from nsnet.scenario.kinds import ScenarioSpec
from nsnet.scenario.kubernetes import Object


@dataclass(frozen=True, slots=True)
class Manifest:
    """A Kubernetes object, the clusters it lives in, and where it was written."""

    object: Object
    clusters: tuple[str, ...]
    document: Document

    def problem(self, path: str, message: str) -> Problem:
        """A mistake at this path of the object."""
        return self.document.problem(path, message)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What the file says, and nothing that follows from it.

    Manifests are in creation order: those of the files that the clusters list, then those of the
    scenario's own file.
    """

    name: str
    spec: ScenarioSpec
    manifests: tuple[Manifest, ...]
    warnings: tuple[str, ...]
    sources: Mapping[str, str]
    document: Document

    def problem(self, path: str, message: str) -> Problem:
        """A mistake at this path of the Scenario."""
        return self.document.problem(path, message)
