"""YAML files → Scenario, in passes.

Each pass takes the value of the pass before it, and returns a new value and the problems that it
found. The problems of all passes are reported together; those of single objects are left to
`topology.resolve`, which finds more in other objects. The main file is read first, because it
names the other files:

main file ─ documents ─ outline ─┬─ the Scenario ───────────────────── validation ─▶ spec
                                 ├─ other documents ────────┐
                                 └─ files ──── documents ───┴─ objects ─ membership ─▶ manifests

If the files have no Scenario, the main file is generated for them (scenario.plain).
"""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from nsnet.errors import Problem, ScenarioError, UsageError
from nsnet.scenario.cluster_dns import dns_manifests
from nsnet.scenario.documents import Document, parse
from nsnet.scenario.files import (
    MAX_SIZE,
    DiskFiles,
    Files,
    SavedFiles,
    read_given,
    read_sources,
    size_of,
)
from nsnet.scenario.gateway_proxies import gateway_manifests
from nsnet.scenario.http_proxies import ingress_manifests
from nsnet.scenario.kinds import ScenarioDocument
from nsnet.scenario.membership import assign_clusters
from nsnet.scenario.model import Scenario
from nsnet.scenario.objects import lone_kustomizations, read_objects, warnings
from nsnet.scenario.outline import outline_of
from nsnet.scenario.plain import MAIN, PlainSettings, generated
from nsnet.scenario.validation import validate

DEFAULTS: Final = PlainSettings()
# The documents of each file, and its syntax errors.
Parsed = Mapping[str, tuple[list[Document], list[Problem]]]


def load(file: Path, *more: Path, settings: PlainSettings = DEFAULTS) -> Scenario:
    """Return the scenario of this main file and of the manifests that it names.

    A main file without a Scenario, a folder, or several files are plain manifests: they become one
    cluster, with these `settings`. If only single objects have mistakes, they are left out,
    and the scenario's `problems` has these mistakes. Raises ScenarioError with all problems
    otherwise, and UsageError if there is a Scenario besides settings or other files.
    """
    with _without_collector():
        texts = read_given((file, *more))
        parsed = {each: parse(each, text) for each, text in texts.items()}
        main = next((each for each in texts if _has_scenario(parsed[each][0])), None)
        if main is None:
            return _load_plain(file, texts, parsed, settings)
        if len(texts) > 1:
            raise UsageError(
                f"{main} has a Scenario, so it must be the only FILE",
                hint="name the other files in `manifests` of one of its clusters",
            )
        if not settings.is_default:
            raise UsageError(
                f"{main} has a Scenario, which has its own settings",
                hint="change them there: --nodes, --model, --proxy-mode are for plain manifests",
            )
        return _load(main, DiskFiles(Path(main)), parsed)


def reload(main: str, sources: Mapping[str, str]) -> Scenario:
    """Return the scenario of files whose texts were saved. Nothing is read from disk.

    Raises ScenarioError, like `load`.
    """
    with _without_collector():
        return _load(main, SavedFiles(main, sources), {})


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
        gc.freeze()  # the values stay as long as the lab
        if enabled:
            gc.enable()


def _has_scenario(documents: list[Document]) -> bool:
    return any(each.is_scenario for each in documents)


def _load_plain(
    first: Path, texts: Mapping[str, str], parsed: Parsed, settings: PlainSettings
) -> Scenario:
    if not any(documents or malformed for documents, malformed in parsed.values()):
        raise ScenarioError([Problem(each, 0, "", "is empty") for each in texts])
    documents = [each for found, _ in parsed.values() for each in found]
    text = generated(first, list(texts), documents, settings)
    return _load(MAIN, SavedFiles(MAIN, {MAIN: text, **texts}), parsed)


def _load(main: str, files: Files, parsed: Parsed) -> Scenario:
    """Return the scenario of these files. Those in `parsed` are not read and parsed again."""
    text = files.text(main)
    documents, malformed = parsed.get(main) or parse(main, text)
    outline, misordered = outline_of(main, documents, malformed)
    sources, unreadable = read_sources(files, outline.entries, room=MAX_SIZE - size_of(text))
    read = {each: parsed.get(each) or parse(each, text) for each, text in sources.texts.items()}

    contents = {file: read_objects(found) for file, (found, _) in read.items()}
    inline = read_objects(outline.inline)
    written = [
        (cluster, each) for cluster, file in sources.listed for each in contents[file].objects
    ]
    written += [("", each) for each in inline.objects]
    manifests, misplaced = assign_clusters(outline.clusters, written)
    validated, invalid = validate(outline.scenario, ScenarioDocument)

    every = [*contents.values(), inline]
    problems = [*malformed, *misordered, *unreadable, *misplaced, *invalid]
    problems += [problem for _, mistakes in read.values() for problem in mistakes]
    problems += lone_kustomizations(every)
    refused = [problem for each in every for problem in each.problems]
    if validated is None or problems:
        raise ScenarioError([*problems, *refused])
    added = (dns_manifests, ingress_manifests, gateway_manifests)
    manifests += [one for each in added for one in each(validated.spec.clusters, manifests)]
    return Scenario(
        name=validated.metadata.name,
        spec=validated.spec,
        manifests=tuple(manifests),
        warnings=tuple(warnings(every)),
        ignored=tuple(ignored for each in every for ignored in each.ignored),
        sources={main: text, **sources.texts},
        document=outline.scenario,
        problems=tuple(refused),
    )
