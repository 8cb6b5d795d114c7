"""The report of a run: what was expected, predicted and observed, as text, JSON and JUnit XML."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from nsnet.probes.lookup import Lookup
from nsnet.probes.outcome import Outcome
from nsnet.text import escaped, number_of
from nsnet.verdict import Verdict
from nsnet.walk.packet import Unknown

SCHEMA = "nsnet.dev/report/v1"


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcomes of a probe: all that the model predicts, or those of the attempts made."""

    attempts: tuple[Outcome, ...]
    names: Mapping[str, str]  # source address → the reference of its pod, node, gateway or host
    container: str = ""  # of the pod that replied, where the destination says which one it is

    @property
    def verdict(self) -> str:
        """The verdict that all outcomes share, or "mixed" if they differ."""
        verdicts = {each.verdict for each in self.attempts}
        return verdicts.pop().value if len(verdicts) == 1 else "mixed"

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """The number of outcomes with each verdict."""
        return Counter(each.verdict for each in self.attempts)

    @property
    def servers(self) -> list[str]:
        """The references of the servers that replied, sorted."""
        return sorted({each.server for each in self.attempts if each.server is not None})

    @property
    def sources(self) -> list[str]:
        """The source addresses that the servers saw, sorted."""
        return sorted({str(each.source) for each in self.attempts if each.source is not None})

    @property
    def ends(self) -> list[str]:
        """Phrases for the responses over HTTP, `status 301 to http://shop.example/`; for the
        servers that replied, `by east/pod/web`; and for the sources that they saw, `seen as
        10.244.0.2 (…)`."""
        said = []
        if self.statuses:
            said.append(f"status {', '.join(map(str, self.statuses))}")
            said += [f"to {each}" for each in self.locations]
            said += [f"certificate {each}" for each in self.certificates]
        if self.servers:
            several = f"{len(self.servers)} servers"
            said.append(f"by {self.servers[0] if len(self.servers) == 1 else several}")
            said[-1] += f" ({self.container})" if self.container else ""
        if self.sources:
            said.append(f"seen as {', '.join(map(self._named, self.sources))}")
        return said

    @property
    def statuses(self) -> dict[int, int]:
        """The number of HTTP responses with each status."""
        found = (each.status for each in self.attempts if each.status is not None)
        return dict(sorted(Counter(found).items()))

    @property
    def locations(self) -> list[str]:
        """The Location headers of HTTP responses, sorted."""
        return sorted({each.location for each in self.attempts if each.location})

    @property
    def certificates(self) -> list[str]:
        """The subjects of the certificates of TLS servers, sorted."""
        return sorted({each.certificate for each in self.attempts if each.certificate})

    def _named(self, address: str) -> str:
        holder = self.names.get(address)
        return f"{address} ({holder})" if holder else address

    @property
    def path(self) -> tuple[str, ...] | None:
        """The path of the first outcome that has one; None if none was recorded."""
        return next((each.path for each in self.attempts if each.path is not None), None)

    @property
    def ms(self) -> float:
        """The median duration of the attempts, in milliseconds."""
        times = sorted(each.ms for each in self.attempts)
        return round(times[len(times) // 2], 3)

    def as_json(self, *, measured: bool, path: bool) -> dict[str, Any]:
        """Return the answer as it is in the JSON report (nsnet.dev/report/v1; nsnet/cli/README.md
        describes it). Its `ms` is null unless `measured`, and its `path` null unless `path`."""
        return {
            "verdict": self.verdict,
            "verdicts": dict(sorted(Counter(each.verdict.value for each in self.attempts).items())),
            "servers": self.servers,
            "sources": [{"address": each, "ref": self.names.get(each)} for each in self.sources],
            "statuses": {str(key): times for key, times in self.statuses.items()},
            "locations": self.locations,
            "certificates": self.certificates,
            "path": list(self.path) if path and self.path is not None else None,
            "ms": self.ms if measured else None,
            "container": (self.servers and self.container) or None,
        }


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """The report of one probe: what the author expected, the model predicted and the kernel did,
    and how these differ."""

    name: str
    source: str
    target: str
    protocol: str
    times: int
    expected: Mapping[str, Any]
    predicted: Answer | Unknown
    observed: Answer
    disagreements: tuple[str, ...]  # between kernel and author: the probe failed
    defects: tuple[str, ...]  # between kernel and model: nsnet is wrong
    with_path: bool = False
    size: int = 0  # bytes of body
    idle: float = 0.0  # seconds between the handshake and the request
    keepalive: int = 0  # seconds after which an idle connection sent a keepalive
    held: bool = False  # connections stayed open until the last attempt had ended
    http: str = ""  # the method and URL of an HTTP request
    container: str = ""  # of the pod that asks
    lookup: Lookup | None = None  # what the client's resolver found for a DNS name
    predicted_lookup: Lookup | Unknown | None = None

    @property
    def passed(self) -> bool:
        """Whether the kernel did what the author expected, or the author expects nothing."""
        return not self.disagreements

    @property
    def judged(self) -> bool:
        """Whether the author expects anything."""
        return bool(self.expected)

    @property
    def question(self) -> str:
        """What was asked, in one line: pod/a → pod/b:80 tcp of 2000 bytes ×3."""
        size = f" of {number_of(self.size, 'byte')}" if self.size else ""
        times = f" ×{self.times}" if self.times > 1 else ""
        times += " held open" if self.held else ""
        times += f" idle for {self.idle:g} s" if self.idle else ""
        times += f", keepalive every {self.keepalive} s" if self.keepalive else ""
        source = f"{self.source} ({self.container})" if self.container else self.source
        what = f"{self.protocol} {self.http}".rstrip()
        return f"{source} → {self.target} {what}{size}{times}"

    @property
    def seconds(self) -> float:
        """The time that the attempts took, added up, in whole milliseconds."""
        return round(sum(each.ms for each in self.observed.attempts) / 1000, 3)

    def __str__(self) -> str:
        """Return what the kernel did, in one line."""
        seen = " ".join([self.observed.verdict, ", ".join(self.observed.ends)]).rstrip()
        name = f" ({self.lookup})" if self.lookup else ""
        return escaped(f"{self.question}: {seen}{name}")

    def as_json(self) -> dict[str, Any]:
        """Return the probe as it is in the JSON report (nsnet.dev/report/v1; nsnet/cli/README.md
        describes it)."""
        guess: dict[str, Any]
        if isinstance(self.predicted, Unknown):
            guess = {"verdict": None, "unknown": self.predicted.why}
        else:
            guess = self.predicted.as_json(measured=False, path=self.with_path)
        return {
            "name": self.name,
            "from": self.source,
            "to": self.target,
            "protocol": self.protocol,
            "times": self.times,
            "size": self.size,
            "held": self.held,
            "idle": self.idle,
            "keepalive": self.keepalive,
            "http": self.http or None,
            "expected": dict(self.expected),
            "predicted": guess,
            "observed": self.observed.as_json(measured=True, path=self.with_path),
            "passed": self.passed,
            "judged": self.judged,
            "defect": bool(self.defects),
            "container": self.container or None,
            "lookup": self._lookup_as_json(),
        }

    def _lookup_as_json(self) -> dict[str, Any] | None:
        guess: dict[str, Any]
        match self.predicted_lookup:
            case Lookup() as found:
                guess = found.as_json(measured=False)
            case Unknown(why):
                guess = {"unknown": why}
            case None:
                return None
        seen = self.lookup.as_json(measured=True) if self.lookup else None
        return {"predicted": guess, "observed": seen}


@dataclass(frozen=True, slots=True)
class Report:
    """The reports of all probes of a lab."""

    lab: str
    probes: tuple[ProbeReport, ...]
    seconds: float = 0.0

    @property
    def failed(self) -> int:
        """The number of probes for which the kernel did not do what the author expected."""
        return sum(not each.passed for each in self.probes)

    @property
    def unjudged(self) -> int:
        """The number of probes of which the author expects nothing."""
        return sum(not each.judged for each in self.probes)

    @property
    def defects(self) -> int:
        """The number of probes for which the kernel did not do what the model predicted."""
        return sum(bool(each.defects) for each in self.probes)

    @property
    def ok(self) -> bool:
        """Whether all probes passed and all predictions were right."""
        return not self.failed and not self.defects

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain data for JSON (nsnet.dev/report/v1)."""
        return {
            "schema": SCHEMA,
            "lab": self.lab,
            "passed": len(self.probes) - self.failed,
            "failed": self.failed,
            "unjudged": self.unjudged,
            "defects": self.defects,
            "probes": [each.as_json() for each in self.probes],
        }

    def as_junit(self) -> str:
        """Return the report as JUnit XML: an expectation that failed is a `failure`, a wrong
        prediction an `error`. The time of a testcase is that of all its attempts."""
        suite = _suite(self.lab, tests=len(self.probes), failures=self.failed, errors=self.defects)
        suite.set("time", f"{sum(each.seconds for each in self.probes):.3f}")
        for each in self.probes:
            case = ElementTree.SubElement(
                suite,
                "testcase",
                classname=escaped(f"{self.lab}.{each.source}"),
                name=escaped(each.name),
                time=f"{each.seconds:.3f}",
            )
            _add_result(case, "failure", each.disagreements)
            _add_result(case, "error", each.defects)
        return _xml(suite)


def error_as_junit(name: str, messages: Sequence[str]) -> str:
    """Return JUnit XML of a run that could not begin: one testcase with an `error`."""
    suite = _suite(name, tests=1, failures=0, errors=1)
    suite.set("time", "0.000")
    case = ElementTree.SubElement(
        suite, "testcase", classname=escaped(name), name="the lab is built", time="0.000"
    )
    _add_result(case, "error", messages)
    return _xml(suite)


def _suite(name: str, **numbers: int) -> ElementTree.Element:
    counts = {key: str(value) for key, value in numbers.items()}
    return ElementTree.Element("testsuite", {"name": escaped(name), **counts})


def _add_result(case: ElementTree.Element, kind: str, sentences: Sequence[str]) -> None:
    if sentences:
        lines = [escaped(each) for each in sentences]
        ElementTree.SubElement(case, kind, message=lines[0]).text = "\n".join(lines)


def _xml(suite: ElementTree.Element) -> str:
    """Return the XML in ASCII, so that the encoding of its file does not matter."""
    ElementTree.indent(suite)
    text: bytes = ElementTree.tostring(suite, encoding="us-ascii")
    return text.decode("ascii") + "\n"
