"""What a function returns or raises in a forked child arrives in its parent."""

import os
import signal
import time

import pytest

from nsnet.errors import KernelError, UnsupportedError
from nsnet.kernel.child import in_child


def test_a_child_gives_back_what_it_was_asked_for() -> None:
    assert in_child(lambda: "x" * 1_000_000, what="test") == "x" * 1_000_000


def test_what_a_child_raises_is_raised_here() -> None:
    def refuse() -> None:
        raise UnsupportedError("no", hint="yes")

    with pytest.raises(UnsupportedError, match="no") as raised:
        in_child(refuse, what="test")
    assert raised.value.hint == "yes"


def test_a_child_that_is_killed_is_an_error_and_not_the_end() -> None:
    with pytest.raises(KernelError, match=r"test: .* without an answer \(killed by SIGTERM\)"):
        in_child(lambda: os.kill(os.getpid(), signal.SIGTERM), what="test")


def test_a_child_that_hangs_is_ended() -> None:
    with pytest.raises(KernelError, match=r"test: no answer after 0\.1 s"):
        in_child(lambda: time.sleep(60), what="test", seconds=0.1)


def test_an_error_that_cannot_be_pickled_arrives_as_its_text() -> None:
    class LocalError(Exception):
        pass

    def refuse() -> None:
        raise LocalError("no")

    with pytest.raises(KernelError, match=r"^LocalError: no$"):
        in_child(refuse, what="test")


def test_a_child_leaves_its_parent_as_it_was() -> None:
    def change() -> str:
        os.environ["NSNET_TEST"] = "changed"
        return os.environ["NSNET_TEST"]

    assert in_child(change, what="test") == "changed"
    assert "NSNET_TEST" not in os.environ
