"""Documents → Kubernetes objects, and warnings about objects and ports that nsnet ignores."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, assert_never

from nsnet.errors import Problem
from nsnet.scenario.documents import Document, text_at
from nsnet.scenario.kubernetes import (
    MODELS,
    VERSIONS,
    Object,
    Pod,
    Service,
    Workload,
    unserved,
)
from nsnet.scenario.validation import kind_of, validate
from nsnet.text import printable


class WrittenObject(NamedTuple):
    """An object that nsnet reads, and the document that contains it."""

    object: Object
    document: Document


class IgnoredObject(NamedTuple):
    """The kind and the name of an object that nsnet does not read."""

    kind: str
    name: str


class Contents(NamedTuple):
    """The objects of a file: those that nsnet reads, those that it ignores, and their problems."""

    objects: list[WrittenObject]
    ignored: list[IgnoredObject]
    problems: list[Problem]


def read_objects(documents: Iterable[Document]) -> Contents:
    """Return the objects of these documents, and their problems."""
    contents = Contents([], [], [])
    for document in documents:
        if document.is_scenario:
            message = "a Scenario cannot be a manifest; only Kubernetes objects can"
            contents.problems.append(document.problem("kind", message))
            continue
        for each in _objects(document):
            match each:
                case WrittenObject():
                    contents.objects.append(each)
                case IgnoredObject():
                    contents.ignored.append(each)
                case Problem():
                    contents.problems.append(each)
                case _:
                    assert_never(each)
    return contents


def _objects(document: Document) -> Iterator[WrittenObject | IgnoredObject | Problem]:
    """Yield the object of a document, or every object of a List, and the problems of each."""
    data = document.data
    if not isinstance(data, dict):
        yield document.problem(
            "", f"expected a Kubernetes object with apiVersion and kind, got {kind_of(data)}"
        )
        return
    kind, version = text_at(data, "kind"), text_at(data, "apiVersion")
    if kind == "List" or (kind.endswith("List") and "items" in data):
        items = data.get("items")
        if items is not None and not isinstance(items, list):
            yield document.problem("items", f"expected a list, got {kind_of(items)}")
        for item in document.items():
            yield from _objects(item)
        return
    for key, value in (("apiVersion", version), ("kind", kind)):
        if not value:
            missing = data.get(key) is None
            what = "is missing" if missing else f"expected text, got {kind_of(data[key])}"
            yield document.problem(key, what)
    if kind and version:
        yield from _object(document, kind, version)


def _object(
    document: Document, kind: str, version: str
) -> Iterator[WrittenObject | IgnoredObject | Problem]:
    served = version in VERSIONS.get(kind, ())
    if kind != "NetworkPolicy" and (message := unserved(kind, version)):
        yield document.problem("apiVersion", message)
    elif served and kind in MODELS:
        found, problems = validate(document, MODELS[kind])
        yield from problems
        if found is not None:
            yield WrittenObject(found, document)
    elif kind != "Namespace":  # namespaces need no object here
        name = text_at(document.data, "metadata", "name") or "(no name)"
        namespace = text_at(document.data, "metadata", "namespace") or "default"
        whose = f"{version} {kind}" if kind in VERSIONS and not served else kind
        yield IgnoredObject(printable(whose), printable(f"{namespace}/{name}"))


def warnings(contents: Iterable[Contents]) -> Iterator[str]:
    """Yield a warning for each kind that nsnet ignores, and one warning for all SCTP ports."""
    contents = list(contents)
    names: dict[str, dict[str, None]] = {}
    for kind, name in (ignored for each in contents for ignored in each.ignored):
        names.setdefault(kind, {})[name] = None
    for kind, those in sorted(names.items()):
        if kind == "NetworkPolicy":
            yield f"NetworkPolicy is recognised but not enforced yet: {', '.join(those)}"
        else:
            more = f" and {len(those) - 3} more" if len(those) > 3 else ""
            yield f"{kind} is ignored: {', '.join(list(those)[:3])}{more}"
    sctp = {
        f"{each.object.kind} {each.object.metadata.namespace}/{each.object.metadata.name}": None
        for written in contents
        for each in written.objects
        if "SCTP" in _protocols(each.object)
    }
    if sctp:
        yield f"SCTP ports are ignored: {', '.join(sctp)}"


def _protocols(found: Object) -> set[str]:
    match found:
        case Pod(spec=pod):
            return {port.protocol for each in pod.containers for port in each.ports}
        case Workload(spec=workload):
            containers = workload.template.spec.containers
            return {port.protocol for each in containers for port in each.ports}
        case Service(spec=service):
            return {port.protocol for port in service.ports}
        case _:
            return set()
