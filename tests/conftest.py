"""Run every test somewhere: here, or in the VM if this kernel lacks what it needs."""

import os
import signal
from pathlib import Path

import pytest

from tests.vm.guest import FOLDER, Guest
from tests.vm.lane import Lane


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, and the plugin of the host or of the VM."""
    # A shell ignores these signals for background jobs, and children inherit that: restore them.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    config.addinivalue_line(
        "markers",
        "needs(FEATURE, ...): kernel features (`nsnet doctor` lists all); if this kernel lacks one,"
        " the test runs in the VM",
    )
    config.addinivalue_line("markers", "vm: runs in the VM, whatever this kernel has")
    folder = os.environ.get(FOLDER)
    config.pluginmanager.register(Guest(config, Path(folder)) if folder else Lane(config))
