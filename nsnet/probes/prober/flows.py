"""Flows: what the prober is asked to send."""

from dataclasses import dataclass

from nsnet.ip import IPAddress, Protocol


@dataclass(frozen=True, slots=True)
class Flow:
    """Attempts from one namespace to one address, each from a fresh port unless one is given."""

    netns: str  # of the client
    address: IPAddress
    port: int | None  # None: icmp has no ports
    protocol: Protocol
    times: int = 1
    timeout: float = 1.0  # seconds, of each attempt
    size: int = 0  # bytes of body
    source_port: int | None = None  # given: one attempt after the other
    # A router sends one net-unreachable a second to one source: attempts of flows that share a pace
    # (any name for the router and the source that it sees; "" for none) start at least so far
    # apart.
    pace: str = ""
    together: str = ""  # the first attempts of flows of one label start at once
    path: bool = False  # record the namespaces the request passed
