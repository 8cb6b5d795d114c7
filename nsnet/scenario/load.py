"""YAML files → Scenario, in passes.

Each pass takes the value of the pass before it, and returns a new value and the problems that it
found. The problems of all passes are reported together. The main file is read first, because it
names the other files:

main file ─ documents ─ outline ─┬─ the Scenario ───────────────────── validation ─▶ spec
                                 ├─ other documents ────────┐
                                 └─ files ──── documents ───┴─ objects ─ membership ─▶ manifests
"""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from nsnet.errors import ScenarioError
from nsnet.scenario.documents import parse, parse_all
from nsnet.scenario.files import MAX_SIZE, DiskFiles, Files, SavedFiles, read_sources
from nsnet.scenario.kinds import ScenarioDocument
from nsnet.scenario.membership import assign_clusters
from nsnet.scenario.model import Scenario
from nsnet.scenario.objects import read_objects, warnings
from nsnet.scenario.outline import outline_of
from nsnet.scenario.validation import validate


def load(file: Path) -> Scenario:
    """Return the scenario of this main file and of the manifests that it names.

    Raises ScenarioError with all problems.
    """
    with _without_collector():
        return _load(str(file), DiskFiles(file))


def reload(main: str, sources: Mapping[str, str]) -> Scenario:
    """Return the scenario of files whose texts were saved. Nothing is read from disk.

    Raises ScenarioError with all problems.
    """
    with _without_collector():
        return _load(main, SavedFiles(main, sources))


@contextmanager
def _without_collector() -> Iterator[None]:
    """Disable the garbage collector during a load.

    The collector would traverse all values built so far again and again, and so double the time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _load(main: str, files: Files) -> Scenario:
    text = files.text(main)
    documents, malformed = parse(main, text)
    outline, misordered = outline_of(main, documents, malformed)
    sources, unreadable = read_sources(files, outline.entries, room=MAX_SIZE - len(text))
    documents_of, malformed_sources = parse_all(sources.texts)

    contents = {file: read_objects(each) for file, each in documents_of.items()}
    inline = read_objects(outline.inline)
    written = [
        (cluster, each) for cluster, file in sources.listed for each in contents[file].objects
    ]
    written += [("", each) for each in inline.objects]
    manifests, misplaced = assign_clusters(outline.clusters, written)
    validated, invalid = validate(outline.scenario, ScenarioDocument)

    every = [*contents.values(), inline]
    problems = [*malformed, *misordered, *unreadable, *malformed_sources, *misplaced, *invalid]
    problems += [problem for each in every for problem in each.problems]
    if validated is None or problems:
        raise ScenarioError(problems)
    return Scenario(
        name=validated.metadata.name,
        spec=validated.spec,
        manifests=tuple(manifests),
        warnings=tuple(warnings(every)),
        sources={main: text, **sources.texts},
        document=outline.scenario,
    )
