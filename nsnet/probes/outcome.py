"""The outcome of one attempt: how it ended, and what both ends saw."""

from typing import NamedTuple

from nsnet.ip import IPAddress
from nsnet.verdict import Verdict


class Outcome(NamedTuple):
    """How one attempt ended for the client, which server answered, and the source that it saw.

    In the prober, server and path are names of namespaces; everywhere else, references.
    """

    verdict: Verdict
    server: str | None = None
    source: IPAddress | None = None
    path: tuple[str, ...] | None = None  # from the client to where the request got, if recorded
    ms: float = 0.0  # from the attempt's start to its verdict

    @property
    def compared(self) -> tuple[Verdict, str | None, IPAddress | None]:
        """What the kernel and the model must agree on."""
        return self.verdict, self.server, self.source
