"""Manifests without a Scenario: the text of the Scenario that nsnet generates for them.

The files become those of one cluster. The generated text is kept with a lab like any other source,
so a lab of plain manifests is an ordinary lab.
"""

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Final

from nsnet.ip import Family, IPAddress, IPNetwork
from nsnet.scenario.documents import Document, list_at, text_at
from nsnet.scenario.fields import parse_address
from nsnet.scenario.kinds import NetworkModel, ProxyMode
from nsnet.scenario.model import Scenario

MAIN: Final = "generated Scenario"  # the name of the generated text, as a file
CLUSTER: Final = "cluster"
OUTSIDE: Final = "outside"  # a host outside the cluster, which can be a client
DEFAULT_NODES: Final = 2
PODS: Final = {4: ip_network("10.244.0.0/16"), 6: ip_network("fd00:10:244::/56")}
NODES: Final = {4: ip_network("192.168.10.0/24"), 6: ip_network("fd00:192:168::/64")}
FABRIC: Final = {4: ip_network("198.18.0.0/16"), 6: ip_network("fd98::/64")}
SERVICES: Final[Mapping[Family, IPNetwork]] = {
    4: ip_network("10.96.0.0/16"),
    6: ip_network("fd00:10:96::/112"),
}
LARGEST: Final = {4: 12, 6: 108}  # prefix lengths of the API server's largest service ranges


@dataclass(frozen=True, slots=True)
class PlainSettings:
    """The settings of a lab of plain manifests. A Scenario has its own, so they exclude it."""

    name: str = ""  # "": after the first file
    nodes: int | None = None  # None: those that the files name, else DEFAULT_NODES
    model: NetworkModel | None = None  # None: the default of a Scenario, as for proxy_mode
    proxy_mode: ProxyMode | None = None

    @property
    def is_default(self) -> bool:
        """Whether the cluster has no settings of its own."""
        return not (self.nodes or self.model or self.proxy_mode)

    def or_else(self, others: "PlainSettings") -> "PlainSettings":
        """Return these settings, with those of `others` where there are none."""
        return PlainSettings(
            name=self.name or others.name,
            nodes=self.nodes or others.nodes,
            model=self.model or others.model,
            proxy_mode=self.proxy_mode or others.proxy_mode,
        )


def generated(
    first: Path, files: Sequence[str], documents: Iterable[Document], settings: PlainSettings
) -> str:
    """Return the text of a Scenario of one cluster with these manifest files.

    The lab is named after `first`, the first file or folder that the user gave.
    """
    objects = [each for document in documents for each in _objects(document)]
    has_nodes = any(map(_names_a_node, objects))
    nodes = settings.nodes or (None if has_nodes else DEFAULT_NODES)
    cluster = [f"name: {CLUSTER}"]
    cluster += [f"nodes: {nodes}"] if nodes else []
    cluster += [f"model: {settings.model}"] if settings.model else []
    cluster += [f"proxyMode: {settings.proxy_mode}"] if settings.proxy_mode else []
    families, services = _families(objects), _service_ranges(objects)
    for key, ranges in ("podCIDR", PODS), ("nodeCIDR", NODES), ("serviceCIDR", services):
        cluster.append(f"{key}: {','.join(str(ranges[each]) for each in families)}")
    cluster.append(f"manifests: {json.dumps(files)}")
    lines = [
        "apiVersion: nsnet.dev/v1alpha1",
        "kind: Scenario",
        f"metadata: {{name: {json.dumps(settings.name or lab_name(first))}}}",
        "spec:",
        f"  fabricCIDR: {','.join(str(FABRIC[each]) for each in families)}",
        "  clusters:",
        f"  - {cluster[0]}",
        *(f"    {each}" for each in cluster[1:]),
        "  externals:",
        f"  - {{name: {OUTSIDE}, address: 203.0.113.10}}",
    ]
    return "\n".join(lines) + "\n"


def _objects(document: Document) -> Iterator[object]:
    items = document.items() if text_at(document.data, "kind").endswith("List") else ()
    yield from (each for item in items for each in _objects(item))
    yield document.data


def _names_a_node(data: object) -> bool:
    """Return whether the cluster has a node because of this object: a Node, or a running pod."""
    running = text_at(data, "status", "phase") == "Running" and text_at(data, "spec", "nodeName")
    return text_at(data, "kind") == "Node" or bool(running)


def _families(objects: Iterable[object]) -> tuple[Family, ...]:
    """Return the address families that the cluster needs: IPv6 only if a Service asks for it."""
    for each in objects:
        if text_at(each, "kind") == "Service" and (
            "IPv6" in list_at(each, "spec", "ipFamilies")
            or text_at(each, "spec", "ipFamilyPolicy") == "RequireDualStack"
            or any(address.version == 6 for address in _cluster_ips(each))
        ):
            return (4, 6)
    return (4,)


def _service_ranges(objects: Iterable[object]) -> dict[Family, IPNetwork]:
    """Return the service range of each family. It is the default, or else the smallest range of at
    least its size that has every clusterIP in the files."""
    written = [address for each in objects for address in _cluster_ips(each)]
    ranges = dict(SERVICES)
    for family, default in SERVICES.items():
        outside = [each for each in written if each.version == family and each not in default]
        if outside:
            ranges[family] = ip_network(f"{outside[0]}/{default.prefixlen}", strict=False)
        every = [each for each in written if each.version == family] if outside else []
        while ranges[family].prefixlen > LARGEST[family] and any(
            each not in ranges[family] for each in every
        ):
            ranges[family] = ranges[family].supernet()
    return ranges


def _cluster_ips(data: object) -> Iterator[IPAddress]:
    if text_at(data, "kind") == "Service":
        for each in (text_at(data, "spec", "clusterIP"), *list_at(data, "spec", "clusterIPs")):
            with suppress(ValueError):
                yield parse_address(each)


def is_generated(scenario: Scenario) -> bool:
    """Return whether the Scenario was generated for plain manifests."""
    return scenario.document.file == MAIN


def files_of(scenario: Scenario) -> str:
    """Return the files of a scenario as a shell's arguments, as the user named them."""
    main = scenario.document.file
    files = [each for each in scenario.sources if each != MAIN] if main == MAIN else [main]
    return shlex.join(files)


def settings_of(scenario: Scenario) -> PlainSettings:
    """Return the settings of a generated Scenario, without its name."""
    (cluster,) = scenario.spec.clusters
    written = cluster.model_fields_set
    nodes = cluster.nodes if "nodes" in written and isinstance(cluster.nodes, int) else None
    return PlainSettings(
        nodes=nodes,
        model=cluster.model if "model" in written else None,
        proxy_mode=cluster.proxy_mode if "proxy_mode" in written else None,
    )


def lab_name(file: Path) -> str:
    """Return the name of a lab of this file or folder: its name in lower case, without suffix, with
    "-" for each character that a lab's name cannot have."""
    stem = file.absolute().stem if file.name in ("", ".", "..") else file.stem
    words = re.sub("[^a-z0-9]+", "-", stem.lower()).strip("-")
    return words[:40].rstrip("-") or "lab"
