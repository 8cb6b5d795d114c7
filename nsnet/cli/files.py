"""Commands that change nothing: plan, explain, validate and graph read a file, schema prints the
format of files, and doctor examines the host."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from nsnet.cli import show
from nsnet.cli.arguments import (
    JSON,
    LAB_OR_FILE,
    PLACE,
    PLAN_AS_JSON,
    TARGET,
    VERBOSE,
    ScenarioFiles,
    http_options,
    is_file,
    is_verbose,
    scenario_files,
)
from nsnet.cli.graph import FORMATS
from nsnet.cli.output import err, out, out_json, out_text
from nsnet.lab.compiled import Compiled, compiled
from nsnet.names.resolver import Resolution
from nsnet.plan.order import plan as planned
from nsnet.plan.shell import script
from nsnet.probes.question import Explanation, probe_spec
from nsnet.probes.question import explain as explained
from nsnet.scenario.ignored import listed, summary
from nsnet.scenario.kinds import ProbeProtocol, ScenarioDocument
from nsnet.scenario.plain import PlainSettings
from nsnet.text import some_of
from nsnet.topology.notation import without_only_cluster
from nsnet.walk.packet import Unknown


def compiled_files(given: ScenarioFiles, *, allow_commands: bool = False) -> Compiled:
    """Return the compiled scenario of these files. Its warnings are printed to stderr.
    `allow_commands`: containers may run their own commands. Raises ScenarioError, CompileError,
    UsageError."""
    found = compiled(given.load(), allow_commands=allow_commands)
    warn(found)
    return found


def warn(found: Compiled) -> None:
    """Print the warnings about a scenario to stderr, and then what nsnet ignores."""
    for warning in found.topology.warnings:
        err(f"warning: {without_only_cluster(warning, found.topology)}")
    ignored = found.scenario.ignored
    if is_verbose():
        for line in listed(ignored):
            err(f"ignored: {line}")
    elif line := summary(ignored):
        err(f"ignored: {line}; -v lists them")


@click.command()
@scenario_files
@click.option(
    "--shell", "form", flag_value="shell", help="as the shell commands that build the same"
)
@PLAN_AS_JSON
def plan(given: ScenarioFiles, form: str | None) -> None:
    """Show what a file would build, namespace by namespace.

    Nothing is built. With --shell the output is a script, which builds the same if run as root with
    sh.

    Example: nsnet plan scenarios/one-node.yaml --shell
    """
    found = compiled_files(given)
    state = found.state
    if form == "shell":
        out_text(script(state.lab, planned(state)))
    elif form == "json":
        namespaces = [_with_fields(asdict(each)) for each in state.netns]
        data = {"schema": "nsnet.dev/plan/v1", "lab": state.lab, "netns": namespaces}
        out_json(data)
    else:
        show.state(state, found.topology)


def _with_fields(value: object) -> object:
    """Return a value for JSON in which named tuples have the names of their fields."""
    match value:
        case dict():
            return {key: _with_fields(each) for key, each in value.items()}
        case tuple() | list():
            fields: tuple[str, ...] = getattr(value, "_fields", ())
            found = [_with_fields(each) for each in value]
            return dict(zip(fields, found, strict=True)) if fields else found
        case _:
            return value


@click.command()
@click.argument("lab_or_file", type=LAB_OR_FILE, metavar="LAB|FILE")
@click.argument("source", type=PLACE, metavar="FROM")
@click.argument("target", type=TARGET, metavar="TO")
@click.option(
    "--protocol", type=click.Choice([each.value for each in ProbeProtocol]), default="tcp"
)
@click.option("--size", type=click.IntRange(0), default=0, help="bytes of body")
@http_options
@VERBOSE
@JSON
def explain(
    lab_or_file: str,
    source: str,
    target: str,
    protocol: str,
    size: int,
    http: dict[str, Any] | None,
    as_json: bool,
) -> None:
    """Predict every path of a packet, without sending any.

    Shows every hop of the request and of the reply, with the rules that change the packet. The
    prediction is computed from a file alone: for a lab that is up, from its file as it was applied.

    FROM is a pod, a node, a gateway, an external host or the fabric. TO may also be a Service, an
    address, or a DNS name, of which every query is shown; it needs a port unless the protocol is
    icmp or http.

    Example: nsnet explain scenarios/island-nat.yaml east/pod/client west/svc/web:80
    """
    if is_file(lab_or_file):
        where = compiled_files(ScenarioFiles((Path(lab_or_file),), PlainSettings()))
    else:
        from nsnet.lab.registry import attach

        where = attach(lab_or_file).compiled
    spec = probe_spec(source, target, protocol, size=size, http=http)
    found = explained(where.model, spec)
    if as_json:
        paths = [each.as_json() for each in found.paths]
        data = {
            "schema": "nsnet.dev/explain/v1",
            "lab": where.name,
            "paths": paths,
            "lookup": _lookup(found),
        }
        out_json(data)
    else:
        show.explanation(found, where.topology)
        if own := where.model.unknown_servers(found.paths):
            err(f"note: {some_of(own)} runs a command of its own, which may answer")


def _lookup(found: Explanation) -> dict[str, Any] | None:
    """Return how a DNS name resolves, as `explain --json` has it."""
    match found.resolution:
        case Unknown(why):
            return {"unknown": why}
        case Resolution(asked=asked) if found.lookup is not None:
            return {**found.lookup.as_json(measured=False), "asked": [*map(str, asked)]}
        case _:
            return None


@click.command()
@scenario_files
def validate(given: ScenarioFiles) -> None:
    """Check a file and report every mistake in it.

    Example: nsnet validate scenarios/flat.yaml
    """
    found = compiled_files(given)
    are = "are" if given.files[1:] else "is"
    out(f"{given} {are} valid: {show.counted(found)}")
    show.description(found.scenario)


@click.command()
@scenario_files
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="mermaid")
def graph(given: ScenarioFiles, form: str) -> None:
    """Print the topology as a diagram for mermaid or Graphviz.

    Example: nsnet graph scenarios/flat.yaml --format dot | dot -Tsvg > flat.svg
    """
    out_text(FORMATS[form](compiled_files(given).topology))


@click.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for use in editors.

    Example: nsnet schema > scenario.schema.json
    """
    out_json(ScenarioDocument.model_json_schema(by_alias=True))


@click.command()
@JSON
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Show what this host can do, and how to get the rest.

    Every feature is tried in network namespaces, which are removed afterwards. Exit code 3 means
    that a feature is missing which every lab needs.

    Example: nsnet doctor
    """
    from nsnet.kernel import capabilities

    found = capabilities.of_host()
    if as_json:
        out_json([asdict(each) for each in found])
    else:
        show.capabilities(found)
    if any(each.needed and not each.present for each in found):
        ctx.exit(3)


COMMANDS = (plan, explain, validate, graph, schema, doctor)
