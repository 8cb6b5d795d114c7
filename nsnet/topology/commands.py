"""The commands that containers run in place of the echo server.

Files are not trusted: none of them starts a command by itself. A pod asks for it by an annotation,
and who calls nsnet allows it. What has once been allowed goes on when the lab is changed, if it
stays as it is.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Final, NamedTuple

from nsnet.text import some_of
from nsnet.topology.assignment import ALLOWED, Assignment, container_owner
from nsnet.topology.interior import ContainerInterior, Interior, pod_interior
from nsnet.topology.model import Cluster, Pod, Topology

RUN_COMMAND: Final = "nsnet.dev/run-command"  # annotation of a pod


class Command(NamedTuple):
    """The command of a container, and where it runs."""

    pod: Pod
    interior: Interior
    container: ContainerInterior
    digest: str

    @property
    def owner(self) -> str:
        """The container, by the pod's reference and its name."""
        return container_owner(self.pod.reference, self.container.name)


def with_commands(topology: Topology, keep: Assignment) -> Topology:
    """Return the lab in which containers run those of their commands that are allowed, and a
    warning about the others."""
    refused: list[str] = []
    without: list[str] = []
    clusters = []
    for cluster in topology.clusters:
        changed: dict[str, Mapping[str, str]] = {}
        for pod in cluster.pods:
            if pod.annotations.get(RUN_COMMAND) != "true":
                continue
            found = list(_commands(topology, cluster, pod))
            allowed = [each for each in found if _is_allowed(each, keep)]
            refused += [pod.reference] if len(allowed) < len(found) else []
            without += [] if found else [pod.reference]
            changed[pod.reference] = {each.container.name: each.digest for each in allowed}
        pods = tuple(
            replace(pod, commands=changed[pod.reference]) if changed.get(pod.reference) else pod
            for pod in cluster.pods
        )
        clusters.append(replace(cluster, pods=pods) if changed else cluster)
    warnings = (*topology.warnings, *_warnings(refused, without))
    return replace(topology, clusters=tuple(clusters), warnings=warnings)


def _warnings(refused: list[str], without: list[str]) -> Iterator[str]:
    if refused:
        yield (
            f"the echo server answers in place of the commands of {some_of(refused)}: a file alone"
            " starts no command, but --allow-commands of run, up and apply does"
        )
    if without:
        yield (
            f"{some_of(without)}: {RUN_COMMAND} is set, but no container has a command"
            " (nsnet has no images, so it does not know theirs)"
        )


def _is_allowed(each: Command, keep: Assignment) -> bool:
    return keep.all_commands or keep.commands.get(each.owner) in (ALLOWED, each.digest)


def running_commands(topology: Topology) -> Iterator[Command]:
    """Yield the commands that run in the lab."""
    for cluster in topology.clusters:
        for pod in cluster.pods:
            if pod.commands:
                for each in _commands(topology, cluster, pod):
                    if each.container.name in pod.commands:
                        yield each


def changed_commands(old: Topology, new: Topology) -> int:
    """Return the number of commands that are started or ended when a lab is changed."""
    return len({owner for owner, _ in _digests(old) ^ _digests(new)})


def _digests(topology: Topology) -> set[tuple[str, str]]:
    return {
        (container_owner(pod.reference, name), digest)
        for cluster in topology.clusters
        for pod in cluster.pods
        for name, digest in pod.commands.items()
    }


def _commands(topology: Topology, cluster: Cluster, pod: Pod) -> Iterator[Command]:
    """Yield the commands of a pod's containers, except those that have only arguments for the
    program of their image."""
    programs = {each.name for each in pod.spec.serving if each.command}
    inside = pod_interior(topology, cluster, pod)
    for each in inside.containers:
        if each.name in programs:
            own = (*each, pod.node, *map(str, pod.addresses))
            digest = sha256(json.dumps(own).encode()).hexdigest()
            yield Command(pod, inside, each, digest)
