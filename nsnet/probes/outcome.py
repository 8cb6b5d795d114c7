"""The outcome of one attempt: how it ended, and what client and server saw."""

from typing import NamedTuple

from nsnet.ip import IPAddress
from nsnet.verdict import Verdict


class Outcome(NamedTuple):
    """How one attempt ended for the client, which server answered, and the source that the server
    saw.

    In the prober, namespaces are given by name (in `path`, and as `server` over ICMP); everywhere
    else, by reference.
    """

    verdict: Verdict
    server: str | None = None
    source: IPAddress | None = None
    path: tuple[str, ...] | None = None  # from the client to where the request got, if recorded
    ms: float = 0.0  # from the attempt's start to its verdict
    withheld: bool = False  # meanwhile a router withheld ICMP errors of the kind that it may await

    @property
    def compared(self) -> tuple[Verdict, str | None, IPAddress | None]:
        """The fields in which the kernel and the model must agree."""
        return self.verdict, self.server, self.source
