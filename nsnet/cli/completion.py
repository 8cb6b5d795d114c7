"""The command completion: prints the script with which bash, zsh or fish completes nsnet."""

import os

import click
from click.shell_completion import (
    BashComplete,
    FishComplete,
    ZshComplete,
    add_completion_class,
    split_arg_string,
)

PROGRAM, VARIABLE = "nsnet", "_NSNET_COMPLETE"  # as click names the variable


@add_completion_class
class Bash(BashComplete):
    """Click's completion for bash without its error messages. Bash ends a word at a colon, but here
    a reference and its port are one word."""

    # An error message must not appear in the line that is being typed.
    source_template = BashComplete.source_template.replace(
        "bash_complete $1)", "bash_complete $1 2>/dev/null)"
    )

    def get_completion_args(self) -> tuple[list[str], str]:
        words, current = _bash_words()
        whole: list[str] = []
        for index, each in enumerate([*words, current]):
            after = index > 0 and words[index - 1] == ":"
            if whole and each and (each == ":" or after):
                whole[-1] += each
            else:
                whole.append(each)
        return whole[:-1], whole[-1]

    def complete(self) -> str:
        args, incomplete = self.get_completion_args()
        items = self.get_completions(args, incomplete)
        # Bash replaces only what follows the colon.
        _, current = _bash_words()
        ready = "" if incomplete == current else incomplete[: incomplete.rindex(":") + 1]
        for each in items:
            each.value = each.value.removeprefix(ready)
        return "\n".join(map(self.format_completion, items))


@add_completion_class
class Zsh(ZshComplete):
    """Click's completion for zsh without its error messages."""

    source_template = ZshComplete.source_template.replace(
        "zsh_complete %(prog_name)s)", "zsh_complete %(prog_name)s 2>/dev/null)"
    )


@add_completion_class
class Fish(FishComplete):
    """Click's completion for fish without its error messages."""

    source_template = FishComplete.source_template.replace(
        "-t) %(prog_name)s)", "-t) %(prog_name)s 2>/dev/null)"
    )


SHELLS = {each.name: each for each in (Bash, Zsh, Fish)}


def _bash_words() -> tuple[list[str], str]:
    """Return the complete words after the program's name, and the word at the cursor ("" if there
    is none)."""
    number = int(os.environ["COMP_CWORD"])
    words = split_arg_string(os.environ["COMP_WORDS"])
    return words[1:number], words[number] if number < len(words) else ""


@click.command()
@click.argument("shell", type=click.Choice(list(SHELLS)))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the shell script that completes nsnet's arguments.

    With it, Tab completes commands, options, files, labs that are up, and references such as
    east/pod/web-0. nsnet has to be on the PATH.

    \b
    Example: nsnet completion bash
    bash, in ~/.bashrc:                eval "$(nsnet completion bash)"
    zsh, in ~/.zshrc after compinit:   eval "$(nsnet completion zsh)"
    fish:   nsnet completion fish > ~/.config/fish/completions/nsnet.fish
    """
    click.echo(SHELLS[shell](ctx.find_root().command, {}, PROGRAM, VARIABLE).source())


COMMANDS = (completion,)
