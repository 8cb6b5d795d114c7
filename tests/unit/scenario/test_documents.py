"""YAML documents: values, line numbers and limits."""

import json
import time
from typing import Any

import pytest
import yaml

from nsnet.scenario import documents
from nsnet.scenario.documents import Document, parse
from nsnet.text import printable

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
    ("key", "line"),
    [
        ("a\x1bb", 3),
        ("a.b.c", 3),
        ("a" * 999, 3),
        ("a." * 499, 3),
        ("a" * 1001, 2),  # longer than any key of Kubernetes: the line of its parent
    ],
)
def test_the_line_of_an_unusual_key(key: str, line: int) -> None:
    text = f"x: 1\nlabels:\n  {json.dumps(key)}: 2\n"
    assert only(text).problem(f"labels.{printable(key)}", "").line == line


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("12", 12),  # more rows in test_scalars
        ("'12'", "12"),
        ("!!str 12", "12"),
        ("! 12", "12"),
        ("|-\n  12", "12"),
        ("!!int '12'", 12),
        ("!!timestamp 2024-05-01", "2024-05-01"),
        ("!!binary d2Vi", "web"),
        ("!Ref 12", "12"),  # other tags mean text
        ("!Sub {a: !Ref b}", {"a": "b"}),  # and nothing at all for lists and mappings
        ("!!set {a}", {"a": None}),
    ],
)
def test_the_value_of_a_scalar(written: str, read: object) -> None:
    assert only(f"key: {written}").data == {"key": read}


def test_keys_are_text_as_kubectl_writes_it() -> None:
    assert only("on: 1\n2: 1\n'on': 2\n!!str 2.0: 2\n").data == {
        "true": 1,
        "2": 1,
        "on": 2,
        "2.0": 2,
    }


@pytest.mark.parametrize("key", ["~", "{a: b}", "[]", ""])
def test_a_key_that_is_no_text_is_refused(key: str) -> None:
    (problem,) = parse("file.yaml", f"a: 1\n? {key}\n: 1\n")[1]
    assert str(problem) == "file.yaml:2: a key must be text"


def test_binary_data_that_is_no_text_is_refused() -> None:
    mistakes = parse("file.yaml", "a: !!binary '/w=='\nb: !!binary 'x'\n")[1]
    assert [each.line for each in mistakes] == [1, 2]


STREAMS = {
    "side by side": '{"a": 1}{"b": [2]}\n{"c": {}}',
    "one a line": '{"a": 1}\n\n {"b": [2]}\n{"c": {}}\n',
    "indented by tabs": '{\n\t"a": 1\n}\n{\n\t"b": [\n\t\t2\n\t]\n}\n{\n\t"c": {}\n}',
    "separated as YAML": '{"a": 1}\n---\n{"b": [2]}\n---\n{"c": {}}\n',
    "first JSON, then YAML": '{"a": 1}{"b": [2]}\n---\nc: {}\n',
    "flow mappings of YAML": "{a: 1}\n---\n{b: [2]}\n--- # last\n{c: {}}\n...\n",
    "comments and empty documents": "---\n# a\n---\na: 1\n---\n---\nb: [2]\n...\n---\nc: {}\n---",
    "lines of DOS": "a: 1\r\n---\r\nb:\r\n- 2\r\n---\r\nc: {}\r\n",
}


@pytest.mark.parametrize("how", STREAMS)
def test_the_documents_of_a_stream(how: str) -> None:
    documents, mistakes = parse("file.yaml", STREAMS[how])
    assert not mistakes
    assert [each.data for each in documents] == [{"a": 1}, {"b": [2]}, {"c": {}}]


def test_lines_are_those_of_the_file_after_other_json_documents() -> None:
    text = '{\n"a": 1\n}\n{\n"b": 2,\n"b": 3}{"c": 4}\n{"d": 5\n'
    documents, mistakes = parse("file.json", text)
    assert [each.problem("b", "").line for each in documents] == [1, 6, 6]
    assert [each.line for each in documents[1].repeats] == [6]
    assert [each.line for each in mistakes] == [7]


def test_ten_thousand_json_documents_are_read_in_a_second() -> None:
    begin = time.process_time()
    documents, _ = parse("file.json", '{"kind": "Pod"}\n' * 10_000)
    assert len(documents) == 10_000
    assert time.process_time() - begin < 2


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


def test_the_last_value_of_a_repeated_key_is_taken() -> None:
    document = only("kind: Pod\nspec: {a: 1}\nspec:\n  b: 2\n")
    assert document.data == {"kind": "Pod", "spec": {"b": 2}}
    assert document.problem("spec.b", "").line == 4
    assert [str(each) for each in document.repeats] == [
        "file.yaml:3: duplicate key 'spec'; it is already set on line 2"
    ]


def test_a_repeated_key_of_a_scenario_is_a_mistake() -> None:
    documents, mistakes = parse("file.yaml", "kind: Pod\na: 1\n---\nkind: Scenario\na: 1\na: 2\n")
    assert not documents[0].repeats
    assert [each.line for each in mistakes] == [6]
