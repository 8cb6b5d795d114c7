"""Probes with their references resolved, and what the model predicts for them."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any

from pydantic import ValidationError

from nsnet.errors import UsageError
from nsnet.ip import IPAddress, endpoint
from nsnet.probes.judge import Expected
from nsnet.probes.model import Model
from nsnet.scenario.http import HttpSpec, TlsSpec
from nsnet.scenario.kinds import Expectation, ProbeProtocol, ProbeSpec
from nsnet.scenario.validation import explained
from nsnet.servers.echo.message import request_length
from nsnet.topology.destinations import Destination, find_destination
from nsnet.topology.model import Topology
from nsnet.topology.references import Location, expand, locate
from nsnet.verdict import Verdict
from nsnet.walk.http import HttpRequest
from nsnet.walk.packet import PredictedPath


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


def question(topology: Topology, spec: ProbeSpec, *, path: bool = False) -> Question:
    """Return the probe with its references resolved. Raises UnknownReferenceError."""
    source = locate(topology, spec.from_)
    to = find_destination(topology, spec.to, source, spec.protocol.transport, spec.default_port)
    if spec.source_port is not None:  # one flow at a time has this port
        to = replace(to, others=())
    return Question(
        name=spec.name or f"{spec.from_} → {spec.to}",
        spec=spec,
        source=source,
        to=to,
        expected=_expected(topology, spec.expect, to),
        path=path or spec.expect.path is not None,
        http=_http_request(spec, to) if spec.protocol is ProbeProtocol.HTTP else None,
    )


def _http_request(spec: ProbeSpec, to: Destination) -> HttpRequest:
    """Return the request of a probe over HTTP, with the Host header that curl would send."""
    http = spec.http or HttpSpec()
    host = http.host
    if not host:
        usual = to.port == spec.default_port
        host = endpoint(to.address, to.port or 0)
        host = host.rpartition(":")[0] if usual else host
    name = "" if host.startswith("[") else host.partition(":")[0]
    if isinstance(http.tls, TlsSpec):
        name = http.tls.server_name
    return HttpRequest(
        host=host,
        path=http.path,
        method=http.method,
        headers=tuple(http.headers.items()),
        tls=bool(http.tls),
        server_name=name if http.tls and not _is_address(name) else "",
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
        paths = model.walker.paths(here, protocol, address, to.port, payload, each.http)
        yield address, paths


@dataclass(frozen=True, slots=True)
class Explanation:
    """A probe, and every path that the model predicts for it."""

    question: Question
    paths: tuple[PredictedPath, ...]

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
    return Explanation(asked, predicted_paths(model, asked))


def probe_spec(source: str, to: str, protocol: str = "tcp", **fields: Any) -> ProbeSpec:
    """Return a probe with these fields; `fields` are those of ProbeSpec. Raises UsageError for an
    unknown field or a wrong value."""
    data = {"from": source, "to": to, "protocol": protocol, **fields}
    try:
        return ProbeSpec.model_validate(data)
    except ValidationError as error:
        mistakes = [": ".join(filter(None, each)) for each in explained(error, data, ProbeSpec)]
        raise UsageError("; ".join(mistakes)) from error


def _expected(topology: Topology, expect: Expectation, to: Destination) -> Expected:
    verdicts: frozenset[Verdict] | None = None
    if isinstance(expect.verdict, tuple):
        verdicts = frozenset(expect.verdict)
    elif expect.verdict is not None:
        verdicts = frozenset({expect.verdict})
    elif (expect.source, expect.servers, expect.status) != (None, None, None):
        verdicts = frozenset({Verdict.OK})
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
        verdicts=verdicts,
        source=sources,
        servers=servers,
        path=path,
        balanced=balanced,
        sticky=expect.balance == "sticky",
        status=_statuses(expect),
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
