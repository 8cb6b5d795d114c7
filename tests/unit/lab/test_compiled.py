"""A scenario that changes keeps the addresses of what stays, and is compiled once."""

import pytest

from nsnet.errors import ScenarioError, UsageError
from nsnet.lab.compiled import Compiled, compiled, steps
from nsnet.plan.ops import NetnsAdd, NetnsDelete
from tests.support.labs import pod, service, shipped, workload, written

WEB = workload("Deployment", "web", 2)
PROBE = "probes: [{from: pod/web-1, to: svc/web:80}]"
LAB = compiled(written(WEB, service("web"), spec=PROBE))


def addresses(found: Compiled) -> dict[str, tuple[str, ...]]:
    pods = found.topology.clusters[0].pods
    return {each.reference: tuple(map(str, each.addresses)) for each in pods}


def names(found: Compiled) -> set[str]:
    return {each.name for each in found.state.netns}


def test_a_probe_that_names_nothing_is_a_mistake_in_the_file() -> None:
    with pytest.raises(ScenarioError, match="pod/web-1"):
        compiled(written(pod("web-0"), service("web"), spec=PROBE))


def test_what_stays_keeps_its_address_though_another_would_be_first_now() -> None:
    grown = LAB.changed(written(pod("a"), WEB, service("web"), spec=PROBE))
    assert addresses(grown).items() > addresses(LAB).items()
    assert addresses(grown) != addresses(compiled(grown.scenario))


def test_a_scaled_workload_has_so_many_pods_though_a_probe_names_one_that_went() -> None:
    assert addresses(LAB.scaled("deploy/web", 1)).keys() == {"east/pod/web-0"}
    assert addresses(LAB.scaled("east/deploy/web", 3)).items() > addresses(LAB).items()


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("pod/web-0", "only deploy and statefulset can be scaled"),
        ("deploy/api", "there is no such Deployment"),
        ("east/west/deploy/web", "can be scaled, as in east/deploy/web"),
    ],
)
def test_only_a_workload_of_the_lab_can_be_scaled(reference: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        LAB.scaled(reference, 1)


def test_a_pod_with_another_address_is_removed_before_it_is_created_again() -> None:
    new = LAB.readdressed("east/pod/web-0")
    assert addresses(new)["east/pod/web-1"] == addresses(LAB)["east/pod/web-1"]
    assert addresses(new)["east/pod/web-0"] != addresses(LAB)["east/pod/web-0"]
    own = "nsnet.lab.east.pod.default.web-0"
    assert [each for each in steps(LAB, new) if isinstance(each, NetnsAdd | NetnsDelete)] == [
        NetnsDelete(own),
        NetnsAdd(own),
    ]


def test_a_lab_that_does_not_change_needs_no_step() -> None:
    same = LAB.changed(LAB.scenario)
    assert names(same) == names(LAB)
    assert steps(LAB, same) == []


def test_in_a_lab_of_several_clusters_a_workload_is_named_with_its_own() -> None:
    both = compiled(shipped("island-nat").scenario)
    with pytest.raises(UsageError, match="name its cluster, as in east/deploy/web"):
        both.scaled("deploy/web", 1)
