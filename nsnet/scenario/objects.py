"""Documents → Kubernetes objects, and warnings about what nsnet ignores."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, assert_never

from nsnet.errors import Problem
from nsnet.scenario.documents import Document, text_at
from nsnet.scenario.generated_names import GeneratedNames
from nsnet.scenario.ignored import IgnoredObject, ignored_object, missing_effects, removed
from nsnet.scenario.kubernetes import MODELS, VERSIONS, Object, Pod, Service, Workload, unserved
from nsnet.scenario.kubernetes.builtin import BUILT_IN
from nsnet.scenario.kubernetes.labels import label_mistake
from nsnet.scenario.templates import (
    KUSTOMIZATIONS,
    chart_hint,
    compose_hint,
    kustomize_hint,
    render_hint,
)
from nsnet.scenario.validation import kind_of, validate
from nsnet.text import nearest, number_of, printable, some_of


class WrittenObject(NamedTuple):
    """An object that nsnet reads, and the document that contains it."""

    object: Object
    document: Document


class Contents(NamedTuple):
    """The objects of a file: those that nsnet reads, those that it ignores, and their problems.

    `kustomizations`: the files of kustomize among them.
    """

    objects: list[WrittenObject]
    ignored: list[IgnoredObject]
    problems: list[Problem]
    kustomizations: list[str]


def read_objects(documents: Iterable[Document]) -> Contents:
    """Return the objects of these documents, and their problems."""
    contents = Contents([], [], [], [])
    names = GeneratedNames()
    for document in documents:
        if _is_kustomization(document):
            contents.kustomizations.append(document.file)
            continue
        if document.is_scenario:
            message = "a Scenario cannot be a manifest; only Kubernetes objects can"
            contents.problems.append(document.problem("kind", message))
            continue
        for each in _objects(document):
            match each:
                case WrittenObject(found, source):
                    named = names.named(found, source.file)
                    contents.objects.append(WrittenObject(named, source))
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
        message = f"expected a Kubernetes object with apiVersion and kind, got {kind_of(data)}"
        hint = render_hint(document.file, data) if isinstance(data, str) else ""
        yield document.problem("", f"{message}; {hint}" if hint else message)
        return
    kind, version = text_at(data, "kind"), text_at(data, "apiVersion")
    if kind == "List" or (kind.endswith("List") and "items" in data):
        items = data.get("items")
        if items is not None and not isinstance(items, list):
            yield document.problem("items", f"expected a list, got {kind_of(items)}")
        for item in document.items():
            yield from _objects(item)
        return
    if not kind and (hint := chart_hint(document.file) or compose_hint(document.file, data)):
        yield document.problem("", hint)
        return
    for key, value in (("apiVersion", version), ("kind", kind)):
        if not value:
            missing = data.get(key) is None
            what = "is missing" if missing else f"expected text, got {kind_of(data[key])}"
            yield document.problem(key, what)
    if kind and version:
        yield from _object(document, kind, version)


def _is_kustomization(document: Document) -> bool:
    """Return whether a document is for kustomize. It may have no kind, but then its file's name
    says it."""
    kind, version = text_at(document.data, "kind"), text_at(document.data, "apiVersion")
    if kind or version:
        return version.startswith("kustomize.config.k8s.io/")
    return document.file.rpartition("/")[2] in KUSTOMIZATIONS


def _object(
    document: Document, kind: str, version: str
) -> Iterator[WrittenObject | IgnoredObject | Problem]:
    group = version.rpartition("/")[0]
    served = version in VERSIONS.get(kind, ())
    if kind != "NetworkPolicy" and (message := unserved(kind, version)):
        yield document.problem("apiVersion", message)
    elif served and kind in MODELS:
        found, problems = validate(document, MODELS[kind])
        yield from problems
        if found is not None:
            yield WrittenObject(found, document)
    elif message := _misspelt(document, group, kind, version):
        yield document.problem("kind", message)
    else:
        yield ignored_object(
            group,
            kind,
            text_at(document.data, "metadata", "namespace"),
            text_at(document.data, "metadata", "name")
            or text_at(document.data, "metadata", "generateName"),
            document.problem("", "").place,
            version.rpartition("/")[2],
        )


def _misspelt(document: Document, group: str, kind: str, version: str) -> str:
    """Return the mistake in a kind that no built-in API group has, or "" if it may be ignored: it
    is like no known kind, or of a group that is not built in."""
    if kind in BUILT_IN.get(group, (kind,)):
        return ""
    message = f'no matches for kind "{printable(kind)}" in version "{printable(version)}"'
    if kind == "Template":
        return f"{message}: render it: oc process --local -f {document.file} -o yaml > FILE"
    near = nearest(kind, BUILT_IN[group], likeness=0.8)
    return f"{message}: did you mean {near}?" if near else ""


def warnings(contents: Iterable[Contents]) -> Iterator[str]:
    """Yield the warnings about ignored objects, kustomizations, repeated keys and SCTP ports."""
    contents = list(contents)
    ignored = [each for written in contents for each in written.ignored]
    yield from missing_effects(ignored)
    yield from removed(ignored)
    for file in dict.fromkeys(file for each in contents for file in each.kustomizations):
        how = kustomize_hint(file)
        yield f"{printable(file)}: its patches and names are not applied; to apply them: {how}"
    for written in contents:
        yield from _repeats(written)
    yield from _wrong_labels(contents)
    sctp = {
        f"{each.object.kind} {each.object.metadata.namespace}/{each.object.metadata.name}": None
        for written in contents
        for each in written.objects
        if "SCTP" in _protocols(each.object)
    }
    if sctp:
        yield f"SCTP ports are ignored: {some_of(sctp)}"


def lone_kustomizations(contents: Iterable[Contents]) -> list[Problem]:
    """Return a problem for each kustomization, if the files contain nothing else."""
    contents = list(contents)
    if any(each.objects or each.ignored or each.problems for each in contents):
        return []
    files = [file for each in contents for file in each.kustomizations]
    message = "is a kustomization; render it first"
    return [Problem(file, 0, "", f"{message}: {kustomize_hint(file)}") for file in files]


def _repeats(contents: Contents) -> Iterator[str]:
    """Yield a warning for each document with repeated keys, about the first."""
    documents = {each.document.repeats: None for each in contents.objects if each.document.repeats}
    for first, *others in documents:
        more = f"; {number_of(len(others), 'more repeat')}" if others else ""
        yield f"{first}; kubectl takes the last value{more}"


def _wrong_labels(contents: Iterable[Contents]) -> Iterator[str]:
    """Yield one warning about all objects with labels that the API server refuses. They hinder no
    packet, so the lab is built."""
    wrong = [
        (each.document.problem("metadata.labels", message).place, message)
        for written in contents
        for each in written.objects
        if (message := label_mistake(each.object.metadata.labels))
    ]
    for place, message in wrong[:1]:
        others = f"; and so of {number_of(len(wrong) - 1, 'more object')}" if wrong[1:] else ""
        yield f"{place}: the API server refuses metadata.labels: {message}{others}"


def _protocols(found: Object) -> set[str]:
    match found:
        case Pod(spec=pod):
            return {port.protocol for each in pod.serving for port in each.ports}
        case Workload(spec=workload):
            containers = workload.template.spec.serving
            return {port.protocol for each in containers for port in each.ports}
        case Service(spec=service):
            return {port.protocol for port in service.ports}
        case _:
            return set()
