"""The files that entries of `manifests` name, and their texts."""

import os
from pathlib import Path

import pytest

from nsnet.errors import ScenarioError
from nsnet.scenario.documents import Document
from nsnet.scenario.files import DiskFiles, Files, SavedFiles, read_given, read_sources
from nsnet.scenario.outline import ManifestEntry

TEXTS = {
    "lab.yaml": "kind: Scenario\n",
    "east.yaml": "east\n",
    "pods/b.yml": "b\n",
    "pods/a.yaml": "a\n",
    "pods/c.json": "{}\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The texts as files, next to others that are not manifests."""
    monkeypatch.chdir(tmp_path)
    for name in ("pods/deeper.yaml", "empty", "tree/base", "tree/overlays", "tree/.git", "chart"):
        Path(name).mkdir(parents=True)
    for name, text in {
        **TEXTS,
        "pods/notes.txt": "no manifest",
        "chart/Chart.yaml": "name: web",
    }.items():
        Path(name).write_text(text, encoding="utf-8")
    return tmp_path


def both() -> tuple[Files, Files]:
    """The files on disk, and as saved with a running lab."""
    return DiskFiles(Path("lab.yaml")), SavedFiles("lab.yaml", TEXTS)


@pytest.mark.parametrize(
    ("entry", "files"),
    [
        ("east.yaml", ("east.yaml",)),
        (
            "pods",
            ("pods/a.yaml", "pods/b.yml", "pods/c.json"),
        ),  # sorted; without other suffixes and subfolders
        ("./pods/", ("pods/a.yaml", "pods/b.yml", "pods/c.json")),
        (".", ("east.yaml",)),  # without the main file
    ],
)
def test_an_entry_names_a_file_or_the_yaml_and_json_files_of_a_folder(
    entry: str, files: tuple[str, ...], folder: Path
) -> None:
    assert [each.expand(entry) for each in both()] == [files, files]


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("", "not a path"),
        ("a\0b", "not a path"),
        ("empty", "contains no [^;]*$"),
        ("chart", r"^chart is a Helm chart; render it first: helm template NAME chart > FILE$"),
        ("tree", r"contains no .*; list its folders by name: tree/base, tree/overlays$"),
        ("east.yml", "did you mean east.yaml"),
        ("nothing-like-it.yaml", "does not exist$"),
        ("..", "outside"),
        ("/etc/hosts", "outside"),
    ],
)
def test_an_entry_without_a_readable_file_is_refused(entry: str, why: str, folder: Path) -> None:
    with pytest.raises(ValueError, match=why):
        DiskFiles(Path("lab.yaml")).expand(entry)


def test_a_file_that_was_not_saved_is_refused() -> None:
    with pytest.raises(ValueError, match=r"west\.yaml"):
        SavedFiles("lab.yaml", TEXTS).expand("west.yaml")


def entries(*written: tuple[str, str]) -> list[ManifestEntry]:
    """Manifest entries, each given as (cluster, file or folder)."""
    document = Document("lab.yaml", {})
    return [
        ManifestEntry(cluster, entry, document, f"spec.clusters[{index}].manifests[0]")
        for index, (cluster, entry) in enumerate(written)
    ]


def test_a_file_that_two_clusters_list_is_read_once() -> None:
    files = SavedFiles("lab.yaml", TEXTS)
    sources, problems = read_sources(files, entries(("east", "pods"), ("west", "pods/a.yaml")), 7)
    assert not problems
    assert sources.texts == {"pods/a.yaml": "a\n", "pods/b.yml": "b\n", "pods/c.json": "{}\n"}
    assert sources.listed == [
        ("east", "pods/a.yaml"),
        ("east", "pods/b.yml"),
        ("east", "pods/c.json"),
        ("west", "pods/a.yaml"),
    ]


def test_reading_stops_where_the_files_are_too_large_together() -> None:
    files = SavedFiles("lab.yaml", TEXTS)
    sources, (problem,) = read_sources(files, entries(("east", "pods"), ("east", "east.yaml")), 3)
    assert (list(sources.texts), problem.file) == (["pods/a.yaml"], "pods/b.yml")
    assert sources.listed == [("east", "pods/a.yaml")]


def test_each_entry_without_a_file_is_reported_at_its_path() -> None:
    files = SavedFiles("lab.yaml", TEXTS)
    _, problems = read_sources(files, entries(("east", "no"), ("east", "east.yaml"), ("b", "x")), 9)
    assert [each.path for each in problems] == [
        "spec.clusters[0].manifests[0]",
        "spec.clusters[2].manifests[0]",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_byte_order_mark_of_a_file_says_its_encoding(encoding: str, folder: Path) -> None:
    (folder / "east.yaml").write_bytes("kind: Pöd\n".encode(encoding))
    assert DiskFiles(Path("lab.yaml")).text("east.yaml") == "kind: Pöd\n"


def test_a_pipe_among_the_manifests_is_refused_at_once(tmp_path: Path) -> None:
    """The test would wait for ever if reading waited for a writer."""
    os.mkfifo(tmp_path / "pipe.yaml")
    refused = pytest.raises(ScenarioError, match=r"pipe\.yaml: is not a regular file")
    with refused:
        read_given([tmp_path])
    with refused:
        DiskFiles(tmp_path / "lab.yaml").text(str(tmp_path / "pipe.yaml"))
