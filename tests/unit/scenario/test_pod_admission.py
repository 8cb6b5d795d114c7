"""What the API server refuses in pods and workloads, in its words."""

import pytest

from nsnet.scenario.kubernetes import Pod, Workload
from nsnet.scenario.pod_admission import pod_refusals
from tests.support.labs import pod, written


def refused(text: str) -> list[str]:
    """The refusals of the only object of this text."""
    (manifest,) = written(text).manifests
    assert isinstance(manifest.object, Pod | Workload)
    return [f"{path}: {message}" for path, message in pod_refusals(manifest.object)]


def workload(kind: str, spec: str, version: str = "apps/v1") -> str:
    """A workload whose pods have the labels `app: web` and `tier: a`."""
    template = "" if "template" in spec else "template: {metadata: {labels: {app: web, tier: a}}}, "
    return (
        f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: web}}\nspec: {{{template}{spec}}}"
    )


def job(spec: str, restart: str = "Never") -> str:
    """A Job whose pods have the label `app: web`."""
    template = f"{{metadata: {{labels: {{app: web}}}}, spec: {{restartPolicy: {restart}}}}}"
    return workload("Job", f"template: {template}, {spec}", "batch/v1")


KINDS = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ("selector: {matchLabels: {app: web}}", True),
        ("selector: {matchLabels: {app: web, tier: a}}", True),
        ("", True),  # lenient: the labels of the template
        ("selector: null", True),
        ("selector: {matchExpressions: [{key: app, operator: In, values: [web, api]}]}", True),
        ("selector: {matchExpressions: [{key: app, operator: Exists}]}", True),
        ("selector: {matchLabels: {app: wbe}}", False),
        ("selector: {matchLabels: {app: web, version: '1'}}", False),
        ("selector: {matchExpressions: [{key: app, operator: DoesNotExist}]}", False),
        ("selector: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}", False),
    ],
)
def test_the_selector_must_match_the_template(kind: str, selector: str, matches: bool) -> None:
    message = (
        'spec.template.metadata.labels: Invalid value: {"app":"web","tier":"a"}:'
        " `selector` does not match template `labels`"
    )
    assert refused(workload(kind, selector)) == ([] if matches else [message])


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("Deployment", "deployment"),
        ("ReplicaSet", "deployment"),
        ("StatefulSet", "statefulset"),
        ("DaemonSet", "daemonset"),
    ],
)
def test_an_empty_selector(kind: str, named: str) -> None:
    assert refused(workload(kind, "selector: {}")) == [
        f"spec.selector: Invalid value: {{}}: empty selector is invalid for {named}"
    ]


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ("selector: {app: web}", True),
        ("selector: {}", True),  # the default is the labels of the template
        ("selector: {app: api}", False),
    ],
)
def test_the_selector_of_a_replication_controller_is_a_map(selector: str, matches: bool) -> None:
    found = refused(workload("ReplicationController", selector, "v1"))
    assert [each.split(":")[0] for each in found] == (
        [] if matches else ["spec.template.metadata.labels"]
    )


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("", ""),
        ("selector: {matchLabels: {batch.kubernetes.io/controller-uid: 1a2b}}", ""),
        (
            "selector: {matchLabels: {app: web}}",
            'spec.selector: Invalid value: {"matchLabels":{"app":"web"}}:'
            " `selector` not auto-generated",
        ),
        ("manualSelector: true, selector: {matchLabels: {app: web}}", ""),
        (
            "manualSelector: true, selector: {matchLabels: {app: api}}",
            'spec.template.metadata.labels: Invalid value: {"app":"web"}:'
            " `selector` does not match template `labels`",
        ),
    ],
)
def test_the_selector_of_a_job_is_made_by_its_controller(spec: str, message: str) -> None:
    assert refused(job(spec)) == ([message] if message else [])


def test_an_indexed_job_needs_its_number_of_completions() -> None:
    assert refused(job("completionMode: Indexed, parallelism: 2")) == [
        "spec.completions: Required value: when completion mode is Indexed"
    ]
    assert refused(job("completionMode: Indexed")) == []  # the default of both is 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (workload("Deployment", "template: {spec: {restartPolicy: Always}}"), ""),
        (
            workload("Deployment", "template: {spec: {restartPolicy: Never}}"),
            'Unsupported value: "Never": supported values: "Always"',
        ),
        (job("", "OnFailure"), ""),
        (job("", "Always"), 'Required value: valid values: "OnFailure", "Never"'),
        (job("", "''"), 'Required value: valid values: "OnFailure", "Never"'),
        (
            job("", "Sometimes"),
            'Unsupported value: "Sometimes": supported values: "OnFailure", "Never"',
        ),
        (pod("web", spec="restartPolicy: Never"), ""),
        (
            pod("web", spec="restartPolicy: never"),
            'Unsupported value: "never": supported values: "Always", "OnFailure", "Never"',
        ),
        (
            pod("web", spec="initContainers: [{restartPolicy: OnFailure}]"),
            'Unsupported value: "OnFailure": supported values: "Always"',
        ),
    ],
)
def test_when_containers_restart(text: str, message: str) -> None:
    assert [each.partition(": ")[2] for each in refused(text)] == ([message] if message else [])


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("containers: [{name: a}, {name: b}]", ""),
        ("containers: [{name: a}, {name: a}]", 'spec.containers[1].name: Duplicate value: "a"'),
        (
            "initContainers: [{name: a}], containers: [{name: a}]",
            'spec.containers[0].name: Duplicate value: "a"',
        ),
        (
            "containers: [{ports: [{name: a, containerPort: 1}, {name: a, containerPort: 2}]}]",
            'spec.containers[0].ports[1].name: Duplicate value: "a"',
        ),
        (
            "containers: [{ports: [{containerPort: 1, hostPort: 8}]},"
            " {ports: [{containerPort: 2, hostPort: 8}]}]",
            'spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//8"',
        ),
        (
            "containers: [{ports: [{containerPort: 1, hostPort: 8},"
            " {containerPort: 1, hostPort: 8, protocol: UDP}]}]",
            "",
        ),
        # Without the host network, a port may have two names. On it, each is a host port.
        ("containers: [{ports: [{containerPort: 1}, {containerPort: 1}]}]", ""),
        (
            "hostNetwork: true, containers: [{ports: [{containerPort: 1}, {containerPort: 1}]}]",
            'spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//1"',
        ),
        (
            "hostNetwork: true, containers: [{ports: [{containerPort: 1, hostPort: 2}]}]",
            "spec.containers[0].ports[0].containerPort: Invalid value: 1:"
            " must match `hostPort` when `hostNetwork` is true",
        ),
    ],
)
def test_names_and_host_ports_are_used_once(spec: str, message: str) -> None:
    assert refused(pod("web", spec=spec)) == ([message] if message else [])
