"""Which node each pod runs on."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nsnet.topology.model import Topology
from nsnet.topology.notation import UnknownReferenceError
from nsnet.topology.references import expand
from nsnet.topology.resolve import resolve
from tests.support.labs import (
    endpoints,
    node,
    pod,
    pods,
    service,
    topology,
    workload,
    written,
)

ZONES = (
    "{name: east, nodes: [{name: n1, labels: {zone: a}}, {name: n2, labels: {zone: b}},"
    " {name: n3, labels: {zone: b}}]}",
)


def placed(found: Topology) -> dict[str, str]:
    """The node of every pod."""
    return {name.removeprefix("east/pod/"): each.node for name, each in pods(found).items()}


def test_pods_are_placed_in_turn_by_namespace_and_name() -> None:
    found = topology(pod("z"), pod("a"), pod("m", namespace="alpha"), pod("b"))
    assert placed(found) == {"m.alpha": "n1", "a": "n2", "b": "n1", "z": "n2"}


def test_a_pod_with_a_node_name_takes_no_turn() -> None:
    found = topology(pod("a"), pod("b", spec="nodeName: n1"), pod("c"), pod("d"))
    assert placed(found) == {"a": "n1", "b": "n1", "c": "n2", "d": "n1"}


def test_a_node_selector_limits_the_nodes() -> None:
    there = "nodeSelector: {zone: b}"
    found = topology(*(pod(name, spec=there) for name in "abc"), clusters=ZONES)
    assert set(placed(found).values()) == {"n2", "n3"}


def test_every_node_has_its_own_name_as_a_label() -> None:
    found = topology(pod("a", spec="nodeSelector: {kubernetes.io/hostname: n2}"))
    assert placed(found) == {"a": "n2"}


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("Deployment", {"web-0": "n1", "web-1": "n2", "web-2": "n3"}),
        ("ReplicaSet", {"web-0": "n1", "web-1": "n2", "web-2": "n3"}),
        ("StatefulSet", {"web-0": "n1", "web-1": "n2", "web-2": "n3"}),
        ("DaemonSet", {"web-n1": "n1", "web-n2": "n2", "web-n3": "n3"}),
    ],
)
def test_the_pods_of_a_workload(kind: str, names: dict[str, str]) -> None:
    found = topology(workload(kind, "web", 3), clusters=("{name: east, nodes: 3}",))
    assert placed(found) == names


def test_a_daemon_set_runs_on_the_nodes_it_selects() -> None:
    found = topology(workload("DaemonSet", "web", spec="nodeSelector: {zone: b}"), clusters=ZONES)
    assert placed(found) == {"web-n2": "n2", "web-n3": "n3"}


def test_a_workload_without_pods_has_a_reference() -> None:
    found = topology(workload("Deployment", "web", 0))
    assert (placed(found), found.clusters[0].workloads) == ({}, ("east/deploy/web",))


REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
HOSTNAME = "kubernetes.io/hostname"
THREE = ("{name: east, nodes: 3}",)


def affine(kind: str, *terms: str, more: str = "") -> str:
    """Return an affinity of this kind with these required terms, in a pod's spec."""
    return f"affinity: {{{kind}: {{{REQUIRED}: [{', '.join(terms)}]}}}}, {more}"


def select(app: str, key: str = HOSTNAME, more: str = "") -> str:
    """Return a term: the pods with `app: APP`, in domains of this key."""
    return f"{{labelSelector: {{matchLabels: {{app: {app}}}}}, topologyKey: {key}, {more}}}"


def on_nodes(*terms: str) -> str:
    """Return a required node affinity with these terms."""
    return (
        f"affinity: {{nodeAffinity: {{{REQUIRED}: {{nodeSelectorTerms: [{', '.join(terms)}]}}}}}}"
    )


def expression(key: str, operator: str, *values: str) -> str:
    """Return a term with this expression."""
    return f"{{matchExpressions: [{{key: {key}, operator: {operator}, values: {[*values]}}}]}}"


def spread(app: str, key: str = "zone", more: str = "", skew: int = 1) -> str:
    """Return a constraint for the pods with `app: APP`."""
    selector = f"labelSelector: {{matchLabels: {{app: {app}}}}}"
    rule = f"maxSkew: {skew}, topologyKey: {key}, whenUnsatisfiable: DoNotSchedule"
    return f"topologySpreadConstraints: [{{{rule}, {selector}, {more}}}]"


def reasons(found: Topology) -> dict[str, str]:
    """Why each pod does not run."""
    return {each.reference.removeprefix("east/pod/"): each.why for each in found.clusters[0].absent}


def pending(found: Topology) -> dict[str, str]:
    """What the scheduler says of each pod that is Pending."""
    ends = {name: why.split(" nodes are available: ") for name, why in reasons(found).items()}
    return {name: end.removesuffix(".") for name, (_, end) in ends.items()}


LABELLED = (
    "{name: east, nodes: [{name: n1, labels: {zone: a, cpus: '8'}},"
    " {name: n2, labels: {zone: b, cpus: '16'}}, {name: n3, labels: {zone: '', gpu: big}}]}",
)


@pytest.mark.parametrize(
    ("terms", "nodes"),
    [
        ([expression("zone", "In", "a", "b")], "n1 n2"),
        ([expression("zone", "NotIn", "a")], "n2 n3"),
        ([expression("gpu", "NotIn", "big")], "n1 n2"),
        ([expression("gpu", "Exists")], "n3"),
        ([expression("gpu", "DoesNotExist")], "n1 n2"),
        ([expression("zone", "Exists")], "n1 n2 n3"),
        ([expression("cpus", "Gt", "8")], "n2"),
        ([expression("cpus", "Lt", "9")], "n1"),
        ([expression("zone", "Gt", "1")], ""),
        ([expression("cpus", "Gt", "many")], ""),
        ([expression("zone", "In", "a"), expression("gpu", "Exists")], "n1 n3"),
        (["{}", expression("zone", "In", "a")], "n1"),
        (["{}"], ""),
        (
            [
                "{matchExpressions: [{key: zone, operator: Exists},"
                " {key: gpu, operator: DoesNotExist}],"
                " matchFields: [{key: metadata.name, operator: NotIn, values: [n1]}]}"
            ],
            "n2",
        ),
        (["{matchFields: [{key: metadata.name, operator: In, values: [n3]}]}"], "n3"),
        ([expression("kubernetes.io/os", "In", "windows")], ""),
        ([expression(HOSTNAME, "In", "n2")], "n2"),
    ],
)
def test_node_affinity_limits_the_nodes(terms: list[str], nodes: str) -> None:
    found = topology(*(pod(name, spec=on_nodes(*terms)) for name in "abc"), clusters=LABELLED)
    assert sorted(set(placed(found).values())) == nodes.split()


def test_selector_and_affinity_must_both_match() -> None:
    both = f"nodeSelector: {{zone: b}}, {on_nodes(expression('zone', 'In', 'a'))}"
    found = topology(pod("a", spec=both), clusters=LABELLED)
    assert pending(found) == {"a": "3 node(s) didn't match Pod's node affinity/selector"}


TAINTED = (
    "{name: east, nodes: [{name: n1, taints: [{key: gpu, value: big, effect: NoSchedule}]},"
    " {name: n2, taints: [{key: old, effect: NoExecute}]},"
    " {name: n3, taints: [{key: slow, effect: PreferNoSchedule}]}]}",
)


@pytest.mark.parametrize(
    ("toleration", "nodes"),
    [
        ("", "n3"),
        ("{key: gpu, operator: Exists}", "n1 n3"),
        ("{key: gpu, operator: Exists, effect: NoSchedule}", "n1 n3"),
        ("{key: gpu, operator: Exists, effect: NoExecute}", "n3"),
        ("{key: gpu, value: big}", "n1 n3"),
        ("{key: gpu, operator: Equal, value: small}", "n3"),
        ("{key: gpu}", "n3"),
        ("{key: old}", "n2 n3"),
        ("{operator: Exists}", "n1 n2 n3"),
        ("{operator: Exists, effect: NoExecute}", "n2 n3"),
    ],
)
def test_a_taint_keeps_pods_away_that_do_not_tolerate_it(toleration: str, nodes: str) -> None:
    spec = f"tolerations: [{toleration}]"
    found = topology(*(pod(name, spec=spec) for name in "abc"), clusters=TAINTED)
    assert sorted(set(placed(found).values())) == nodes.split()


@pytest.mark.parametrize(
    ("taint", "runs"),
    [
        ("not-ready, effect: NoExecute", True),
        ("unreachable, effect: NoExecute", True),
        ("not-ready, effect: NoSchedule", False),
        ("out-of-service, effect: NoExecute", False),
    ],
)
def test_every_pod_tolerates_a_node_that_is_not_ready_for_some_time(taint: str, runs: bool) -> None:
    nodes = f"[{{name: n1, taints: [{{key: node.kubernetes.io/{taint}}}]}}]"
    found = topology(pod("a"), clusters=(f"{{name: east, nodes: {nodes}}}",))
    assert (placed(found) == {"a": "n1"}) is runs


CORDONED = node("n1", spec="unschedulable: true")
HOST = "hostNetwork: true"


@pytest.mark.parametrize(
    ("objects", "clusters", "message"),
    [
        (
            [pod("a", spec="nodeSelector: {zone: a}")],
            TAINTED,
            "is Pending: 0/3 nodes are available:"
            " 1 node(s) didn't match Pod's node affinity/selector,"
            " 1 node(s) had untolerated taint {gpu: big},"
            " 1 node(s) had untolerated taint {old: }.",
        ),
        (
            [CORDONED, pod("a")],
            ("{name: east}",),
            "is Pending: 0/1 nodes are available: 1 node(s) were unschedulable.",
        ),
        (
            [pod("b", spec=HOST), pod("a", spec=f"{HOST}, nodeName: n1")],
            ("{name: east}",),
            "is Pending: 0/1 nodes are available:"
            " 1 node(s) didn't have free ports for the requested pod ports.",
        ),
        (
            [pod("a", spec=spread("web", "rack"))],
            ("{name: east}",),
            "is Pending: 0/1 nodes are available:"
            " 1 node(s) didn't match pod topology spread constraints (missing required label).",
        ),
        (
            [pod("a", spec="nodeName: n7")],
            THREE,
            "is bound to node n7, which east does not have; there are: n1, n2, n3",
        ),
        (
            [pod("a", spec="nodeName: n1, nodeSelector: {zone: a}")],
            THREE,
            "has ended: Failed (NodeAffinity: node(s) didn't match Pod's node affinity/selector)",
        ),
        (
            [
                pod("a", spec=f"{HOST}, nodeName: n1"),
                pod("b", spec=f"{HOST}, nodeName: n1"),
            ],
            THREE,
            "has ended: Failed (NodePorts: node(s) didn't have free ports for the requested pod"
            " ports)",
        ),
        (
            [pod("a", spec="nodeName: n2")],
            TAINTED,
            "has ended: Failed (TaintToleration: node(s) had taints that the pod didn't tolerate)",
        ),
    ],
)
def test_why_a_pod_does_not_run(
    objects: list[str], clusters: tuple[str, ...], message: str
) -> None:
    assert list(reasons(topology(*objects, clusters=clusters)).values()) == [message]


def test_a_node_name_bypasses_the_scheduler() -> None:
    found = topology(pod("a", spec="nodeName: n1"), pod("b", spec="nodeName: n1"), CORDONED)
    assert placed(found) == {"a": "n1", "b": "n1"}


def test_a_running_pod_of_a_dump_is_not_judged_again() -> None:
    running = pod("a", spec="nodeName: n2, nodeSelector: {zone: a}") + "\nstatus: {phase: Running}"
    assert placed(topology(running, clusters=TAINTED)) == {"a": "n2"}


def ports(*each: str) -> str:
    """Return the spec of a pod whose container has these ports."""
    return f"containers: [{{ports: [{', '.join(each)}]}}]"


EIGHTY = "{containerPort: 80, hostPort: 80}"


@pytest.mark.parametrize(
    ("first", "second", "conflict"),
    [
        (ports(EIGHTY), ports(EIGHTY), True),
        (ports(EIGHTY), ports("{containerPort: 8080, hostPort: 80}"), True),
        (ports(EIGHTY), ports("{containerPort: 80, hostPort: 81}"), False),
        (ports(EIGHTY), ports("{containerPort: 80}"), False),
        (ports(EIGHTY), ports("{containerPort: 80, hostPort: 80, protocol: UDP}"), False),
        (ports(EIGHTY), ports("{containerPort: 80, hostPort: 80, hostIP: 127.0.0.1}"), True),
        (
            ports("{containerPort: 80, hostPort: 80, hostIP: 127.0.0.1}"),
            ports("{containerPort: 80, hostPort: 80, hostIP: 127.0.0.2}"),
            False,
        ),
        (
            ports("{containerPort: 80, hostPort: 80, hostIP: 127.0.0.1}"),
            ports("{containerPort: 80, hostPort: 80, hostIP: 0.0.0.0}"),
            True,
        ),
        (f"{HOST}, {ports('{containerPort: 80}')}", ports(EIGHTY), True),
        (f"{HOST}, {ports('{containerPort: 80}')}", f"{HOST}, {ports(EIGHTY)}", True),
        (f"{HOST}, {ports()}", f"{HOST}, {ports()}", False),
        (
            ports("{containerPort: 9, hostPort: 9, protocol: SCTP}"),
            ports("{containerPort: 9, hostPort: 9, protocol: SCTP}"),
            True,
        ),
        (
            ports(EIGHTY),
            f"initContainers: [{{restartPolicy: Always, ports: [{EIGHTY}]}}], {ports()}",
            True,
        ),
        (ports(EIGHTY), f"initContainers: [{{ports: [{EIGHTY}]}}], {ports()}", False),
    ],
)
def test_host_ports_conflict(first: str, second: str, conflict: bool) -> None:
    found = topology(pod("a", spec=first), pod("b", spec=second), clusters=("{name: east}",))
    assert ("b" not in placed(found)) is conflict


def test_more_replicas_on_the_host_network_than_nodes() -> None:
    found = topology(workload("Deployment", "web", 3, spec=HOST))
    assert placed(found) == {"web-0": "n1", "web-1": "n2"}
    assert found.warnings == (
        "lab.yaml:15: 1 of 3 pods of east/deploy/web is Pending: 0/2 nodes are available:"
        " 2 node(s) didn't have free ports for the requested pod ports.",
    )


@pytest.mark.parametrize(
    ("specs", "nodes"),
    [
        # One pod a node, and none beside it that others keep away.
        ({"a": affine("podAntiAffinity", select("web")), "b": ""}, "a=n1 b=n2"),
        ({"a": "", "b": affine("podAntiAffinity", select("web"))}, "a=n1 b=n2"),
        ({each: affine("podAntiAffinity", select("web")) for each in "abcd"}, "a=n1 b=n2 c=n3"),
        ({each: affine("podAntiAffinity", select("web", "zone")) for each in "abc"}, "a=n1 b=n2"),
        ({each: affine("podAntiAffinity", select("db")) for each in "abcd"}, "a=n1 b=n2 c=n3 d=n1"),
        # Near pods of the same domain; the first of a group that is near itself starts it.
        ({"a": "nodeName: n3", "b": affine("podAffinity", select("web"))}, "a=n3 b=n3"),
        ({"a": "nodeName: n3", "b": affine("podAffinity", select("web", "zone"))}, "a=n3 b=n2"),
        ({each: affine("podAffinity", select("web")) for each in "abc"}, "a=n1 b=n1 c=n1"),
        (
            {
                "a": "nodeName: n1",
                "b": affine("podAffinity", select("web"), more="nodeSelector: {zone: b}"),
            },
            "a=n1",
        ),
        ({"a": affine("podAffinity", select("db"))}, ""),
        ({"a": affine("podAffinity", select("web", "rack"))}, ""),
        # All terms must select the same pod.
        ({"a": "", "b": affine("podAffinity", select("web"), select("db"))}, "a=n1"),
        # No selector selects no pod, an empty one all.
        ({"a": affine("podAntiAffinity", "{topologyKey: zone}"), "b": ""}, "a=n1 b=n2"),
        (
            {
                "a": affine("podAntiAffinity", "{topologyKey: zone, labelSelector: {}}"),
                "b": "",
                "c": "",
                "d": "",
            },
            "a=n1 b=n2 c=n3 d=n2",
        ),
    ],
)
def test_affinity_between_pods(specs: dict[str, str], nodes: str) -> None:
    clusters = (
        "{name: east, nodes: [{name: n1, labels: {zone: a}}, {name: n2, labels: {zone: b}},"
        " {name: n3, labels: {zone: b}}]}",
    )
    objects = [pod(name, labels="app: web", spec=spec) for name, spec in specs.items()]
    found = placed(topology(*objects, clusters=clusters))
    assert [f"{name}={where}" for name, where in found.items()] == nodes.split()


@pytest.mark.parametrize(
    ("more", "namespace", "away"),
    [
        ("", "default", True),
        ("", "prod", False),
        ("namespaces: [prod]", "prod", True),
        ("namespaces: [prod]", "default", False),
        ("namespaceSelector: {}", "prod", True),
        ("namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: prod}}", "prod", True),
        ("namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: dev}}", "prod", False),
        (
            "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: prod}}",
            "default",
            False,
        ),
        ("namespaceSelector: {matchLabels: {team: blue}}", "prod", True),
        ("namespaceSelector: {matchLabels: {team: blue, stage: live}}", "prod", True),
        ("namespaceSelector: {matchLabels: {team: red}}", "prod", False),
        ("namespaceSelector: {matchLabels: {team: blue}}", "default", False),
        (
            "namespaceSelector: {matchExpressions: [{key: team, operator: DoesNotExist}]}",
            "prod",
            False,
        ),
        ("matchLabelKeys: [version]", "default", False),
        ("mismatchLabelKeys: [tier]", "default", False),
        ("mismatchLabelKeys: [version]", "default", True),
        ("matchLabelKeys: [track]", "default", True),
    ],
)
def test_the_scope_of_a_term(more: str, namespace: str, away: bool) -> None:
    term = affine("podAntiAffinity", select("web", more=more))
    found = topology(
        *(
            f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: prod, labels: {{{labels}}}}}\n"
            for labels in ("team: blue", "stage: live")
        ),
        pod("a", namespace=namespace, labels="app: web, tier: x, version: v1", spec="nodeName: n1"),
        pod("b", labels="app: web, tier: x, version: v2", spec=term),
        clusters=("{name: east}",),
    )
    assert ("b" not in placed(found)) is away


def test_a_pod_that_waits_for_another_is_placed_after_it() -> None:
    near = {name: affine("podAffinity", select(other)) for name, other in ("ab", "bc", "cd")}
    objects = [pod(name, labels=f"app: {name}", spec=near.get(name, "")) for name in "abcd"]
    assert placed(topology(*objects, clusters=THREE)) == dict.fromkeys("abcd", "n1")


def test_both_directions_have_their_own_reason() -> None:
    away = affine("podAntiAffinity", select("web"))
    found = topology(
        pod("a", labels="app: web", spec="nodeName: n1"),
        pod("b", labels="app: db", spec=f"nodeName: n2, {away}"),
        pod("c", labels="app: web", spec=away),
        pod("d", spec=affine("podAffinity", select("none"))),
        pod(
            "e",
            labels="app: db",
            spec=affine(
                "podAffinity", select("db"), more="nodeSelector: {kubernetes.io/hostname: n1}"
            ),
        ),
    )
    apart = "1 node(s) didn't match pod anti-affinity rules"
    repelled = "1 node(s) didn't satisfy existing pods anti-affinity rules"
    near = "2 node(s) didn't match pod affinity rules"
    assert pending(found) == {
        "c": f"{apart}, {repelled}",
        "d": near,
        # It is not the first of its group, which is on n2.
        "e": f"1 node(s) didn't match Pod's node affinity/selector, 1{near[1:]}",
    }


SPREAD = (
    "{name: east, nodes: [{name: n1, labels: {zone: a}}, {name: n2, labels: {zone: a}},"
    " {name: n3, labels: {zone: b}}, {name: n4}]}",
)


@pytest.mark.parametrize(
    ("spec", "names", "nodes"),
    [
        (spread("web"), "abcd", "n1 n3 n3 n1"),
        (spread("web", skew=2), "abcd", "n1 n2 n3 n1"),
        (spread("web", more="minDomains: 3"), "abcd", "n1 n3"),
        (spread("db"), "abcd", "n1 n2 n3 n1"),
        # Nodes that affinity excludes are no domains, unless the policy says so.
        (f"nodeSelector: {{zone: a}}, {spread('web')}", "abcd", "n1 n2 n1 n2"),
        (
            f"nodeSelector: {{zone: a}}, {spread('web', more='nodeAffinityPolicy: Ignore')}",
            "abcd",
            "n1",
        ),
        (spread("web", HOSTNAME), "abcde", "n1 n2 n3 n4 n1"),
    ],
)
def test_topology_spread(spec: str, names: str, nodes: str) -> None:
    objects = [pod(name, labels="app: web", spec=spec) for name in names]
    assert " ".join(placed(topology(*objects, clusters=SPREAD)).values()) == nodes


@pytest.mark.parametrize(("policy", "running"), [("Ignore", 1), ("Honor", 3)])
def test_a_tainted_node_is_a_domain_only_if_taints_are_ignored(policy: str, running: int) -> None:
    spec = spread("web", HOSTNAME, f"nodeTaintsPolicy: {policy}")
    clusters = (
        "{name: east, nodes: [{name: n1}, {name: n2, taints: [{key: a, effect: NoSchedule}]}]}",
    )
    objects = [pod(name, labels="app: web", spec=spec) for name in "abc"]
    assert len(placed(topology(*objects, clusters=clusters))) == running


def test_a_node_without_one_of_the_keys_is_no_domain_of_the_others() -> None:
    both = f"{spread('web').removesuffix(']')}, {spread('web', 'rack').partition('[')[2]}"
    clusters = (
        "{name: east, nodes: [{name: n1, labels: {zone: a, rack: r}},"
        " {name: n2, labels: {zone: b}}]}",
    )
    found = topology(
        *(pod(name, labels="app: web", spec=both) for name in "abc"), clusters=clusters
    )
    assert placed(found) == dict.fromkeys("abc", "n1")


def test_an_empty_selector_counts_no_pod() -> None:
    spec = "topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, labelSelector: {},"
    every = f"{spec} whenUnsatisfiable: DoNotSchedule}}]"
    found = topology(*(pod(name, spec=every) for name in "abc"), clusters=SPREAD)
    assert list(placed(found).values()) == ["n1", "n2", "n3"]


def test_a_terminating_pod_does_not_count_for_spread() -> None:
    ends = 'deletionTimestamp: "2026-01-01T00:00:00Z"'
    found = topology(
        pod("a", labels="app: web", spec="nodeName: n1", meta=ends),
        pod("b", labels="app: web", spec=spread("web")),
        clusters=SPREAD,
    )
    assert placed(found)["b"] == "n1"


def test_schedule_anyway_is_a_preference() -> None:
    spec = spread("web", "rack").replace("DoNotSchedule", "ScheduleAnyway")
    assert placed(topology(pod("a", spec=spec))) == {"a": "n1"}


@pytest.mark.parametrize(
    ("spec", "nodes"),
    [
        ("", "n3"),
        ("tolerations: [{key: gpu, operator: Exists}]", "n1 n3"),
        ("tolerations: [{operator: Exists}]", "n1 n2 n3"),
        ("nodeName: n3", "n3"),
    ],
)
def test_a_daemon_set_runs_where_its_taints_allow(spec: str, nodes: str) -> None:
    found = topology(workload("DaemonSet", "web", spec=spec), clusters=TAINTED)
    assert list(placed(found).values()) == nodes.split()
    assert reasons(found) == {}


@pytest.mark.parametrize(
    ("taint", "spec", "runs"),
    [
        ("not-ready, effect: NoExecute", "", True),
        ("not-ready, effect: NoSchedule", "", False),
        ("unreachable, effect: NoExecute", "", True),
        ("disk-pressure, effect: NoSchedule", "", True),
        ("memory-pressure, effect: NoSchedule", "", True),
        ("pid-pressure, effect: NoSchedule", "", True),
        ("unschedulable, effect: NoSchedule", "", True),
        ("network-unavailable, effect: NoSchedule", "", False),
        ("network-unavailable, effect: NoSchedule", HOST, True),
    ],
)
def test_the_tolerations_of_every_daemon(taint: str, spec: str, runs: bool) -> None:
    nodes = f"[{{name: n1, taints: [{{key: node.kubernetes.io/{taint}}}]}}]"
    found = topology(
        workload("DaemonSet", "web", spec=spec), clusters=(f"{{name: east, nodes: {nodes}}}",)
    )
    assert (placed(found) == {"web-n1": "n1"}) is runs


def test_a_daemon_without_a_free_port_is_pending() -> None:
    found = topology(
        workload("DaemonSet", "web", spec=HOST), pod("a", spec=f"{HOST}, nodeName: n1")
    )
    assert placed(found) == {"a": "n1", "web-n2": "n2"}
    assert pending(found) == {
        "web-n1": "1 node(s) didn't have free ports for the requested pod ports,"
        " 1 node(s) didn't satisfy plugin(s) [NodeAffinity]"
    }


def test_daemons_are_placed_before_other_pods() -> None:
    found = topology(
        pod("a", spec=HOST),
        workload("DaemonSet", "web", spec=f"{HOST}, nodeSelector: {{zone: a}}"),
        clusters=LABELLED,
    )
    assert placed(found) == {"a": "n2", "web-n1": "n1"}


ONE_ZONE = ("{name: east, nodes: [{name: n1}, {name: n2, labels: {zone: a}}]}",)


@pytest.mark.parametrize(
    ("before", "after", "node_of_a"),
    [
        ("", "nodeSelector: {zone: a}", "n1"),  # ignored during execution
        ("", affine("podAffinity", select("db")), "n1"),
        ("", "nodeName: n2", "n2"),
        (ports(EIGHTY), ports(EIGHTY), "n1"),
    ],
)
def test_a_pod_that_runs_stays(before: str, after: str, node_of_a: str) -> None:
    old = topology(pod("a", spec=before), clusters=ONE_ZONE)
    new = topology(pod("a", spec=after), clusters=ONE_ZONE, keep=old.assignment())
    assert placed(new) == {"a": node_of_a}


def test_a_pod_that_runs_leaves_a_node_that_evicts_it_or_gives_its_port_away() -> None:
    old = topology(pod("a", spec=ports(EIGHTY)), pod("b"), pod("c"), clusters=ONE_ZONE)
    assert placed(old) == {"a": "n1", "b": "n2", "c": "n1"}
    evicting = "{name: n1, taints: [{key: a, effect: NoExecute}]}"
    clusters = (f"{{name: east, nodes: [{evicting}, {{name: n2}}]}}",)
    new = topology(pod("a"), pod("b"), pod("c"), clusters=clusters, keep=old.assignment())
    assert set(placed(new).values()) == {"n2"}
    taken = pod("z", spec=f"nodeName: n1, {ports(EIGHTY)}")
    new = topology(taken, pod("a", spec=ports(EIGHTY)), clusters=ONE_ZONE, keep=old.assignment())
    assert placed(new) == {"a": "n2", "z": "n1"}


def test_the_turn_goes_on_after_pods_that_run_but_not_after_daemons() -> None:
    old = topology(pod("a"))
    daemons = workload("DaemonSet", "web", spec="nodeSelector: {kubernetes.io/hostname: n1}")
    assert placed(topology(pod("a"), pod("b"), keep=old.assignment()))["b"] == "n2"
    assert placed(topology(pod("a"), daemons))["a"] == "n1"


def test_pods_that_run_are_there_before_new_ones() -> None:
    away = affine("podAntiAffinity", select("web"))
    old = topology(pod("b", labels="app: web", spec=away), clusters=ONE_ZONE)
    web = [pod(name, labels="app: web", spec=away) for name in "ab"]
    new = topology(*web, clusters=ONE_ZONE, keep=old.assignment())
    assert placed(new) == {"a": "n2", "b": "n1"}


def test_a_service_works_with_the_pods_that_run() -> None:
    found = topology(workload("Deployment", "web", 3, spec=HOST), service("web"))
    assert len(endpoints(found)) == 2


def test_a_reference_to_a_pending_pod_quotes_the_reason() -> None:
    found = topology(
        workload("Deployment", "web", 3, spec=HOST),
        workload("Deployment", "db", spec="nodeSelector: {kubernetes.io/os: windows}"),
        workload("Deployment", "none", 0),
    )
    assert expand(found, "east/deploy/web") == {"east/pod/web-0", "east/pod/web-1"}
    assert expand(found, "east/deploy/none") == frozenset()
    for reference, message in (
        ("east/pod/web-2", "east/pod/web-2: is Pending: 0/2 nodes are"),
        ("east/deploy/db", "east/deploy/db: east/pod/db-0 is Pending: 0/2 nodes are"),
    ):
        with pytest.raises(UnknownReferenceError, match=message):
            expand(found, reference)


@pytest.mark.parametrize(
    ("pods", "nodes"),
    [
        (
            [workload("Deployment", "web", 10_000, spec=affine("podAntiAffinity", select("web")))],
            1000,
        ),
        ([workload("Deployment", "web", 10_000, spec=HOST)], 1000),
        ([workload("DaemonSet", name) for name in "abcdefgh"], 1000),
        ([workload("Deployment", "web", 10_000, spec=spread("web", HOSTNAME))], 100),
        (
            [
                pod(f"p{number}", labels=f"app: a{number}", spec=affine("podAffinity", after))
                for number in range(1_000)
                for after in [select(f"a{number + 1}")]
            ],
            10,
        ),
    ],
)
def test_large_clusters_are_placed_in_seconds(pods: list[str], nodes: int) -> None:
    ranges = "podCIDR: 10.0.0.0/8, serviceCIDR: 192.168.0.0/24, nodeCIDR: 172.16.0.0/16"
    scenario = written(*pods, clusters=(f"{{name: east, nodes: {nodes}, {ranges}}}",))
    start = time.process_time()
    resolve(scenario)
    assert time.process_time() - start < 5


@settings(derandomize=True, max_examples=30, deadline=None)
@given(names=st.lists(st.sampled_from("abcdefghijk"), unique=True), nodes=st.integers(1, 4))
def test_round_robin_is_even_and_ignores_the_order_of_the_file(
    names: list[str], nodes: int
) -> None:
    clusters = (f"{{name: east, nodes: {nodes}}}",)
    found = placed(topology(*map(pod, names), clusters=clusters))
    assert found == placed(topology(*map(pod, reversed(names)), clusters=clusters))
    counts = [list(found.values()).count(f"n{number}") for number in range(1, nodes + 1)]
    assert max(counts) - min(counts) <= 1
