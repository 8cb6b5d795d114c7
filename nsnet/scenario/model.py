"""The content of a scenario file and its manifests, before anything is derived from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from nsnet.errors import Problem
from nsnet.scenario.documents import Document, text_at
from nsnet.scenario.ignored import IgnoredObject
from nsnet.scenario.kinds import ScenarioSpec
from nsnet.scenario.kubernetes import Object


@dataclass(frozen=True, slots=True)
class Manifest:
    """A Kubernetes object, the clusters to create it in, and the document that contains it.

    `own`: nsnet adds it to those of the files. Its pods take what the others leave.
    """

    object: Object
    clusters: tuple[str, ...]
    document: Document
    own: bool = False

    def problem(self, path: str, message: str) -> Problem:
        """Return a problem, with its file and line, for the field at this path of the object."""
        return self.document.problem(path, message)

    def warning(self, path: str, message: str) -> str:
        """Return a warning, with its file and line, about the field at this path of the object."""
        return f"{self.problem(path, '').place}: {message}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """The content of a scenario file and its manifests.

    The manifests are in creation order: first those of the files that the clusters list, then those
    of the main file. Objects with mistakes are left out; `problems` has these mistakes.
    """

    name: str
    spec: ScenarioSpec
    manifests: tuple[Manifest, ...]
    warnings: tuple[str, ...]
    ignored: tuple[IgnoredObject, ...]
    sources: Mapping[str, str] = field(repr=False)  # text by file
    document: Document
    problems: tuple[Problem, ...] = ()

    @property
    def written_name(self) -> str:
        """The name of the lab in the file."""
        return text_at(self.document.data, "metadata", "name")

    def named(self, name: str) -> "Scenario":
        """Return the same scenario for a lab of this name."""
        return replace(self, name=name)

    def problem(self, path: str, message: str, rule: str = "") -> Problem:
        """Return a problem, with its file and line, for the field at this path of the Scenario.

        `rule` is the name by which the Scenario can allow it.
        """
        return replace(self.document.problem(path, message), rule=rule)
