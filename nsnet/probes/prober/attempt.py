"""One attempt under way: its request, and the verdict that ends it."""

import errno
import time
from collections.abc import Callable
from dataclasses import dataclass

from nsnet.ip import IPAddress
from nsnet.probes.prober.flows import Flow
from nsnet.servers.echo import message
from nsnet.verdict import Verdict

# The verdicts of errors that the kernel reports for a connection, some of them after an ICMP error.
# After any other error an attempt waits for its timeout. EPERM, for example, is a DROP in the
# client's own OUTPUT chain, and EINVAL is a blackhole route.
VERDICTS = {
    errno.ECONNREFUSED: Verdict.REFUSED,
    errno.ENETUNREACH: Verdict.NET_UNREACHABLE,
    errno.EHOSTUNREACH: Verdict.HOST_UNREACHABLE,
    errno.EACCES: Verdict.HOST_UNREACHABLE,  # ICMPv6: prohibited; IPv4: EHOSTUNREACH
    errno.ETIMEDOUT: Verdict.TIMEOUT,
    errno.ECONNRESET: Verdict.RESET,
}


def verdict_of(error: int, flow: Flow) -> Verdict | None:
    """Return the verdict of an error that the kernel reports for a connection; None if the attempt
    waits for its timeout. Without an address of the family, connect() finds no source address."""
    if error == errno.EADDRNOTAVAIL and not flow.has_family:
        return Verdict.NET_UNREACHABLE
    return VERDICTS.get(error)


@dataclass(slots=True, eq=False)
class Attempt:
    """One attempt of a flow. It ends when it gets its verdict; then `done` is called with the
    attempt."""

    flow: Flow
    token: bytes  # in the request's payload: it survives NAT
    # TCP: the sequence number of the SYN, set if the path is recorded; it survives NAT, too.
    # ICMP: id and sequence number of the echo request.
    sequence: int
    done: Callable[["Attempt"], None]
    started: float = 0.0
    ended: float = 0.0
    verdict: Verdict | None = None
    server: str | None = None
    source: IPAddress | None = None
    status: int | None = None  # of the HTTP response
    location: str = ""
    certificate: bytes = b""  # of the TLS server, in DER
    small: bytes = b""  # after large-hangs: the token of the small request that passed

    def end(
        self, verdict: Verdict, server: str | None = None, source: IPAddress | None = None
    ) -> None:
        """End the attempt with this verdict, and call `done`. Only the first call has an effect."""
        if self.verdict is None:
            self.ended = time.monotonic()
            self.verdict, self.server, self.source = verdict, server, source
            self.done(self)

    @property
    def request(self) -> bytes:
        """The bytes of the request that is sent to the server."""
        return message.request(self.token, self.flow.size)
