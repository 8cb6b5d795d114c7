"""YAML documents: values, line numbers and limits."""

from typing import Any

import pytest
import yaml

from nsnet.scenario import documents
from nsnet.scenario.documents import Document, parse

LINES = """\
spec:
  clusters:
  - name: east
    podCIDR:
      10.244.0.0/16
  - {name: west,
     nodes: 2}
metadata:
  labels:
    app: web
    app.kubernetes.io/name: web
"""


def only(text: str) -> Document:
    """The only document of a text without problems."""
    (document,), mistakes = parse("file.yaml", text)
    assert not mistakes
    return document


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("", 1),
        ("spec.clusters", 2),
        ("spec.clusters[0]", 3),
        ("spec.clusters[0].podCIDR", 4),  # the line of the key, not of the value
        ("spec.clusters[0].nodes", 3),  # a missing key has the line of its parent
        ("spec.clusters[1].nodes", 7),
        ("spec.clusters[7].nodes", 2),
        ("metadata.labels.app", 10),
        ("metadata.labels.app.kubernetes.io/name", 11),
        ("metadata.labels.app.kubernetes.io/part-of", 10),  # the longest part that exists
        ("metadata.annotations.x", 8),
    ],
)
def test_the_line_of_a_path(path: str, line: int) -> None:
    assert only(LINES).problem(path, "").line == line


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("12", 12),  # more rows in test_scalars
        ("'12'", "12"),
        ("!!str 12", "12"),
        ("! 12", "12"),
        ("|-\n  12", "12"),
    ],
)
def test_the_value_of_a_scalar(written: str, read: object) -> None:
    assert only(f"key: {written}").data == {"key": read}


def test_keys_are_always_text() -> None:
    assert only("on: 1\n2: 1\n~: 1\n").data == {"on": 1, "2": 1, "~": 1}


def test_merged_keys_do_not_replace_keys_of_the_mapping() -> None:
    text = "base: &base {a: 1, b: 1}\nmore: &more {b: 2, c: 2}\nall: {<<: [*base, *more], a: 3}\n"
    data: Any = only(text).data
    assert data["all"] == {"a": 3, "b": 1, "c": 2}


def test_a_document_has_the_same_data_as_in_pyyaml() -> None:
    text = "a: [1, {b: c}, [], {}]\nd: &x {e: 'f'}\ng: *x\nh: >\n  long\n  text\n? i\n: - j\n"
    assert only(text).data == yaml.safe_load(text)


def test_an_alias_may_be_used_20000_times() -> None:
    shared = "labels: &labels {app: web, tier: front}\n"
    text = shared + "pods:\n" + "- {labels: *labels}\n" * 20_000
    data: Any = only(text).data
    assert data["pods"][-1] == {"labels": {"app": "web", "tier": "front"}}


def test_parsing_stops_at_the_limit_of_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MAX_VALUES", 1000)
    (problem,) = parse("file.yaml", "[" + "x,\n" * 1001 + "]")[1]
    assert str(problem) == "file.yaml:1000: contains over 1,000 values"
