"""Documents → Kubernetes objects: what nsnet reads of them, and what it says it leaves out."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from nsnet.errors import Problem
from nsnet.scenario.documents import Document, shown
from nsnet.scenario.kubernetes import GROUPS, MODELS, Object, Pod, Service, Workload
from nsnet.scenario.wording import kind_of, read


class Found(NamedTuple):
    """An object that nsnet reads, and where it stands."""

    object: Object
    document: Document


class Ignored(NamedTuple):
    """An object that nsnet does not read."""

    kind: str
    name: str


def text(data: object, *keys: str) -> str:
    """The text at these keys of data that nobody has checked yet, or nothing."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, str) else ""


def objects(document: Document) -> Iterator[Found | Ignored | Problem]:
    """What the document holds: one object, or the items of a List."""
    data = document.data
    if not isinstance(data, dict):
        yield document.problem(
            "", f"expected an object with apiVersion and kind, got {kind_of(data)}"
        )
        return
    kind, version = text(data, "kind"), text(data, "apiVersion")
    if kind.endswith("List") and "items" in data:
        for item in document.items():
            yield from objects(item)
        return
    for key, value in (("apiVersion", version), ("kind", kind)):
        if not value:
            what = "is missing" if data.get(key) is None else f"is {kind_of(data[key])}, not a name"
            yield document.problem(key, what)
    if kind and version:
        yield from _object(document, kind, version)


def _object(document: Document, kind: str, version: str) -> Iterator[Found | Ignored | Problem]:
    group = version.rpartition("/")[0]
    known = kind in GROUPS
    if known and group != GROUPS[kind] and ("." not in group or group.endswith(".k8s.io")):
        where = f"the group {GROUPS[kind]}" if GROUPS[kind] else "v1"
        yield document.problem("apiVersion", f"{shown(version)} has no {kind}; it is in {where}")
    elif kind in MODELS and group == GROUPS[kind]:
        found, problems = read(document, MODELS[kind])
        yield from problems
        if found is not None:
            yield Found(found, document)
    elif kind != "Namespace":  # there as soon as it is named
        name = text(document.data, "metadata", "name") or "(no name)"
        namespace = text(document.data, "metadata", "namespace") or "default"
        whose = f"{version} {kind}" if known and group != GROUPS[kind] else kind
        yield Ignored(shown(whose), shown(f"{namespace}/{name}"))


def warnings(ignored: Iterable[Ignored], found: Iterable[Found]) -> Iterator[str]:
    """What the author should know is not there: one line for each kind, and one for SCTP."""
    names: dict[str, dict[str, None]] = {}
    for each in ignored:
        names.setdefault(each.kind, {})[each.name] = None
    for kind, those in sorted(names.items()):
        if kind == "NetworkPolicy":
            yield f"NetworkPolicy is recognised and not enforced yet: {', '.join(those)}"
        else:
            more = f" and {len(those) - 3} more" if len(those) > 3 else ""
            yield f"{kind} is ignored: {', '.join(list(those)[:3])}{more}"
    sctp = {
        f"{each.object.kind} {each.object.metadata.namespace}/{each.object.metadata.name}": None
        for each in found
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
