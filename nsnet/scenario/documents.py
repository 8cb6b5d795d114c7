"""YAML text → documents: plain data, with the line of every value.

The data is built from the parser's events and not by yaml.load. One pass is enough then, instead of
three, and the limits on depth, size and aliases apply before anything is built.

Values, keys, tags and streams of JSON mean what they mean to kubectl: sigs.k8s.io/yaml (go-yaml
v2), and k8s.io/apimachinery/pkg/util/yaml.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from nsnet.errors import Problem, ScenarioError
from nsnet.scenario.scalars import key_of, plain
from nsnet.scenario.templates import render_hint
from nsnet.text import printable

MAX_DEPTH: Final = 64
MAX_VALUES: Final = 5_000_000  # 32 MiB of manifests have fewer; 32 MiB of "[1,1,1]" have 16M
MAX_ALIASED: Final = 1_000_000  # values that the aliases of a file expand to, in total

DECODER: Final = json.JSONDecoder()
OBJECT: Final = re.compile(r"\s*\{")
YAML_TAGS: Final = "tag:yaml.org,2002:"
RESOLVED_TAGS: Final = frozenset(("null", "bool", "int", "float", "timestamp"))

KEY_END: Final = re.compile(r"[.\[]")  # in a field path
LONGEST_KEY: Final = 1_000

LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Inner: TypeAlias = "dict[str, Position] | list[Position] | None"


class Position(NamedTuple):
    """The line of a value, and the positions of its parts.

    The line of a value in a mapping is that of its key. Keys are as messages print them.
    """

    line: int
    inner: Inner = None


class Anchored(NamedTuple):
    """The value of a YAML anchor (&name), which each alias of the anchor (*name) repeats."""

    data: object
    position: Position
    values: int = 1
    height: int = 0  # levels of nesting inside it


@dataclass(frozen=True, slots=True)
class Document:
    """A document of a YAML stream, or an item of a Kubernetes List in such a document.

    `at`: the path of the item in its document; "" for a whole document. `repeats`: the keys of a
    mapping that are set again; the last value is taken, as in kubectl.
    """

    file: str
    data: object = field(repr=False)  # of a Secret, too
    position: Position = field(default=Position(0), repr=False, compare=False)
    at: str = field(default="", repr=False, compare=False)
    repeats: tuple[Problem, ...] = field(default=(), repr=False, compare=False)

    def problem(self, path: str, message: str) -> Problem:
        """Return a problem at `path`, with the line of the deepest existing value on the path."""
        full = ".".join(part for part in (self.at, path) if part)
        return Problem(self.file, _line(self.position, path), full, message)

    @property
    def is_scenario(self) -> bool:
        """Whether the document's kind is Scenario, or its API group is nsnet.dev."""
        version = text_at(self.data, "apiVersion")
        return text_at(self.data, "kind") == "Scenario" or version.startswith("nsnet.dev/")

    def items(self) -> tuple["Document", ...]:
        """Return the items of a Kubernetes List as documents, or () if the document is no List.

        The items of a PodList may leave out apiVersion and kind, as in `kubectl get --raw`.
        """
        inner = self.position.inner
        if not isinstance(self.data, dict) or not isinstance(inner, dict):
            return ()
        items, positions = self.data.get("items"), inner.get("items", Position(0)).inner
        if not isinstance(items, list) or not isinstance(positions, list):
            return ()
        prefix = f"{self.at}.items" if self.at else "items"
        return tuple(
            Document(self.file, self._typed(item), position, f"{prefix}[{index}]", self.repeats)
            for index, (item, position) in enumerate(zip(items, positions, strict=True))
        )

    def _typed(self, item: object) -> object:
        """Return an item with the list's apiVersion and kind, if it has none and the list's kind
        says what its items are."""
        kind = text_at(self.data, "kind").removesuffix("List")
        if not kind or not isinstance(item, dict) or "kind" in item or "apiVersion" in item:
            return item
        return {"apiVersion": text_at(self.data, "apiVersion"), "kind": kind, **item}


def text_at(data: object, *keys: str) -> str:
    """Return the text at these nested keys of unvalidated data, or "" if there is none."""
    found = _at(data, keys)
    return found if isinstance(found, str) else ""


def list_at(data: object, *keys: str) -> list[object]:
    """Return the list at these nested keys of unvalidated data, or [] if there is none."""
    found = _at(data, keys)
    return found if isinstance(found, list) else []


def _at(data: object, keys: tuple[str, ...]) -> object:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _line(position: Position, path: str) -> int:
    """Return the line of the deepest value that exists on the field path `path`.

    A key may contain dots. If several keys match the beginning of `path`, the longest is followed.
    Keys that are longer than any of Kubernetes are not followed.
    """
    if isinstance(position.inner, list):
        index = re.match(r"\[(\d+)\]\.?", path)
        if index and int(index[1]) < len(position.inner):
            return _line(position.inner[int(index[1])], path[index.end() :])
    if isinstance(position.inner, dict):
        ends = [each.start() for each in KEY_END.finditer(path, 0, LONGEST_KEY)]
        if len(path) <= LONGEST_KEY:
            ends.append(len(path))
        for end in reversed(ends):
            if path[:end] in position.inner:
                return _line(position.inner[path[:end]], path[end:].removeprefix("."))
    return position.line


def parse(file: str, text: str) -> tuple[list[Document], list[Problem]]:
    """Return the documents of a YAML stream, and its problems.

    Reading stops at a syntax error. The documents before it are returned.
    """
    reader = _Reader(file)
    documents: list[Document] = []
    try:
        for part in _json_texts(text):
            documents.extend(reader.documents(part))
    except ScenarioError as error:
        reader.problems.extend(error.problems)
    except yaml.MarkedYAMLError as error:
        reader.problems.append(_syntax(file, text, reader.before, error))
    return documents, reader.problems


def _json_texts(text: str) -> Iterator[str]:
    """Yield each JSON object of a stream that has several, such as {…}{…}, and then the rest of the
    text. A text that does not start with JSON, or has one JSON object, is yielded whole."""
    start = 0
    while opening := OBJECT.match(text, start):
        try:
            _, end = DECODER.raw_decode(text, opening.end() - 1)
        except (ValueError, RecursionError):  # a flow mapping of YAML, or a mistake
            break
        if not OBJECT.match(text, end):
            break
        yield text[start:end]
        start = end
    yield text[start:]


def _syntax(file: str, text: str, before: int, error: yaml.MarkedYAMLError) -> Problem:
    """Return a syntax error, whose own line numbers begin after `before` lines of the text."""
    lines = text.splitlines()
    mark = error.problem_mark or error.context_mark
    number = min(before + mark.line + 1, len(lines)) if mark else 0
    line = lines[number - 1] if number else ""
    message = f"is not YAML: {error.problem or error.context}"
    if error.problem and error.context and error.context_mark:
        message += f", {error.context} that starts on line {before + error.context_mark.line + 1}"
    if "\t" in line[: len(line) - len(line.lstrip())]:
        message = "is not YAML: a tab cannot indent; use spaces"
    elif hint := render_hint(file, line) or render_hint(file, text):
        message = f"{message}; {hint}"
    return Problem(file, number, "", message)


class _Reader:
    """A reader that builds the documents of a file from the parser's events."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.before = 0  # lines of the file before the text that is being read
        self.text = ""
        self.event: Callable[[], yaml.Event] = StreamEndEvent  # returns the next one
        self.problems: list[Problem] = []
        self.repeats: list[Problem] = []  # in the document that is being read
        self.anchors: dict[str, Anchored | None] = {}  # None: its value is not complete yet
        self.values = 0
        self.aliased = 0
        self.deepest = 0

    def documents(self, text: str) -> Iterator[Document]:
        """Yield each document that is not empty of the next text of the file."""
        self.text = text
        self.event = LOADER(text).get_event
        while not isinstance(event := self.event(), StreamEndEvent):
            if isinstance(event, DocumentStartEvent):
                self.anchors.clear()
                self.repeats.clear()
                data, position = self._value(self._next(), 1)
                document = Document(self.file, data, position, repeats=tuple(self.repeats))
                if document.is_scenario:
                    self.problems += self.repeats
                if data is not None:
                    yield document
        self.before += text.count("\n")

    def _next(self) -> NodeEvent:
        event = self.event()
        assert isinstance(event, NodeEvent), event
        return event

    def _problem(self, line: int, message: str) -> Problem:
        return Problem(self.file, line, "", message)

    def _line_of(self, event: NodeEvent) -> int:
        assert event.start_mark is not None
        return self.before + event.start_mark.line + 1

    def _value(self, event: NodeEvent, depth: int) -> tuple[object, Position]:
        """Return the value that starts with this event, and its position."""
        line = self._line_of(event)
        if isinstance(event, AliasEvent):
            return self._alias(event, line, depth)
        self.values += 1
        if self.values > MAX_VALUES:
            raise ScenarioError([self._problem(line, f"contains over {MAX_VALUES:,} values")])
        self._descend(depth, line)
        if not event.anchor:
            if isinstance(event, ScalarEvent):  # most values are scalars
                return self._scalar(event, line), Position(line)
            return self._content(event, line, depth)
        values, deepest = self.values, self.deepest
        self.anchors[event.anchor], self.deepest = None, depth
        data, position = self._content(event, line, depth)
        size, height = self.values - values + 1, self.deepest - depth
        self.anchors[event.anchor] = Anchored(data, position, size, height)
        self.deepest = max(self.deepest, deepest)
        return data, position

    def _descend(self, depth: int, line: int) -> None:
        if depth > MAX_DEPTH:
            raise ScenarioError(
                [self._problem(line, f"is nested more than {MAX_DEPTH} levels deep")]
            )
        if depth > self.deepest:
            self.deepest = depth

    def _content(self, event: NodeEvent, line: int, depth: int) -> tuple[object, Position]:
        if isinstance(event, ScalarEvent):
            return self._scalar(event, line), Position(line)
        if isinstance(event, SequenceStartEvent):
            items, inner = self._sequence(depth)
            return items, Position(line, inner)
        assert isinstance(event, MappingStartEvent), event
        data, positions = self._mapping(depth)
        return data, Position(line, positions)

    def _alias(self, event: AliasEvent, line: int, depth: int) -> tuple[object, Position]:
        name = event.anchor or ""
        anchored = self.anchors.get(name)
        if anchored is None:
            inside = name in self.anchors
            why = (
                f"is inside the value of its own anchor &{name}"
                if inside
                else f"has no anchor &{name} before it"
            )
            raise ScenarioError([self._problem(line, f"alias *{name} {why}")])
        self._descend(depth + anchored.height, line)
        self.values += anchored.values
        self.aliased += anchored.values
        # Aliases share one value here, but validation visits it once for every alias.
        if self.aliased > MAX_ALIASED:
            message = f"aliases expand to over {MAX_ALIASED:,} values; use fewer of them"
            raise ScenarioError([self._problem(line, message)])
        return anchored.data, anchored.position

    def _scalar(self, event: ScalarEvent, line: int) -> object:
        """Return the value of a scalar.

        As in kubectl, tags of YAML choose how it is read, and other tags mean text.
        """
        if event.tag is None:
            return plain(event.value) if event.implicit[0] else event.value
        tag = event.tag.removeprefix(YAML_TAGS)
        if tag == "binary":
            return self._binary(event.value, line)
        if tag in RESOLVED_TAGS:
            return plain(event.value)
        return event.value

    def _binary(self, value: str, line: int) -> str:
        try:
            return base64.b64decode(value).decode()
        except (binascii.Error, UnicodeDecodeError):
            self.problems.append(self._problem(line, "!!binary is not base64 of UTF-8 text"))
            return ""

    def _sequence(self, depth: int) -> tuple[list[object], list[Position]]:
        data: list[object] = []
        positions: list[Position] = []
        while not isinstance(event := self.event(), SequenceEndEvent):
            assert isinstance(event, NodeEvent), event
            item, position = self._value(event, depth + 1)
            data.append(item)
            positions.append(position)
        return data, positions

    def _mapping(self, depth: int) -> tuple[dict[str, object], dict[str, Position]]:
        data: dict[str, object] = {}
        positions: dict[str, Position] = {}
        merged: tuple[object, Position] | None = None
        while not isinstance(event := self.event(), MappingEndEvent):
            assert isinstance(event, NodeEvent), event
            line = self._line_of(event)
            key = self._key(event, depth)
            value, position = self._value(self._next(), depth + 1)
            if key == "<<" and isinstance(event, ScalarEvent) and event.implicit[0] and not merged:
                merged = value, Position(line, position.inner)
                continue
            if key in data:
                first = positions[printable(key)].line
                message = f"duplicate key {printable(key)!r}; it is already set on line {first}"
                self.repeats.append(self._problem(line, message))
            data[key] = value
            positions[printable(key)] = (
                position if position.line == line else Position(line, position.inner)
            )
        if merged:
            self._merge(merged, data, positions)
        return data, positions

    def _key(self, event: NodeEvent, depth: int) -> str:
        """Return a key as kubectl reads it: 80 is "80", and `on` without quotes is "true"."""
        if isinstance(event, ScalarEvent):
            self.values += 1
            key = key_of(event.value) if event.implicit[0] else event.value
            if event.anchor:
                self.anchors[event.anchor] = Anchored(key, Position(self._line_of(event)))
            if key is not None:
                return key
            line = self._line_of(event)
        else:
            alias, (line, _) = self._value(event, depth + 1)
            if isinstance(alias, str):
                return alias
        hint = render_hint(self.file, self.text)
        message = f"is a template; {hint}" if hint else "a key must be text"
        raise ScenarioError([self._problem(line, message)])

    def _merge(
        self,
        merged: tuple[object, Position],
        data: dict[str, object],
        positions: dict[str, Position],
    ) -> None:
        """Add the keys of the merged mappings (`<<: *base`) to `data`, unless `data` has them."""
        value, position = merged
        maps = value if isinstance(value, list) else [value]
        inner = position.inner if isinstance(position.inner, list) else [position]
        for each, where in zip(maps, inner, strict=True):
            if not isinstance(each, dict) or not isinstance(where.inner, dict):
                message = "'<<' can only merge a mapping or a list of mappings"
                self.problems.append(self._problem(position.line, message))
                return
            for key in each:
                if key not in data:
                    data[key] = each[key]
                    positions[printable(key)] = where.inner[printable(key)]
