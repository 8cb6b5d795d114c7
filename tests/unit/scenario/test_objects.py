"""The objects of a file: those that nsnet reads, and warnings about the others."""

import pytest

from nsnet.scenario.documents import parse
from nsnet.scenario.objects import Contents, read_objects, warnings


def contents(*documents: str) -> Contents:
    """The contents of a file of these documents."""
    parsed, problems = parse("lab.yaml", "---\n".join(documents))
    assert not problems
    return read_objects(parsed)


def object_of(kind: str, name: str, version: str = "v1") -> str:
    """A minimal object."""
    return f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}}}\n"


def test_each_item_of_a_list_is_an_object_with_its_own_line() -> None:
    service, pod = contents(
        "apiVersion: v1\n"
        "kind: List\n"
        "items:\n"
        "- apiVersion: v1\n"
        "  kind: Service\n"
        "  metadata: {name: web}\n"
        "- apiVersion: v1\n"
        "  kind: PodList\n"
        "  items:\n"
        "  - apiVersion: v1\n"
        "    kind: Pod\n"
        "    metadata:\n"
        "      name: web-0\n"
    ).objects
    assert (service.object.kind, pod.object.kind) == ("Service", "Pod")
    problem = pod.document.problem("metadata.name", "is odd")
    assert str(problem) == "lab.yaml:13: items[1].items[0].metadata.name: is odd"


@pytest.mark.parametrize(
    ("listed", "kinds"),
    [
        ("kind: PodList\nitems: [{metadata: {name: a}}]", ["Pod"]),
        ("kind: List\nitems: [{apiVersion: v1, kind: Pod, metadata: {name: a}}]", ["Pod"]),
        ("kind: PodList\nitems: []", []),
        ("kind: List\nitems: null", []),
        ("kind: List\n", []),
    ],
)
def test_the_objects_of_a_list(listed: str, kinds: list[str]) -> None:
    found = contents(f"apiVersion: v1\n{listed}\n")
    assert [each.object.kind for each in found.objects] == kinds
    assert not found.problems
    assert not found.ignored


def test_the_items_of_a_list_without_kinds_have_none() -> None:
    found = contents("apiVersion: v1\nkind: List\nitems: [{metadata: {name: a}}]\n")
    assert [each.path for each in found.problems] == ["items[0].apiVersion", "items[0].kind"]


def test_items_that_are_no_list_are_refused() -> None:
    (problem,) = contents("apiVersion: v1\nkind: PodList\nitems: {a: b}\n").problems
    assert str(problem) == "lab.yaml:3: items: expected a list, got a mapping"


@pytest.mark.parametrize(
    ("version", "kind", "expected"),
    [
        ("v1", "Service", (1, 0, 0)),
        ("apps/v1", "Deployment", (1, 0, 0)),
        ("v1", "Namespace", (1, 0, 0)),
        ("v1", "ConfigMap", (1, 0, 0)),
        ("v1", "LimitRange", (0, 1, 0)),
        ("admissionregistration.k8s.io/v1alpha1", "InitializerConfiguration", (0, 1, 0)),
        ("serving.knative.dev/v1", "Service", (0, 1, 0)),  # another kind of the same name
        ("v1", "Deployment", (0, 0, 1)),
        ("networking.k8s.io/v1", "Service", (0, 0, 1)),
        ("nsnet.dev/v1alpha1", "Scenario", (0, 0, 1)),
        ("v1", "ReplicationController", (1, 0, 0)),
        ("batch/v1", "Job", (1, 0, 0)),
        ("multicluster.x-k8s.io/v1beta1", "ServiceExport", (1, 0, 0)),
        ("multicluster.x-k8s.io/v2", "ServiceExport", (0, 0, 1)),
        ("networking.k8s.io/v1", "Ingress", (1, 0, 0)),
        ("networking.k8s.io/v1", "IngressClass", (1, 0, 0)),
        ("extensions/v1beta1", "Ingress", (0, 0, 1)),
        ("networking.k8s.io/v1beta1", "Ingress", (0, 0, 1)),
        ("networking.internal.knative.dev/v1alpha1", "Ingress", (0, 1, 0)),
        # A kind that nsnet ignores is never refused.
        ("extensions/v1beta1", "NetworkPolicy", (0, 1, 0)),
    ],
)
def test_an_object_is_read_ignored_or_refused(
    version: str, kind: str, expected: tuple[int, int, int]
) -> None:
    found = contents(object_of(kind, "web", version))
    assert (len(found.objects), len(found.ignored), len(found.problems)) == expected


@pytest.mark.parametrize(
    ("version", "kind", "message"),
    [
        ("v1", "service", '"service" in version "v1": did you mean Service?'),
        ("v1", "Servcie", '"Servcie" in version "v1": did you mean Service?'),
        ("apps/v1", "Deploymnet", '"Deploymnet" in version "apps/v1": did you mean Deployment?'),
        ("batch/v1", "Cronjob", '"Cronjob" in version "batch/v1": did you mean CronJob?'),
        ("v1", "Config", '"Config" in version "v1": did you mean ConfigMap?'),
    ],
)
def test_a_kind_that_kubernetes_does_not_have_is_refused(
    version: str, kind: str, message: str
) -> None:
    (problem,) = contents(object_of(kind, "web", version)).problems
    assert problem.message == f"no matches for kind {message}"


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n",
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n",
        "resources: [a.yaml]\nnamePrefix: x-\n",
    ],
)
def test_a_warning_says_how_to_build_a_kustomization(text: str) -> None:
    parsed, _ = parse("east/kustomization.yaml", text)
    found = read_objects(parsed)
    assert not found.problems
    assert list(warnings([found, found])) == [
        "east/kustomization.yaml: its patches and names are not applied;"
        " to apply them: kubectl kustomize east > FILE"
    ]


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        (
            "web/Chart.yaml",
            "apiVersion: v2\nname: web\n",
            "belongs to a Helm chart; render it first: helm template NAME web > FILE",
        ),
        (
            "values.yaml",
            "replicaCount: 2\n",
            "belongs to a Helm chart; render it first: helm template NAME . > FILE",
        ),
        (
            "compose.yaml",
            "services: {web: {image: nginx}}\n",
            "is a Compose file; convert it first: kompose convert -f compose.yaml --stdout > FILE",
        ),
        (
            "web.yaml",
            "<%= include %>\n",
            "expected a Kubernetes object with apiVersion and kind, got the text"
            " '<%= include %>'; render it first: erb TEMPLATE > FILE",
        ),
        (
            "web.yaml",
            "apiVersion: v1\nkind: Template\nobjects: []\n",
            'no matches for kind "Template" in version "v1":'
            " render it: oc process --local -f web.yaml -o yaml > FILE",
        ),
    ],
)
def test_what_must_be_rendered_says_how(file: str, text: str, message: str) -> None:
    parsed, _ = parse(file, text)
    (problem,) = read_objects(parsed).problems
    assert problem.message == message


def test_a_warning_about_repeated_keys_names_the_first() -> None:
    pod = "metadata: {name: web, labels: {a: b, a: c}}\nspec: {}\nspec: {}\n"
    ignored = "apiVersion: v1\nkind: LimitRange\nmetadata: {name: a, name: b}\n"
    found = contents(f"apiVersion: v1\nkind: Pod\n{pod}", ignored)
    assert list(warnings([found])) == [
        "lab.yaml:3: duplicate key 'a'; it is already set on line 3;"
        " kubectl takes the last value; 1 more repeat"
    ]
    items = pod.replace("\n", "\n  ")
    listed = contents(f"apiVersion: v1\nkind: PodList\nitems:\n- {items}\n")
    assert len(list(warnings([listed]))) == 1


def test_a_warning_lists_objects_with_sctp_ports() -> None:
    found = contents(object_of("Service", "ss7") + "spec: {ports: [{port: 1, protocol: SCTP}]}\n")
    assert list(warnings([found])) == ["SCTP ports are ignored: Service default/ss7"]


@pytest.mark.parametrize(
    ("version", "kind", "remedy"),
    [
        (
            "extensions/v1beta1",
            "Deployment",
            "Kubernetes 1.16 removed it; write apiVersion: apps/v1",
        ),
        ("apps/v1beta1", "StatefulSet", "Kubernetes 1.16 removed it; write apiVersion: apps/v1"),
        ("apps/v1beta2", "DaemonSet", "Kubernetes 1.16 removed it; write apiVersion: apps/v1"),
        ("batch/v1beta1", "CronJob", "Kubernetes 1.25 removed it; write apiVersion: batch/v1"),
        (
            "discovery.k8s.io/v1beta1",
            "EndpointSlice",
            "Kubernetes 1.25 removed it; write apiVersion: discovery.k8s.io/v1",
        ),
        ("v1", "Deployment", "write apiVersion: apps/v1"),
        ("apps/v2", "Deployment", "write apiVersion: apps/v1"),
        ("apps/v1", "Service", "write apiVersion: v1"),
    ],
)
def test_an_api_version_that_kubernetes_does_not_serve(
    version: str, kind: str, remedy: str
) -> None:
    (problem,) = contents(object_of(kind, "web", version)).problems
    assert str(problem) == (
        f'lab.yaml:1: apiVersion: no matches for kind "{kind}" in version "{version}": {remedy}'
    )


def test_a_warning_about_many_objects_with_sctp_ports_is_folded() -> None:
    ports = "spec: {ports: [{port: 1, protocol: SCTP}]}\n"
    found = contents(*(object_of("Service", f"s{number}") + ports for number in range(9)))
    assert list(warnings([found])) == [
        "SCTP ports are ignored: Service default/s0, Service default/s1, Service default/s2"
        " and 6 more"
    ]


def test_an_unknown_kind_that_is_like_no_other_is_ignored() -> None:
    found = contents(object_of("Xyz", "web", "v1"))
    assert ([each.kind for each in found.ignored], found.problems) == (["Xyz"], [])
