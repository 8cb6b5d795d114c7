"""One attempt on its way: what it says, how the kernel's errors read, and how it ended."""

import errno
import time
from collections.abc import Callable
from dataclasses import dataclass

from nsnet.ip import IPAddress
from nsnet.probes.prober.flows import Flow
from nsnet.servers.echo import message
from nsnet.verdict import Verdict

# How the kernel's word for a failed connection, or an ICMP error, is read. The other errors leave
# an attempt waiting: EPERM is a DROP in the client's own OUTPUT chain, EINVAL a blackhole route.
VERDICTS = {
    errno.ECONNREFUSED: Verdict.REFUSED,
    errno.ENETUNREACH: Verdict.NET_UNREACHABLE,
    errno.EHOSTUNREACH: Verdict.HOST_UNREACHABLE,
    errno.EACCES: Verdict.HOST_UNREACHABLE,  # ICMPv6: prohibited; IPv4 says host
    errno.ETIMEDOUT: Verdict.TIMEOUT,
    errno.ECONNRESET: Verdict.RESET,
}


@dataclass(slots=True, eq=False)
class Attempt:
    """One attempt of a flow. It has ended when it has a verdict; `done` hears of it."""

    flow: Flow
    token: bytes  # in the request's payload: it survives NAT
    sequence: int  # of the SYN, where the path is followed: so does it; the identity of an echo
    done: Callable[["Attempt"], None]
    started: float = 0.0
    ended: float = 0.0
    verdict: Verdict | None = None
    server: str | None = None
    source: IPAddress | None = None
    small: bytes = b""  # where large hung: the token of the small request that got through

    def end(
        self, verdict: Verdict, server: str | None = None, source: IPAddress | None = None
    ) -> None:
        """The first verdict counts."""
        if self.verdict is None:
            self.ended = time.monotonic()
            self.verdict, self.server, self.source = verdict, server, source
            self.done(self)

    @property
    def request(self) -> bytes:
        """What is sent to the server."""
        return message.request(self.token, self.flow.size)
