"""Manifests without a Scenario become one cluster."""

from pathlib import Path

import pytest

from nsnet.errors import ScenarioError, UsageError
from nsnet.scenario.load import load, reload
from nsnet.scenario.plain import MAIN, PlainSettings, is_generated, lab_name, settings_of

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n"
NODE = "apiVersion: v1\nkind: Node\nmetadata: {name: worker}\n"
SCENARIO = "apiVersion: nsnet.dev/v1alpha1\nkind: Scenario\nmetadata: {name: one}\n"
SCENARIO += "spec: {clusters: [{name: east}]}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two manifests and a file that is none."""
    (tmp_path / "pod.yaml").write_text(POD)
    (tmp_path / "service.yaml").write_text(SERVICE)
    (tmp_path / "notes.txt").write_text("no manifest")
    return tmp_path


def test_a_file_becomes_one_cluster_of_two_nodes(folder: Path) -> None:
    found = load(folder / "pod.yaml")
    assert (found.name, is_generated(found)) == ("pod", True)
    assert [(each.name, each.nodes, each.model) for each in found.spec.clusters] == [
        ("cluster", 2, "island")
    ]
    assert [each.object.metadata.name for each in found.manifests if not each.own] == ["web"]


@pytest.mark.parametrize("name", ["2048", "on", "1e3"])
def test_a_file_may_be_named_like_a_number(name: str, folder: Path) -> None:
    assert load((folder / "pod.yaml").rename(folder / f"{name}.yaml")).name == name


def test_a_folder_is_the_same_as_its_files(folder: Path) -> None:
    files = load(folder / "pod.yaml", folder / "service.yaml")
    for given in ((folder,), (folder, folder / "pod.yaml")):
        found = load(*given)
        assert [each.object for each in found.manifests] == [
            each.object for each in files.manifests
        ]


def test_settings_are_those_of_the_cluster(folder: Path) -> None:
    settings = PlainSettings(name="mine", nodes=3, model="flat", proxy_mode="nftables")
    found = load(folder, settings=settings)
    (cluster,) = found.spec.clusters
    assert (found.name, cluster.nodes, cluster.model, cluster.proxy_mode) == (
        "mine",
        3,
        "flat",
        "nftables",
    )
    assert settings_of(found) == PlainSettings(nodes=3, model="flat", proxy_mode="nftables")


def test_settings_that_are_not_given_are_taken_from_others() -> None:
    others = PlainSettings("web", 1, "flat")
    assert PlainSettings(nodes=3).or_else(others) == PlainSettings("web", 3, "flat")


def test_the_nodes_of_the_files_are_those_of_the_cluster(folder: Path) -> None:
    (folder / "node.yaml").write_text(NODE)
    (cluster,) = load(folder).spec.clusters
    assert "nodes" not in cluster.model_fields_set
    (cluster,) = load(folder, settings=PlainSettings(nodes=4)).spec.clusters
    assert cluster.nodes == 4


def test_the_nodes_of_running_pods_are_those_of_the_cluster(folder: Path) -> None:
    running = f"{POD}spec: {{nodeName: worker}}\nstatus: {{phase: Running}}\n"
    (folder / "pod.yaml").write_text(running)
    (cluster,) = load(folder).spec.clusters
    assert "nodes" not in cluster.model_fields_set


def test_saved_manifests_are_loaded_again(folder: Path) -> None:
    found = load(folder)
    assert [*found.sources] == [
        MAIN,
        *(str(folder / f"{each}.yaml") for each in ("pod", "service")),
    ]
    again = reload(MAIN, found.sources)
    assert again.spec == found.spec
    assert [each.object for each in again.manifests] == [each.object for each in found.manifests]


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("app.yaml", "app"),
        ("../My_Shop v2.YAML", "my-shop-v2"),
        ("deploy/all-in-one.v1.yaml", "all-in-one-v1"),
        ("-", "lab"),
        ("x" * 80 + ".yaml", "x" * 40),
    ],
)
def test_a_lab_is_named_after_its_file(file: str, name: str) -> None:
    assert lab_name(Path(file)) == name


def test_a_lab_of_the_current_folder_is_named_after_the_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = folder / "shop"
    shop.mkdir()
    (shop / "pod.yaml").write_text(POD)
    monkeypatch.chdir(shop)
    assert load(Path()).name == "shop"


def test_a_scenario_takes_no_other_files_and_no_settings(folder: Path) -> None:
    scenario = folder / "scenario.yaml"
    scenario.write_text(SCENARIO)
    assert load(scenario).name == "one"
    for given, settings in (
        ((scenario, folder / "pod.yaml"), PlainSettings()),
        ((folder,), PlainSettings()),
        ((scenario,), PlainSettings(nodes=3)),
    ):
        with pytest.raises(UsageError, match="has a Scenario"):
            load(*given, settings=settings)


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "app.yaml: is empty"), ("# nothing\n", "app.yaml: is empty"), ("a: [", "is not YAML")],
)
def test_a_file_without_objects_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "app.yaml").write_text(text)
    with pytest.raises(ScenarioError, match=message):
        load(tmp_path / "app.yaml")


def test_a_folder_without_manifests_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r": contains no \*\.yaml"):
        load(tmp_path)


def of_services(folder: Path, *specs: str) -> tuple[str, ...]:
    """Return the service ranges of a cluster with Services of these specs."""
    items = "".join(
        f"- {{apiVersion: v1, kind: Service, metadata: {{name: s{number}}}, spec: {spec}}}\n"
        for number, spec in enumerate(specs)
    )
    file = folder / "services.yaml"
    file.write_text(f"apiVersion: v1\nkind: List\nitems:\n{items}")
    (cluster,) = load(file).spec.clusters
    return tuple(map(str, cluster.service_cidr))


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        ((), "10.96.0.0/16"),
        (("10.96.0.10", "None", ""), "10.96.0.0/16"),
        (("10.100.0.10",), "10.100.0.0/16"),
        (("10.96.0.10", "10.100.0.10"), "10.96.0.0/13"),
        (("172.20.3.4", "172.20.200.1"), "172.20.0.0/16"),
        (("10.96.0.10", "172.20.0.1"), "172.16.0.0/12"),  # too far apart for one range
    ],
)
def test_the_service_range_has_the_addresses_of_the_files(
    folder: Path, addresses: tuple[str, ...], expected: str
) -> None:
    specs = [f'{{clusterIP: "{each}", ports: [{{port: 80}}]}}' for each in addresses]
    assert of_services(folder, *specs) == (expected,)


@pytest.mark.parametrize(
    "spec",
    [
        "{ipFamilies: [IPv4, IPv6]}",
        "{ipFamilyPolicy: RequireDualStack}",
        '{clusterIP: "fd00:10:96::9"}',
        '{clusterIPs: [10.96.0.9, "fd00:10:96::9"]}',
    ],
)
def test_a_cluster_is_dual_stack_if_a_service_asks_for_it(folder: Path, spec: str) -> None:
    assert of_services(folder, spec) == ("10.96.0.0/16", "fd00:10:96::/112")
    assert of_services(folder, "{ipFamilyPolicy: PreferDualStack}") == ("10.96.0.0/16",)


def test_a_kustomization_alone_must_be_rendered(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: [../base]\n")
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path)
    how = f"is a kustomization; render it first: kubectl kustomize {tmp_path} > FILE"
    assert [each.message for each in caught.value.problems] == [how]
    (tmp_path / "pod.yaml").write_text(POD)
    assert len(load(tmp_path).warnings) == 1
