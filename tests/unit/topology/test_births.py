"""What pods find in their environment, after their lab has been changed several times."""

import json

import pytest

from nsnet.topology.assignment import Assignment
from nsnet.topology.interior import interior
from nsnet.topology.model import Topology
from tests.support.labs import pod, service, topology

DB, DB_MOVED = service("db"), service("db", spec="clusterIP: 10.96.0.77")
VALUE = "containers: [{env: [{name: A, valueFrom: {configMapKeyRef: {name: c, key: a}}}]}]"
EVERY = "containers: [{envFrom: [{secretRef: {name: c}}]}]"
OPTIONAL = VALUE.replace("key: a", "key: a, optional: true")


def deployment(replicas: int) -> str:
    """Return a Deployment."""
    spec = f"replicas: {replicas}, template: {{metadata: {{labels: {{app: d}}}}}}"
    return f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d}}\nspec: {{{spec}}}"


def config(value: str) -> str:
    """Return a ConfigMap."""
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata: {{a: {value}}}"


def secret(**values: str) -> str:
    """Return a Secret."""
    return f"apiVersion: v1\nkind: Secret\nmetadata: {{name: c}}\nstringData: {json.dumps(values)}"


def changed(*steps: tuple[str, ...]) -> Topology:
    """Return the lab that was built with the first of these objects, and then changed to others.
    What the lab keeps is read from its record each time."""
    first, *others = steps
    found = topology(*first)
    for each in others:
        found = topology(*each, keep=kept(found))
    return found


def kept(found: Topology) -> Assignment:
    """Return what a lab keeps, as it is read from its record."""
    return Assignment.from_json(json.loads(json.dumps(found.assignment().to_json())))


def variable(found: Topology, name: str, reference: str) -> str | None:
    """Return the value of a variable in a pod."""
    inside = interior(found, f"east/pod/{reference}")
    return dict(inside.containers[0].environment).get(name)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([(pod("a"), DB), (pod("a"), DB, pod("b"))], {"a": None, "b": "10.96.0.2"}),
        ([(DB, pod("a")), (pod("a"),)], {"a": "10.96.0.2"}),  # it was deleted
        ([(DB, pod("a")), (pod("b"), pod("a"))], {"a": "10.96.0.2", "b": None}),
        (  # it was deleted and created again, as it was
            [(DB, pod("a")), (pod("a"),), (DB, pod("a"), pod("b"))],
            {"a": "10.96.0.2", "b": "10.96.0.2"},
        ),
        ([(DB, pod("a")), (pod("a"), pod("b")), (DB, pod("a"), pod("b"))], {"b": None}),
        ([(DB, pod("a")), (DB_MOVED, pod("a"), pod("b"))], {"a": "10.96.0.2", "b": "10.96.0.77"}),
        ([(DB, pod("a")), (DB,), (DB_MOVED, pod("a"))], {"a": "10.96.0.77"}),  # another pod a
        (  # its pods are as old as a Deployment, unless they are added later
            [(deployment(1), DB), (deployment(2), DB)],
            {"d-0": None, "d-1": "10.96.0.2"},
        ),
    ],
)
def test_a_pod_keeps_the_services_of_when_it_was_created(
    steps: list[tuple[str, ...]], expected: dict[str, str | None]
) -> None:
    found = changed(*steps)
    assert {each: variable(found, "DB_SERVICE_HOST", each) for each in expected} == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([(pod("a", spec=VALUE), config("old"))], {"a": "old"}),  # a pod waits for what it lacks
        (
            [(config("old"), pod("a", spec=VALUE)), (config("new"), pod("a", spec=VALUE))],
            {"a": "old"},
        ),
        (
            [
                (config("old"), pod("a", spec=VALUE)),
                (config("new"), pod("a", spec=VALUE), pod("b", spec=VALUE)),
            ],
            {"a": "old", "b": "new"},
        ),
        ([(config("old"), pod("a", spec=VALUE)), (pod("a", spec=VALUE),)], {"a": "old"}),
        ([(pod("a", spec=VALUE),), (config("new"), pod("a", spec=VALUE))], {"a": "new"}),
        ([(pod("a", spec=OPTIONAL),), (config("new"), pod("a", spec=OPTIONAL))], {"a": None}),
    ],
)
def test_a_pod_keeps_the_values_of_when_it_was_created(
    steps: list[tuple[str, ...]], expected: dict[str, str | None]
) -> None:
    found = changed(*steps)
    assert {each: variable(found, "A", each) for each in expected} == expected


def test_a_key_that_is_added_is_found_after_a_restart() -> None:
    web = pod("a", spec=EVERY)
    found = changed((secret(x="1"), web), (secret(x="2", y="3"), web))
    assert (variable(found, "x", "a"), variable(found, "y", "a")) == ("1", None)
    again = topology(secret(x="2", y="3"), web, keep=kept(found).release("east/pod/a"))
    assert (variable(again, "x", "a"), variable(again, "y", "a")) == ("2", "3")


def test_a_pod_on_another_node_is_another_pod() -> None:
    found = changed((pod("a", spec="nodeName: n1"), DB), (DB, pod("a", spec="nodeName: n2")))
    assert variable(found, "DB_SERVICE_HOST", "a") == "10.96.0.2"


def test_what_no_pod_can_find_any_more_is_forgotten() -> None:
    steps = [(DB, pod("a")), (DB_MOVED, pod("b"))] * 5
    assert len(changed(*steps).assignment().events["east"]) <= 2
    idle = [(DB, pod("a")), (pod("a"),), (pod("a"),), (pod("a"),)]
    assert len(changed(*idle).assignment().events["east"]) == 2


def test_a_lab_with_a_record_of_an_earlier_version_starts_with_what_there_is() -> None:
    record = topology(pod("a"), DB).assignment().to_json()
    del record["events"], record["eventsSeen"]
    found = topology(pod("a"), DB, keep=Assignment.from_json(json.loads(json.dumps(record))))
    assert variable(found, "DB_SERVICE_HOST", "a") is None


def test_only_what_pods_refer_to_is_kept_and_no_repr_shows_it() -> None:
    found = topology(secret(x="marker"), pod("a"))
    assert "marker" not in json.dumps(found.assignment().to_json())
    found = topology(secret(x="marker"), pod("a", spec=EVERY))
    assert "marker" in json.dumps(found.assignment().to_json())
    assert "marker" not in repr(found.assignment())
    assert "marker" not in repr(found.clusters[0].births)
