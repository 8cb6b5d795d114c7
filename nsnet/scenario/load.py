"""YAML files → Scenario: what they say, checked piece by piece, every mistake reported at once.

main file ─ documents ─┬─ kind Scenario, the first: strict ────────▶ spec
                       └─ the others ─────────────┬─ lenient ──────▶ manifests
files named by spec.clusters[].manifests ─────────┘
"""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import assert_never

from nsnet.errors import Problem, ScenarioError
from nsnet.scenario.documents import MAX_BYTES, Document, parse, shown
from nsnet.scenario.files import Files, Kept, OnDisk
from nsnet.scenario.kinds import ScenarioDocument, ScenarioSpec, quoted
from nsnet.scenario.kubernetes import Object
from nsnet.scenario.objects import Found, Ignored, objects, text, warnings
from nsnet.scenario.wording import did_you_mean, read

CLUSTER = "nsnet.dev/cluster"  # the annotation that says where an object lives


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


def load(file: Path) -> Scenario:
    """The scenario of a file and of the manifests it names; ScenarioError has every problem."""
    with _without_collector():
        return _load(str(file), OnDisk(file))


def reload(main: str, sources: Mapping[str, str]) -> Scenario:
    """The same scenario again, from the texts alone."""
    with _without_collector():
        return _load(main, Kept(main, sources))


@contextmanager
def _without_collector() -> Iterator[None]:
    """The collector would walk what was built so far again and again: half the time of a load."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _load(main: str, files: Files) -> Scenario:
    reading = _Reading(files)
    first, inline = _scenario_first(main, reading)
    manifests = tuple(_manifests(first, inline, reading))
    document, problems = read(first, ScenarioDocument)
    reading.problems += [*problems, *_twice(manifests)]
    if document is None or reading.problems:
        raise ScenarioError(reading.problems)
    return Scenario(
        document.metadata.name,
        document.spec,
        manifests,
        tuple(warnings(reading.ignored, reading.found)),
        reading.sources,
        first,
    )


@dataclass(slots=True)
class _Reading:
    """What has been read so far, what was wrong with it, and what was left out."""

    files: Files
    sources: dict[str, str] = field(default_factory=dict)
    parsed: dict[str, list[Document]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)

    def documents(self, file: str) -> list[Document]:
        """The documents of a file, which is read once however often it is named."""
        if file not in self.parsed:
            self.parsed[file] = []
            try:
                self.sources[file] = self.files.text(file)
            except ScenarioError as error:
                self.problems += error.problems
                return []
            if sum(map(len, self.sources.values())) > MAX_BYTES:
                message = "is one file too many: together they are over 32 MiB"
                raise ScenarioError([*self.problems, Problem(file, 0, "", message)])
            self.parsed[file], problems = parse(file, self.sources[file])
            self.problems += problems
        return self.parsed[file]

    def objects(self, document: Document) -> Iterator[Found]:
        """The objects of a document that nsnet reads; the rest is noted."""
        for each in objects(document):
            match each:
                case Found():
                    self.found.append(each)
                    yield each
                case Ignored():
                    self.ignored.append(each)
                case Problem():
                    self.problems.append(each)
                case _:
                    assert_never(each)


def _scenario_first(main: str, reading: _Reading) -> tuple[Document, list[Document]]:
    """The Scenario of the main file, and the other documents there."""
    documents = reading.documents(main)
    scenarios = [each for each in documents if _is_scenario(each)]
    if not scenarios:
        # Where the text could not be read to its end, nobody knows what is missing.
        missing = [] if reading.problems else [_no_scenario(main, empty=not documents)]
        raise ScenarioError([*reading.problems, *missing])
    first = scenarios[0]
    if first is not documents[0]:
        message = "the Scenario must be the first document of the file"
        reading.problems.append(first.problem("kind", message))
    for each in scenarios[1:]:
        message = f"a second Scenario (the first is in line {first.place.line}); a file is one lab"
        reading.problems.append(each.problem("kind", message))
    return first, [each for each in documents if not _is_scenario(each)]


def _no_scenario(main: str, *, empty: bool) -> Problem:
    what = "is empty" if empty else "holds no Scenario"
    wanted = "apiVersion: nsnet.dev/v1alpha1, kind: Scenario"
    return Problem(main, 0, "", f"{what}; its first document must be one ({wanted})")


def _is_scenario(document: Document) -> bool:
    data = document.data
    return text(data, "kind") == "Scenario" or text(data, "apiVersion").startswith("nsnet.dev/")


def _manifests(first: Document, inline: list[Document], reading: _Reading) -> Iterator[Manifest]:
    """Every object in its clusters. The Scenario's own mistakes shall not hide those found here."""
    clusters = _list(first.data, "spec", "clusters")
    names = [name for name in map(_cluster_name, clusters) if name]
    for index, cluster in enumerate(clusters):
        name = _cluster_name(cluster)
        for number, entry in enumerate(_list(cluster, "manifests")):
            path = f"spec.clusters[{index}].manifests[{number}]"
            for document in _of_entry(first, path, entry, reading):
                for found in reading.objects(document):
                    yield from _placed(found, names, name, reading)
    for document in inline:
        for found in reading.objects(document):
            yield from _placed(found, names, "", reading)


def _cluster_name(cluster: object) -> str:
    name = text(cluster, "name")
    return shown(name) if name else ""


def _list(data: object, *keys: str) -> list[object]:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, list) else []


def _of_entry(first: Document, path: str, entry: object, reading: _Reading) -> Iterator[Document]:
    """The documents behind one entry of `manifests`."""
    if not isinstance(entry, str):
        return  # the Scenario's own check says so
    try:
        files = reading.files.expand(entry)
    except ValueError as error:
        reading.problems.append(first.problem(path, str(error)))
        return
    for document in (each for file in files for each in reading.documents(file)):
        if _is_scenario(document):
            message = "a Scenario is no manifest of another"
            reading.problems.append(document.problem("kind", message))
        else:
            yield document


def _placed(found: Found, names: list[str], owner: str, reading: _Reading) -> Iterator[Manifest]:
    """In the clusters its annotation names, in that which owns its file, or in the only one."""
    annotations = found.object.metadata.annotations
    written = annotations.get(CLUSTER, owner or (names[0] if len(names) == 1 else ""))
    wanted = tuple(dict.fromkeys(each.strip() for each in written.split(",")))
    message = _misplaced(wanted, names, owner, annotations)
    if not message:
        yield Manifest(found.object, wanted, found.document)
    elif names:
        path = f"metadata.annotations.{CLUSTER}" if CLUSTER in annotations else "metadata"
        reading.problems.append(found.document.problem(path, message))


def _misplaced(
    wanted: tuple[str, ...], names: list[str], owner: str, annotations: Mapping[str, str]
) -> str:
    """Why an object cannot live in these clusters, or nothing."""
    split = [each for each in names if annotations.get(each) == ""]
    unknown = [each for each in wanted if each not in names]
    if owner and wanted != (owner,):
        return f"{quoted(','.join(wanted))}, but the file is a manifest of {owner}"
    if wanted == ("",):
        return f"the annotation {CLUSTER} must say where it lives: {', '.join(names)}"
    if unknown:
        advice = did_you_mean(unknown[0], names, "the clusters are")
        return f"{quoted(unknown[0])} is no cluster; {advice}"
    if split:
        every = ",".join((*wanted, *split))
        return f'in braces a comma ends the value; write "{every}", with the quotes'
    return ""


def _twice(manifests: tuple[Manifest, ...]) -> Iterator[Problem]:
    """Two objects of one kind, namespace and name in one cluster."""
    seen: dict[tuple[str, str, str, str], Manifest] = {}
    for each in manifests:
        kind, meta = each.object.kind, each.object.metadata
        for cluster in each.clusters:
            first = seen.setdefault((cluster, kind, meta.namespace, meta.name), each)
            if first is not each:
                place = first.problem("metadata.name", "")
                where = f"the first is at {place.file}:{place.line}"
                message = f"{cluster} has two of kind {kind} named {meta.name}; {where}"
                yield each.problem("metadata.name", message)
