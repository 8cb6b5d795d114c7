"""What a comparison counts: addresses, translations; and how it is shown."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

from nsnet.cli.compare import _show
from nsnet.compare.chart import svg
from nsnet.compare.comparison import (
    Addresses,
    Compared,
    Comparison,
    Measure,
    Reached,
    addresses_of,
    translations,
)
from nsnet.probes.question import explain, probe_spec
from tests.support.labs import shipped


@pytest.mark.parametrize(
    ("name", "spent"),
    [
        # One range of 256 addresses for the pods of each node, the same ones in both clusters.
        ("island-nat", Addresses(nodes=4, pods=9, reserved=512, outside=3)),
        ("azure-cni", Addresses(nodes=2, pods=4, reserved=60, outside=2)),
        ("azure-cni-overlay", Addresses(nodes=4, pods=8, reserved=512, outside=3)),
    ],
)
def test_the_addresses_that_a_lab_spends(name: str, spent: Addresses) -> None:
    assert addresses_of(shipped(name).topology) == spent


@pytest.mark.parametrize(
    ("name", "source", "to", "count"),
    [
        ("island-nat", "east/pod/client", "east/pod/web-1:80", 0),
        ("island-nat", "east/pod/client", "east/svc/web:80", 1),
        # By the node, by both gateways.
        ("island-nat", "east/pod/client", "west/svc/web:80", 3),
        ("kubenet", "pod/client", "external/api:443", 2),
    ],
)
def test_translations_on_the_way_of_a_request(name: str, source: str, to: str, count: int) -> None:
    paths = explain(shipped(name).model, probe_spec(source, to)).paths
    assert {translations(each) for each in paths} == {count}


TWO_NODES = "pod to pod, two nodes"
WAY = ("east/pod/client", "east/node/n1", "east/pod/far")


def variant(
    name: str, costs: Mapping[Measure, Sequence[float]] | None = None, **fields: object
) -> Compared:
    reached: dict[str, object] = {
        "verdict": "ok",
        "sources": ("east/pod/client",),
        "ways": (WAY,),
        "translations": (0,),
    }
    return Compared(
        name=name,
        lost=("faults",) if name == "other" else (),
        addresses=Addresses(nodes=2, pods=9, reserved=512, outside=3),
        reached={TWO_NODES: Reached(**{**reached, **fields})},  # type: ignore[arg-type]
        costs={TWO_NODES: costs} if costs else {},
    )


FOUND = Comparison(
    "base",
    (
        variant("base", {each: [10.0, 20.0] for each in Measure}),
        variant(
            "other",
            {
                Measure.THROUGHPUT: [5.0, 10.0],
                Measure.LATENCY: [10.0, 21.0],
                Measure.CONNECT: [1, 2],
            },
            ways=(WAY, (*WAY, "x", "y")),
            translations=(1, 2),
            sources=("east/node/n1", "10.0.0.9"),
            at_proxy=True,
        ),
        variant("none", verdict="timeout", sources=(), ways=(WAY,)),
    ),
)


def test_the_tables_of_a_comparison(capsys: pytest.CaptureFixture[str]) -> None:
    _show(FOUND)
    assert capsys.readouterr().out.splitlines() == [
        "addresses",
        "  MODEL  NODES  PODS  OUTSIDE  RESERVED FOR PODS",
        "  base   2      9     3        512",
        "  other  2      9     3        512",
        "  none   2      9     3        512",
        "  not in other: faults",
        "",
        "pod to pod, two nodes",
        "  MODEL  VERDICT  HOPS  NAT  THE SERVER SEES",
        "  base   ok       2     0    the client",
        "  other  ok       2-4   1-2  east/node/n1, 10.0.0.9",
        "  none   timeout",
        "",
        "pod to pod, two nodes: what it costs",
        "  MODEL  THROUGHPUT       LATENCY      CONNECT",
        "  base   15.0 bit/s       15.0 µs      15.0 µs",
        "  other  ×0.50 0.48-0.52  (0.99-1.06)  ×0.10 0.10-0.10",
        "  none   no path          no path      no path",
        "  ×: as a ratio to base, with the 95 % interval of 2 rounds. (…): inconclusive,",
        "  the interval includes 1. Connect of other is the handshake with the proxy",
        "  alone.",
    ]


def test_a_comparison_as_json() -> None:
    data = FOUND.as_json()
    assert (data["base"], data["rounds"]) == ("base", 2)
    base, other, none = (each["paths"][0] for each in data["variants"])
    assert [each["ratio"] for each in base["costs"]] == [None] * 3
    assert [each["conclusive"] for each in other["costs"]] == [True, False, True]
    assert other["ways"][1] == {"path": [*WAY, "x", "y"], "hops": 4, "translations": 2}
    assert (none["verdict"], none["costs"], none["sources"]) == ("timeout", [], [])


def test_the_chart_has_no_script_and_refers_to_no_file(tmp_path: Path) -> None:
    chart = svg(FOUND, TWO_NODES)
    root = ElementTree.fromstring(chart)
    tags = {each.tag.rpartition("}")[2] for each in root.iter()}
    assert "script" not in tags
    references = [
        value
        for each in root.iter()
        for key, value in each.attrib.items()
        if key.rpartition("}")[2] in ("href", "src")
    ]
    assert all(each.startswith("#") for each in references)  # parts of the chart itself
    texts = {each.text for each in root.iter() if each.text}
    assert {"base", "other", "throughput"} <= texts
