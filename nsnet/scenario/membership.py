"""Objects → manifests, which are objects with the clusters to create them in.

These are the clusters that the annotation nsnet.dev/cluster names, else the cluster that lists the
object's file, else the only cluster of the scenario. A Namespace, ConfigMap, Secret or class that
names no cluster is one of all clusters; a Namespace may be there several times.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from nsnet.errors import Problem
from nsnet.scenario.kubernetes import ConfigMap, GatewayClass, IngressClass, Namespace, Secret
from nsnet.scenario.model import Manifest
from nsnet.scenario.objects import WrittenObject
from nsnet.text import did_you_mean, quoted

CLUSTER = "nsnet.dev/cluster"  # an annotation: the object's clusters, separated by commas

_COMMON = (Namespace, ConfigMap, Secret, GatewayClass, IngressClass)


def assign_clusters(
    clusters: Sequence[str], written: Iterable[tuple[str, WrittenObject]]
) -> tuple[list[Manifest], list[Problem]]:
    """Return a manifest for each object whose clusters are valid, and all problems.

    `written`: each object, after the cluster that lists its file ("" for the main file).
    """
    placed: list[Manifest] = []
    problems: list[Problem] = []
    for owner, each in written:
        found = _placed(each, clusters, owner)
        if isinstance(found, Manifest):
            placed.append(found)
        elif clusters:  # validation reports a scenario without clusters
            problems.append(found)
    manifests: list[Manifest] = []
    for one in _unique(placed):
        if isinstance(one, Manifest):
            manifests.append(one)
        else:
            problems.append(one)
    return manifests, problems


def _placed(written: WrittenObject, clusters: Sequence[str], owner: str) -> Manifest | Problem:
    annotations = written.object.metadata.annotations
    common = isinstance(written.object, _COMMON)
    everywhere = common or len(clusters) == 1
    named = annotations.get(CLUSTER, owner or (",".join(clusters) if everywhere else ""))
    wanted = tuple(dict.fromkeys(each.strip() for each in named.split(",")))
    message = _misplaced(wanted, clusters, owner, annotations)
    if not message:
        return Manifest(written.object, wanted, written.document)
    path = f"metadata.annotations.{CLUSTER}" if CLUSTER in annotations else "metadata"
    return written.document.problem(path, message)


def _misplaced(
    wanted: tuple[str, ...], clusters: Sequence[str], owner: str, annotations: Mapping[str, str]
) -> str:
    """Return why an object cannot be created in the `wanted` clusters, or "" if it can."""
    # In {nsnet.dev/cluster: east,west} the value is east, and west is a key of its own.
    split = [each for each in clusters if annotations.get(each) == ""]
    unknown = [each for each in wanted if each not in clusters]
    if owner and wanted != (owner,):
        named = quoted(",".join(wanted))
        return f"{named} differs from {owner}, the cluster that lists this file; keep one of them"
    if wanted == ("",):
        return f"needs the annotation {CLUSTER}: one or more of {', '.join(clusters)}"
    if unknown:
        advice = did_you_mean(unknown[0], clusters, otherwise="the clusters are")
        return f"{quoted(unknown[0])} is not a cluster of this scenario; {advice}"
    if split:
        every = ",".join((*wanted, *split))
        return f'a comma inside braces ends the value; write "{every}" with the quotes'
    return ""


def _unique(manifests: Iterable[Manifest]) -> Iterator[Manifest | Problem]:
    """Yield each manifest, and a problem for each object whose kind, namespace and name another
    object of a cluster has. A repetition of the same object is left out."""
    seen: dict[tuple[str, str, str, str], Manifest] = {}
    for each in manifests:
        kind, meta = each.object.kind, each.object.metadata
        clusters = each.clusters if kind != "Namespace" else ()
        keys = [(cluster, kind, meta.namespace, meta.name) for cluster in clusters]
        others = [first for key in keys if (first := seen.setdefault(key, each)) is not each]
        if others and (others[0].object, others[0].clusters) == (each.object, each.clusters):
            continue
        yield each
        for cluster, first in zip(clusters, (seen[key] for key in keys), strict=True):
            if first is not each:
                place = first.problem("metadata.name", "").place
                message = f"{cluster} already has a {kind} {meta.name}, at {place}"
                yield each.problem("metadata.name", message)
