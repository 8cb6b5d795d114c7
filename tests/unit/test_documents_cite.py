"""Documents, scenarios and docstrings cite only what exists: files, modules, make targets, commands
and their options."""

import ast
import re
from pathlib import Path

import pytest

from nsnet.cli import program

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = sorted(str(each.relative_to(ROOT)) for each in ROOT.glob("scenarios/*.yaml"))
DOCUMENTS = [
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "scenarios/README.md", "nsnet/cli/README.md"),
    *("Makefile", ".ci/run", "vagrant/Vagrantfile", "vagrant/bare.sh", "vagrant/provision.sh"),
    *SCENARIOS,
]
MODULES = sorted(
    str(each.relative_to(ROOT))
    for folder in ("nsnet", "tests")
    for each in ROOT.glob(f"{folder}/**/*.py")
)
FILE = re.compile(r"(?<![\w./<>*$-])(?:[\w*.-]+/)*[\w-][\w*-]*\.(?:py|md|ya?ml|sh|toml|lock)\b")
FOLDER = re.compile(r"`((?:\w+/)+)`")
SHORT = {"K/": "tests/kernel/", "U/": "tests/unit/"}  # of the tables in scenarios/README.md
NOT_OURS = {"two-islands/east.yaml", "my-clusterip.yaml", "app.yaml", "file.yaml"}  # of a user
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.M))


def read(document: str) -> str:
    return (ROOT / document).read_text()


def docstrings(module: str) -> str:
    tree = ast.parse(read(module))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    found = [ast.get_docstring(each) for each in ast.walk(tree) if isinstance(each, documented)]
    return "\n".join(filter(None, found))


def absent(text: str, citing: str) -> list[str]:
    """Return the cited files and folders that exist neither in the repository's root, in nsnet, in
    tests/support, nor beside the file that cites them."""
    roots = (ROOT, ROOT / "nsnet", ROOT / "tests" / "support", (ROOT / citing).parent)
    paths = {each: each for each in [*FILE.findall(text), *FOLDER.findall(text)]}
    for path in paths:
        for short, folder in SHORT.items():
            if path.startswith(short):
                paths[path] = path.replace(short, folder, 1)
    return [
        cited
        for cited, path in paths.items()
        if cited not in NOT_OURS and not any(any(root.glob(path)) for root in roots)
    ]


def test_every_scenario_is_listed() -> None:
    listed = re.findall(r"^\| \[(.+)\]\(\1\) \|", read("scenarios/README.md"), re.M)
    assert sorted(f"scenarios/{each}" for each in listed) == SCENARIOS


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_cites_files_that_exist(document: str) -> None:
    assert not absent(read(document), document)


def test_docstrings_cite_files_that_exist() -> None:
    assert not {each: wrong for each in MODULES if (wrong := absent(docstrings(each), each))}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_cites_make_targets_that_exist(document: str) -> None:
    assert set(re.findall(r"(?:`|^    |sudo )make ([a-z][a-z-]*)", read(document), re.M)) <= TARGETS


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_cites_commands_that_exist(document: str) -> None:
    typed = re.compile(r"(?:`|sudo |hand: +|^# {8,}|bin/)nsnet ([a-z]+)", re.M)
    assert set(typed.findall(read(document))) <= set(program.main.commands)


def test_the_table_of_commands_cites_options_that_exist() -> None:
    table = read("nsnet/cli/README.md").partition("| exit code |")[0]
    for name, row in re.findall(r"^\| `(\w+)(.*)", table, re.M):
        options = {each for option in program.main.commands[name].params for each in option.opts}
        assert set(re.findall(r"`(--?[a-z-]+)", row)) <= options, name


def test_contributing_cites_modules_that_exist() -> None:
    text = read("CONTRIBUTING.md")
    start_from = text.partition("start from:")[2].partition("\n\n")[0]
    packages = text.partition("| package |")[2].partition("\n\n")[0]
    modules = [
        f"{package}/{module}"
        for package, row in re.findall(r"^\| `(\w+)` \|(.*)", packages, re.M)
        for module in re.findall(r"`(\w+)`", row)
    ]
    assert len(modules) > 20
    for each in [*modules, *re.findall(r"`(\w+/\w+)`", start_from)]:
        path = ROOT / "nsnet" / each
        assert path.is_dir() or path.with_suffix(".py").is_file(), each
