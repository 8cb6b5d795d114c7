"""What a shell completes: commands, labs that are up, files and references."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from nsnet.cli.arguments import FILE, LAB, LAB_OR_FILE, PLACE, TARGET
from nsnet.cli.program import main
from nsnet.state import daemons
from nsnet.topology.names import names_of
from nsnet.topology.resolve import resolve
from tests.support.labs import SCENARIOS, written

ISLAND = f"{SCENARIOS}/island-nat.yaml"
BIN = Path(sys.executable).parent
CLIENT = """
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {containers: [{name: c, ports: [{containerPort: 53, protocol: UDP}, {containerPort: 53}]}]}
"""
WEB = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: prod}
spec: {selector: {app: web}, ports: [{port: 80, name: http}, {port: 443, name: https}]}
"""
API = "externals: [{name: api, address: 203.0.113.80, ports: [{port: 443}]}]"
NODES = ["node/n1", "node/n2"]
PLACES = ["pod/client", *NODES, "external/api", "fabric"]


@pytest.fixture(autouse=True)
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the labs' records, in which there is none."""
    monkeypatch.setattr(daemons, "RUN", tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "run"


@pytest.fixture
def two_up(run: Path) -> None:
    """List the names of a lab, and none of half a lab."""
    scenario = written(CLIENT, WEB, spec=API)
    (run / "lab").mkdir(parents=True)
    (run / "half").mkdir()
    names = names_of(resolve(scenario)).to_json()
    (run / "lab" / "names.json").write_text(json.dumps({"complete": True, **names}))


def offered(*words: str) -> list[str]:
    """Return what click offers a shell for the last word; <file> is what the shell itself finds."""
    *args, incomplete = words
    found = ShellComplete(main, {}, "nsnet", "").get_completions(args, incomplete)
    return ["<file>" if each.type == "file" else each.value for each in found]


# --- labs ---


@pytest.mark.parametrize(
    "command", ["status", "probe", "exec", "shell", "capture", "apply", "down"]
)
@pytest.mark.usefixtures("two_up")
def test_a_lab_is_one_that_is_up_or_half_up(command: str) -> None:
    assert offered(command, "") == ["half", "lab"]
    assert offered(command, "l") == ["lab"]


@pytest.mark.usefixtures("two_up")
def test_a_lab_to_remove_is_offered_once() -> None:
    assert offered("down", "lab", "") == ["half"]


@pytest.mark.parametrize("command", ["status", "down"])
def test_without_labs_none_is_completed(command: str) -> None:
    assert offered(command, "") == []


# --- references ---


@pytest.mark.parametrize("words", [("exec",), ("shell",), ("capture",)], ids=" ".join)
@pytest.mark.usefixtures("two_up")
def test_commands_run_at_places(words: tuple[str, ...]) -> None:
    assert offered(*words, "lab", "") == PLACES


@pytest.mark.parametrize(
    ("incomplete", "expected"),
    [
        ("", [PLACES[0], "svc/web.prod", *PLACES[1:]]),
        ("s", ["svc/web.prod"]),
        ("svc/web.prod:", ["svc/web.prod:http", "svc/web.prod:https"]),
        ("pod/client:", ["pod/client:53"]),
        ("external/api:4", ["external/api:443"]),
        ("east/n", ["east/node/n1", "east/node/n2"]),
        ("west/", []),
    ],
)
@pytest.mark.usefixtures("two_up")
def test_destinations_are_services_and_ports_too(incomplete: str, expected: list[str]) -> None:
    assert offered("probe", "lab", "--from", "pod/client", "--to", incomplete) == expected
    assert offered("explain", "lab", "pod/client", incomplete) == expected


@pytest.mark.usefixtures("two_up")
def test_capture_takes_several_places_and_a_file_of_any_name() -> None:
    assert offered("capture", "lab", "pod/client", "node/") == NODES
    assert offered("capture", "lab", "-w", "seen") == ["<file>"]


def test_in_a_lab_of_several_clusters_references_name_theirs() -> None:
    assert offered("explain", ISLAND, "west/n") == ["west/node/n1", "west/node/n2"]
    assert offered("explain", ISLAND, "node") == []
    assert offered("explain", ISLAND, "east/pod/client", "east/s") == [
        "east/svc/web",
        "east/svc/kube-dns.kube-system",
    ]
    assert offered("explain", ISLAND, "east/g") == ["east/gateway"]


# --- files ---


@pytest.mark.parametrize(
    ("incomplete", "expected"),
    [
        ("", ["a.yaml", "b.yml"]),
        ("a", ["a.yaml"]),
        ("la", ["labs/one.yaml", "labs/two.yaml"]),
        ("labs/o", ["labs/one.yaml"]),
        ("./labs/t", ["./labs/two.yaml"]),
        ("labs/manifests/", ["labs/manifests/east.yaml"]),
        ("REA", ["<file>"]),
        ("nowhere/", ["<file>"]),
    ],
)
def test_a_file_is_yaml_here_or_a_folder_below(incomplete: str, expected: list[str]) -> None:
    Path("labs/manifests").mkdir(parents=True)
    Path(".cache").mkdir()
    for name in ("a.yaml", "b.yml", "README.md", "labs/one.yaml", "labs/two.yaml"):
        Path(name).touch()
    Path("labs/manifests/east.yaml").touch()
    Path(".cache/late.yaml").touch()
    assert offered("run", incomplete) == expected
    assert offered("explain", incomplete) == expected


# --- incomplete or wrong input ---


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"main": "x", "sources": {}, "assignment": {}}', '{"assignment": 1}'],
)
def test_a_record_that_cannot_be_read_completes_to_nothing(run: Path, text: str) -> None:
    (run / "lab").mkdir(parents=True)
    (run / "lab" / "lab.json").write_text(text)
    assert offered("exec", "lab", "") == []


@pytest.mark.parametrize("file", ["nowhere.yaml", "mistaken.yaml", "folder.yaml"])
def test_a_file_that_cannot_be_read_completes_to_nothing(file: str) -> None:
    Path("mistaken.yaml").write_text("kind: Scenario\n---\n{")
    Path("folder.yaml").mkdir()
    assert offered("explain", file, "") == []


def test_a_reference_comes_after_its_lab() -> None:
    assert offered("probe", "--from", "") == []


# --- every command ---

TYPES = {
    "LAB": LAB,
    "FILE": FILE,
    "LAB|FILE": LAB_OR_FILE,
    "REF": PLACE,
    "FROM": PLACE,
    "TO": TARGET,
}


@pytest.mark.parametrize("name", sorted(main.commands))
def test_what_help_calls_a_lab_a_file_or_a_reference_is_completed(name: str) -> None:
    command = main.commands[name]
    for each in command.params:
        if "-w" in each.opts:
            continue  # a file to write
        word = each.make_metavar(click.Context(command)).strip("[]…")
        wanted = {TARGET} if "--to" in each.opts else {TYPES[word]} if word in TYPES else set()
        assert not wanted or each.type in wanted, f"{name} {word}"


# --- shells ---


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_discards_error_messages(shell: str) -> None:
    result = CliRunner().invoke(main, ["completion", shell])
    assert result.exit_code == 0
    assert f"_NSNET_COMPLETE={shell}_complete" in result.stdout
    assert "2>/dev/null" in result.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        # As bash splits them: a colon is a word, and a completion replaces the last word.
        (["comp"], ["compare", "completion"]),
        (["explain", ISLAND, "east/pod/w"], ["east/pod/web-0", "east/pod/web-1"]),
        (["explain", ISLAND, "east/pod/client", "west/svc/web", ":"], ["http", "dns"]),
        (["explain", ISLAND, "east/pod/client", "west/svc/web", ":", "h"], ["http"]),
        (["explain", ISLAND, "east/pod/client", "west/svc/web", ":", "80", "--js"], ["--json"]),
        (["explain", "nowhere.yaml", ""], []),
    ],
    ids=lambda words: " ".join(words).replace(ISLAND, "FILE"),
)
def test_bash_completes(words: list[str], expected: list[str]) -> None:
    script = """
        eval "$(nsnet completion bash)"
        COMP_WORDS=(nsnet "$@")
        COMP_CWORD=$#
        _nsnet_completion nsnet
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", script, "bash", *words],
        capture_output=True,
        text=True,
        env={"PATH": f"{BIN}:{os.environ['PATH']}"},
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == expected
