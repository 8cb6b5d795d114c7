"""What nsnet says about objects that it does not read."""

import pytest

from nsnet.scenario.ignored import (
    IgnoredObject,
    ignored_object,
    listed,
    missing_effects,
    removed,
    summary,
)

RBAC = "rbac.authorization.k8s.io"


def ignored(group: str, kind: str, name: str = "web", namespace: str = "") -> IgnoredObject:
    """An ignored object of a file."""
    return ignored_object(group, kind, namespace, name, f"lab.yaml:{len(name)}")


@pytest.mark.parametrize(
    ("group", "kind", "namespace", "shown"),
    [
        ("", "ConfigMap", "shop", "ConfigMap shop/web"),
        ("", "ConfigMap", "", "ConfigMap default/web"),
        (RBAC, "ClusterRole", "", "ClusterRole web"),
        (RBAC, "ClusterRole", "shop", "ClusterRole web"),  # the API server drops it
        ("networking.k8s.io", "IngressClass", "", "IngressClass web"),
        ("example.com", "Widget", "", "Widget web"),  # its scope is not known
        ("example.com", "Widget", "shop", "Widget shop/web"),
        ("cluster.x-k8s.io", "Secret", "", "cluster.x-k8s.io Secret web"),
    ],
)
def test_an_object_is_shown_with_its_namespace_if_it_has_one(
    group: str, kind: str, namespace: str, shown: str
) -> None:
    assert list(listed([ignored(group, kind, namespace=namespace)])) == [f"lab.yaml:3: {shown}"]


def test_the_summary_counts_kinds_and_rbac_first() -> None:
    found = [ignored("", "ConfigMap", f"c{number}") for number in range(3)]
    found += [ignored(RBAC, kind) for kind in ("Role", "ClusterRole", "RoleBinding")]
    found += [ignored("", "ServiceAccount"), ignored("policy", "PodDisruptionBudget")]
    found += [ignored("networking.k8s.io", "IngressClass", name) for name in ("a", "b")]
    found += [ignored("example.com", "Proxy", name) for name in ("a", "b")]
    assert summary(found) == (
        "4 RBAC objects, 3 ConfigMaps, 2 IngressClasses, 2 Proxies, 1 PodDisruptionBudget"
    )
    assert len(list(listed(found))) == 12


def test_the_summary_of_many_kinds_is_one_line() -> None:
    found = [ignored("example.com", f"Kind{number}") for number in range(12)]
    assert summary(found).endswith("1 Kind3, 1 Kind4, 5 of 5 other kinds")
    assert summary(found[:8]).endswith("1 Kind6, 1 Kind7")


def test_a_file_that_two_clusters_list_is_counted_once() -> None:
    assert summary([ignored("", "Secret"), ignored("", "Secret")]) == "1 Secret"


@pytest.mark.parametrize(
    ("group", "kind", "warning"),
    [
        (
            "networking.k8s.io",
            "NetworkPolicy",
            "NetworkPolicy is not enforced, so it blocks nothing: default/web",
        ),
        (
            "route.openshift.io",
            "Route",
            "Route is not emulated, so no traffic takes its routes: web",
        ),
        (
            "gateway.networking.k8s.io",
            "GRPCRoute",
            "GRPCRoute is not emulated, so no traffic takes its routes: web",
        ),
        (
            "multicluster.x-k8s.io",
            "ServiceImport",
            "ServiceImport is not read, because nsnet derives it from the ServiceExports of the"
            " file: web",
        ),
        (
            "serving.knative.dev",
            "Service",
            "serving.knative.dev Service is not emulated, so the pods that it would create do not"
            " exist: web",
        ),
    ],
)
def test_a_kind_that_the_lab_lacks_has_a_warning_of_its_own(
    group: str, kind: str, warning: str
) -> None:
    found = [ignored(group, kind)]
    assert (list(missing_effects(found)), summary(found), list(listed(found))) == (
        [warning],
        "",
        [],
    )


def test_a_warning_about_a_kind_is_folded() -> None:
    found = [ignored("networking.k8s.io", "NetworkPolicy", f"p{number}") for number in range(5)]
    assert list(missing_effects(found)) == [
        "NetworkPolicy is not enforced, so it blocks nothing:"
        " default/p0, default/p1, default/p2 and 2 more"
    ]


def test_control_characters_are_escaped() -> None:
    found = [ignored("", "Secret", "a\x1b[2J"), ignored("x.org", "Bad\x1b")]
    assert all(line.isprintable() for line in (*listed(found), summary(found)))


def test_one_warning_names_the_api_versions_that_kubernetes_removed() -> None:
    found = [
        ignored_object(group, kind, "", name, "lab.yaml:1", version)
        for group, version, kind, name in (
            ("policy", "v1beta1", "PodDisruptionBudget", "a"),
            ("policy", "v1beta1", "PodDisruptionBudget", "b"),
            ("extensions", "v1beta1", "Ingress", "c"),
            ("policy", "v1", "PodDisruptionBudget", "d"),
            ("example.com", "v1beta1", "Ingress", "e"),
        )
    ]
    assert list(removed(found)) == [
        "the API server refuses objects that the lab ignores, because their apiVersions are"
        " removed: PodDisruptionBudget in policy/v1beta1 (since 1.25),"
        " Ingress in extensions/v1beta1 (since 1.22)"
    ]
    assert list(removed(found[3:])) == []
