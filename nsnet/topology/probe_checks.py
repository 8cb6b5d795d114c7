"""Mistakes in the probes of a Scenario: references that name nothing, source ports used twice."""

from collections.abc import Iterator

from nsnet.errors import Problem, ScenarioError, UsageError
from nsnet.ip import Protocol
from nsnet.scenario.kinds import Expectation
from nsnet.scenario.model import Scenario
from nsnet.topology.destinations import find_destination, port_number
from nsnet.topology.interior import interior
from nsnet.topology.model import Topology
from nsnet.topology.notation import UnknownReferenceError, dns_name
from nsnet.topology.references import expand, locate


def check_probes(scenario: Scenario, topology: Topology) -> None:
    """Raise ScenarioError if a probe has a wrong reference, or two probes share a source port.

    The error contains every such mistake.
    """
    problems = list(_problems(scenario, topology))
    if problems:
        raise ScenarioError(problems)


def _problems(scenario: Scenario, topology: Topology) -> Iterator[Problem]:
    bound: dict[tuple[str, Protocol, int], int] = {}
    for index, probe in enumerate(scenario.spec.probes):
        path = f"spec.probes[{index}]"
        try:
            source = locate(topology, probe.from_)
        except UnknownReferenceError as error:
            yield scenario.problem(f"{path}.from", str(error))
            continue
        if probe.container:
            try:
                interior(topology, probe.from_).container(probe.container)
            except UsageError as error:
                yield scenario.problem(f"{path}.container", str(error))
        if probe.source_port is not None:
            protocol = probe.protocol.transport
            first = bound.setdefault((source.netns, protocol, probe.source_port), index)
            if first != index:
                where = f"{probe.source_port}/{protocol} of {source.reference}"
                message = f"{where} is taken by probes[{first}]; probes run at the same time"
                yield scenario.problem(f"{path}.sourcePort", message)
        try:
            protocol, port = probe.protocol.transport, probe.default_port
            if (name := dns_name(probe.to)) is not None:
                port_number(probe.to, name.port, protocol, port)
            else:
                find_destination(topology, probe.to, source, protocol, port)
                if probe.expect.queries is not None:
                    message = f"{probe.to} is no DNS name, so nothing is asked for"
                    yield scenario.problem(f"{path}.expect.queries", message)
        except UnknownReferenceError as error:
            yield scenario.problem(f"{path}.to", str(error))
        for key, reference in _expected(probe.expect):
            try:
                expand(topology, reference)
            except UnknownReferenceError as error:
                yield scenario.problem(f"{path}.expect.{key}", str(error))


def _expected(expect: Expectation) -> Iterator[tuple[str, str]]:
    """Yield (field path, reference) for each reference in an expectation."""
    if expect.source is not None:
        yield "source", expect.source
    for number, each in enumerate(expect.servers or ()):
        yield f"servers[{number}]", each
    for number, each in enumerate(expect.path or ()):
        yield f"path[{number}]", each
