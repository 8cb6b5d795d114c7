"""The words a probe ends with: a verdict says how something failed, which names the cause."""

from enum import StrEnum


class Verdict(StrEnum):
    """How one attempt ended, seen from the client (scenario.md, "Probes")."""

    OK = "ok"  # answered by the target or one of its endpoints
    REFUSED = "refused"  # RST, or ICMP port unreachable
    TIMEOUT = "timeout"  # nothing came back in time
    NET_UNREACHABLE = "net-unreachable"  # a router without a route said so
    HOST_UNREACHABLE = "host-unreachable"  # the last router's ARP found nobody
    RESET = "reset"  # RST after the connection was open
    LARGE_HANGS = "large-hangs"  # small passes, the probe's size does not
    WRONG_SERVER = "wrong-server"  # somebody else answered
    WRONG_SOURCE = "wrong-source"  # answered, but the server saw another client than expected
