"""What a file says: read leniently where it is Kubernetes, strictly where it is ours."""

from ipaddress import ip_network
from pathlib import Path

import pytest
import yaml

from nsnet.errors import ScenarioError
from nsnet.scenario import documents
from nsnet.scenario.load import load, reload
from nsnet.scenario.model import Scenario
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
    """A pod as short as it can be."""
    return (
        f"---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, annotations: {annotations}}}\n"
    )


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """Two clusters: a file of east's own, a folder that both read, and an inline pod in both."""
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
    """The scenario of one text."""
    return reload("lab.yaml", {"lab.yaml": text})


def problems(text: str) -> list[str]:
    """What is wrong with it."""
    with pytest.raises(ScenarioError) as caught:
        loaded(text)
    return caught.value.lines()


def test_what_is_not_said_has_the_documented_default() -> None:
    cluster = loaded(ONE_CLUSTER).spec.clusters[0]
    assert (cluster.cni, cluster.model, cluster.proxy_mode) == ("bridge", "island", "iptables")
    assert cluster.pod_cidr == (ip_network("10.244.0.0/16"),)
    assert cluster.service_cidr == (ip_network("10.96.0.0/16"),)
    assert (cluster.nodes, cluster.node_cidr, cluster.gateway) == (1, None, None)


def test_a_cluster_of_two_families_writes_its_ranges_as_kubernetes_does() -> None:
    text = ONE_CLUSTER + "    podCIDR: 10.244.0.0/16, fd00:10:244::/56\n"
    families = (ip_network("10.244.0.0/16"), ip_network("fd00:10:244::/56"))
    assert loaded(text).spec.clusters[0].pod_cidr == families


def test_a_probe_may_expect_one_verdict_or_several() -> None:
    text = ONE_CLUSTER + (
        "  probes:\n"
        "  - {from: fabric, to: '10.0.0.1:80', expect: {verdict: ok}}\n"
        "  - {from: fabric, to: '10.0.0.1:80', expect: {verdict: [timeout, refused]}}\n"
    )
    one, several = (probe.expect.verdict for probe in loaded(text).spec.probes)
    assert (one, several) == (Verdict.OK, (Verdict.TIMEOUT, Verdict.REFUSED))


# --- which objects, where, and in which order ---


def test_document_order_is_creation_order(lab: Path) -> None:
    found = [(each.object.metadata.name, each.clusters) for each in load(lab).manifests]
    assert found == [
        ("mine", ("east",)),  # the clusters' files first, as the clusters list them
        ("a2", ("east",)),  # a folder by name, a file from top to bottom
        ("a1", ("east",)),
        ("b", ("east",)),
        ("a2", ("west",)),
        ("a1", ("west",)),
        ("b", ("west",)),
        ("inline", ("west", "east")),
    ]


def test_a_scenario_loads_again_from_its_texts_alone(
    lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lab.parent)
    scenario = load(Path("lab.yaml"))
    assert list(scenario.sources) == ["lab.yaml", "east.yaml", "shared/a.yaml", "shared/b.yml"]
    assert reload("lab.yaml", scenario.sources) == scenario


def test_a_manifest_is_named_from_where_the_user_stands(
    lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lab.parent.parent)
    scenario = load(Path(lab.parent.name, "lab.yaml"))
    problem = scenario.manifests[0].problem("metadata.name", "is odd")
    assert str(problem) == f"{lab.parent.name}/east.yaml:4: metadata.name: is odd"


def test_in_the_only_cluster_no_annotation_is_needed() -> None:
    assert loaded(ONE_CLUSTER + pod("web-0")).manifests[0].clusters == ("east",)


def test_empty_documents_are_no_documents() -> None:
    assert loaded(f"---\n# a remark\n---\n{ONE_CLUSTER}---\n---\n").manifests == ()


# --- every mistake at once ---


def test_a_mistake_in_one_file_hides_none_in_another(lab: Path) -> None:
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


def test_what_comes_before_a_mistake_of_syntax_is_still_checked() -> None:
    lines = problems(ONE_CLUSTER + pod("Web") + "---\n}")
    assert [line.partition(": ")[0] for line in lines] == ["lab.yaml:10", "lab.yaml:12"]


def test_a_manifest_of_two_clusters_has_its_mistake_once(lab: Path) -> None:
    (lab.parent / "shared" / "b.yml").write_text(pod("B"), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load(lab)
    assert len(caught.value.problems) == 1


def test_a_key_that_would_garble_the_terminal_is_shown_in_quotes() -> None:
    lines = problems(ONE_CLUSTER + '    "\\e[31m": 1\n')
    assert lines[0].startswith(r"lab.yaml:7: spec.clusters[0].'\x1b[31m': unknown key")


def test_without_libyaml_a_file_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = loaded(ONE_CLUSTER + pod("web-0"))
    monkeypatch.setattr(documents, "LOADER", yaml.SafeLoader)
    assert loaded(ONE_CLUSTER + pod("web-0")) == scenario
