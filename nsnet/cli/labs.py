"""Commands that build, change, use and remove labs: run, up, apply, restart, down, ls, status,
probe, exec and shell."""

import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

import click

from nsnet.cli import show
from nsnet.cli.arguments import (
    JSON,
    JUNIT,
    LAB,
    NAME,
    PLACE,
    TARGET,
    ScenarioFiles,
    http_options,
    scenario_files,
)
from nsnet.cli.files import compiled_files, warn
from nsnet.cli.host_errors import TOO_MANY_VARIABLES
from nsnet.cli.output import err, out, out_bytes, out_json
from nsnet.cli.progress import Progress
from nsnet.cli.status import as_json as status_json
from nsnet.cli.status import show_status
from nsnet.errors import CleanupError, NsnetError, UsageError
from nsnet.lab.compiled import Compiled, compiled
from nsnet.probes.report import Report
from nsnet.probes.service_probes import service_probes
from nsnet.scenario.kinds import ProbeProtocol
from nsnet.scenario.plain import files_of, is_generated
from nsnet.text import number_of, printable, some_of
from nsnet.verdict import Verdict

_REPAIRED = 10  # lines that `apply` prints; it counts the rest


def reporting(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options --json and --junit to a command that ends with a report."""
    return JSON(JUNIT(command))


PROBE_ALL = click.option(
    "--probe-all",
    is_flag=True,
    help="ask every Service port from a pod, a node and, where possible, from outside",
)


ALLOW_COMMANDS = click.option(
    "--allow-commands",
    is_flag=True,
    help="let pods that ask for it run the commands of their containers, as you",
)
CONTAINER = click.option(
    "-c", "--container", default="", metavar="NAME", help="A container of the pod."
)


@click.command()
@scenario_files
@NAME
@ALLOW_COMMANDS
@PROBE_ALL
@reporting
@click.pass_context
def run(
    ctx: click.Context,
    given: ScenarioFiles,
    allow_commands: bool,
    probe_all: bool,
    as_json: bool,
    junit: TextIO | None,
) -> None:
    """Build a lab, run its probes, report, remove the lab. Needs no root.

    The lab is in network namespaces of this process. The kernel removes them when the process ends,
    also after Ctrl-C or a crash. Exit code 1 means that a probe was not answered as expected or as
    predicted.

    Files without a Scenario are plain manifests. They become one cluster, and every Service port is
    probed. FILE may be a folder, or - for stdin.

    \b
    Example: nsnet run scenarios/island-nat.yaml
             kubectl kustomize . | nsnet run - --nodes 3
    """
    wanted = compiled_files(given, allow_commands=allow_commands)
    probe_all = probe_all or is_generated(wanted.scenario)
    from nsnet.kernel import throwaway
    from nsnet.lab import registry as labs
    from nsnet.lab.commands import invoking_user

    user = invoking_user() if allow_commands else None
    throwaway.enter()
    with Progress(silent=as_json) as progress, labs.running(wanted, progress, user) as lab:
        asked = wanted.scenario.spec.probes
        if probe_all:
            asked += service_probes(lab.model)
        report = lab.probe(progress, asked, err)
    _conclude(ctx, report, wanted, as_json=as_json, junit=junit)


@click.command()
@scenario_files
@NAME
@ALLOW_COMMANDS
def up(given: ScenarioFiles, allow_commands: bool) -> None:
    """Build a lab that stays up.

    If the lab is already up with this file, nothing is changed. If it is half-built, it is removed
    and built again.

    Example: sudo nsnet up scenarios/island-nat.yaml
    """
    wanted = compiled_files(given, allow_commands=allow_commands)
    from nsnet.lab import registry as labs

    labs.need_root("up")
    with Progress() as progress:
        built = labs.up(wanted, progress)
    name = wanted.name
    if not built:
        out(f"{name} is up already; nothing to do")
        return
    out(f"{name} is up: {show.counted(wanted)}")
    err(f"next: nsnet probe {name} · nsnet status {name} · nsnet down {name}")


@click.command()
@click.argument("lab", type=LAB)
@scenario_files
@ALLOW_COMMANDS
def apply(lab: str, given: ScenarioFiles, allow_commands: bool) -> None:
    """Change a lab to match a file, and repair it.

    Only what differs is changed. Whatever exists already keeps its addresses, and connections that
    the change does not concern are not interrupted. Changes made by hand are repaired, even if the
    file is the same as before.

    Example: sudo nsnet apply clusterip my-clusterip.yaml
    """
    from nsnet.lab import registry as labs

    scenario = given.load(labs.plain_settings(lab))
    if not labs.is_root():
        compiled(scenario)  # the file is checked before the host
    labs.need_root("apply")
    with Progress() as progress:
        steps = labs.apply(
            lab,
            scenario,
            progress,
            announce=warn,
            repaired=_tell_repaired,
            allow_commands=allow_commands,
        )
    done = f"{lab} matches {given}: {number_of(steps, 'step')}"
    out(done if steps else f"{lab}: nothing to change")


def _tell_repaired(lines: Sequence[str]) -> None:
    """Print what was repaired to stderr, at most ten lines of it."""
    for each in lines[:_REPAIRED]:
        err(f"repaired: {each}")
    if len(lines) > _REPAIRED:
        err(f"repaired: {number_of(len(lines) - _REPAIRED, 'more difference')}")


@click.command()
@click.argument("lab", type=LAB)
@click.argument("reference", type=PLACE, metavar="REF")
def restart(lab: str, reference: str) -> None:
    """Recreate a pod with another address.

    REF is a pod, a Deployment or a StatefulSet. The pods of a workload are recreated one after the
    other; meanwhile Services use the remaining pods. Changes made by hand are repaired first.

    Example: sudo nsnet restart clusterip deploy/web
    """
    from nsnet.lab import registry as labs

    labs.need_root("restart")
    with Progress() as progress:
        restarted = labs.restart(lab, reference, progress)
    for pod, addresses in restarted.items():
        out(f"{pod} was recreated with {addresses}")
    if not restarted:
        out(f"{reference} has no pods: nothing to restart")


@click.command()
@click.argument("names", type=LAB, metavar="[LAB…]", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="remove every lab on this host")
def down(names: tuple[str, ...], everything: bool) -> None:
    """Remove labs, including half-built and damaged ones.

    Example: sudo nsnet down island-nat
    """
    if not names and not everything:
        raise click.UsageError("name a lab, or use --all")
    from nsnet.lab import registry as labs

    failed: list[NsnetError] = []
    if everything:
        labs.tidy()
    for name in labs.names() if everything else names:
        try:
            gone = labs.down(name)
        except NsnetError as error:
            failed.append(error)
            continue
        nothing = f"{name}: nothing to remove: there is no lab of this name; {labs.listed()}"
        out(f"{name} is down" if gone else nothing)
    if len(failed) == 1:
        raise failed[0]
    if failed:
        worst = (
            CleanupError if any(isinstance(each, CleanupError) for each in failed) else UsageError
        )
        raise worst("; ".join(str(each) for each in failed))


@click.command()
@JSON
def ls(as_json: bool) -> None:
    """List the labs that are up.

    Example: nsnet ls
    """
    from nsnet.lab import registry as labs

    found = {name: labs.condition(name) for name in labs.names()}
    if as_json:
        out_json([{"lab": name, "complete": how == "complete"} for name, how in found.items()])
        return
    for name, how in found.items():
        out(name if how == "complete" else f"{name}  ({how}; {labs.remedy(name, how)})")
    if not found:
        err("no lab is up")


@click.command()
@click.argument("lab", type=LAB)
@JSON
@click.option("--check", is_flag=True, help="exit with 1 if there is drift")
@click.pass_context
def status(ctx: click.Context, lab: str, as_json: bool, check: bool) -> None:
    """Show the addresses of a lab, and its drift.

    Drift is every difference between what is in the kernel and what the lab's file asks for, and
    what of a change that was interrupted is still to be done.

    Example: sudo nsnet status island-nat
    """
    from nsnet.lab import registry as labs

    labs.need_root("status")
    found = labs.attach(lab)
    drift = found.drift()
    if as_json:
        out_json(status_json(found.topology, drift, found.lives()))
    else:
        show.heading(found.scenario)
        show_status(found.topology, found.state, drift, found.lives())
        if drift:
            err(f"to repair it: nsnet apply {lab} {files_of(found.scenario)}")
    if check and drift:
        ctx.exit(1)


@click.command()
@click.argument("lab", type=LAB)
@click.option(
    "--from", "source", type=PLACE, metavar="REF", help="run one probe of your own from here"
)
@click.option("--to", "target", type=TARGET, metavar="REF", help="to here, as in west/svc/web:80")
@CONTAINER
@click.option(
    "--protocol", type=click.Choice([each.value for each in ProbeProtocol]), help="default: tcp"
)
@click.option("--times", type=click.IntRange(1, 100_000), help="number of attempts; default: 1")
@click.option("--size", type=click.IntRange(0), help="bytes of body; default: 0")
@click.option("--held", is_flag=True, help="hold all connections open until the last has ended")
@click.option(
    "--expect",
    type=click.Choice([each.value for each in Verdict]),
    help="the verdict that you expect",
)
@http_options
@PROBE_ALL
@reporting
@click.pass_context
def probe(
    ctx: click.Context,
    lab: str,
    source: str | None,
    target: str | None,
    container: str,
    protocol: str | None,
    times: int | None,
    size: int | None,
    held: bool,
    expect: str | None,
    http: dict[str, Any] | None,
    probe_all: bool,
    as_json: bool,
    junit: TextIO | None,
) -> None:
    """Run a lab's probes, or one of your own.

    A lab of files without a Scenario has no probes: every Service port is probed instead.

    Exit code 1 means that a probe was not answered as expected or as predicted. A probe of your own
    expects nothing without --expect.

    Example: sudo nsnet probe island-nat --from east/pod/client --to west/svc/web:80 --times 9
    """
    if (source is None) != (target is None):
        raise click.UsageError("--from and --to need each other")
    expected = None if expect is None else {"verdict": expect}
    own = {"protocol": protocol, "times": times, "size": size, "expect": expected, "http": http}
    own |= {"container": container or None, "held": held or None}
    written: dict[str, Any] = {key: value for key, value in own.items() if value is not None}
    if written and source is None:
        options = [each for each in written if each != "http"] + [*(http or ())]
        raise click.UsageError(f"--{options[0]} is for a probe of your own: add --from, --to")
    from nsnet.lab import registry as labs
    from nsnet.probes.question import probe_spec

    labs.need_root("probe")
    found = labs.attach(lab)
    asked = found.scenario.spec.probes
    if source and target:
        asked = (probe_spec(source, target, **written),)
    elif probe_all or is_generated(found.scenario):
        asked += service_probes(found.model)
    with Progress(silent=as_json) as progress:
        report = found.probe(progress, asked, err)
    _conclude(ctx, report, found.compiled, as_json=as_json, junit=junit)


KEEP_ENV = click.option(
    "--keep-env", is_flag=True, help="In a pod: start from this environment, not from a clean one."
)


class _Exec(click.Command):
    """The command exec. Options may follow LAB and REF if the command to run follows "--"; without
    it, all that follows REF is the command's own."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.allow_interspersed_args = "--" in args
        return super().parse_args(ctx, args)


@click.command("exec", cls=_Exec, context_settings={"ignore_unknown_options": True})
@click.argument("lab", type=LAB)
@click.argument("reference", type=PLACE, metavar="REF")
@click.argument("command", metavar="-- CMD…", nargs=-1, required=True, type=click.UNPROCESSED)
@CONTAINER
@KEEP_ENV
@click.pass_context
def exec_(
    ctx: click.Context,
    lab: str,
    reference: str,
    command: tuple[str, ...],
    container: str,
    keep_env: bool,
) -> None:
    """Run a command in a namespace of a lab.

    REF is a pod, a node, a gateway, an external host or the fabric. The command runs with the
    network, the host name, the resolver and the hosts file of REF, but with the other files of this
    host. In a pod, it has the pod's environment. The command's exit code is returned; it is 127 if
    there is no such command, and 126 if it cannot be run, as in a shell.

    Example: sudo nsnet exec island-nat east/pod/client -- ip route
    """
    environment = _enter("exec", lab, reference, container, keep_env=keep_env)
    try:
        if not command[0]:  # execvp() would raise ValueError
            raise FileNotFoundError
        os.execvpe(command[0], command, environment)
    except FileNotFoundError:
        err(f"error: {printable(command[0])}: there is no such command on this host")
        ctx.exit(127)
    except OSError as error:
        err(f"error: {printable(command[0])}: {error.strerror}")
        if error.errno == errno.E2BIG:
            err(f"hint: {TOO_MANY_VARIABLES}")
        ctx.exit(126)


@click.command()
@click.argument("lab", type=LAB)
@click.argument("reference", type=PLACE, metavar="REF")
@CONTAINER
@KEEP_ENV
def shell(lab: str, reference: str, container: str, keep_env: bool) -> None:
    """Start a shell in a namespace of a lab.

    REF is a pod, a node, a gateway, an external host or the fabric. The shell is $SHELL, or else
    /bin/sh. In a pod, it has the pod's environment.

    Example: sudo nsnet shell island-nat east/node/n1
    """
    program = os.environ.get("SHELL", "/bin/sh")
    environment = _enter("shell", lab, reference, container, keep_env=keep_env)
    environment["PS1"] = f"{reference} # "
    arguments = ["--norc", "--noprofile"] if Path(program).name == "bash" else []
    os.execvpe(program, [program, *arguments], environment)


def _enter(
    command: str, lab: str, reference: str, container: str, *, keep_env: bool
) -> dict[str, str]:
    """Move this process into the namespace of the reference; return its new environment."""
    from nsnet.lab import registry as labs
    from nsnet.lab.environment import left_out
    from nsnet.topology.interior import interior

    labs.need_root(command)
    found = labs.attach(lab)
    unsafe = list(left_out(interior(found.topology, reference), container))
    if unsafe:
        names = some_of(unsafe)
        err(f"note: {names}: left out, because programs would not start, or use other files")
    return found.enter(reference, container, keep_environment=keep_env)


@click.command()
@click.argument("lab", type=LAB)
@click.argument("reference", type=PLACE, metavar="REF")
@CONTAINER
@click.option("-f", "--follow", is_flag=True, help="Go on until the command has ended.")
def logs(lab: str, reference: str, container: str, follow: bool) -> None:
    """Print the output of a container's command.

    Only the last 512 KiB to 1 MiB of it are kept. REF is a pod that runs the commands of its
    containers: it has the annotation nsnet.dev/run-command: "true", and the lab was built or
    changed with --allow-commands.

    Example: sudo nsnet logs containers pod/own -f
    """
    from nsnet.lab import registry as labs

    labs.need_root("logs")
    out_bytes(labs.attach(lab).output(reference, container, follow=follow))


def _conclude(
    ctx: click.Context,
    report: Report,
    lab: Compiled,
    *,
    as_json: bool,
    junit: TextIO | None,
) -> None:
    if junit is not None:
        junit.write(report.as_junit())
    if as_json:
        out_json(report.as_json())
    else:
        show.heading(lab.scenario)
        show.report(report, lab.topology)
    ctx.exit(0 if report.ok else 1)


COMMANDS = (run, up, apply, restart, down, ls, status, probe, exec_, shell, logs)
