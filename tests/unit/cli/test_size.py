"""The command size: numbers on stdout, mistakes on stderr."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from nsnet.cli.program import main
from tests.support.labs import SCENARIOS, SHIPPED

AZURE = ("--cni", "azure-cni", "--nodes", "50", "--max-pods", "30")


def nsnet(*arguments: str) -> Result:
    """Run the command, and check that it prints no traceback."""
    result = CliRunner().invoke(main, ("size", *arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def printed(*arguments: str) -> str:
    result = nsnet(*arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def data(*arguments: str) -> list[Any]:
    found = json.loads(printed(*arguments, "--json"))
    assert found["schema"] == "nsnet.dev/size/v1"
    sizes: list[Any] = found["sizes"]
    return sizes


def test_the_size_of_one_network() -> None:
    assert printed(*AZURE, "--subnet", "10.240.0.0/21") == (
        """\
azure-cni, 50 nodes with up to 30 pods each, 1,500 in all
                         subnet
range             10.240.0.0/21
addresses                 2,048
  nodes                      50
  pods                    1,500
  upgrade                    31
  reserved                    5
  free                      462
smallest                    /21
room              65 nodes; 64 leave room to upgrade 1 at a time (limit: subnet
                  10.240.0.0/21)
unique            1,581 addresses that no network around may use
outbound          loadBalancer, 1 frontend address
                  1,024 SNAT ports per node, during an upgrade 512; 512 from 51
                  nodes, 256 from 101, 128 from 201, 64 from 401, 32 from 801,
                  none from 1,001
"""
    )


def test_two_ranges_stand_side_by_side() -> None:
    text = printed("--cni", "kubenet", "--nodes", "25", "--outbound", "none")
    assert text == (
        """\
kubenet, 25 nodes with up to 110 pods each, 2,750 in all
                  subnet  podCIDR
range                /27      /19
addresses             32    8,192
  nodes               25        –
  pods                 –    2,750
  wasted               –    3,650
  upgrade              1      256
  reserved             5        –
  free                 1    1,536
smallest             /27      /19
room              27 nodes; 26 leave room to upgrade 1 at a time (limit: subnet
                  of /27)
routes            25 user-defined routes of at most 400
unique            26 addresses that no network around may use
outbound          none
"""
    )


def test_all_networks_side_by_side() -> None:
    text = printed("--nodes", "50")
    assert "breaks" not in text
    assert text.splitlines()[:9] == [
        "50 nodes, 51 during an upgrade",
        "network               pods     subnet   pod range  unique  routes  room",
        "kubenet                110     51 /26  13,056 /18      51      50    58",
        "azure-cni               30  1,581 /21           –   1,581       0    64",
        "azure-cni-pod-subnet   110     51 /26   6,528 /19   6,579       0    58",
        "  …-static             110     51 /26   5,712 /19   5,763       0    58",
        "azure-cni-overlay      250     51 /26  13,056 /18      51       0    58",
        "flat                   110     51 /26  13,056 /18  13,107      50    60",
        "island                 110     51 /26  13,056 /18       1       0    60",
    ]


def test_a_problem_of_several_networks_is_printed_once() -> None:
    lines = printed("--nodes", "3", "--subnet", "172.16.0.0/12").splitlines()
    assert [each for each in lines if each.startswith("✗")] == [
        "✗ kubenet, azure-cni, azure-cni-pod-subnet, azure-cni-pod-subnet-static,",
        "✗ kubenet, azure-cni, azure-cni-pod-subnet, azure-cni-pod-subnet-static,",
    ]
    assert "  azure-cni-overlay: subnet 172.16.0.0/12 contains 172.30.0.0/16, which Azure" in lines


def test_what_breaks_first_and_what_then() -> None:
    lines = printed(*AZURE, "--outbound", "natGateway", "--grow", "nodes=90,maxPods=31")
    broken = lines[lines.index("✗") :]
    assert broken == (
        """\
✗ breaks first, at 65 nodes with 30 pods each: subnet of /21: 2,043 free
  addresses, 31 per node: room for 65 nodes, and during an upgrade there are 66;
  that takes a /20
✗ then, at 66 nodes with 30 pods each: subnet of /21: 2,043 free addresses, 31
  per node: room for 65 nodes, not for 66; that takes a /20
"""
    )


def test_growth_that_breaks_nothing() -> None:
    assert printed(*AZURE, "--outbound", "none", "--grow", "nodes=60").endswith(
        "\nnothing breaks on the way there\n"
    )


def test_side_by_side_each_network_has_what_breaks_first() -> None:
    lines = printed("--nodes", "4", "--outbound", "none", "--grow", "nodes=12").splitlines()
    assert [each.partition(" with ")[0] for each in lines if "✗" in each or "then," in each] == [
        "✗ kubenet: breaks first, at 8 nodes",
        "✗ azure-cni: breaks first, at 8 nodes",
        "✗ azure-cni-pod-subnet: breaks first, at 7 nodes",
        "✗ azure-cni-pod-subnet-static: breaks first, at 8 nodes",
        "✗ azure-cni-overlay: breaks first, at 8 nodes",
        "✗ flat, island: breaks first, at 5 nodes",
    ]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--addresses", "2", "--ports-per-node", "1000"), "enough for 128 nodes"),
        (("--addresses", "7", "--ports-per-node", "4000"), "enough for 112 nodes"),
        (("--outbound", "natGateway"), "64,512 SNAT ports for all nodes, on demand"),
        (("--outbound", "userDefinedRouting"), "outbound          userDefinedRouting"),
        (("--ports-per-node", "0"), "1,024 SNAT ports per node"),  # Azure's word for the default
    ],
)
def test_outbound_types(options: tuple[str, ...], line: str) -> None:
    assert line in printed(*AZURE, *options)


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("options", [(), ("--side-by-side",)])
def test_the_size_of_a_file_fits_into_80_columns(name: str, options: tuple[str, ...]) -> None:
    lines = printed(f"{SCENARIOS}/{name}.yaml", *options, "--grow", "nodes=60").splitlines()
    assert [each for each in lines if len(each) > 80 or each != each.rstrip()] == []


def test_all_networks_fit_into_80_columns_up_to_the_nodes_of_an_overlay() -> None:
    for pods in ("250", "10"):
        lines = printed("--nodes", "5000", "--max-pods", pods).splitlines()
        assert [each for each in lines if len(each) > 80 or each != each.rstrip()] == []


def test_a_file_has_a_size_for_each_cluster() -> None:
    name = f"{SCENARIOS}/azure-cni-overlay.yaml"
    assert [(each["name"], each["network"]) for each in data(name)] == [
        ("blue", "azure-cni-overlay"),
        ("green", "azure-cni-overlay"),
    ]
    headings = [line for line in printed(name).splitlines() if "nodes with" in line]
    pods = "2 nodes with up to 250 pods each, 500 in all"
    assert headings == [
        f"blue: azure-cni-overlay, {pods}",
        f"green: azure-cni-overlay, {pods}",
    ]


def test_the_clusters_of_a_file_in_every_network() -> None:
    sizes = data(f"{SCENARIOS}/island-nat.yaml", "--side-by-side")
    assert [each["name"] for each in sizes] == ["east"] * 7 + ["west"] * 7
    assert [each["uniqueAddresses"] for each in sizes[:7]] == [3, 333, 387, 339, 3, 771, 1]


def test_plain_manifests_have_a_size(tmp_path: Path) -> None:
    file = tmp_path / "pod.yaml"
    file.write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a}]}\n"
    )
    (size,) = data(str(file))
    assert (size["network"], size["nodes"], size["room"]) == ("island", 2, 253)


def test_json_has_the_numbers_of_the_documents() -> None:
    (size,) = data(*AZURE, "--grow", "nodes=60")
    (subnet,) = size["ranges"]
    assert (subnet["needed"], subnet["prefix"], subnet["reserved"]) == (1_581, 21, 5)
    assert (size["pods"], size["room"], size["roomToUpgrade"]) == (1_500, 65, 64)
    assert size["outbound"]["portsPerNode"] == 1_024
    assert size["outbound"]["portsPerNodeDuringUpgrade"] == 512
    assert [(each["nodes"], each["kind"]) for each in size["growth"]] == [(51, "ports")]
    (still,) = data(*AZURE)
    assert still["growth"] is None


BAD: list[tuple[tuple[str, ...], str]] = [
    ((), "give a FILE, or --nodes"),
    (("--cni", "azure-cni"), "give a FILE, or --nodes"),
    (
        (f"{SCENARIOS}/flat.yaml", "--max-pods", "9"),
        "--max-pods: FILE says how its clusters are",
    ),
    (
        ("--nodes", "2", "--side-by-side"),
        "--side-by-side: needs a FILE; without one, leave out --cni",
    ),
    (
        (*AZURE, "--pod-cidr", "10.0.0.0/16"),
        "--pod-cidr: with azure-cni, the pods have addresses of a subnet",
    ),
    (
        (*AZURE, "--pod-subnet", "10.0.0.0/16"),
        "--pod-subnet: with azure-cni, the pods have no subnet of their own",
    ),
    (
        ("--cni", "flat", "--nodes", "2", "--outbound", "none"),
        "--outbound: needs a network in Azure, not flat",
    ),
    (
        ("--cni", "azure-cni", "--nodes", "2", "--max-pods", "9"),
        "maxPods: azure-cni allows 10 to 250, not 9",
    ),
    (("--nodes", "2", "--max-pods", "251"), "maxPods: kubenet allows 10 to 250, not 251"),
    (
        (*AZURE, "--ports-per-node", "1020"),
        "portsPerNode: has to be a multiple of 8, such as 1016 or 1024, not 1020",
    ),
    ((*AZURE, "--ports-per-node", "64008"), "portsPerNode: at most 64,000, not 64,008"),
    ((*AZURE, "--addresses", "101"), "addresses: a loadBalancer has at most 100, not 101"),
    (
        (*AZURE, "--outbound", "natGateway", "--addresses", "17"),
        "addresses: a natGateway has at most 16, not 17",
    ),
    (
        (*AZURE, "--outbound", "none", "--addresses", "1"),
        "--addresses: outbound type none has none",
    ),
    ((*AZURE, "--grow", "nodes=40"), "--grow nodes=40: azure-cni has 50 already"),
    ((*AZURE, "--grow", "maxPods=29"), "--grow maxPods=29: azure-cni has 30 already"),
    ((*AZURE, "--grow", "maxPods=251"), "maxPods: azure-cni allows 10 to 250, not 251"),
    (
        (*AZURE, "--grow", "pods=60"),
        "invalid value for '--grow': 'pods=60': write it as nodes=60, maxPods=50 or"
        " nodes=60,maxPods=50",
    ),
    ((*AZURE, "--grow", "nodes=10001"), "invalid value for '--grow': nodes: at most 10,000"),
    (
        (*AZURE, "--subnet", "10.0.0.1/24"),
        "invalid value for '--subnet': '10.0.0.1/24' does not start at its network address;"
        " did you mean 10.0.0.0/24?",
    ),
    (
        (*AZURE, "--subnet", "fd00::/64"),
        "invalid value for '--subnet': fd00::/64 is IPv6; give an IPv4 range",
    ),
    (
        ("--nodes", "0"),
        "invalid value for '--nodes': 0 is not in the range 1<=x<=10000",
    ),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=[each for _, each in BAD])
def test_a_mistake_on_the_command_line(arguments: tuple[str, ...], message: str) -> None:
    result = nsnet(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[0] == f"error: {message}"


@pytest.mark.parametrize(
    "text",
    [
        "", "nodes", "nodes=", "nodes=-1", "nodes=²", "nodes=1e9", "nodes=60,nodes=61",
        "nodes=60,", "nodes=" + "9" * 5000,
    ],
)  # fmt: skip
def test_what_grows_is_written_exactly(text: str) -> None:
    result = nsnet(*AZURE, "--grow", text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: invalid value for '--grow': ")


def test_a_mistake_in_a_file_has_its_line(tmp_path: Path) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text(
        "apiVersion: nsnet.dev/v1alpha1\nkind: Scenario\nmetadata: {name: lab}\n"
        "spec:\n  clusters:\n  - {name: east, cni: kubenet}\n"
    )
    result = nsnet(str(file))
    assert result.exit_code == 2
    assert result.stderr.startswith(
        f"error: {file}:6: spec.clusters[0].cni: cni kubenet needs a VNet"
    )
