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
    status: int | None = None  # of the HTTP response; None: there is none
    location: str = ""  # the Location header of the HTTP response
    certificate: str = ""  # the subject of the server's certificate; only observed

    @property
    def compared(self) -> "Compared":
        """The fields in which the kernel and the model must agree."""
        return Compared(self.verdict, self.server, self.source, self.status, self.location)


class Compared(NamedTuple):
    """The fields of an outcome in which the kernel and the model must agree."""

    verdict: Verdict
    server: str | None
    source: IPAddress | None
    status: int | None = None
    location: str = ""

    def __str__(self) -> str:
        """Return a phrase such as: ok with status 200 by east/pod/web, seen as 10.244.0.2."""
        status = f" with status {self.status}" if self.status is not None else ""
        location = f" to {self.location}" if self.location else ""
        by = f" by {self.server}" if self.server else ""
        seen_as = f", seen as {self.source}" if self.source else ""
        return f"{self.verdict}{status}{location}{by}{seen_as}"
