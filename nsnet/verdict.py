"""The verdicts of probes. A verdict says how an attempt ended, and so hints at the cause."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final


class Verdict(StrEnum):
    """The result of an attempt, as seen by the client. scenarios/README.md describes each."""

    OK = "ok"  # answered by the target or one of its endpoints
    REFUSED = "refused"  # RST, or ICMP port unreachable
    NAME_NOT_FOUND = "name-not-found"  # no address is known for the name
    TIMEOUT = "timeout"  # no answer in time
    NET_UNREACHABLE = "net-unreachable"  # ICMP from a router without a route
    HOST_UNREACHABLE = "host-unreachable"  # the last router's ARP or ND request was not answered
    RESET = "reset"  # RST on an established connection
    LARGE_HANGS = "large-hangs"  # small packets arrive, those of the probe's size do not
    WRONG_SERVER = "wrong-server"  # another server answered
    WRONG_SOURCE = "wrong-source"  # answered, but the server saw another source than expected


ANSWERED: Final = frozenset({Verdict.OK, Verdict.WRONG_SERVER, Verdict.WRONG_SOURCE})


def in_numbers(verdicts: Mapping[Any, int]) -> str:
    """Return numbers of attempts with each verdict as text: 32 ok, 8 timeout. The keys are
    verdicts, or their texts."""
    return ", ".join(f"{verdicts[each]} {each}" for each in Verdict if verdicts.get(each))
