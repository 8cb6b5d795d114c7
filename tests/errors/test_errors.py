"""The errors and warnings of `nsnet validate`: <mistake>.txt is its stderr for <mistake>.yaml.

NSNET_GOLDEN=rewrite rewrites the texts; read the difference before you keep it.
"""

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nsnet.cli.program import main

HERE = Path(__file__).parent
SCENARIO = """\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {name: mistake}
spec:
  clusters: [{name: east}]
"""


def validate(file: str) -> Result:
    """Run `nsnet validate FILE`; it must not raise."""
    result = CliRunner().invoke(main, ["validate", file])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.mark.parametrize("mistake", sorted(each.stem for each in HERE.glob("*.yaml")))
def test_every_mistake_has_its_message(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)
    result = validate(f"{mistake}.yaml")
    expected = HERE / f"{mistake}.txt"
    if os.environ.get("NSNET_GOLDEN") == "rewrite":
        expected.write_text(result.stderr, encoding="utf-8")
    assert result.stderr == expected.read_text(encoding="utf-8")
    # A warning alone does not fail validation.
    assert result.exit_code == (2 if "error:" in result.stderr else 0)


def alias_bomb(levels: int) -> str:
    """A text of a few lines whose aliases expand to 9^levels values."""
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x]"]
    for level in range(1, levels):
        inner = ", ".join([f"*l{level - 1}"] * 9)
        lines.append(f"l{level}: &l{level} [{inner}]")
    return "\n".join(lines)


def deeper(levels: int) -> str:
    """A text of lists, each of which contains the one before by alias."""
    return "".join(f"a{level}: &a{level} [*a{level - 1}]\n" for level in range(1, levels))


HUNDRED_KEYS = "{" + "".join(f"k{number}: v, " for number in range(100)) + "}"
GENERATED: dict[str, tuple[Callable[[], str | bytes], str]] = {
    "random bytes": (
        lambda: random.Random(1).randbytes(4096),
        "file.yaml:1: is not UTF-8 text: byte 0xf5",
    ),
    "an archive's zero bytes": (
        lambda: "ustar\n" + "\0" * 512,
        "file.yaml:2: is not text: it contains the control character U+0000",
    ),
    "half of a character of UTF-16": (
        lambda: SCENARIO.encode("utf-16") + b"x",
        "file.yaml:6: is not UTF-16 text: byte 0x78",
    ),
    "UTF-16 without a byte order mark": (
        lambda: SCENARIO.encode("utf-16-le"),
        "file.yaml:1: is not text: it contains the control character U+0000",
    ),
    "33 MiB": (
        lambda: SCENARIO + "#" * (33 * 2**20),
        "file.yaml: is larger than 32 MiB, the most that nsnet reads",
    ),
    "an alias bomb": (
        lambda: alias_bomb(30),
        "file.yaml:7: aliases expand to over 1,000,000 values; use fewer of them",
    ),
    "a bomb of merged keys": (
        lambda: f"base: &base {HUNDRED_KEYS}\nspec: {{<<: [" + "*base, " * 20_000 + "]}",
        "file.yaml:2: aliases expand to over 1,000,000 values; use fewer of them",
    ),
    "depth by alias": (
        lambda: SCENARIO + "---\na0: &a0 [x]\n" + deeper(100),
        "file.yaml:69: is nested more than 64 levels deep",
    ),
    "deep brackets": (
        lambda: SCENARIO + "---\n" + "[" * 100_000,
        "file.yaml:7: is nested more than 64 levels deep",
    ),
    "deep dashes": (
        lambda: SCENARIO + "---\n" + "- " * 100_000,
        "file.yaml:7: is nested more than 64 levels deep",
    ),
}


@pytest.mark.parametrize("what", GENERATED)
def test_a_file_that_exceeds_a_limit_or_is_not_text_is_refused(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, message = GENERATED[what]
    raw = content()
    monkeypatch.chdir(tmp_path)
    Path("file.yaml").write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    result = validate("file.yaml")
    assert result.stderr == f"error: {message}\n"
    assert result.exit_code == 2


@pytest.mark.parametrize("what", ["an alias bomb", "a bomb of merged keys"])
def test_an_alias_bomb_fails_in_under_a_second(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file.yaml").write_text(str(GENERATED[what][0]()), encoding="utf-8")
    start = time.process_time()
    validate("file.yaml")
    assert time.process_time() - start < 1


def test_an_empty_folder_has_no_manifests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("lab.yaml").mkdir()
    result = validate("lab.yaml")
    assert (result.stderr, result.exit_code) == (
        "error: lab.yaml: contains no *.yaml, *.yml or *.json file\n",
        2,
    )


def test_a_missing_file_is_answered_with_the_nearest_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("island-nat.yaml").write_text(SCENARIO, encoding="utf-8")
    result = validate("island-net.yaml")
    message = "error: island-net.yaml: does not exist; did you mean island-nat.yaml?\n"
    assert (result.stderr, result.exit_code) == (message, 2)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_read_permission_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("lab.yaml").touch(mode=0)
    result = validate("lab.yaml")
    message = "error: lab.yaml: cannot be read: Permission denied\n"
    assert (result.stderr, result.exit_code) == (message, 2)


@pytest.mark.parametrize("content", ["#" * (12 * 2**20), "#" + "é" * (6 * 2**20)])
def test_the_bytes_of_all_files_together_are_limited(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    scenario = SCENARIO.replace("{name: east}", "{name: east, manifests: [east]}")
    Path("lab.yaml").write_text(scenario, encoding="utf-8")
    Path("east").mkdir()
    for name in ("a", "b", "c"):
        Path("east", f"{name}.yaml").write_text(content, encoding="utf-8")
    result = validate("lab.yaml")
    message = "error: east/c.yaml: the scenario and its manifests exceed 32 MiB with this file\n"
    assert (result.stderr, result.exit_code) == (message, 2)


def test_a_symbolic_link_out_of_the_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret.yaml").write_text("kind: Secret\n", encoding="utf-8")
    (tmp_path / "lab").mkdir()
    monkeypatch.chdir(tmp_path / "lab")
    Path("pods").mkdir()
    Path("pods", "east.yaml").symlink_to(tmp_path / "secret.yaml")
    scenario = SCENARIO.replace("{name: east}", "{name: east, manifests: [pods/east.yaml, pods]}")
    Path("lab.yaml").write_text(scenario, encoding="utf-8")
    where = "error: lab.yaml:5: spec.clusters[0].manifests"
    why = "is outside the scenario's folder; manifests must be inside it"
    assert validate("lab.yaml").stderr == (
        f"{where}[0]: pods/east.yaml {why}\n{where}[1]: pods: east.yaml {why}\n"
    )
