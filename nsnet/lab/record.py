"""What nsnet has written down of the labs that are up: /run/nsnet/LAB/lab.json.

Reading it needs no root and no kernel.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from nsnet.scenario.load import Scenario, reload
from nsnet.topology.addressing import Assignment

RUN = Path("/run/nsnet")
SCHEMA = "nsnet.dev/lab/v1"


def path_of(lab: str) -> Path:
    """Where the lab's files are."""
    return RUN / lab


def names() -> list[str]:
    """Every lab that has a folder, sorted."""
    with suppress(FileNotFoundError):
        return sorted(each.name for each in RUN.iterdir() if each.is_dir())
    return []


def read(lab: str) -> dict[str, Any] | None:
    """What was last written; None where there is nothing, or nothing whole."""
    try:
        record = json.loads((path_of(lab) / "lab.json").read_text())
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def recorded(record: Mapping[str, Any]) -> tuple[Scenario, Assignment]:
    """The scenario as it was when it was written down, and what it had assigned. Raises KeyError,
    ValueError, ScenarioError where another nsnet wrote it."""
    keep = Assignment.from_json(record["assignment"])
    return reload(record["main"], record["sources"]), keep
