"""No message about a wrong value contains words of the library that validates."""

import math
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from nsnet.scenario.documents import Document
from nsnet.scenario.kinds import ProbeSpec, ScenarioDocument
from nsnet.scenario.kubernetes import MODELS
from nsnet.scenario.validation import validate

THEIRS = re.compile(
    r"Input should|Extra inputs|Field required|Value error|Assertion|pydantic|union|tuple|\bdict\b"
    r"|something else|instance|NoneType|validat|discriminator|[a-z]_type\b",
    re.IGNORECASE,
)
WRONG: list[Any] = [
    *(None, True, False, -1, 0, 1, 70_000, 10**30, 1.5, math.nan, math.inf),
    *("", " ", "x", "Web", "1", "yes", "0x10", "1.2.3.4", "1.2.3.999", "10.0.0.1/8", "10.0.0.0/33"),
    *("::1", "fe80::1%eth0", "/", "a/b", "a,b", "é", "x" * 300, "\x1b[2J", "{a: b}", "${PORT}"),
    *([], [None], [1], ["x"], [[]], [{}], [{"": 1}], {}, {"x": 1}, {"": None}, {"name": []}),
]


def models_in(annotation: object) -> Iterator[type[BaseModel]]:
    """The models in an annotation, and those in their fields."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from models_in(field.annotation)
    for each in get_args(annotation):
        yield from models_in(each)


EVERY = {
    each.__name__: each
    for kind in (ScenarioDocument, *MODELS.values(), ProbeSpec)
    for each in models_in(kind)
}


def messages(model: type[BaseModel], data: object) -> list[str]:
    """All messages about the data."""
    return [str(each) for each in validate(Document("f.yaml", data), model)[1]]


@pytest.mark.parametrize("name", EVERY)
def test_messages_are_in_words_of_yaml_and_kubernetes(name: str) -> None:
    model = EVERY[name]
    for field, described in model.model_fields.items():
        key = described.alias or field
        for wrong in (*WRONG, *([each] for each in WRONG), *({"x": each} for each in WRONG)):
            for message in messages(model, {key: wrong}):
                assert not THEIRS.search(message.replace(repr(wrong), "")), (key, wrong)
                assert message.isprintable(), (key, wrong)


@pytest.mark.parametrize("data", [None, 1, "x", [], {"x": 1}])
@pytest.mark.parametrize("name", EVERY)
def test_a_document_of_another_form_has_such_messages(name: str, data: object) -> None:
    assert not any(map(THEIRS.search, messages(EVERY[name], data)))
