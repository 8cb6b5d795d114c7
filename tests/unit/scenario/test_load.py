"""Loading scenario files and manifests: defaults, order, and all problems at once."""

from ipaddress import ip_network
from pathlib import Path

import pytest
import yaml

from nsnet.errors import ScenarioError
from nsnet.scenario import documents
from nsnet.scenario.load import load, reload
from nsnet.scenario.model import Scenario
from nsnet.topology.resolve import resolve
from nsnet.verdict import Verdict

ONE_CLUSTER = """\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {name: one}
spec:
  clusters:
  - name: east
"""
TWO_CLUSTERS = """\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {name: two}
spec:
  clusters:
  - {name: east, manifests: [east.yaml, shared]}
  - {name: west, manifests: [shared]}
"""


def pod(name: str, annotations: str = "{}") -> str:
    """A minimal pod."""
    return (
        f"---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, annotations: {annotations}}}\n"
    )


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """Two clusters: a file that east lists, a folder that both list, and an inline pod of both."""
    (tmp_path / "shared").mkdir()
    both = pod("inline", '{nsnet.dev/cluster: "west, east"}')
    files = {
        "lab.yaml": TWO_CLUSTERS + both,
        "east.yaml": pod("mine"),
        "shared/b.yml": pod("b"),
        "shared/a.yaml": pod("a2") + pod("a1"),
        "shared/notes.txt": "no manifest",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / "lab.yaml"


def loaded(text: str) -> Scenario:
    """The scenario of this text."""
    return reload("lab.yaml", {"lab.yaml": text})


def problems(text: str) -> list[str]:
    """The problems of this text."""
    with pytest.raises(ScenarioError) as caught:
        loaded(text)
    return caught.value.lines()


def test_keys_left_out_have_the_documented_defaults() -> None:
    cluster = loaded(ONE_CLUSTER).spec.clusters[0]
    assert (cluster.cni, cluster.model, cluster.proxy_mode) == ("bridge", "island", "iptables")
    assert cluster.pod_cidr == (ip_network("10.244.0.0/16"),)
    assert cluster.service_cidr == (ip_network("10.96.0.0/16"),)
    assert (cluster.nodes, cluster.node_cidr, cluster.gateway) == (1, None, None)


def test_a_dual_stack_cluster_has_two_ranges_separated_by_a_comma() -> None:
    text = ONE_CLUSTER + "    podCIDR: 10.244.0.0/16, fd00:10:244::/56\n"
    families = (ip_network("10.244.0.0/16"), ip_network("fd00:10:244::/56"))
    assert loaded(text).spec.clusters[0].pod_cidr == families


def test_a_probe_expects_one_verdict_or_several() -> None:
    text = ONE_CLUSTER + (
        "  probes:\n"
        "  - {from: fabric, to: '10.0.0.1:80', expect: {verdict: ok}}\n"
        "  - {from: fabric, to: '10.0.0.1:80', expect: {verdict: [timeout, refused]}}\n"
    )
    one, several = (probe.expect.verdict for probe in loaded(text).spec.probes)
    assert (one, several) == (Verdict.OK, (Verdict.TIMEOUT, Verdict.REFUSED))


# --- objects, their clusters and their order ---


def test_objects_are_in_creation_order(lab: Path) -> None:
    found = [(each.object.metadata.name, each.clusters) for each in load(lab).manifests]
    assert found == [
        ("mine", ("east",)),  # first the files that clusters list, in their order
        ("a2", ("east",)),  # files of a folder by name, objects of a file from the top
        ("a1", ("east",)),
        ("b", ("east",)),
        ("a2", ("west",)),
        ("a1", ("west",)),
        ("b", ("west",)),
        ("inline", ("west", "east")),
        # and last those of nsnet, for each cluster
        *((name, (cluster,)) for cluster in ("east", "west") for name in ("kube-dns", "coredns")),
    ]


def test_a_scenario_is_loaded_again_from_its_saved_texts(
    lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lab.parent)
    scenario = load(Path("lab.yaml"))
    assert list(scenario.sources) == ["lab.yaml", "east.yaml", "shared/a.yaml", "shared/b.yml"]
    assert reload("lab.yaml", scenario.sources) == scenario


def test_file_names_in_messages_are_relative_to_the_current_directory(
    lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lab.parent.parent)
    scenario = load(Path(lab.parent.name, "lab.yaml"))
    problem = scenario.manifests[0].problem("metadata.name", "is odd")
    assert str(problem) == f"{lab.parent.name}/east.yaml:4: metadata.name: is odd"


def test_an_only_cluster_needs_no_annotation() -> None:
    assert loaded(ONE_CLUSTER + pod("web-0")).manifests[0].clusters == ("east",)


def test_empty_documents_are_skipped() -> None:
    assert loaded(f"---\n# a remark\n---\n{ONE_CLUSTER}---\n---\n").ignored == ()


# --- problems ---


def test_problems_of_all_files_are_reported_at_once(lab: Path) -> None:
    lab.write_text(TWO_CLUSTERS.replace("name: two", "name: Two"), encoding="utf-8")
    (lab.parent / "east.yaml").write_text("a: [", encoding="utf-8")
    (lab.parent / "shared" / "a.yaml").write_text(pod("A"), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load(lab)
    places = [(Path(each.file).name, each.line, each.path) for each in caught.value.problems]
    assert places == [
        ("east.yaml", 1, ""),
        ("lab.yaml", 3, "metadata.name"),
        ("a.yaml", 4, "metadata.name"),
    ]


def test_documents_before_a_syntax_error_are_still_checked() -> None:
    lines = problems(ONE_CLUSTER + pod("Web") + "---\n}")
    assert [line.partition(": ")[0] for line in lines] == ["lab.yaml:10", "lab.yaml:12"]


def test_a_problem_of_a_file_that_two_clusters_list_is_reported_once(lab: Path) -> None:
    (lab.parent / "shared" / "b.yml").write_text(pod("B"), encoding="utf-8")
    found = load(lab)
    assert len(found.problems) == 1
    with pytest.raises(ScenarioError) as caught:
        resolve(found)
    assert set(found.problems) <= set(caught.value.problems)


def test_a_key_with_control_characters_is_escaped_in_messages() -> None:
    lines = problems(ONE_CLUSTER + '    "\\e[31m": 1\n')
    assert lines[0].startswith(r"lab.yaml:7: spec.clusters[0].'\x1b[31m': unknown key")


def test_the_pure_python_parser_gives_the_same_scenario(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = loaded(ONE_CLUSTER + pod("web-0"))
    monkeypatch.setattr(documents, "LOADER", yaml.SafeLoader)
    assert loaded(ONE_CLUSTER + pod("web-0")) == scenario
