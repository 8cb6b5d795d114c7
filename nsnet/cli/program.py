"""The command `nsnet`: its subcommands, and how errors and signals end them.

A subcommand parses arguments, makes one call, prints the result and returns an exit code. A
subcommand that needs no kernel imports none of the modules that talk to the kernel, so it starts
fast and runs without Linux.
"""

import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from types import FrameType
from typing import Any

import click

from nsnet import __version__
from nsnet.cli import capture, compare, completion, files, labs, size
from nsnet.cli.arguments import junit_file, wants_json
from nsnet.cli.host_errors import host_error
from nsnet.cli.output import err, out_json
from nsnet.cli.signals import handled
from nsnet.errors import NsnetError, UsageError
from nsnet.probes.report import error_as_junit


class _Main(click.Group):
    """The group of subcommands. It prints an NsnetError as lines of `error:` and `hint:`, and exits
    with the error's exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(self.commands)

    def make_context(self, *arguments: Any, **extra: Any) -> click.Context:
        for each in (sys.stdout, sys.stderr):
            if isinstance(each, TextIOWrapper):  # an encoding may lack …, and lone surrogates
                each.reconfigure(errors="backslashreplace")
        try:
            return super().make_context(*arguments, **extra)
        except click.UsageError as error:
            _tell_usage(error)
            raise click.exceptions.Exit(UsageError.exit_code) from error
        except KeyboardInterrupt as error:
            err("interrupted")
            raise click.exceptions.Exit(130) from error

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with _ended_like_by_ctrl_c(), _output_written():
                return super().invoke(ctx)
        except NsnetError as error:
            _tell(ctx, error)
            ctx.exit(error.exit_code)
        except click.UsageError as error:
            _tell_usage(error)
            ctx.exit(UsageError.exit_code)
        except KeyboardInterrupt:
            err("interrupted")
            ctx.exit(130)
        except (ImportError, MemoryError, OSError, RuntimeError) as error:
            found = host_error(error)
            if found is None:
                raise
            _discard_what_cannot_be_written()
            if not isinstance(error, BrokenPipeError):  # the reader has seen enough: … | head
                _tell(ctx, found)
            ctx.exit(found.exit_code)
        finally:
            # The process ends: without this, the collector would traverse every value once more.
            gc.freeze()


def _discard_what_cannot_be_written() -> None:
    """If stdout cannot be written to, discard its buffer. Python would try again at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _tell(ctx: click.Context, error: NsnetError) -> None:
    """Print an error, also in the formats of --json and --junit if they were asked for."""
    lines = error.lines()
    if wants_json(ctx):
        out_json(error.as_json())
    if (junit := junit_file(ctx)) is not None:
        junit.write(error_as_junit(ctx.command_path, lines))
    for line in lines:
        err(f"error: {line}")
    if error.hint:
        err(f"hint: {error.hint}")


def _tell_usage(error: click.UsageError) -> None:
    """Print click's message about a wrong command, in the form of nsnet's own errors."""
    message = " ".join(error.format_message().split()).rstrip(".")
    err(f"error: {message[:1].lower()}{message[1:]}")
    if error.ctx is not None:
        usage = error.ctx.get_usage().removeprefix("Usage: ")
        err(f"hint: {' '.join(usage.split())}; more: {error.ctx.command_path} --help")


@contextmanager
def _output_written() -> Iterator[None]:
    """Flush stdout at the end of the block, so that an error of the flush is raised here and not at
    exit. Raises UsageError if stdout is closed."""
    if sys.stdout is None:  # nsnet … >&-
        raise UsageError("standard output is closed", hint="to discard the output: >/dev/null")
    try:
        yield
    finally:
        sys.stdout.flush()


@contextmanager
def _ended_like_by_ctrl_c() -> Iterator[None]:
    """At the first SIGTERM or SIGHUP inside the block, raise KeyboardInterrupt like Ctrl-C, so that
    the lab is removed. Further signals of these kinds are ignored: they must not interrupt the
    removal."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        for each in installed:
            signal.signal(each, lambda number, frame: None)
        raise KeyboardInterrupt

    with handled((signal.SIGTERM, signal.SIGHUP), interrupt) as installed:
        yield


@click.group(
    cls=_Main,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start here: nsnet run scenarios/island-nat.yaml",
)
@click.version_option(__version__, prog_name="nsnet")
def main() -> None:
    """Kubernetes networking on the actual Linux kernel, without Kubernetes.

    From one YAML file nsnet builds pods, nodes, Services and gateways as network namespaces, veth
    pairs, bridges, routes and iptables rules. It sends real packets and shows what happened and
    why.
    """
    # A large lab is hundreds of thousands of values without cycles. At Python's default, a
    # collection every 700 allocations, looking for cycles takes longer than creating the values.
    gc.set_threshold(20_000, 50, 50)


for module in (labs, capture, compare, files, size, completion):
    for command in module.COMMANDS:
        main.add_command(command)
