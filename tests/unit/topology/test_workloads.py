"""The pods of workloads, and those of the manifests that a workload controls."""

import pytest

from nsnet.topology.model import Topology
from tests.support.labs import endpoints, pod, pods, service, topology, workload

ONE = ("{name: east}",)


def names(found: Topology) -> list[str]:
    """The names of all pods."""
    return [each.removeprefix("east/pod/") for each in pods(found)]


def absent(found: Topology) -> dict[str, str]:
    """The pods that do not run, and why."""
    return {each.name: each.why for each in found.clusters[0].absent}


def job(spec: str = "", status: str = "") -> str:
    """A Job named work; its pods have the label `app: work`."""
    return (
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: work}\n"
        f"spec: {{{spec + ', ' if spec else ''}template: {{metadata: {{labels: {{app: work}}}},"
        " spec: {restartPolicy: Never, containers: [{ports: [{containerPort: 80}]}]}}}\n"
        f"status: {{{status}}}"
    )


def owned(
    name: str, owner: str, *, labels: str = "app: web", spec: str = "", meta: str = ""
) -> str:
    """A pod that OWNER controls, such as "apps/v1 ReplicaSet web"."""
    return pod(name, labels=labels, spec=spec, meta=f"{owner_reference(owner)}, {meta}")


def owner_reference(owner: str) -> str:
    """The ownerReferences of an object that OWNER controls."""
    version, kind, name = owner.split()
    reference = f"apiVersion: {version}, kind: {kind}, name: {name}, controller: true"
    return f"ownerReferences: [{{{reference}}}]"


@pytest.mark.parametrize(
    ("spec", "status", "running"),
    [
        ("", "", 1),
        ("parallelism: 3", "", 3),
        ("parallelism: 0", "", 0),
        ("completions: 5", "", 1),
        ("completions: 5, parallelism: 2", "", 2),
        ("completions: 2, parallelism: 5", "", 2),
        ("completions: 5, parallelism: 3", "succeeded: 3", 2),
        ("completions: 5, parallelism: 3", "succeeded: 5", 0),
        ("parallelism: 3", "succeeded: 1", 0),  # a work queue: the first success ends it
        ("parallelism: 3, suspend: true", "", 0),
        ("", "conditions: [{type: Complete, status: 'True'}]", 0),
        ("", "conditions: [{type: Failed, status: 'True'}]", 0),
        ("", "conditions: [{type: Complete, status: 'False'}]", 1),
        ("completions: null, parallelism: null", "", 1),
        ("completionMode: Indexed", "", 1),
        ("", "succeeded: 1", 0),
    ],
)
def test_the_pods_of_a_job_are_those_that_run_at_the_same_time(
    spec: str, status: str, running: int
) -> None:
    assert names(topology(job(spec, status))) == [f"work-{each}" for each in range(running)]


@pytest.mark.parametrize(
    ("completed", "running"),
    [("", "012"), ("1", "023"), ("0,2-4", "156"), ("0-9", ""), ("2-8", "019"), ("x", "012")],
)
def test_an_indexed_job_runs_the_lowest_indexes_that_are_missing(
    completed: str, running: str
) -> None:
    indexed = job(
        "completionMode: Indexed, completions: 10, parallelism: 3",
        f"completedIndexes: '{completed}'",
    )
    label = "batch.kubernetes.io/job-completion-index"
    found = {each.name: each.labels[label] for each in pods(topology(indexed)).values()}
    assert found == {f"work-{each}": each for each in running}


def test_the_pods_of_a_job_have_its_name_as_a_label() -> None:
    selector = "job-name: work, batch.kubernetes.io/job-name: work"
    web = service("web", app="", spec=f"selector: {{{selector}}}")
    found = topology(job(), web, clusters=ONE)
    assert endpoints(found) == ["10.244.0.2:80 east/pod/work-0 ready"]


def test_a_replication_controller_creates_pods() -> None:
    old = "apiVersion: v1\nkind: ReplicationController\nmetadata: {name: web}\n"
    template = "template: {metadata: {labels: {app: web}}, spec: {}}"
    assert names(topology(f"{old}spec: {{{template}}}")) == ["web-0"]
    spec = f"replicas: 2, selector: {{app: web}}, {template}"
    assert names(topology(f"{old}spec: {{{spec}}}")) == ["web-0", "web-1"]


@pytest.mark.parametrize(
    ("spec", "ordinals"), [("", "01"), ("ordinals: {start: 5}", "56"), ("ordinals: {}", "01")]
)
def test_the_pods_of_a_stateful_set_have_their_name_and_ordinal_as_labels(
    spec: str, ordinals: str
) -> None:
    found = topology(
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\n"
        f"spec: {{replicas: 2, template: {{metadata: {{labels: {{app: db}}}}}}, {spec}}}"
    )
    assert {each.name: each.labels for each in pods(found).values()} == {
        f"db-{ordinal}": {
            "app": "db",
            "statefulset.kubernetes.io/pod-name": f"db-{ordinal}",
            "apps.kubernetes.io/pod-index": ordinal,
        }
        for ordinal in ordinals
    }


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("phase: Succeeded", "has ended: Succeeded"),
        ("phase: Failed", "has ended: Failed"),
        ("phase: Failed, reason: Evicted", "has ended: Failed (Evicted)"),
        (
            "phase: Pending, conditions: [{type: PodScheduled, status: 'False',"
            " reason: Unschedulable, message: '0/3 nodes are available: 3 Insufficient cpu.'}]",
            "is Pending: 0/3 nodes are available: 3 Insufficient cpu.",
        ),
        (
            "phase: Pending, conditions: [{type: PodScheduled, status: 'False',"
            " reason: SchedulingGated}]",
            "is Pending: SchedulingGated",
        ),
    ],
)
def test_a_pod_that_does_not_run_is_no_endpoint(status: str, why: str) -> None:
    gone = f"{pod('gone', labels='app: web')}\nstatus: {{{status}}}"
    every = service("web", spec="publishNotReadyAddresses: true")
    found = topology(pod("here", labels="app: web"), gone, every, clusters=ONE)
    assert endpoints(found) == ["10.244.0.2:80 east/pod/here ready"]
    assert absent(found) == {"gone": why}
    assert names(found) == ["here"]


def test_one_warning_for_all_pods_that_do_not_run() -> None:
    gone = (f"{pod(f'p{each}')}\nstatus: {{phase: Succeeded}}" for each in range(5))
    (warning,) = topology(*gone).warnings
    assert warning == (
        "5 pods left out: east/pod/p0 has ended: Succeeded, east/pod/p1 has ended: Succeeded,"
        " east/pod/p2 has ended: Succeeded and 2 more"
    )


@pytest.mark.parametrize(
    ("spec", "running"),
    [("schedulingGates: [{name: example.org/wait}]", []), ("schedulingGates: []", ["web-0"])],
)
def test_a_pod_with_a_scheduling_gate_waits(spec: str, running: list[str]) -> None:
    found = topology(workload("Deployment", "web", spec=spec))
    why = "is Pending: Scheduling is blocked due to non-empty scheduling gates"
    assert (names(found), absent(found)) == (running, {} if running else {"web-0": why})


@pytest.mark.parametrize(
    ("objects", "running"),
    [
        ([workload("Deployment", "web", 2, spec="nodeName: n1") + "\n  paused: true"], []),
        ([workload("Deployment", "web", 1) + "\n  paused: false"], ["web-0"]),
        ([workload("Deployment", "web", 1) + "\n  paused: true\nstatus: {replicas: 1}"], ["web-0"]),
    ],
)
def test_a_deployment_that_was_paused_before_it_began_has_no_pods(
    objects: list[str], running: list[str]
) -> None:
    assert names(topology(*objects)) == running


@pytest.mark.parametrize(
    "status",
    [
        "phase: Running",
        "phase: Unknown",
        "phase: Pending, qosClass: BestEffort",  # as `kubectl create --dry-run=server` prints it
        "phase: Pending, conditions: [{type: PodScheduled, status: 'True'}]",
    ],
)
def test_any_other_pod_runs(status: str) -> None:
    assert names(topology(f"{pod('web')}\nstatus: {{{status}}}")) == ["web"]


SET = "apps/v1 ReplicaSet web-6f7d8"
DEPLOYMENT = "apps/v1 Deployment web"


@pytest.mark.parametrize(
    ("objects", "running"),
    [
        # A dump of a Deployment, its ReplicaSet, an old one, and its pods.
        (
            [
                workload("Deployment", "web", 2),
                workload("ReplicaSet", "web-6f7d8", 2, meta=owner_reference(DEPLOYMENT)),
                workload("ReplicaSet", "web-55555", 0, meta=owner_reference(DEPLOYMENT)),
                owned("web-6f7d8-abcde", SET),
                owned("web-6f7d8-fghij", SET),
            ],
            ["web-6f7d8-abcde", "web-6f7d8-fghij"],
        ),
        # The same without the ReplicaSets: `kubectl get deploy,pod`.
        (
            [
                workload("Deployment", "web", 1),
                owned("web-6f7d8-abcde", SET, labels="app: web, pod-template-hash: 6f7d8"),
            ],
            ["web-6f7d8-abcde"],
        ),
        # Without the pods: `kubectl get deploy,rs`.
        (
            [
                workload("Deployment", "web", 2),
                workload("ReplicaSet", "web-6f7d8", 2, meta=owner_reference(DEPLOYMENT)),
            ],
            ["web-0", "web-1"],
        ),
        # A controller creates only the pods that are missing.
        ([workload("ReplicaSet", "web-6f7d8", 2), owned("x", SET)], ["web-6f7d8-0", "x"]),
        (
            [workload("ReplicaSet", "web-6f7d8", 2), owned("web-6f7d8-0", SET)],
            ["web-6f7d8-0", "web-6f7d8-1"],
        ),
        # Pods above the number of replicas, as during an update, are there.
        ([workload("ReplicaSet", "web-6f7d8", 1), owned("x", SET), owned("z", SET)], ["x", "z"]),
        # A pod that is being deleted is replaced at once.
        (
            [
                workload("ReplicaSet", "web-6f7d8", 1),
                owned("x", SET, meta="deletionTimestamp: '2026-01-01T00:00:00Z'"),
            ],
            ["web-6f7d8-0", "x"],
        ),
        # So is one that has ended, but not one without a node.
        (
            [workload("ReplicaSet", "web-6f7d8", 1), owned("x", SET) + "\nstatus: {phase: Failed}"],
            ["web-6f7d8-0"],
        ),
        (
            [
                workload("ReplicaSet", "web-6f7d8", 1),
                owned("x", SET) + "\nstatus: {conditions: [{type: PodScheduled, status: 'False'}]}",
            ],
            [],
        ),
        # The pods of a StatefulSet have fixed names.
        (
            [workload("StatefulSet", "web", 3), owned("web-1", "apps/v1 StatefulSet web")],
            ["web-0", "web-1", "web-2"],
        ),
        (
            [
                workload("StatefulSet", "web", 1),
                owned("web-0", "apps/v1 StatefulSet web") + "\nstatus: {phase: Failed}",
            ],
            ["web-0"],
        ),
        # Those of a DaemonSet are one for each node.
        (
            [
                workload("DaemonSet", "web"),
                owned("web-abcde", "apps/v1 DaemonSet web", spec="nodeName: n2"),
            ],
            ["web-abcde", "web-n1"],
        ),
        # Those of a Job count as running or as succeeded.
        ([job("parallelism: 2"), owned("work-x", "batch/v1 Job work")], ["work-0", "work-x"]),
        (
            [job(), owned("work-x", "batch/v1 Job work") + "\nstatus: {phase: Succeeded}"],
            [],
        ),
        # A controller adopts a pod that its selector matches.
        ([workload("ReplicaSet", "web", 2), pod("x", labels="app: web")], ["web-0", "x"]),
        ([workload("StatefulSet", "web", 2), pod("web-1", labels="app: web")], ["web-0", "web-1"]),
        ([workload("Deployment", "web", 1), pod("x", labels="app: web")], ["web-0", "x"]),
        # An owner of another API group, or one that is not in the files, changes nothing.
        ([owned("web-abcde", SET)], ["web-abcde"]),
        ([owned("web-n1", "v1 Node n1")], ["web-n1"]),
        (
            [workload("StatefulSet", "web", 1), owned("x", "apps.kruise.io/v1 StatefulSet web")],
            ["web-0", "x"],
        ),
        (
            [workload("ReplicaSet", "web", 1, meta=owner_reference("argoproj.io/v1 Rollout web"))],
            ["web-0"],
        ),
    ],
)
def test_what_a_controller_in_the_files_has_created_is_its_own(
    objects: list[str], running: list[str]
) -> None:
    assert names(topology(*objects)) == running


def test_an_owner_that_is_not_the_controller_does_not_count() -> None:
    reference = "ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web}]"
    found = topology(workload("ReplicaSet", "web"), pod("x", meta=reference))
    assert names(found) == ["web-0", "x"]


def test_objects_that_own_each_other_are_left_out() -> None:
    found = topology(
        workload("ReplicaSet", "a", meta=owner_reference("apps/v1 ReplicaSet b")),
        workload("ReplicaSet", "b", meta=owner_reference("apps/v1 ReplicaSet a")),
    )
    assert names(found) == []


def test_a_controllers_pod_keeps_what_its_manifest_says_and_belongs_to_the_deployment() -> None:
    hash_ = "app: web, pod-template-hash: 6f7d8"
    found = topology(
        workload("Deployment", "web"),
        workload("ReplicaSet", "web-6f7d8", meta=owner_reference(DEPLOYMENT)),
        owned("x", SET, labels=hash_, spec="nodeName: n2")
        + "\nstatus: {conditions: [{type: Ready, status: 'False'}]}",
    )
    (x,) = pods(found).values()
    assert (x.node, x.ready, x.labels["pod-template-hash"]) == ("n2", False, "6f7d8")
    assert x.workload == "east/deploy/web"
