"""Documents → Kubernetes objects: what nsnet reads of them, and what it says it leaves out."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, assert_never

from nsnet.errors import Problem
from nsnet.scenario.documents import Document, text_at
from nsnet.scenario.kubernetes import GROUPS, MODELS, Object, Pod, Service, Workload
from nsnet.scenario.validation import kind_of, validate
from nsnet.text import printable


class WrittenObject(NamedTuple):
    """An object that nsnet reads, and where it was written."""

    object: Object
    document: Document


class IgnoredObject(NamedTuple):
    """An object that nsnet does not read."""

    kind: str
    name: str


class Contents(NamedTuple):
    """The objects of a file."""

    objects: list[WrittenObject]
    ignored: list[IgnoredObject]
    problems: list[Problem]


def read_objects(documents: Iterable[Document]) -> Contents:
    """What these documents hold."""
    contents = Contents([], [], [])
    for document in documents:
        if document.is_scenario:
            message = "a Scenario is no manifest of another"
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
    """What the document holds: one object, or the items of a List."""
    data = document.data
    if not isinstance(data, dict):
        yield document.problem(
            "", f"expected an object with apiVersion and kind, got {kind_of(data)}"
        )
        return
    kind, version = text_at(data, "kind"), text_at(data, "apiVersion")
    if kind.endswith("List") and "items" in data:
        for item in document.items():
            yield from _objects(item)
        return
    for key, value in (("apiVersion", version), ("kind", kind)):
        if not value:
            what = "is missing" if data.get(key) is None else f"is {kind_of(data[key])}, not a name"
            yield document.problem(key, what)
    if kind and version:
        yield from _object(document, kind, version)


def _object(
    document: Document, kind: str, version: str
) -> Iterator[WrittenObject | IgnoredObject | Problem]:
    group = version.rpartition("/")[0]
    known = kind in GROUPS
    if known and group != GROUPS[kind] and ("." not in group or group.endswith(".k8s.io")):
        where = f"the group {GROUPS[kind]}" if GROUPS[kind] else "v1"
        yield document.problem(
            "apiVersion", f"{printable(version)} has no {kind}; it is in {where}"
        )
    elif kind in MODELS and group == GROUPS[kind]:
        found, problems = validate(document, MODELS[kind])
        yield from problems
        if found is not None:
            yield WrittenObject(found, document)
    elif kind != "Namespace":  # there as soon as it is named
        name = text_at(document.data, "metadata", "name") or "(no name)"
        namespace = text_at(document.data, "metadata", "namespace") or "default"
        whose = f"{version} {kind}" if known and group != GROUPS[kind] else kind
        yield IgnoredObject(printable(whose), printable(f"{namespace}/{name}"))


def warnings(contents: Iterable[Contents]) -> Iterator[str]:
    """What the author should know is not there: one line for each kind, and one for SCTP."""
    contents = list(contents)
    names: dict[str, dict[str, None]] = {}
    for kind, name in (ignored for each in contents for ignored in each.ignored):
        names.setdefault(kind, {})[name] = None
    for kind, those in sorted(names.items()):
        if kind == "NetworkPolicy":
            yield f"NetworkPolicy is recognised and not enforced yet: {', '.join(those)}"
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
