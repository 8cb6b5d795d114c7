"""Labs by their names: brought up, found again, changed and taken down."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from nsnet.errors import UnsupportedError, UsageError
from nsnet.kernel import capabilities as features
from nsnet.kernel import enter, netns, processes, throwaway
from nsnet.lab import folder
from nsnet.lab.folder import SCHEMA, recorded
from nsnet.lab.lab import Lab, Progress, hostname, silent
from nsnet.lab.removal import remove
from nsnet.scenario.model import Scenario
from nsnet.topology.model import netns_name


def is_complete(name: str) -> bool:
    """The lab was built to its end."""
    record = folder.read(name)
    return record is not None and record.get("complete") is True


def throw_away() -> None:
    """The rest of this process happens in namespaces that vanish with it. Raises
    UnsupportedError."""
    throwaway.enter()


def need_root(command: str) -> None:
    """Raises UnsupportedError for anybody else."""
    if os.geteuid() != 0:
        raise UnsupportedError(
            f"nsnet {command} is for labs that stay up, and they need root",
            hint=f"sudo nsnet {command} …; without root: nsnet run FILE",
        )


def stand_in(lab: Lab, reference: str) -> None:
    """This process is in that namespace of the lab for good, ready to become another program."""
    place = lab[reference]
    with lab.missing_namespaces_named():
        enter.enter(place.netns, hostname(place))


def diagnosis() -> tuple[features.Feature, ...]:
    """What this host can do for nsnet, found by trying."""
    return features.features()


@contextmanager
def running(scenario: Scenario, progress: Progress = silent) -> Iterator[Lab]:
    """A lab that is up inside the block and gone after it, however the block ends."""
    lab = Lab(scenario)
    try:
        with folder.locked(lab.name):
            lab.build(progress)
        yield lab
    finally:
        down(lab.name)


def up(scenario: Scenario, progress: Progress = silent) -> bool:
    """The lab is up and stays up; False where it was already. Raises UsageError, LockedError,
    KernelError.

    Half a lab is removed and built anew.
    """
    lab = Lab(scenario)
    with folder.locked(lab.name):
        record = folder.read(lab.name)
        if is_complete(lab.name) and record is not None and _is_whole(attach(lab.name)):
            if record["sources"] == dict(scenario.sources):
                return False
            raise UsageError(
                f"{lab.name} is up with another file",
                hint=f"to change it: nsnet apply {lab.name} FILE; or first: nsnet down {lab.name}",
            )
        remove(lab.name)
        try:
            lab.build(progress)
        except BaseException:  # a Ctrl-C, too: half a lab is of no use to anybody
            remove(lab.name)
            folder.remove(lab.name)
            raise
    return True


def apply(name: str, scenario: Scenario, progress: Progress = silent) -> int:
    """The lab is what this scenario says; returns how many steps that took. What exists keeps its
    addresses, and what was changed by hand is repaired. Raises UsageError, LockedError,
    ScenarioError, KernelError."""
    with _locked(name) as lab:
        return lab.apply(scenario, progress)


def restart(name: str, reference: str, progress: Progress = silent) -> dict[str, str]:
    """The pod, or every pod of the workload, is made anew; returns their addresses by reference.
    What was changed by hand is repaired first. Raises UsageError, LockedError, KernelError."""
    with _locked(name) as lab:
        lab.require_restartable(reference)
        # What is missing, if it were found out halfway, would leave half a lab.
        lab.require_namespaces()
        lab.repair(progress)
        pods = lab.restart(reference, progress)
        return {each: " ".join(map(str, lab[each].addresses)) for each in pods}


@contextmanager
def _locked(name: str) -> Iterator[Lab]:
    """The lab as it is up, and ours to change inside the block. Raises UsageError, LockedError."""
    attach(name)  # where no lab is, the lock would make a folder for one
    with folder.locked(name):
        yield attach(name)


def attach(name: str) -> Lab:
    """The lab of this name as it is up now. Raises UsageError where there is none, or half of
    one."""
    record = folder.read(name)
    if record is None or not record.get("complete"):
        known = ", ".join(each for each in names() if is_complete(each)) or "none"
        half = netns.names(f"nsnet.{name}.")
        hint = f"half a lab is left of it; remove it: nsnet down {name}" if half else ""
        raise UsageError(f"no lab {name} is up; there are: {known}", hint=hint)
    if record.get("schema") != SCHEMA:
        raise UsageError(
            f"{name} was built by another nsnet, whose records this one cannot read"
            f" ({record.get('schema')}, not {SCHEMA})",
            hint=f"remove it, then build it anew: nsnet down {name}; nsnet up FILE",
        )
    lab = Lab(*recorded(record), record["tool"])
    lab._touched = True  # who knows what was done to it by hand
    return lab


def names() -> list[str]:
    """Every lab of which something is there, sorted."""
    by_netns = {each.split(".")[1] for each in netns.names("nsnet.") if each.count(".") > 1}
    return sorted({*by_netns, *folder.names()})


def tidy() -> None:
    """Where no lab is, /run/nsnet is not, either."""
    folder.tidy()


def down(name: str) -> bool:
    """Nothing of the lab is left; False where there was nothing. Raises LockedError,
    CleanupError."""
    if name not in names():
        folder.tidy()
        return False
    need_root("down")
    with folder.locked(name):
        remove(name)
        folder.remove(name)
    return True


def _is_whole(lab: Lab) -> bool:
    """Every namespace is there, and its server runs."""
    inodes = {each.name: netns.inode(each.name) for each in lab.state.netns}
    home = inodes.get(netns_name(lab.name, "servers"))
    return None not in inodes.values() and home is not None and bool(processes.standing_in({home}))
