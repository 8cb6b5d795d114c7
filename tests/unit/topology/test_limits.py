"""More than one lab can have is refused before its parts are created."""

import pytest

from nsnet.topology import limits, services, workloads
from tests.support.labs import pod, refused, service, topology, workload
from tests.support.labs import services as services_of

LARGEST = 2_147_483_647  # the largest number that the API server takes
JOB = (
    "apiVersion: batch/v1\nkind: Job\nmetadata: {name: work}\n"
    f"spec: {{parallelism: {LARGEST}, completions: {LARGEST},"
    " template: {spec: {restartPolicy: Never, containers: [{name: a}]}}}"
)
OVER = "with this, the lab has over 20,000 pods, which is the most that nsnet builds"


@pytest.mark.parametrize(
    "objects",
    [
        [workload("Deployment", "web", LARGEST)],
        [workload("StatefulSet", "web", LARGEST)],
        [JOB],
        [workload("Deployment", f"web-{each}", 10_000) for each in range(3)],
    ],
)
def test_a_lab_has_20_000_pods_at_most(objects: list[str]) -> None:
    assert refused(*objects).endswith(f": spec: {OVER}")


def test_the_pods_of_all_clusters_count() -> None:
    one, other = (
        workload("Deployment", "web", 11_000, meta=f"annotations: {{nsnet.dev/cluster: {name}}}")
        for name in ("east", "west")
    )
    cidr = "podCIDR: 10.0.0.0/16, nodeCIDRMaskSize: 17"
    clusters = (f"{{name: east, {cidr}}}", f"{{name: west, {cidr}}}")
    assert refused(one, other, clusters=clusters).endswith(OVER)


def test_as_many_pods_as_a_lab_can_have_are_created(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workloads, "MOST_PODS", 3)
    monkeypatch.setattr("nsnet.topology.resolve.MOST_PODS", 3)
    found = topology(workload("Deployment", "web", 2), pod("client"))
    assert len(found.clusters[0].pods) == 3
    assert "over 3 pods" in refused(workload("Deployment", "web", 2), pod("client"), pod("more"))


@pytest.mark.parametrize(
    "clusters",
    [
        [f"{{name: c{each}, nodes: 1000}}" for each in range(6)],
        ["{name: a, nodes: 1000}", f"{{name: b, nodes: [{'{name: m}, ' * 4001}]}}"],
    ],
)
def test_a_lab_has_5_000_nodes_at_most(clusters: list[str]) -> None:
    message = "with this, the lab has over 5,000 nodes, which is the most that nsnet builds"
    last = len(clusters) - 1
    assert f"spec.clusters[{last}].nodes: {message}" in refused(clusters=tuple(clusters))


def test_the_endpoints_of_all_service_ports_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST_ENDPOINTS", 6)
    web = workload("Deployment", "web", 3)
    two = service("web", ports="{name: a, port: 80}, {name: b, port: 81}")
    (found,) = services_of(topology(web, two)).values()
    assert [len(each.endpoints) for each in found.ports] == [3, 3]
    other = service("other", app="web")
    assert "over 6 endpoints of Services" in refused(web, two, other)
    assert limits.MOST_ENDPOINTS == 200_000
