"""Which tests the running kernel cannot run, and why."""

import os
from functools import cache

import pytest

from nsnet.kernel import capabilities


def lacking(item: pytest.Item) -> str:
    """Return the features in a test's `needs` that this kernel lacks, as text; "" if there are
    none."""
    wanted = dict.fromkeys(name for mark in item.iter_markers("needs") for name in mark.args)
    if not wanted:
        return ""
    have = _capabilities()
    unknown = [name for name in wanted if name not in have]
    if unknown:
        known = ", ".join(have)
        raise pytest.UsageError(f"{item.nodeid} needs {unknown[0]!r}; nsnet knows of {known}")
    return " and no ".join(name for name in wanted if not have[name])


def elsewhere(item: pytest.Item) -> str:
    """Return why a test runs in the VM; "" if it does not."""
    if item.get_closest_marker("vm"):
        return "it is about the VM's own kernel"
    words = lacking(item)
    if words:
        return f"this kernel has no {words}"
    if os.geteuid() != 0 and item.get_closest_marker("needs"):
        return "it needs root"
    return ""


@cache
def _capabilities() -> dict[str, bool]:
    return {each.name: each.present for each in capabilities.of_host()}
