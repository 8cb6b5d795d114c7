"""Entries of `manifests` → texts of files, read from disk or saved with a running lab."""

import os
import re
import stat
import sys
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Final, NamedTuple, Protocol

from nsnet.errors import Problem, ScenarioError
from nsnet.scenario.outline import ManifestEntry
from nsnet.scenario.templates import CHART, render_chart
from nsnet.text import nearest, printable

MAX_SIZE: Final = 32 * 2**20
SUFFIXES: Final = (".yaml", ".yml", ".json")  # as kubectl reads them in a folder
KINDS_OF_FILE: Final = "*.yaml, *.yml or *.json file"
STDIN: Final = "-"


class Files(Protocol):
    """A source of files. Their names start with the scenario's folder, as the user typed it."""

    def expand(self, entry: str) -> tuple[str, ...]:
        """Return the names of the files that an entry of `manifests` stands for.

        Raises ValueError if there is none.
        """
        ...

    def text(self, file: str) -> str:
        """Return the text of a file. Raises ScenarioError."""
        ...


@dataclass(frozen=True, slots=True)
class DiskFiles:
    """The files on disk, as they are now."""

    main: Path

    def expand(self, entry: str) -> tuple[str, ...]:
        """Return the name of the file at `entry`, or of each YAML and JSON file of a folder.

        Folders inside it are not read, as with `kubectl apply -f` without -R. A folder's files do
        not include the main file. Raises ValueError if there is no file, or if one is outside the
        scenario's folder.
        """
        if "\0" in entry or not entry:
            raise ValueError(f"{entry!r} is not a path")
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
        # A file in the folder may be a symbolic link to a file outside it.
        for each in found:
            self._check_inside(each, f"{printable(entry)}: {printable(each.name)}")
        manifests = [each for each in found if not each.is_dir() and not self._is_main(each)]
        if any(each.name == CHART for each in manifests):
            raise ValueError(f"{printable(entry)} is a Helm chart; {render_chart(path)}")
        if not manifests:
            raise ValueError(
                f"{printable(entry)} contains no {KINDS_OF_FILE}{_folders(path, entry)}"
            )
        return tuple(str(each) for each in manifests)

    def text(self, file: str) -> str:
        """Return the text of a file. Raises ScenarioError.

        At most MAX_SIZE + 1 bytes are read, because the main file may be a pipe that never ends.
        """
        path = Path(file)
        try:
            # The main file may be a pipe: nsnet run <(generate). A manifest may not: opening a pipe
            # without a writer blocks, unless with O_NONBLOCK.
            is_main = path == self.main
            with open(path, "rb", opener=None if is_main else _at_once) as stream:
                if not (is_main or stat.S_ISREG(os.fstat(stream.fileno()).st_mode)):
                    raise ScenarioError([Problem(file, 0, "", "is not a regular file")])
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
            raise ValueError(
                f"{name} is outside the scenario's folder; manifests must be inside it"
            )

    def _is_main(self, path: Path) -> bool:
        return path.exists() and self.main.exists() and path.samefile(self.main)


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


@dataclass(frozen=True, slots=True)
class SavedFiles:
    """The files of a scenario, with the texts that were saved with its running lab."""

    main: str
    sources: Mapping[str, str]

    def expand(self, entry: str) -> tuple[str, ...]:
        """Return the names that the entry stood for when the texts were saved.

        Raises ValueError if there is none.
        """
        path = PurePath(self.main).parent / entry
        if str(path) in self.sources:
            return (str(path),)
        inside = [PurePath(each) for each in self.sources if each != self.main]
        found = sorted(each for each in inside if each.parent == path and each.suffix in SUFFIXES)
        if not found:
            raise ValueError(f"{printable(entry)} was not saved with the lab")
        return tuple(str(each) for each in found)

    def text(self, file: str) -> str:
        """Return the saved text of a file. Raises ScenarioError if there is none."""
        if file not in self.sources:
            raise ScenarioError([Problem(file, 0, "", "was not saved with the lab")])
        return self.sources[file]


def read_given(paths: Sequence[Path]) -> dict[str, str]:
    """Return the text of each file that the user named, and of each manifest in folders.

    The path "-" is stdin. Raises ScenarioError.
    """
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    room = MAX_SIZE
    for path in paths:
        try:
            for file in _files_at(path):
                texts[file] = _stdin() if file == STDIN else _given(path).text(file)
                room -= size_of(texts[file])
        except ValueError as error:
            problems.append(Problem(str(path), 0, "", str(error).removeprefix(". ")))
        except ScenarioError as error:
            problems += error.problems
        if room < 0:
            problems.append(Problem(str(path), 0, "", "with this file, the files exceed 32 MiB"))
            break
    if problems:
        raise ScenarioError(problems)
    return texts


def _files_at(path: Path) -> tuple[str, ...]:
    return _given(path).expand(".") if path.is_dir() else (str(path),)


def _given(path: Path) -> DiskFiles:
    """Return the files at a path that the user named: a main file, or a folder without one."""
    return DiskFiles(path / STDIN if path.is_dir() else path)


def _stdin() -> str:
    return _decode(STDIN, sys.stdin.buffer.read(MAX_SIZE + 1))


class Sources(NamedTuple):
    """The files that the `manifests` of all clusters list, and their texts."""

    listed: list[tuple[str, str]]  # cluster, file
    texts: dict[str, str]


def read_sources(
    files: Files, entries: Iterable[ManifestEntry], room: int
) -> tuple[Sources, list[Problem]]:
    """Return the files of these entries with their texts, and problems. Each file is read once.

    The texts may have at most `room` bytes in total. Reading stops at the file that exceeds
    this.
    """
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
        room -= size_of(text)
        if room < 0:
            message = "the scenario and its manifests exceed 32 MiB with this file"
            problems.append(Problem(file, 0, "", message))
            break
        texts[file] = text
    return Sources([each for each in listed if each[1] in texts], texts), problems


def size_of(text: str) -> int:
    """Return the number of bytes of a text in UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


# Characters that YAML allows: https://yaml.org/spec/1.1/#c-printable
FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _decode(file: str, raw: bytes) -> str:
    """Return the text of a file's bytes. Raises ScenarioError if they are not text, or too many."""
    if len(raw) > MAX_SIZE:
        raise ScenarioError(
            [Problem(file, 0, "", "is larger than 32 MiB, the most that nsnet reads")]
        )
    # Like kubectl: UTF-8, unless the file begins with the byte order mark of UTF-16.
    encoding = "utf-16" if raw.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        name = "UTF-8" if encoding == "utf-8-sig" else "UTF-16"
        message = f"is not {name} text: byte 0x{raw[error.start]:02x}"
        raise ScenarioError([Problem(file, line, "", message)]) from error
    if found := FORBIDDEN.search(text):
        line = text.count("\n", 0, found.start()) + 1
        message = f"is not text: it contains the control character U+{ord(found[0]):04X}"
        raise ScenarioError([Problem(file, line, "", message)])
    return text


def _near(path: Path, written: str) -> str:
    """Return "; did you mean FILE?" if the folder has a file of almost the same name, else ""."""
    try:
        near = nearest(path.name, os.listdir(path.parent), likeness=0.8)
    except OSError:
        return ""
    return f"; did you mean {PurePath(written).parent / near}?" if near else ""


def _folders(path: Path, written: str) -> str:
    """Return "; list its folders by name: …" if the folder contains folders, else ""."""
    inner = sorted(each.name for each in path.iterdir() if each.is_dir() and each.name[0] != ".")
    listed = ", ".join(printable(str(PurePath(written, each))) for each in inner[:5])
    more = ", …" if len(inner) > 5 else ""
    return f"; list its folders by name: {listed}{more}" if inner else ""
