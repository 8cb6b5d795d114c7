"""A comparison of labs that are up: its structure, and what must be true on any machine."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.machine import NEEDS_ROOT, ROOT, machine

pytestmark = NEEDS_ROOT

ISLANDS = ROOT / "scenarios/island-nat.yaml"


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    chart = tmp_path_factory.mktemp("compare") / "chart.svg"
    models = "flat,island-proxy,kubenet"
    with machine() as where:
        before = where.contents()
        arguments = ("--models", models, "--rounds", "1", "--json", "--chart", str(chart))
        done = where.nsnet("compare", ISLANDS, *arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert where.contents() == before
    return json.loads(done.stdout), chart


def path(compared: tuple[dict[str, Any], Path], model: str, name: str) -> dict[str, Any]:
    (variant,) = (each for each in compared[0]["variants"] if each["name"] == model)
    (found,) = (each for each in variant["paths"] if each["name"] == name)
    return dict(found)


def test_nothing_contradicts_the_model(compared: tuple[dict[str, Any], Path]) -> None:
    data, _ = compared
    assert [each["name"] for each in data["variants"]] == ["flat", "island-proxy", "kubenet"]
    defects = [
        (each["name"], one["name"], one["defects"])
        for each in data["variants"]
        for one in each["paths"]
        if one["defects"]
    ]
    assert defects == []


def test_models_differ_in_who_reaches_whom(compared: tuple[dict[str, Any], Path]) -> None:
    other = "pod to Service of another cluster"
    client = "east/pod/client.nsnet-compare"
    assert path(compared, "flat", other)["sources"] == [client]
    assert path(compared, "island-proxy", other)["sources"] == ["west/gateway"]
    assert path(compared, "island-proxy", other)["atProxy"]
    assert path(compared, "kubenet", other)["verdict"] == "ok"
    assert path(compared, "flat", "outside to pod")["verdict"] == "ok"
    assert path(compared, "kubenet", "outside to pod")["verdict"] == "net-unreachable"
    vnet = path(compared, "kubenet", "pod to pod, two nodes")["ways"][0]["path"]
    assert "vnet/compared" in vnet


def test_every_cost_was_measured(compared: tuple[dict[str, Any], Path]) -> None:
    name = "pod to pod, two nodes"  # elsewhere chance decides in a VNet
    for model in ("flat", "island-proxy", "kubenet"):
        costs = {each["measure"]: each for each in path(compared, model, name)["costs"]}
        assert [len(each["samples"]) for each in costs.values()] == [1, 1, 1]
        assert costs["throughput"]["median"] > 1e6  # bit/s
        assert 0.1 < costs["latency"]["median"] < 1e6  # µs
        assert 0.1 < costs["connect"]["median"] < 1e6
        assert (costs["latency"]["ratio"] is None) == (model == "flat")


def test_the_chart_shows_every_variant(compared: tuple[dict[str, Any], Path]) -> None:
    text = compared[1].read_text()
    assert all(f">{each}<" in text for each in ("flat", "island-proxy", "kubenet"))
