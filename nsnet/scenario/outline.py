"""Documents of the main file → Outline: the Scenario, the names of its clusters, and the entries of
their `manifests`.

The outline is taken before the Scenario is validated, so that a mistake in the Scenario does not
hide mistakes in manifests.
"""

from collections.abc import Iterator
from typing import NamedTuple

from nsnet.errors import Problem, ScenarioError
from nsnet.scenario.documents import Document, list_at, text_at
from nsnet.text import printable


class ManifestEntry(NamedTuple):
    """One entry of a cluster's `manifests`: a file or a folder."""

    cluster: str
    written: str
    document: Document
    path: str

    def problem(self, message: str) -> Problem:
        """Return a problem with this entry."""
        return self.document.problem(self.path, message)


class Outline(NamedTuple):
    """The main file in parts: the Scenario, other documents, cluster names, manifest entries."""

    scenario: Document
    inline: tuple[Document, ...]
    clusters: tuple[str, ...]
    entries: tuple[ManifestEntry, ...]


def outline_of(
    main: str, documents: list[Document], malformed: list[Problem]
) -> tuple[Outline, list[Problem]]:
    """Return the parts of the main file, and problems with the order of its documents.

    Raises ScenarioError if no document is a Scenario. The error reports the syntax errors
    (`malformed`) if there are any, because the Scenario may come after them.
    """
    scenarios = [each for each in documents if each.is_scenario]
    if not scenarios:
        # A syntax error ends the stream: the Scenario may come after it.
        raise ScenarioError(malformed or [_no_scenario(main)])
    first = scenarios[0]
    problems: list[Problem] = []
    if first is not documents[0]:
        message = "the Scenario must be the first document of the file; move it to the top"
        problems.append(first.problem("kind", message))
    for each in scenarios[1:]:
        line = first.position.line
        message = f"a second Scenario; a file describes one lab, and its Scenario is on line {line}"
        problems.append(each.problem("kind", message))
    clusters = list_at(first.data, "spec", "clusters")
    outline = Outline(
        scenario=first,
        inline=tuple(each for each in documents if not each.is_scenario),
        clusters=tuple(name for name in map(_cluster_name, clusters) if name),
        entries=tuple(_entries(first, clusters)),
    )
    return outline, problems


def _no_scenario(main: str) -> Problem:
    wanted = "apiVersion: nsnet.dev/v1alpha1 and kind: Scenario"
    return Problem(main, 0, "", f"contains no Scenario; its first document must have {wanted}")


def _entries(scenario: Document, clusters: list[object]) -> Iterator[ManifestEntry]:
    for index, cluster in enumerate(clusters):
        for number, written in enumerate(list_at(cluster, "manifests")):
            if isinstance(written, str):  # validation reports anything else
                path = f"spec.clusters[{index}].manifests[{number}]"
                yield ManifestEntry(_cluster_name(cluster), written, scenario, path)


def _cluster_name(cluster: object) -> str:
    name = text_at(cluster, "name")
    return printable(name) if name else ""
