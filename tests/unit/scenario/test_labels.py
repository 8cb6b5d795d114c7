"""The labels that the API server accepts."""

import pytest

from nsnet.scenario.documents import Document, parse
from nsnet.scenario.kubernetes import Service
from nsnet.scenario.objects import read_objects, warnings
from nsnet.scenario.validation import validate

CHARACTERS = (
    "consist of alphanumeric characters, '-', '_' or '.', and must start and end with an"
    " alphanumeric character"
)
NAME = f"name part must {CHARACTERS} (e.g. 'MyName' or 'example.com/my-name')"
VALUE = f"a valid label must be an empty string or {CHARACTERS}"


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({}, ""),
        ({"app": "", "Tier_2": "Front.End", "app.kubernetes.io/name": "x"}, ""),
        ({"app": None}, ""),  # is ""
        ({"a" * 63: "b" * 63, f"{'c' * 63}.example/x": "y"}, ""),
        ({"app": "my web"}, f'Invalid value: "my web": {VALUE}'),
        ({"app": "web-"}, f'Invalid value: "web-": {VALUE}'),
        ({"app": "http://x"}, f'Invalid value: "http://x": {VALUE}'),
        ({"-app": "web"}, f'Invalid value: "-app": {NAME}'),
        ({"/app": "web"}, f'Invalid value: "/app": {NAME}'),
        ({"a..b/app": "web"}, f'Invalid value: "a..b/app": {NAME}'),
        ({"app": "x" * 64}, f'Invalid value: "{"x" * 64}": must be no more than 63 characters'),
        ({"app": 1}, "expected text, got the number 1; put it in quotes"),
        ({"app": True}, "expected text, got the boolean true; put it in quotes"),
    ],
)
def test_a_selector_is_refused_in_the_words_of_kubernetes(
    labels: dict[str, object], message: str
) -> None:
    metadata: dict[str, object] = {"name": "web", "annotations": {"any key": "any text"}}
    data = {"kind": "Service", "metadata": metadata, "spec": {"ports": [], "selector": labels}}
    _, found = validate(Document("f.yaml", data), Service)
    assert [each.message for each in found] == ([message] if message else [])
    assert all(each.path.startswith("spec.selector") for each in found)


def test_wrong_labels_of_objects_are_one_warning() -> None:
    texts = (
        f"apiVersion: v1\nkind: Pod\nmetadata:\n  name: p{each}\n  labels: {{app: 'my web'}}\n"
        for each in range(3)
    )
    documents, _ = parse("f.yaml", "---\n".join(texts))
    contents = read_objects(documents)
    assert ([*contents.problems], len(contents.objects)) == ([], 3)
    reason = f'Invalid value: "my web": {VALUE}'
    assert [*warnings([contents])] == [
        f"f.yaml:5: the API server refuses metadata.labels: {reason}; and so of 2 more objects"
    ]
