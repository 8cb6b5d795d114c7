"""The command line: arguments in, one call, print, exit code. Nothing is decided here.

Commands that need no kernel import none of what talks to one, so they start fast and run anywhere.
"""

from typing import Any

import click

from nsnet import __version__
from nsnet.errors import NsnetError


class _Main(click.Group):
    """Turns every problem we can explain into `error:` and `hint:` lines and its exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except NsnetError as error:
            for line in error.lines():
                click.echo(f"error: {line}", err=True)
            if error.hint:
                click.echo(f"hint: {error.hint}", err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(130)


@click.group(
    cls=_Main,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start here: nsnet run scenarios/island-nat.yaml",
)
@click.version_option(__version__, prog_name="nsnet")
def main() -> None:
    """Kubernetes networking on the actual Linux kernel, without Kubernetes.

    From one YAML file nsnet builds pods, nodes, Services and gateways as network namespaces, veth
    pairs, bridges, routes and iptables rules, sends real packets, and shows what happened and why.
    """


from nsnet.cli import files, labs  # noqa: E402  (the commands register with `main`)

for command in (*labs.COMMANDS, *files.COMMANDS):
    main.add_command(command)

__all__ = ["main"]
