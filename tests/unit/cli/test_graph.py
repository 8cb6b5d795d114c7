"""The topology as a diagram, in the languages of mermaid and Graphviz."""

import re
import shutil
import subprocess

import pytest

from nsnet.cli.graph import FORMATS, dot, mermaid
from tests.support.labs import SHIPPED, exported, pod, service, shipped, topology

LAB = topology(
    pod("web", labels="app: web"),
    service("web"),
    exported("web"),
    clusters=("{name: east, gateway: {kind: nat}}",),
    spec="externals: [{name: api, address: 203.0.113.80, ports: [{port: 443}]}]",
)


def test_a_lab_in_mermaid() -> None:
    assert mermaid(LAB).splitlines() == [
        "flowchart LR",
        '  subgraph east["east: island, bridge, pods 10.244.0.0/16"]',
        '    east_gateway["gateway (nat)<br/>192.168.10.1<br/>198.18.0.2'
        '<br/>198.18.0.3 = east/svc/web"]',
        '    east_node_n1["node n1<br/>192.168.10.2<br/>10.244.0.0/24"]',
        '    east_pod_web["pod/web<br/>10.244.0.2"]',
        '    east_svc_web["svc/web<br/>10.96.0.2"]',
        "  end",
        '  fabric["fabric<br/>198.18.0.1"]',
        '  external_api["external/api<br/>203.0.113.80<br/>443/tcp"]',
        "  fabric --- external_api",
        "  fabric --- east_gateway",
        "  east_gateway --- east_node_n1",
        "  east_node_n1 --- east_pod_web",
        "  east_svc_web -.-> east_pod_web",
    ]


def test_the_same_lab_in_dot() -> None:
    assert dot(LAB).splitlines() == [
        'graph "lab" {',
        "  rankdir=LR;",
        '  node [shape=box, fontname="monospace"];',
        '  subgraph "cluster_east" {',
        '    label="east: island, bridge, pods 10.244.0.0/16";',
        '    east_gateway [label="gateway (nat)\\n192.168.10.1\\n198.18.0.2'
        '\\n198.18.0.3 = east/svc/web"];',
        '    east_node_n1 [label="node n1\\n192.168.10.2\\n10.244.0.0/24"];',
        '    east_pod_web [label="pod/web\\n10.244.0.2"];',
        '    east_svc_web [label="svc/web\\n10.96.0.2"];',
        "  }",
        '  fabric [label="fabric\\n198.18.0.1"];',
        '  external_api [label="external/api\\n203.0.113.80\\n443/tcp"];',
        "  fabric -- external_api;",
        "  fabric -- east_gateway;",
        "  east_gateway -- east_node_n1;",
        "  east_node_n1 -- east_pod_web;",
        "  east_svc_web -- east_pod_web [dir=forward, style=dashed];",
        "}",
    ]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_link_joins_two_boxes(name: str) -> None:
    text = mermaid(shipped(name).topology)
    boxes = re.findall(r"^ +(\w+)\[", text, re.MULTILINE)
    ends = re.findall(r"^ +(\w+) (?:---|-.->) (\w+)$", text, re.MULTILINE)
    assert len(set(boxes)) == len(boxes)
    assert {end for cable in ends for end in cable} <= set(boxes)


def test_names_that_look_alike_have_different_boxes() -> None:
    found = topology(pod("a-b"), pod("a", namespace="b", spec="nodeName: n2"))
    boxes = re.findall(r'^ +(\w+)\["pod/', mermaid(found), re.MULTILINE)
    assert len(set(boxes)) == 2


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_can_draw_it() -> None:
    for name in SHIPPED:
        text = FORMATS["dot"](shipped(name).topology)
        subprocess.run(["dot", "-Tplain"], input=text, text=True, timeout=20, check=True)
