"""Flows: groups of attempts that the prober sends."""

from dataclasses import dataclass

from nsnet.ip import IPAddress, Protocol
from nsnet.walk.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Flow:
    """A number of attempts from one namespace to one address. Each attempt has a new source port,
    unless `source_port` is given."""

    netns: str  # of the client
    address: IPAddress
    port: int | None  # None: icmp has no ports
    protocol: Protocol
    times: int = 1
    timeout: float = 1.0  # seconds, of each attempt
    size: int = 0  # bytes of body
    has_family: bool = True  # the client has an address of this family
    source_port: int | None = None  # if given, an attempt starts after the previous one has ended
    # The rate-limit key for ICMP net-unreachable: it names a router and the source that the router
    # sees; "" for no limit. A router sends a source one net-unreachable a second, so attempts with
    # the same key start at least a second apart.
    pace: str = ""
    router: str = ""  # the namespace of that router
    idle: float = 0.0  # TCP: seconds between the handshake and the request
    keepalive: int = 0  # seconds after which an idle connection sends a keepalive; 0: none
    held: bool = False  # TCP: connections stay open until the last attempt has ended
    together: str = ""  # flows with the same label start their first attempts at once
    http: HttpRequest | None = None  # what is said on a TCP connection; None: the echo protocol
    path: bool = False  # record the namespaces that each request passes
