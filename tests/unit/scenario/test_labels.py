"""The labels that the API server accepts."""

import pytest

from nsnet.scenario.documents import Document
from nsnet.scenario.kubernetes import Service
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
@pytest.mark.parametrize("where", ["metadata.labels", "spec.selector"])
def test_labels_are_refused_in_the_words_of_kubernetes(
    where: str, labels: dict[str, object], message: str
) -> None:
    metadata: dict[str, object] = {"name": "web", "annotations": {"any key": "any text"}}
    spec: dict[str, object] = {"ports": []}
    (metadata if where == "metadata.labels" else spec)[where.rpartition(".")[2]] = labels
    data = {"kind": "Service", "metadata": metadata, "spec": spec}
    _, found = validate(Document("f.yaml", data), Service)
    assert [each.message for each in found] == ([message] if message else [])
    assert all(each.path.startswith(where) for each in found)
