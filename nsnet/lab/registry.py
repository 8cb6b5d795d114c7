"""The labs of this host by name: build a lab, find it again, change it and remove it."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from typing import Any, assert_never

from nsnet.errors import UnsupportedError, UsageError
from nsnet.kernel import netns, processes
from nsnet.kernel.container import User
from nsnet.lab import folder
from nsnet.lab.commands import from_record, invoking_user
from nsnet.lab.compiled import Compiled, compiled
from nsnet.lab.host import Host, Progress, silent
from nsnet.lab.lab import Lab, Repaired, unheard
from nsnet.scenario.fields import LABEL
from nsnet.scenario.model import Scenario
from nsnet.scenario.plain import MAIN, PlainSettings, files_of, settings_of
from nsnet.state import daemons
from nsnet.topology.commands import running_commands
from nsnet.topology.notation import without_only_cluster


class Condition(StrEnum):
    """How far a lab is up: completely, or its `up` or a later change was interrupted."""

    COMPLETE = "complete"
    HALF_BUILT = "half-built"
    HALF_CHANGED = "half-changed"


def condition(name: str) -> Condition:
    """Return how far the lab is up, as its record says. An ordinary user's answer comes from the
    lab's list of names."""
    try:
        record: Mapping[str, Any] = folder.read(name) or {}
    except UnsupportedError:
        record = folder.read_names(name)
    if record.get("complete") is True:
        return Condition.COMPLETE
    changing = record.get("before") or record.get("changing")
    return Condition.HALF_CHANGED if changing else Condition.HALF_BUILT


def remedy(name: str, found: Condition) -> str:
    """Return what to do about a lab that is not up completely."""
    match found:
        case Condition.COMPLETE:
            return ""
        case Condition.HALF_BUILT:
            return f"to build it again: nsnet up FILE; to remove it: nsnet down {name}"
        case Condition.HALF_CHANGED:
            return f"to complete the change: nsnet apply {name} FILE"
        case _:
            assert_never(found)


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
def running(
    wanted: Compiled, progress: Progress = silent, user: User | None = None
) -> Iterator[Lab]:
    """Build a lab and yield it. It is removed after the block, however the block ends. `user`: as
    whom commands of containers run; None: the caller."""
    lab = Lab(wanted, user=user)
    try:
        with folder.locked(lab.name):
            lab.build(progress)
        yield lab
    finally:
        down(lab.name)


def up(wanted: Compiled, progress: Progress = silent) -> bool:
    """Build a lab that stays up. Return False if it is up already. A half-built or damaged lab of
    this name is removed first. If a change to this file was interrupted, it is completed. Raises
    UsageError, LockedError, KernelError."""
    name = wanted.name
    with folder.locked(name):
        found = condition(name)
        if found is not Condition.HALF_BUILT:
            record = _record(name)
            same = record["sources"] == dict(wanted.scenario.sources)
            if found is Condition.HALF_CHANGED and same:
                _lab_of(name, record).repair(progress)
                return True
            # The file alone decides which namespaces there are. Their addresses also depend on
            # restarts.
            lab = Lab(wanted) if same else _lab_of(name, record)
            if found is Condition.HALF_CHANGED or lab.is_whole():
                if same:
                    _require_commands(wanted, name, record)
                    return False
                raise UsageError(
                    f"{name} is up with another file",
                    hint=f"to change it: nsnet apply {name} {files_of(wanted.scenario)};"
                    f" or first: nsnet down {name}",
                )
        Host(name).remove()
        try:
            Lab(wanted, user=invoking_user()).build(progress)
        except BaseException:  # Ctrl-C, too
            Host(name).remove()
            folder.remove(name)
            raise
    return True


def _require_commands(wanted: Compiled, name: str, record: Mapping[str, Any]) -> None:
    """Raise UsageError if commands were allowed that do not run in the lab."""
    owners = {each.owner for each in running_commands(wanted.topology)}
    if not owners:
        return
    held = {each.owner for each in running_commands(_lab_of(name, record).topology)}
    if not owners <= held:
        raise UsageError(
            f"{name} is up without its commands",
            hint=f"to start them: nsnet apply --allow-commands {name} {files_of(wanted.scenario)}",
        )


def apply(
    name: str,
    scenario: Scenario,
    progress: Progress = silent,
    announce: Callable[[Compiled], None] = lambda wanted: None,
    repaired: Repaired = unheard,
    *,
    allow_commands: bool = False,
) -> int:
    """Change the lab to this scenario, and repair what was changed by hand. A change that was
    interrupted is completed, to this scenario. Return the number of steps taken.

    What exists before and after keeps its addresses. `announce` is called with the compiled
    scenario before anything is changed, `repaired` with a line for each difference that was
    repaired. Without `allow_commands`, no command of a container is started that does not run yet.
    Raises UsageError, LockedError, ScenarioError, KernelError.
    """
    with _locked(name) as lab:
        wanted = lab.next(scenario, allow_commands=allow_commands)
        if allow_commands:
            lab.run_commands_as(invoking_user())
        announce(wanted)
        return lab.apply(wanted, progress, repaired)


def plain_settings(name: str) -> PlainSettings:
    """Return the settings of another lab of this name, of plain manifests: its name and, if the lab
    is up with plain manifests, their settings."""
    record = folder.read(name)
    if record is None or record.get("main") != MAIN:
        return PlainSettings(name=name)
    return replace(settings_of(_lab_of(name, record).scenario), name=name)


def restart(name: str, reference: str, progress: Progress = silent) -> dict[str, str]:
    """Recreate a pod, or all pods of a workload. Return the pods' new addresses by their
    references. What was changed by hand is repaired first. Raises UsageError, LockedError,
    KernelError."""
    with _locked(name) as lab:
        lab.require_restartable(reference)
        if not lab.is_half_changed:
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
    return _lab_of(name, _record(name), version)


def _lab_of(name: str, record: Mapping[str, Any], version: tuple[int, int] | None = None) -> Lab:
    # The lab may have been changed by hand since its record was written.
    found = compiled(*folder.scenario_of(name, record))
    before = [compiled(*folder.scenario_of(name, each)) for each in record.get("before", ())]
    tool = record.get("tool", "")
    user = from_record(record.get("user"))
    return Lab(found, tool, touched=True, version=version, before=before, user=user)


def _record(name: str) -> dict[str, Any]:
    """Return the record of a lab that is up, also of a half-changed one. Raises UsageError if no
    such lab is up, or if another version of nsnet built it; UnsupportedError if the record is
    damaged."""
    record = folder.read(name)
    if folder.is_damaged(name) or (record is not None and "schema" not in record):
        raise UnsupportedError(
            f"{name}: its record is damaged: {daemons.path_of(name) / folder.RECORD}",
            hint=remedy(name, Condition.HALF_BUILT),
        )
    found = condition(name)
    if record is None or found is Condition.HALF_BUILT:
        if name in names():
            raise UsageError(f"{name} is half-built", hint=remedy(name, found))
        up = [each for each in names() if condition(each) is not Condition.HALF_BUILT]
        raise UsageError(f"no lab {name} is up; there are: {', '.join(up) or 'none'}")
    if record.get("schema") != folder.SCHEMA:
        raise UsageError(
            f"{name} was built by another nsnet, whose records this one cannot read"
            f" ({record.get('schema')}, not {folder.SCHEMA})",
            hint=f"remove it, then build it again: nsnet down {name}; nsnet up FILE",
        )
    return record


def listed() -> str:
    """Return a list of the labs that there are, as part of a sentence."""
    return f"there are: {', '.join(names()) or 'none'}"


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
