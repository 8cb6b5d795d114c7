"""Probes with their references resolved, and what the model predicts for them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any

from pydantic import ValidationError

from nsnet.errors import UsageError
from nsnet.ip import IPAddress, endpoint
from nsnet.names.resolver import Resolution
from nsnet.probes.judge import Expected
from nsnet.probes.lookup import Lookup, lookup_of
from nsnet.probes.model import Model
from nsnet.scenario.http import HttpSpec, TlsSpec
from nsnet.scenario.kinds import Expectation, ProbeProtocol, ProbeSpec
from nsnet.scenario.validation import explained
from nsnet.servers.echo.message import request_length
from nsnet.topology.destinations import (
    Destination,
    destination_at,
    find_destination,
    port_number,
)
from nsnet.topology.interior import Interior, interior
from nsnet.topology.model import Topology
from nsnet.topology.notation import DnsName, dns_name
from nsnet.topology.references import Location, expand, locate
from nsnet.verdict import Verdict
from nsnet.walk.http import HttpRequest
from nsnet.walk.idle import Idle
from nsnet.walk.packet import PredictedPath, Unknown


@dataclass(frozen=True, slots=True)
class Question:
    """A probe with its references resolved: to the client's namespace, the destination's address,
    and what is expected."""

    name: str
    spec: ProbeSpec
    source: Location
    to: Destination
    expected: Expected = field(default_factory=Expected)
    path: bool = False  # record the path of every attempt
    http: HttpRequest | None = None  # if its protocol is http


@dataclass(frozen=True, slots=True)
class NamedQuestion:
    """A probe of a DNS name, whose address the client's resolver has to find first."""

    name: str
    spec: ProbeSpec
    source: Location
    inside: Interior
    dns: DnsName
    path: bool = False

    def at(self, topology: Topology, addresses: Sequence[str]) -> Question:
        """Return the question if the name has these addresses. The client uses the first one."""
        address = ip_address(addresses[0].partition("%")[0])
        protocol, default = self.spec.protocol.transport, self.spec.default_port
        port = port_number(self.spec.to, self.dns.port, protocol, default)
        to = destination_at(topology, address, port, self.source)
        return _question(topology, self.spec, self.source, to, path=self.path, host=self.dns.name)

    @property
    def expected(self) -> Expected:
        """What is expected if the name has no address."""
        verdicts = _verdicts(self.spec.expect)
        counts, queries = self.spec.expect.verdicts, self.spec.expect.queries
        return Expected(verdicts=verdicts, counts=counts, queries=queries)


def question(
    topology: Topology, spec: ProbeSpec, *, path: bool = False
) -> Question | NamedQuestion:
    """Return the probe with its references resolved. Raises UnknownReferenceError."""
    source = locate(topology, spec.from_)
    if (dns := dns_name(spec.to)) is not None:
        port_number(spec.to, dns.port, spec.protocol.transport, spec.default_port)
        return NamedQuestion(
            name=spec.name or f"{spec.from_} → {spec.to}",
            spec=spec,
            source=source,
            inside=interior(topology, source.reference),
            dns=dns,
            path=path,
        )
    to = find_destination(topology, spec.to, source, spec.protocol.transport, spec.default_port)
    if spec.source_port is not None:  # one flow at a time has this port
        to = replace(to, others=())
    return _question(topology, spec, source, to, path=path)


def _question(
    topology: Topology,
    spec: ProbeSpec,
    source: Location,
    to: Destination,
    *,
    path: bool,
    host: str = "",
) -> Question:
    """Return the probe of a destination. `host`: its name, if it has one."""
    return Question(
        name=spec.name or f"{spec.from_} → {spec.to}",
        spec=spec,
        source=source,
        to=to,
        expected=_expected(topology, spec.expect, to),
        path=path or spec.expect.path is not None,
        http=_http_request(spec, to, host) if spec.protocol is ProbeProtocol.HTTP else None,
    )


def _http_request(spec: ProbeSpec, to: Destination, name: str) -> HttpRequest:
    """Return the request of a probe over HTTP, with the Host header that curl would send. `name`:
    that of the destination, "" if the probe has its address."""
    http = spec.http or HttpSpec()
    host = http.host
    if not host:
        shown = f"{name}:{to.port}" if name else endpoint(to.address, to.port or 0)
        host = shown.rpartition(":")[0] if to.port == spec.default_port else shown
    server_name = "" if host.startswith("[") else host.partition(":")[0].rstrip(".")
    if isinstance(http.tls, TlsSpec):
        server_name = http.tls.server_name
    return HttpRequest(
        host=host,
        path=http.path,
        method=http.method,
        headers=tuple(http.headers.items()),
        tls=bool(http.tls),
        server_name=server_name if http.tls and not _is_address(server_name) else "",
    )


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def predicted_paths(model: Model, each: Question) -> tuple[PredictedPath, ...]:
    """Return every path that the model predicts for an attempt in a new flow, which conntrack does
    not know yet."""
    return tuple(path for _, paths in paths_by_address(model, each) for path in paths)


def paths_by_address(
    model: Model, each: Question
) -> Iterator[tuple[IPAddress, tuple[PredictedPath, ...]]]:
    """Yield each address of the destination, with every path that the model predicts to it."""
    spec, to = each.spec, each.to
    payload = request_length(spec.size) if spec.size else 0
    for address in (to.address, *to.others):
        protocol = spec.protocol.transport
        here = each.source.netns
        idle = Idle(spec.idle, spec.keepalive) if spec.idle else None
        paths = model.walker.paths(here, protocol, address, to.port, payload, each.http, idle=idle)
        yield address, paths


@dataclass(frozen=True, slots=True)
class Explanation:
    """A probe, and every path that the model predicts for it. If it is of a DNS name, also how the
    name resolves; without an address, there are no paths."""

    question: Question | NamedQuestion
    paths: tuple[PredictedPath, ...]
    resolution: Resolution | Unknown | None = None

    @property
    def lookup(self) -> Lookup | None:
        """What the resolver finds for the name; None if there is no name, or no prediction."""
        name = dns_name(self.question.spec.to)
        if name is None or self.resolution is None or isinstance(self.resolution, Unknown):
            return None
        return lookup_of(name.name, self.resolution)

    @property
    def path(self) -> tuple[str, ...]:
        """The namespaces that the request passes. Raises ValueError if several predicted paths pass
        different namespaces; `paths` has every path."""
        ways = {each.path for each in self.paths}
        if len(ways) > 1:
            raise ValueError(f"there are {len(ways)} paths: {sorted(ways)}")
        return ways.pop()


def explain(model: Model, spec: ProbeSpec) -> Explanation:
    """Return every path that the model predicts for a probe, without sending anything. Raises
    UnknownReferenceError."""
    asked = question(model.topology, spec)
    if isinstance(asked, Question):
        return Explanation(asked, predicted_paths(model, asked))
    found = resolution(model, asked)
    if isinstance(found, Unknown) or not found.addresses:
        return Explanation(asked, (), found)
    addressed = asked.at(model.topology, preferred(found.addresses, asked.source))
    return Explanation(addressed, predicted_paths(model, addressed), found)


def resolution(model: Model, asked: NamedQuestion) -> Resolution | Unknown:
    """Return how the model predicts that the name resolves."""
    return model.resolver.predict(asked.source.netns, asked.inside, asked.dns.name)


def preferred(addresses: Sequence[str], source: Location) -> list[str]:
    """Return the addresses in the order in which a client at `source` uses them: those of a family
    that it has come first, and of these IPv6 (RFC 6724, section 6)."""
    families = {each.version for each in source.addresses}

    def rank(text: str) -> tuple[bool, bool]:
        version = 6 if ":" in text else 4
        return version not in families, version == 4

    return sorted(addresses, key=rank)


def probe_spec(source: str, to: str, protocol: str = "tcp", **fields: Any) -> ProbeSpec:
    """Return a probe with these fields; `fields` are those of ProbeSpec. Raises UsageError for an
    unknown field or a wrong value."""
    data = {"from": source, "to": to, "protocol": protocol, **fields}
    try:
        return ProbeSpec.model_validate(data)
    except ValidationError as error:
        mistakes = [": ".join(filter(None, each)) for each in explained(error, data, ProbeSpec)]
        raise UsageError("; ".join(mistakes)) from error


def _verdicts(expect: Expectation) -> frozenset[Verdict] | None:
    if expect.verdicts is not None:
        return frozenset(expect.verdicts)
    if isinstance(expect.verdict, tuple):
        return frozenset(expect.verdict)
    if expect.verdict is not None:
        return frozenset({expect.verdict})
    if (expect.source, expect.servers, expect.status) != (None, None, None):
        return frozenset({Verdict.OK})
    return None


def _expected(topology: Topology, expect: Expectation, to: Destination) -> Expected:
    servers: frozenset[str] | None = None
    if expect.servers is not None:
        servers = frozenset(each for name in expect.servers for each in expand(topology, name))
    sources = path = balanced = None
    if expect.source is not None:
        sources = frozenset(_addresses(topology, expect.source))
    if expect.path is not None:
        path = tuple(expand(topology, each) for each in expect.path)
    if expect.balance == "even":
        balanced = servers or to.servers or frozenset()
    return Expected(
        verdicts=_verdicts(expect),
        counts=expect.verdicts,
        source=sources,
        servers=servers,
        path=path,
        balanced=balanced,
        sticky=expect.balance == "sticky",
        status=_statuses(expect),
        queries=expect.queries,
    )


def _statuses(expect: Expectation) -> frozenset[int] | None:
    if expect.status is None:
        return None
    return frozenset(expect.status if isinstance(expect.status, tuple) else {expect.status})


def _addresses(topology: Topology, reference: str) -> Iterator[IPAddress]:
    """Yield every address of the namespaces to which a reference refers. If the reference is itself
    an address, yield that."""
    for each in expand(topology, reference):
        try:
            yield ip_address(each)
        except ValueError:
            yield from locate(topology, each).addresses
