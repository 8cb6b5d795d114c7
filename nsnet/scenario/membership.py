"""The clusters that each object lives in: those its annotation names, the one that lists its file,
or the only one there is."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from nsnet.errors import Problem
from nsnet.scenario.model import Manifest
from nsnet.scenario.objects import WrittenObject
from nsnet.text import did_you_mean, quoted

CLUSTER = "nsnet.dev/cluster"  # the annotation that says where an object lives


def assign_clusters(
    clusters: Sequence[str], written: Iterable[tuple[str, WrittenObject]]
) -> tuple[list[Manifest], list[Problem]]:
    """The objects, each with the cluster that lists its file ("" if none does), as manifests."""
    manifests: list[Manifest] = []
    problems: list[Problem] = []
    for owner, each in written:
        placed = _placed(each, clusters, owner)
        if isinstance(placed, Manifest):
            manifests.append(placed)
        elif clusters:  # without any, validation says so
            problems.append(placed)
    return manifests, [*problems, *_twice(manifests)]


def _placed(written: WrittenObject, clusters: Sequence[str], owner: str) -> Manifest | Problem:
    annotations = written.object.metadata.annotations
    named = annotations.get(CLUSTER, owner or (clusters[0] if len(clusters) == 1 else ""))
    wanted = tuple(dict.fromkeys(each.strip() for each in named.split(",")))
    message = _misplaced(wanted, clusters, owner, annotations)
    if not message:
        return Manifest(written.object, wanted, written.document)
    path = f"metadata.annotations.{CLUSTER}" if CLUSTER in annotations else "metadata"
    return written.document.problem(path, message)


def _misplaced(
    wanted: tuple[str, ...], clusters: Sequence[str], owner: str, annotations: Mapping[str, str]
) -> str:
    """Why an object cannot live in these clusters, or nothing."""
    split = [each for each in clusters if annotations.get(each) == ""]
    unknown = [each for each in wanted if each not in clusters]
    if owner and wanted != (owner,):
        return f"{quoted(','.join(wanted))}, but the file is a manifest of {owner}"
    if wanted == ("",):
        return f"the annotation {CLUSTER} must say where it lives: {', '.join(clusters)}"
    if unknown:
        advice = did_you_mean(unknown[0], clusters, otherwise="the clusters are")
        return f"{quoted(unknown[0])} is no cluster; {advice}"
    if split:
        every = ",".join((*wanted, *split))
        return f'in braces a comma ends the value; write "{every}", with the quotes'
    return ""


def _twice(manifests: Iterable[Manifest]) -> Iterator[Problem]:
    """Two objects of one kind, namespace and name in one cluster."""
    seen: dict[tuple[str, str, str, str], Manifest] = {}
    for each in manifests:
        kind, meta = each.object.kind, each.object.metadata
        for cluster in each.clusters:
            first = seen.setdefault((cluster, kind, meta.namespace, meta.name), each)
            if first is not each:
                at = first.problem("metadata.name", "")
                where = f"the first is at {at.file}:{at.line}"
                message = f"{cluster} has two of kind {kind} named {meta.name}; {where}"
                yield each.problem("metadata.name", message)
