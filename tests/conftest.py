"""Every test that can be run anywhere is run: what this kernel lacks, the one of the VM has."""

import os
import signal
from pathlib import Path

import pytest

from tests.vm.guest import FOLDER, Guest
from tests.vm.lane import Lane


def pytest_configure(config: pytest.Config) -> None:
    """Here is the host, or here is the VM."""
    # A script ignores them for what it starts in the background; what tests start must be told.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    config.addinivalue_line(
        "markers",
        "needs(FEATURE, ...): runs where the kernel has them (`nsnet doctor` lists all), so as not"
        " to be skipped in the VM where this one has not",
    )
    config.addinivalue_line("markers", "vm: runs in the VM, whatever this kernel has")
    config.addinivalue_line("markers", "soak: takes long; only `make soak` runs it")
    folder = os.environ.get(FOLDER)
    config.pluginmanager.register(Guest(config, Path(folder)) if folder else Lane(config))
