"""Where a scenario's texts come from: the disk, or what a running lab has kept of them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path, PurePath
from typing import Final, Protocol

from nsnet.errors import Problem, ScenarioError
from nsnet.scenario.documents import MAX_BYTES, decode, shown

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
class OnDisk:
    """The files as they are now."""

    main: Path

    def expand(self, entry: str) -> tuple[str, ...]:
        """A file, or the *.yaml and *.yml of a folder; nothing outside the scenario's folder."""
        if "\0" in entry or not entry:
            raise ValueError(f"{entry!r} is no path")
        try:
            return self._expand(self.main.parent / entry, entry)
        except OSError as error:
            raise ValueError(f"{shown(entry)} cannot be read: {error.strerror}") from error

    def _expand(self, path: Path, entry: str) -> tuple[str, ...]:
        self._check_inside(path, shown(entry))
        if not path.exists():
            raise ValueError(f"{shown(entry)} does not exist{_nearest(path, entry)}")
        if not path.is_dir():
            return (str(path),)
        found = sorted(each for each in path.iterdir() if each.suffix in SUFFIXES)
        # A link to somewhere else is as little inside the folder as the place it points to.
        for each in found:
            self._check_inside(each, f"{shown(entry)}: {shown(each.name)}")
        manifests = [each for each in found if not each.is_dir() and not self._is_main(each)]
        if not manifests:
            raise ValueError(f"{shown(entry)} has no *.yaml or *.yml in it")
        return tuple(str(each) for each in manifests)

    def text(self, file: str) -> str:
        """Read no more than the limit: a device has no end."""
        path = Path(file)
        try:
            # The scenario itself may be a pipe: nsnet run <(generate). A manifest would block.
            if path != self.main and path.exists() and not path.is_file():
                raise ScenarioError([Problem(file, 0, "", "is no regular file")])
            with path.open("rb") as stream:
                raw = stream.read(MAX_BYTES + 1)
        except IsADirectoryError as error:
            raise ScenarioError([Problem(file, 0, "", "is a folder, not a file")]) from error
        except FileNotFoundError as error:
            message = f"does not exist{_nearest(path, file)}"
            raise ScenarioError([Problem(file, 0, "", message)]) from error
        except OSError as error:
            message = f"cannot be read: {error.strerror}"
            raise ScenarioError([Problem(file, 0, "", message)]) from error
        return decode(file, raw)

    def _check_inside(self, path: Path, name: str) -> None:
        folder = os.path.realpath(self.main.parent)
        if not Path(os.path.realpath(path)).is_relative_to(folder):
            raise ValueError(f"{name} is outside the scenario's folder")

    def _is_main(self, path: Path) -> bool:
        return path.exists() and self.main.exists() and path.samefile(self.main)


@dataclass(frozen=True, slots=True)
class Kept:
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
            raise ValueError(f"{shown(entry)} was not kept")
        return tuple(str(each) for each in found)

    def text(self, file: str) -> str:
        """The kept text."""
        if file not in self.sources:
            raise ScenarioError([Problem(file, 0, "", "was not kept")])
        return self.sources[file]


def _nearest(path: Path, written: str) -> str:
    """A neighbour of almost the same name, as a question."""
    try:
        near = get_close_matches(path.name, os.listdir(path.parent), n=1, cutoff=0.8)
    except OSError:
        return ""
    return f"; did you mean {PurePath(written).parent / near[0]}?" if near else ""
