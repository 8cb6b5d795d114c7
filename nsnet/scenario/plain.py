"""Manifests without a Scenario: the text of the Scenario that nsnet generates for them.

The files become those of one cluster. The generated text is kept with a lab like any other source,
so a lab of plain manifests is an ordinary lab.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nsnet.scenario.documents import Document, text_at
from nsnet.scenario.kinds import NetworkModel, ProxyMode
from nsnet.scenario.model import Scenario

MAIN: Final = "generated Scenario"  # the name of the generated text, as a file
CLUSTER: Final = "cluster"
OUTSIDE: Final = "outside"  # a host outside the cluster, which can be a client
DEFAULT_NODES: Final = 2


@dataclass(frozen=True, slots=True)
class Plain:
    """The settings of a lab of plain manifests. A Scenario has its own, so they exclude it."""

    name: str = ""  # "": after the first file
    nodes: int | None = None  # None: the Node objects of the files, else DEFAULT_NODES
    model: NetworkModel | None = None  # None: the default of a Scenario, as for proxy_mode
    proxy_mode: ProxyMode | None = None

    @property
    def is_default(self) -> bool:
        """Whether the cluster has no settings of its own."""
        return not (self.nodes or self.model or self.proxy_mode)

    def or_else(self, others: "Plain") -> "Plain":
        """Return these settings, with those of `others` where there are none."""
        return Plain(
            name=self.name or others.name,
            nodes=self.nodes or others.nodes,
            model=self.model or others.model,
            proxy_mode=self.proxy_mode or others.proxy_mode,
        )


def generated(
    first: Path, files: Sequence[str], documents: Iterable[Document], settings: Plain
) -> str:
    """Return the text of a Scenario of one cluster with these manifest files.

    The lab is named after `first`, the first file or folder that the user gave.
    """
    has_nodes = any(text_at(each.data, "kind") in ("Node", "NodeList") for each in documents)
    nodes = settings.nodes or (None if has_nodes else DEFAULT_NODES)
    cluster = [f"name: {CLUSTER}"]
    cluster += [f"nodes: {nodes}"] if nodes else []
    cluster += [f"model: {settings.model}"] if settings.model else []
    cluster += [f"proxyMode: {settings.proxy_mode}"] if settings.proxy_mode else []
    cluster.append(f"manifests: {json.dumps(files)}")
    lines = [
        "apiVersion: nsnet.dev/v1alpha1",
        "kind: Scenario",
        f"metadata: {{name: {json.dumps(settings.name or lab_name(first))}}}",
        "spec:",
        "  clusters:",
        f"  - {cluster[0]}",
        *(f"    {each}" for each in cluster[1:]),
        "  externals:",
        f"  - {{name: {OUTSIDE}, address: 203.0.113.10}}",
    ]
    return "\n".join(lines) + "\n"


def is_generated(scenario: Scenario) -> bool:
    """Return whether the Scenario was generated for plain manifests."""
    return scenario.document.file == MAIN


def settings_of(scenario: Scenario) -> Plain:
    """Return the settings of a generated Scenario, without its name."""
    (cluster,) = scenario.spec.clusters
    written = cluster.model_fields_set
    nodes = cluster.nodes if "nodes" in written and isinstance(cluster.nodes, int) else None
    return Plain(
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
