"""No command that reads a file shows the value of a Secret."""

import base64
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from nsnet.cli.program import main
from nsnet.cli.status import as_json, show_status
from nsnet.lab.compiled import compiled
from nsnet.scenario.load import load
from nsnet.topology.resolve import resolve

MARKER = "marker-4711"
ENCODED = base64.b64encode(MARKER.encode()).decode()
LAB = f"""\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {{name: lab}}
spec: {{clusters: [{{name: east}}]}}
---
apiVersion: v1
kind: Secret
metadata: {{name: s}}
data: {{a: {ENCODED}}}
stringData: {{b: {MARKER}}}
---
apiVersion: v1
kind: Pod
metadata: {{name: web}}
spec:
  containers:
  - name: main
    envFrom: [{{secretRef: {{name: s}}}}]
    env:
    - {{name: A, valueFrom: {{secretKeyRef: {{name: s, key: a}}}}}}
    - {{name: B, value: "$(A) $(b)"}}
    - {{name: C, valueFrom: {{secretKeyRef: {{name: s, key: missing}}}}}}
    command: ["sh", "-c", "echo $(A)"]
"""


@pytest.mark.parametrize(
    "command",
    [
        ("plan",),
        ("plan", "--shell"),
        ("plan", "--json"),
        ("validate", "-v"),
        ("graph",),
        ("explain", "--json"),
    ],
)
def test_no_command_shows_it(command: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text(LAB)
    ends = ("pod/web", "10.96.0.1:443") if command[0] == "explain" else ()
    result = CliRunner().invoke(main, [command[0], str(file), *ends, *command[1:]])
    assert result.exit_code == 0
    assert "key missing of Secret s" in result.stderr
    assert MARKER not in result.output
    assert ENCODED not in result.output


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (f"stringData: {{b: {MARKER}}}", f"stringData: {{b: [{MARKER}]}}"),
        (f"stringData: {{b: {MARKER}}}", f"stringData: {MARKER}"),
        (f"stringData: {{b: {MARKER}}}", f"stringDate: {{b: {MARKER}}}"),
        (f"data: {{a: {ENCODED}}}", f"data: {{a: {MARKER}}}"),
        (f"data: {{a: {ENCODED}}}", f"data: {{'a b': {ENCODED}}}"),
        ("kind: Secret", "kind: Secrets"),
        ("kind: Secret", f"type: [{MARKER}]\nkind: Secret"),
    ],
)
def test_no_message_shows_it(good: str, bad: str, tmp_path: Path) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text(LAB.replace(good, bad))
    result = CliRunner().invoke(main, ["validate", str(file)])
    assert MARKER not in result.output
    assert ENCODED not in result.output


def test_the_status_of_a_lab_does_not_show_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text(LAB)
    found = compiled(load(file))
    show_status(found.topology, found.state, [])
    shown = capsys.readouterr().out + json.dumps(as_json(found.topology, []))
    assert "pod/web" in shown
    assert MARKER not in shown
    assert ENCODED not in shown


def test_no_repr_shows_it(tmp_path: Path) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text(LAB)
    scenario = load(file)
    for each in (scenario, scenario.manifests, scenario.document, resolve(scenario)):
        assert MARKER not in repr(each)
        assert ENCODED not in repr(each)
