"""What the API server refuses in affinity, tolerations and topology spread constraints."""

import pytest

from nsnet.scenario.kubernetes import LabelSelector
from tests.support.labs import pod, refused, topology

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def node_affinity(term: str) -> str:
    """Return the affinity of a pod with this nodeSelectorTerm."""
    return f"affinity: {{nodeAffinity: {{{REQUIRED}: {{nodeSelectorTerms: [{term}]}}}}}}"


def pod_affinity(term: str) -> str:
    """Return the affinity of a pod with this term."""
    return f"affinity: {{podAffinity: {{{REQUIRED}: [{term}]}}}}"


def spread(constraint: str) -> str:
    """Return the constraint in a pod's spec."""
    return f"topologySpreadConstraints: [{{{constraint}}}]"


SKEWED = "maxSkew: 1, topologyKey: zone, whenUnsatisfiable"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            node_affinity("{matchExpressions: [{key: a, operator: in, values: [b]}]}"),
            'Unsupported value: "in": supported values: "In", "NotIn", "Exists",'
            ' "DoesNotExist", "Gt", "Lt"',
        ),
        (
            node_affinity("{matchExpressions: [{key: a, operator: NotIn}]}"),
            "values must be specified when `operator` is 'In' or 'NotIn'",
        ),
        (
            node_affinity("{matchExpressions: [{key: a, operator: Exists, values: [b]}]}"),
            "values may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        ),
        (
            node_affinity('{matchExpressions: [{key: a, operator: Gt, values: ["1", "2"]}]}'),
            "values must be specified single value when `operator` is 'Lt' or 'Gt'",
        ),
        (
            node_affinity("{matchFields: [{key: metadata.name, operator: In, values: [a, b]}]}"),
            "values must be only one value when `operator` is 'In' or 'NotIn'",
        ),
        (
            node_affinity("{matchFields: [{key: spec.x, operator: In, values: [a]}]}"),
            'Unsupported value: "spec.x": supported values: "metadata.name"',
        ),
        (node_affinity(""), "must have at least one node selector term"),
        (pod_affinity("{topologyKey: ''}"), "topologyKey: Required value: can not be empty"),
        (pod_affinity("{labelSelector: {}}"), "topologyKey: Required value"),
        (
            pod_affinity(
                "{topologyKey: a, labelSelector: {matchExpressions: [{key: a, operator: Gt}]}}"
            ),
            'Unsupported value: "Gt": supported values: "In", "NotIn", "Exists", "DoesNotExist"',
        ),
        ("tolerations: [{effect: NoSchedule}]", "operator must be Exists when `key` is empty"),
        (
            "tolerations: [{key: a, operator: Exists, value: b}]",
            "value must be empty when `operator` is 'Exists'",
        ),
        (
            "tolerations: [{key: a, value: b, tolerationSeconds: 3}]",
            "effect must be 'NoExecute' when `tolerationSeconds` is set",
        ),
        ("tolerations: [{key: a, effect: Never}]", 'Unsupported value: "Never"'),
        (
            spread(f"{SKEWED}: Never"),
            'Unsupported value: "Never": supported values: "DoNotSchedule", "ScheduleAnyway"',
        ),
        (spread(f"{SKEWED}: ScheduleAnyway, minDomains: 2"), "can only use minDomains if"),
        ("tolerations: [{key: a, effect: Nope}]", 'supported values: "NoSchedule", "Prefer'),
        (
            "topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable:"
            " DoNotSchedule}, {maxSkew: 2, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}]",
            'Constraints[1].topologyKey: Duplicate value: "{zone, DoNotSchedule}"',
        ),
        (
            spread(f"{SKEWED}: DoNotSchedule, minDomains: 0"),
            "Invalid value: 0: must be greater than zero",
        ),
        (
            spread("maxSkew: 0, topologyKey: zone, whenUnsatisfiable: DoNotSchedule"),
            "maxSkew: Invalid value: 0: must be greater than zero",
        ),
        (
            "nodeName: a/b",
            'nodeName: Invalid value: "a/b": a lowercase RFC 1123 subdomain must consist of',
        ),
    ],
)
def test_what_the_api_server_refuses(spec: str, message: str) -> None:
    assert message in refused(pod("a", spec=spec))


@pytest.mark.parametrize(
    "spec",
    [
        "affinity: null, tolerations: null, topologySpreadConstraints: null",
        "affinity: {nodeAffinity: null, podAffinity: {}, podAntiAffinity: null}",
        "tolerations: [{operator: Exists}, {key: a, operator: '', value: b, effect: ''}]",
        "nodeName: '', nodeSelector: {}",
    ],
)
def test_zero_values_are_accepted(spec: str) -> None:
    assert topology(pod("a", spec=spec)).clusters[0].pods


@pytest.mark.parametrize(
    ("selector", "labels", "selects"),
    [
        ({}, {}, True),
        ({"matchLabels": {"a": "1"}}, {"a": "1", "b": "2"}, True),
        ({"matchLabels": {"a": "1"}}, {"a": "2"}, False),
        ({"matchLabels": {"a": None}}, {"a": ""}, True),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["1"]}]}, {}, False),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["1"]}]}, {}, True),
        ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, {"a": ""}, True),
        ({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}, {"a": ""}, False),
        (
            {
                "matchLabels": {"a": "1"},
                "matchExpressions": [{"key": "b", "operator": "DoesNotExist"}],
            },
            {"a": "1", "b": "2"},
            False,
        ),
    ],
)
def test_a_label_selector(selector: object, labels: dict[str, str], selects: bool) -> None:
    found = LabelSelector.model_validate(selector)
    assert found.matches(labels) is selects
    assert all(each.matches(labels) for each in found.requirements) is selects
