"""The types of the commands' arguments, and the values that a shell completes for them: names of
labs that are up, scenario files, and references to places in a lab or a file (pods, nodes, …).

Completion needs neither root nor a Linux kernel. It offers no references for a file that has
mistakes, or for a lab whose list of names cannot be read.
"""

from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple, TextIO, get_args

import click
from click.shell_completion import CompletionItem
from click.types import StringParamType

from nsnet.errors import NsnetError, UsageError
from nsnet.lab import folder
from nsnet.scenario.fields import check_label
from nsnet.scenario.files import SUFFIXES
from nsnet.scenario.kinds import NetworkModel, ProxyMode
from nsnet.scenario.load import DEFAULTS, load
from nsnet.scenario.model import Scenario
from nsnet.scenario.plain import PlainSettings
from nsnet.topology.names import Names, names_of
from nsnet.topology.resolve import resolve

Items = list[CompletionItem[str]]


def is_file(lab_or_file: str) -> bool:
    """Return whether the argument names a file or a folder. The name of a lab has no slash or dot,
    and is not "-", which is stdin."""
    return lab_or_file == "-" or "/" in lab_or_file or "." in lab_or_file


class _Lab(StringParamType):
    name = "lab"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
        given = ctx.params.get(param.name or "") or ()
        return _items(each for each in _labs(incomplete) if each not in given)


class _File(click.Path):
    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
        # Where there is no YAML file, the shell itself completes the folders on the way to one.
        return _items(_files(incomplete)) or [CompletionItem(incomplete, type="file")]


class _LabOrFile(StringParamType):
    name = "lab|file"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
        return _items(_labs(incomplete)) + FILE.shell_complete(ctx, param, incomplete)


class _Reference(StringParamType):
    """A reference to a part of a lab or file. The lab or file is named earlier on the command
    line."""

    name = "ref"

    def __init__(self, *, targets: bool = False) -> None:
        self.targets = targets

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
        # While an option lacks its value, click has not yet assigned the words to arguments.
        named = [ctx.params.get(each) for each in ("lab", "lab_or_file", "file")]
        where = next((str(each) for each in (*named, *ctx.args) if each), "")
        try:
            names = _names(where)
        except (NsnetError, OSError, KeyError, ValueError, TypeError):
            return []
        return _items(names.offered(incomplete, targets=self.targets))


LAB = _Lab()
FILE = _File(path_type=Path, allow_dash=True)
LAB_OR_FILE = _LabOrFile()
PLACE = _Reference()  # has a network namespace: packets start and commands run there
TARGET = _Reference(targets=True)  # the destination of packets: may be a Service, too


def _remember(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    del param
    ctx.meta["nsnet.verbose"] = value


VERBOSE = click.option(
    "-v",
    "--verbose",
    is_flag=True,
    expose_value=False,
    callback=_remember,
    help="list the objects that nsnet ignores",
)


def is_verbose() -> bool:
    """Return whether the command was called with -v."""
    ctx = click.get_current_context(silent=True)
    return ctx is not None and bool(ctx.meta.get("nsnet.verbose"))


def _remember_json(ctx: click.Context, param: click.Parameter, value: object) -> object:
    del param
    ctx.meta["nsnet.json"] = value in (True, "json")
    return value


def wants_json(ctx: click.Context) -> bool:
    """Return whether the command was called with --json."""
    return bool(ctx.meta.get("nsnet.json"))


JSON = click.option(
    "--json", "as_json", is_flag=True, callback=_remember_json, help="print JSON instead"
)
PLAN_AS_JSON = click.option(
    "--json", "form", flag_value="json", callback=_remember_json, help="print JSON instead"
)


def http_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of an HTTP request to a command. The command gets them as one parameter,
    `http`: the fields of a probe's `http`, or None if no option is given."""

    @wraps(command)
    def with_http(
        *args: Any,
        host: str | None,
        path: str | None,
        header: tuple[str, ...],
        tls: bool,
        **kwargs: Any,
    ) -> Any:
        given: dict[str, Any] = {"host": host, "path": path, "tls": tls or None}
        given["headers"] = dict(map(_header, header)) or None
        http = {key: value for key, value in given.items() if value is not None} or None
        return command(*args, http=http, **kwargs)

    for each in reversed(_HTTP_OPTIONS):
        with_http = each(with_http)
    return with_http


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise UsageError(f"--header {text}: write it as NAME:VALUE")
    return name.strip(), value.strip()


_HTTP_OPTIONS = (
    click.option("--host", metavar="NAME", help="protocol http: the Host header"),
    click.option("--path", metavar="PATH", help="protocol http: the path; default: /"),
    click.option("--header", metavar="NAME:VALUE", multiple=True, help="protocol http: a header"),
    click.option("--tls", is_flag=True, help="protocol http: over TLS; any certificate will do"),
)


class _JunitFile(click.File):
    """A file that is opened at once: a throw-away lab has its own /run, where it would be lost. It
    stays open until the program ends, so that also an error is written to it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        assert ctx is not None
        ctx.meta["nsnet.junit"] = file = super().convert(value, param, ctx.find_root())
        return file


def junit_file(ctx: click.Context) -> TextIO | None:
    """Return the file of --junit, or None."""
    file: TextIO | None = ctx.meta.get("nsnet.junit")
    return file


JUNIT = click.option(
    "--junit",
    type=_JunitFile("w", encoding="utf-8", lazy=False),
    help="also write the report to a file, as JUnit XML",
)


def _lab_name(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    try:
        return None if value is None else check_label(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error


NAME = click.option(
    "--name", callback=_lab_name, help="name of the lab; default: that of the Scenario or file"
)

_OPTIONS = (
    click.argument("files", type=FILE, metavar="FILE…", nargs=-1, required=True),
    click.option(
        "--nodes",
        type=click.IntRange(1, 1000),
        help="without a Scenario: number of nodes; default: the Node objects, else 2",
    ),
    click.option(
        "--model",
        type=click.Choice(get_args(NetworkModel)),
        help="without a Scenario: the network model; default: island",
    ),
    click.option(
        "--proxy-mode",
        type=click.Choice(get_args(ProxyMode)),
        help="without a Scenario: the mode of kube-proxy; default: iptables",
    ),
    VERBOSE,
)


class ScenarioFiles(NamedTuple):
    """The files of a scenario on the command line, and the settings of files without a Scenario."""

    files: tuple[Path, ...]
    settings: PlainSettings

    def __str__(self) -> str:
        more = len(self.files) - 1
        return f"{self.files[0]} and {more} more" if more else str(self.files[0])

    def load(self, defaults: PlainSettings = DEFAULTS) -> Scenario:
        """Return the scenario of these files. `defaults`: for settings that are not given. Raises
        ScenarioError, UsageError."""
        _refuse_lab(self.files[0])
        found = load(*self.files, settings=self.settings.or_else(defaults))
        return found.named(self.settings.name) if self.settings.name else found


def _refuse_lab(path: Path) -> None:
    """Raise UsageError if the path is no file, but may be meant as the name of a lab."""
    if is_file(str(path)) or path.exists():
        return
    up = _labs("")
    if str(path) in up:
        raise UsageError(
            f"{path} is a lab that is up; this command needs a FILE",
            hint=f"use the lab: nsnet probe {path}; nsnet status {path}; nsnet down {path}",
        )
    raise UsageError(
        f"{path}: there is no such file or folder",
        hint=f"FILE is a path such as scenarios/flat.yaml; labs that are up: {', '.join(up)}"
        if up
        else "FILE is a path such as scenarios/flat.yaml",
    )


def scenario_files(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the argument FILE… and the options for files without a Scenario to a command. The command
    gets them as one parameter, `given`."""

    @wraps(command)
    def with_files(
        *args: Any,
        files: tuple[Path, ...],
        nodes: int | None,
        model: NetworkModel | None,
        proxy_mode: ProxyMode | None,
        name: str | None = None,
        **kwargs: Any,
    ) -> Any:
        settings = PlainSettings(name=name or "", nodes=nodes, model=model, proxy_mode=proxy_mode)
        return command(*args, given=ScenarioFiles(files, settings), **kwargs)

    for each in reversed(_OPTIONS):
        with_files = each(with_files)
    return with_files


def _names(where: str) -> Names:
    if is_file(where):
        return names_of(resolve(load(Path(where))))
    return Names.from_json(folder.read_names(where))


def _labs(incomplete: str) -> list[str]:
    try:
        return [each for each in folder.names() if each.startswith(incomplete)]
    except (NsnetError, OSError):
        return []


def _files(incomplete: str) -> list[str]:
    """Return the YAML files whose path begins with `incomplete`. If no file's does, return the YAML
    files in the folders whose path begins with `incomplete`."""
    folder, _, start = incomplete.rpartition("/")
    within = Path(folder or ("/" if incomplete.startswith("/") else "."))
    prefix = incomplete.removesuffix(start)
    for pattern in ("*", "*/*"):
        try:
            found = sorted(
                f"{prefix}{each.relative_to(within)}"
                for each in within.glob(pattern)
                if each.suffix in SUFFIXES and not each.parent.name.startswith(".")
            )
        except OSError:
            return []
        # A shell does not quote completions: a name with a blank would become two words.
        chosen = [each for each in found if each.startswith(incomplete) and " " not in each]
        if chosen:
            return chosen
    return []


def _items(values: Iterator[str] | list[str]) -> Items:
    # The shell writes completions to the terminal as they are.
    return [CompletionItem(each) for each in values if each.isprintable()]
