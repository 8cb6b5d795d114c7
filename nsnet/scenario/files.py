"""Where a scenario's texts come from: the disk, or what a running lab has kept of them."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Final, NamedTuple, Protocol

from nsnet.errors import Problem, ScenarioError
from nsnet.scenario.outline import ManifestEntry
from nsnet.text import nearest, printable

MAX_SIZE: Final = 32 * 2**20
SUFFIXES: Final = (".yaml", ".yml")


class Files(Protocol):
    """Names are as the user would type them: the scenario's folder, then what `manifests` says."""

    def expand(self, entry: str) -> tuple[str, ...]:
        """The files an entry of `manifests` stands for; ValueError says why it stands for none."""
        ...

    def text(self, file: str) -> str:
        """What the file holds; raises ScenarioError."""
        ...


@dataclass(frozen=True, slots=True)
class DiskFiles:
    """The files as they are now."""

    main: Path

    def expand(self, entry: str) -> tuple[str, ...]:
        """A file, or the *.yaml and *.yml of a folder; nothing outside the scenario's folder."""
        if "\0" in entry or not entry:
            raise ValueError(f"{entry!r} is no path")
        try:
            return self._expand(self.main.parent / entry, entry)
        except OSError as error:
            raise ValueError(f"{printable(entry)} cannot be read: {error.strerror}") from error

    def _expand(self, path: Path, entry: str) -> tuple[str, ...]:
        self._check_inside(path, printable(entry))
        if not path.exists():
            raise ValueError(f"{printable(entry)} does not exist{_near(path, entry)}")
        if not path.is_dir():
            return (str(path),)
        found = sorted(each for each in path.iterdir() if each.suffix in SUFFIXES)
        # A link to somewhere else is as little inside the folder as the place it points to.
        for each in found:
            self._check_inside(each, f"{printable(entry)}: {printable(each.name)}")
        manifests = [each for each in found if not each.is_dir() and not self._is_main(each)]
        if not manifests:
            raise ValueError(f"{printable(entry)} has no *.yaml or *.yml in it")
        return tuple(str(each) for each in manifests)

    def text(self, file: str) -> str:
        """Read no more than the limit: a device has no end."""
        path = Path(file)
        try:
            # The scenario itself may be a pipe: nsnet run <(generate). A manifest would block.
            if path != self.main and path.exists() and not path.is_file():
                raise ScenarioError([Problem(file, 0, "", "is no regular file")])
            with path.open("rb") as stream:
                raw = stream.read(MAX_SIZE + 1)
        except IsADirectoryError as error:
            raise ScenarioError([Problem(file, 0, "", "is a folder, not a file")]) from error
        except FileNotFoundError as error:
            message = f"does not exist{_near(path, file)}"
            raise ScenarioError([Problem(file, 0, "", message)]) from error
        except OSError as error:
            message = f"cannot be read: {error.strerror}"
            raise ScenarioError([Problem(file, 0, "", message)]) from error
        return _decode(file, raw)

    def _check_inside(self, path: Path, name: str) -> None:
        folder = os.path.realpath(self.main.parent)
        if not Path(os.path.realpath(path)).is_relative_to(folder):
            raise ValueError(f"{name} is outside the scenario's folder")

    def _is_main(self, path: Path) -> bool:
        return path.exists() and self.main.exists() and path.samefile(self.main)


@dataclass(frozen=True, slots=True)
class SavedFiles:
    """The texts of a scenario that was loaded before, by name."""

    main: str
    sources: Mapping[str, str]

    def expand(self, entry: str) -> tuple[str, ...]:
        """As on disk when the texts were kept."""
        path = PurePath(self.main).parent / entry
        if str(path) in self.sources:
            return (str(path),)
        inside = [PurePath(each) for each in self.sources if each != self.main]
        found = sorted(each for each in inside if each.parent == path and each.suffix in SUFFIXES)
        if not found:
            raise ValueError(f"{printable(entry)} was not kept")
        return tuple(str(each) for each in found)

    def text(self, file: str) -> str:
        """The kept text."""
        if file not in self.sources:
            raise ScenarioError([Problem(file, 0, "", "was not kept")])
        return self.sources[file]


class Sources(NamedTuple):
    """The files that the clusters' `manifests` list."""

    listed: list[tuple[str, str]]  # cluster, file
    texts: dict[str, str]


def read_sources(
    files: Files, entries: Iterable[ManifestEntry], room: int
) -> tuple[Sources, list[Problem]]:
    """The files of these entries, each read once however often it is listed. `room` is how much
    they may hold together."""
    listed: list[tuple[str, str]] = []
    problems: list[Problem] = []
    for entry in entries:
        try:
            listed += [(entry.cluster, file) for file in files.expand(entry.written)]
        except ValueError as error:
            problems.append(entry.problem(str(error)))
    texts: dict[str, str] = {}
    for file in dict.fromkeys(file for _, file in listed):
        try:
            text = files.text(file)
        except ScenarioError as error:
            problems += error.problems
            continue
        room -= len(text)
        if room < 0:
            message = "is one file too many: together they are over 32 MiB"
            problems.append(Problem(file, 0, "", message))
            break
        texts[file] = text
    return Sources([each for each in listed if each[1] in texts], texts), problems


# What YAML allows in a text: https://yaml.org/spec/1.1/#c-printable
FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _decode(file: str, raw: bytes) -> str:
    """The text of a file; raises ScenarioError where it is none."""
    if len(raw) > MAX_SIZE:
        raise ScenarioError([Problem(file, 0, "", "is over 32 MiB; nsnet reads no more than that")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"is not a text in UTF-8: byte 0x{raw[error.start]:02x}"
        raise ScenarioError([Problem(file, line, "", message)]) from error
    if found := FORBIDDEN.search(text):
        line = text.count("\n", 0, found.start()) + 1
        message = f"is not a text: it holds the control character U+{ord(found[0]):04X}"
        raise ScenarioError([Problem(file, line, "", message)])
    return text


def _near(path: Path, written: str) -> str:
    """A neighbour of almost the same name, as a question."""
    try:
        near = nearest(path.name, os.listdir(path.parent), likeness=0.8)
    except OSError:
        return ""
    return f"; did you mean {PurePath(written).parent / near}?" if near else ""
