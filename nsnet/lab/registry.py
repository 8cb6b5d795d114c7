"""The labs of this host by name: build a lab, find it again, change it and remove it."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from nsnet.errors import UnsupportedError, UsageError
from nsnet.kernel import netns, processes
from nsnet.lab import folder
from nsnet.lab.compiled import Compiled, compiled
from nsnet.lab.host import Host, Progress, silent
from nsnet.lab.lab import Lab
from nsnet.scenario.fields import LABEL
from nsnet.scenario.model import Scenario
from nsnet.scenario.plain import MAIN, Plain, files_of, settings_of
from nsnet.state import daemons
from nsnet.topology.notation import without_only_cluster


def is_complete(name: str) -> bool:
    """Return whether the lab's record says that it was built completely. An ordinary user's answer
    comes from the lab's list of names."""
    try:
        record: Mapping[str, Any] | None = folder.read(name)
    except UnsupportedError:
        record = folder.read_names(name)
    return record is not None and record.get("complete") is True


def is_root() -> bool:
    """Return whether this process is root. Only root may build labs that stay up."""
    return os.geteuid() == 0


def need_root(command: str) -> None:
    """Raise UnsupportedError if this process is not root; `command` is the nsnet command that needs
    root."""
    if not is_root():
        raise UnsupportedError(
            f"nsnet {command} is for labs that stay up, and they need root",
            hint=f"sudo nsnet {command} …; without root: nsnet run FILE",
        )


@contextmanager
def running(wanted: Compiled, progress: Progress = silent) -> Iterator[Lab]:
    """Build a lab and yield it. It is removed after the block, however the block ends."""
    lab = Lab(wanted)
    try:
        with folder.locked(lab.name):
            lab.build(progress)
        yield lab
    finally:
        down(lab.name)


def up(wanted: Compiled, progress: Progress = silent) -> bool:
    """Build a lab that stays up. Return False if it is up already. A half-built or damaged lab of
    this name is removed first. Raises UsageError, LockedError, KernelError."""
    name = wanted.name
    with folder.locked(name):
        if is_complete(name):
            record = _record(name)
            same = record["sources"] == dict(wanted.scenario.sources)
            # The file alone decides which namespaces there are. Their addresses also depend on
            # restarts.
            if (Lab(wanted) if same else _recorded(name, record)).is_whole():
                if same:
                    return False
                raise UsageError(
                    f"{name} is up with another file",
                    hint=f"to change it: nsnet apply {name} {files_of(wanted.scenario)};"
                    f" or first: nsnet down {name}",
                )
        Host(name).remove()
        try:
            Lab(wanted).build(progress)
        except BaseException:  # Ctrl-C, too
            Host(name).remove()
            folder.remove(name)
            raise
    return True


def apply(
    name: str,
    scenario: Scenario,
    progress: Progress = silent,
    announce: Callable[[Compiled], None] = lambda wanted: None,
) -> int:
    """Change the lab to this scenario, and repair what was changed by hand. Return the number of
    steps taken.

    What exists before and after keeps its addresses. `announce` is called with the compiled
    scenario before anything is changed. Raises UsageError, LockedError, ScenarioError, KernelError.
    """
    with _locked(name) as lab:
        wanted = lab.next(scenario)
        announce(wanted)
        return lab.apply(wanted, progress)


def plain_settings(name: str) -> Plain:
    """Return the settings of another lab of this name, of plain manifests: its name and, if the lab
    is up with plain manifests, their settings."""
    record = folder.read(name)
    if record is None or record.get("main") != MAIN:
        return Plain(name=name)
    return replace(settings_of(_recorded(name, record).scenario), name=name)


def restart(name: str, reference: str, progress: Progress = silent) -> dict[str, str]:
    """Recreate a pod, or all pods of a workload. Return the pods' new addresses by their
    references. What was changed by hand is repaired first. Raises UsageError, LockedError,
    KernelError."""
    with _locked(name) as lab:
        lab.require_restartable(reference)
        # If a missing namespace were noticed halfway, the lab would be left half-changed.
        lab.require_namespaces()
        lab.repair(progress)
        pods = lab.restart(reference, progress)
        return {
            without_only_cluster(each, lab.topology): " ".join(map(str, lab[each].addresses))
            for each in pods
        }


@contextmanager
def _locked(name: str) -> Iterator[Lab]:
    """Yield a lab that is up, and hold its lock inside the block. Raises UsageError if the lab is
    not up, LockedError if another nsnet holds the lock."""
    _record(name)  # if no lab is up, locking would create a folder for it
    with folder.locked(name):
        yield attach(name)


def attach(name: str) -> Lab:
    """Return the lab of this name as it is up now. Raises UsageError if there is no such lab, or if
    it is half-built."""
    version = folder.version(name)  # before the record is read: it may be replaced at any time
    return _recorded(name, _record(name), version)


def _recorded(name: str, record: Mapping[str, Any], version: tuple[int, int] | None = None) -> Lab:
    # The lab may have been changed by hand since its record was written.
    found = compiled(*folder.recorded(name, record))
    return Lab(found, record["tool"], touched=True, version=version)


def _record(name: str) -> dict[str, Any]:
    """Return the record of a lab that is up. Raises UsageError if no such lab is up, or if this
    version of nsnet cannot read the record."""
    record = folder.read(name)
    if record is None or not record.get("complete"):
        if Host(name).namespaces():
            raise UsageError(
                f"{name} is half-built",
                hint=f"to build it again: nsnet up FILE; to remove it: nsnet down {name}",
            )
        known = ", ".join(each for each in names() if is_complete(each)) or "none"
        raise UsageError(f"no lab {name} is up; there are: {known}")
    if record.get("schema") != folder.SCHEMA:
        raise UsageError(
            f"{name} was built by another nsnet, whose records this one cannot read"
            f" ({record.get('schema')}, not {folder.SCHEMA})",
            hint=f"remove it, then build it again: nsnet down {name}; nsnet up FILE",
        )
    return record


def names() -> list[str]:
    """Return the name of every lab that has a namespace, a folder or a process, sorted. Raises
    UnsupportedError, OSError."""
    by_netns = {each.split(".")[1] for each in netns.names("nsnet.") if each.count(".") > 1}
    return sorted(filter(_is_name, {*by_netns, *folder.names(), *processes.homes(daemons.RUN)}))


def _is_name(text: str) -> bool:
    """Return whether a lab can have this name. Nothing else may become a part of a path."""
    return re.fullmatch(LABEL, text) is not None


def tidy() -> None:
    """Remove /run/nsnet if no lab is left in it."""
    folder.tidy()


def down(name: str) -> bool:
    """Remove everything of a lab. Return False if there was nothing to remove. Raises
    UnsupportedError without root, LockedError, CleanupError."""
    if name not in names():
        folder.tidy()
        return False
    need_root("down")
    with folder.locked(name):
        Host(name).remove()
        folder.remove(name)
    return True
