"""The page on the command line lists every command, exit code, JSON schema and key."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from nsnet import cli, errors
from nsnet.cli import program
from nsnet.cli.status import as_json
from nsnet.kernel.capabilities import Capability
from nsnet.lab import folder
from nsnet.lab.compiled import compiled
from nsnet.lab.host import Host
from nsnet.probes.outcome import Outcome
from nsnet.probes.report import Answer, ProbeReport, Report
from nsnet.scenario.load import load
from nsnet.verdict import Verdict
from tests.support.labs import SCENARIOS, ip

PACKAGE = Path(cli.__file__).parents[1]
PAGE = (PACKAGE / "cli" / "README.md").read_text()
FILE = f"{SCENARIOS}/island-nat.yaml"


def rows() -> Iterator[tuple[str, str, list[str]]]:
    """Yield (schema, of what, keys) of the page's table on JSON."""
    schema = ""
    for line in PAGE.partition("| schema |")[2].splitlines()[2:]:
        if not line.startswith("|"):
            return
        first, of, keys = (each.strip() for each in line.strip("|").split(" | "))
        schema = first.strip("`") or schema
        yield schema, of, re.findall(r"`(\w+)`", keys)


KEYS = {(schema, of): keys for schema, of, keys in rows()}


def printed(*arguments: str) -> Any:
    return json.loads(CliRunner().invoke(program.main, arguments).stdout)


def of(schema: str, what: str) -> list[str]:
    return KEYS[f"nsnet.dev/{schema}/v1", what]


def test_every_command_has_a_row() -> None:
    table = PAGE.partition("| exit code |")[0]
    assert re.findall(r"^\| `(\w+)", table, re.M) == list(program.main.commands)


def test_every_exit_code_of_an_error_has_a_row() -> None:
    codes = {each.exit_code for each in vars(errors).values() if hasattr(each, "exit_code")}
    assert codes <= {int(each) for each in re.findall(r"^\| (\d+) \|", PAGE, re.M)}


def test_every_schema_has_a_row_and_no_other() -> None:
    found = {
        schema
        for file in PACKAGE.rglob("*.py")
        for schema in re.findall(r"nsnet\.dev/\w+/v\d+", file.read_text())
    }
    assert found == {schema for schema, _ in KEYS} - {"none"}


def test_the_keys_of_a_plan() -> None:
    data = printed("plan", FILE, "--json")
    assert list(data) == of("plan", "`plan --json`")
    assert {tuple(each) for each in data["netns"]} == {tuple(of("plan", "a netns"))}


def test_the_keys_of_an_explanation() -> None:
    data = printed("explain", FILE, "east/pod/client", "west/svc/web:80", "--json")
    assert list(data) == of("explain", "`explain --json`")
    (path, *_) = data["paths"]
    assert list(path) == of("explain", "a path")
    assert {*path["there"][0]} == {*of("explain", "a hop")}


def test_the_keys_of_a_report() -> None:
    seen = Answer((Outcome(Verdict.OK, "pod/web", ip("10.244.0.2"), None, 1.0),), {})
    ends = ("a name", "pod/client", "pod/web:80", "tcp")
    probe = ProbeReport(*ends, 1, {}, seen, seen, (), ())
    data = Report("lab", (probe,)).as_json()
    assert list(data) == of("report", "`run --json`, `probe --json`")
    assert list(data["probes"][0]) == of("report", "a probe")
    for each in ("predicted", "observed"):
        answer = data["probes"][0][each]
        assert list(answer) == of("report", "`predicted`, `observed`")
        assert list(answer["sources"][0]) == of("report", "a source")


def test_the_keys_of_a_status() -> None:
    data = as_json(compiled(load(Path(FILE))).topology, [])
    assert list(data) == of("status", "`status --json`")
    assert {tuple(each) for each in data["members"]} == {tuple(of("status", "a member"))}


def test_the_keys_of_a_size() -> None:
    ports = ("--outbound", "loadBalancer", "--grow", "nodes=51")
    data = printed(
        "size", "--cni", "azure-cni", "--nodes", "1", "--max-pods", "10", *ports, "--json"
    )
    assert list(data) == of("size", "`size --json`")
    (size,) = data["sizes"]
    assert list(size) == of("size", "a size")
    for key, what in (
        ("ranges", "a range"),
        ("limits", "a limit"),
        ("problems", "a problem"),
        ("growth", "a step of `growth`"),
    ):
        assert {tuple(each) for each in size[key]} == {tuple(of("size", what))}
    assert list(size["outbound"]) == of("size", "`outbound`")
    assert list(size["outbound"]["fewerPorts"][0]) == of("size", "an entry of `fewerPorts`")


def test_the_keys_of_a_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nsnet.state.daemons.RUN", tmp_path)
    (tmp_path / "island-nat").mkdir()
    Host("island-nat").record(compiled(load(Path(FILE))), complete=True)
    record = folder.read("island-nat")
    assert record is not None
    assert list(record) == of("lab", "`/run/nsnet/LAB/lab.json`")


def test_the_keys_of_a_finding_of_doctor() -> None:
    assert list(Capability.__dataclass_fields__) == KEYS["none", "`doctor --json`, a list"]
