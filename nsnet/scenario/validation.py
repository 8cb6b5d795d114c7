"""Documents → models, with the errors of pydantic reworded for users who write YAML."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from nsnet.errors import Problem
from nsnet.scenario.documents import Document
from nsnet.scenario.field_errors import invalid, required, unsupported
from nsnet.scenario.fields import MANY, ONE, SETTINGS, SWITCH
from nsnet.scenario.kubernetes import Lenient
from nsnet.scenario.templates import render_hint
from nsnet.text import did_you_mean, nearest, printable, quoted

Model = TypeVar("Model", bound=BaseModel)

_TAGS = (ONE, MANY, SWITCH, SETTINGS)


def validate(document: Document, model: type[Model]) -> tuple[Model | None, list[Problem]]:
    """Return the document as this model, or None if it does not fit, and the problems."""
    try:
        return model.model_validate(document.data), []
    except ValidationError as error:
        found = explained(error, document.data, model, document.file)
        return None, [document.problem(path, message) for path, message in found]


def explained(
    error: ValidationError, data: object, model: type[BaseModel], file: str = ""
) -> Iterator[tuple[str, str]]:
    """Yield the path and the message of each mistake in `data`, in words of YAML and Kubernetes.

    `file`: the file of the data, which may be a template.
    """
    kubernetes = issubclass(model, Lenient)
    explained_by_us = set[str]()
    for each in error.errors(include_url=False):
        path, either = _path(data, each["loc"])
        value, context = each["input"], each.get("ctx", {})
        if path in explained_by_us:
            continue  # the other types of a union do not fit, either
        if each["type"] == "value_error":
            explained_by_us.add(path)
        if isinstance(value, str) and (hint := render_hint(file, value)):
            yield path, f"{quoted(value)} is a template; {hint}"
        elif each["type"] == "extra_forbidden":
            yield path, _unknown_key(model, each["loc"])
        elif each["type"] == "too_short" and len(value) >= context["min_length"]:
            continue  # there are enough items; the invalid ones have errors of their own
        elif each["type"] == "missing":
            yield path, required() if kubernetes else "is missing"
        elif each["type"] in ("literal_error", "enum"):
            yield path, _not_one_of(value, context["expected"], kubernetes=kubernetes)
        elif each["type"] == "greater_than_equal" and kubernetes:
            yield path, invalid(value, f"must be greater than or equal to {context['ge']}")
        else:
            yield path, _message(each["type"], value, context, either)


def _not_one_of(value: object, expected: str, *, kubernetes: bool) -> str:
    """Return the message for a value that is not one of the `expected` ones, as pydantic lists
    them."""
    allowed = [each for each in re.findall("'([^']*)'", expected) if each]
    if not isinstance(value, str):
        return f"expected one of {', '.join(allowed)}, got {kind_of(value)}"
    near = nearest(value, allowed, likeness=0.75)
    advice = f"; did you mean {near}?" if near else ""
    if kubernetes:
        return unsupported(value, allowed) + advice
    if len(allowed) == 1:
        return f"expected {allowed[0]}, got {kind_of(value)}"
    return f"{quoted(value)} is not one of: {', '.join(allowed)}{advice}"


def kind_of(value: object) -> str:
    """Return what a value is in terms of YAML, such as "a list" or "the number 5"."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"the boolean {str(value).lower()}"
        case int() | float():
            return f"the number {quoted(value)}"
        case str():
            return f"the text {quoted(value)}"
        case dict():
            return "a mapping"
        case _:
            return "a list"


def _message(kind: str, value: object, context: Mapping[str, Any], either: str) -> str:
    match kind:
        case "value_error":
            return str(context["error"])
        case "greater_than_equal" | "greater_than":
            bound = (
                f"at least {context['ge']}" if "ge" in context else f"more than {context['gt']:g}"
            )
            return f"{quoted(value)} is too small: {bound}"
        case "less_than_equal":
            return f"{quoted(value)} is too large: at most {context['le']:.15g}"
        case "too_short":
            return "is empty; at least one is needed"
        case "string_type" if isinstance(value, bool | int | float):
            return f"expected text, got {kind_of(value)}; put it in quotes"
        case "int_type" if isinstance(value, str) and value.isdecimal():
            return f"expected a whole number, got {kind_of(value)}; remove the quotes"
    return f"expected {WANTED.get(kind, 'something else')}{either}, got {kind_of(value)}"


WANTED: Mapping[str, str] = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}


def _path(data: object, steps: tuple[int | str, ...]) -> tuple[str, str]:
    """Return the path of a field as in YAML, and the text with which its error message ends.

    pydantic's `steps` to the field contain tags of unions; the path omits them. The text is
    " or a list" if the field also accepts a list, and similar for a switch, else "".
    """
    path = ""
    either = ""
    for step in steps:
        if isinstance(step, int) and isinstance(data, list):
            path += f"[{step}]"
            data = data[step]
        elif isinstance(step, str) and isinstance(data, dict) and step not in _TAGS:
            path += f".{printable(step)}" if path else printable(step)
            data = data.get(step)
        else:
            either = {ONE: " or a list", SETTINGS: ", or true or false"}.get(str(step), "")
    return path, either


def _unknown_key(model: type[BaseModel], steps: tuple[int | str, ...]) -> str:
    for step in steps[:-1]:
        field = next((each for each in model.model_fields.values() if each.alias == step), None)
        if field is not None:
            model = next(_models(field.annotation), model)
    known = [each.alias or name for name, each in model.model_fields.items()]
    return "unknown key; " + did_you_mean(str(steps[-1]), known, otherwise="known keys")


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
