"""How references are written: taken apart, and shortened for people."""

import pytest

from nsnet.topology.model import Topology
from nsnet.topology.notation import UnknownReferenceError, split, without_only_cluster
from tests.support.labs import topology

ONE = topology(clusters=("{name: east}",))
TWO = topology(clusters=("{name: east}", "{name: west}"))


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("fabric", ("", "fabric", "", "")),
        ("external/api", ("", "external", "api", "")),
        ("external/api:443", ("", "external", "api", "443")),
        ("pod/web-0", ("", "pod", "web-0", "")),
        ("east/pod/web-0", ("east", "pod", "web-0", "")),
        ("east/pod/web.prod:http", ("east", "pod", "web.prod", "http")),
        ("east/svc/web:80", ("east", "svc", "web", "80")),
        ("east/lb/web:80", ("east", "lb", "web", "80")),
        ("east/deploy/web", ("east", "deploy", "web", "")),
        ("east/statefulset/db.prod", ("east", "statefulset", "db.prod", "")),
        ("node/n1:30080", ("", "node", "n1", "30080")),
        ("east/gateway", ("east", "gateway", "", "")),
        ("east/gateway:80", ("east", "gateway", "", "80")),
        ("east/gateway/2", ("east", "gateway", "2", "")),
        ("east,west/gateway/1:80", ("east,west", "gateway", "1", "80")),
        ("localhost", ("", "localhost", "", "")),
        ("localhost:http", ("", "localhost", "", "http")),
        ("10.0.0.1", ("", "address", "10.0.0.1", "")),
        ("10.0.0.1:80", ("", "address", "10.0.0.1", "80")),
        ("fd00::1", ("", "address", "fd00::1", "")),
        ("[fd00::1]", ("", "address", "fd00::1", "")),
        ("[fd00::1]:80", ("", "address", "fd00::1", "80")),
    ],
)
def test_the_parts_of_a_reference(reference: str, parts: tuple[str, str, str, str]) -> None:
    assert split(reference) == parts


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("", "neither a reference such as east/pod/web-0 nor an IP address"),
        ("gateway", "neither a reference such as east/pod/web-0 nor an IP address"),
        ("db", "neither a reference such as pod/db nor an IP address"),
        ("web-0:80", "neither a reference such as pod/web-0:80 nor an IP address"),
        ("10.0.0.300", "neither a reference such as east/pod/web-0 nor an IP address"),
        ("east/job/web", "not a reference; references look like CLUSTER/pod/NAME"),
        ("east/pod/web/80", "not a reference"),
        ("service/web:80", "not a reference; did you mean svc/web?"),
        ("east/deployments/web", "not a reference; did you mean east/deploy/web?"),
        ("Pods/web-0", "not a reference; did you mean pod/web-0?"),
        ("sts/db", "not a reference; did you mean statefulset/db?"),
        ("nod/n1", "not a reference; did you mean node/n1?"),
        ("east/gateway/first", "not a reference"),
    ],
)
def test_what_is_not_a_reference(reference: str, message: str) -> None:
    with pytest.raises(UnknownReferenceError) as caught:
        split(reference)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("lab", "text", "short"),
    [
        (ONE, "east/pod/web", "pod/web"),
        (ONE, "by east/svc/web.prod (east/node/n1)", "by svc/web.prod (node/n1)"),
        (ONE, "east/pod/a → east/node/n1 → fabric", "pod/a → node/n1 → fabric"),
        (ONE, "deploy/web: east/pod/web-0", "deploy/web: pod/web-0"),
        (ONE, "1 of 2 pods of east/daemonset/web", "1 of 2 pods of daemonset/web"),
        (ONE, "east/gateway", "east/gateway"),  # which an author cannot write without its cluster
        (ONE, "external/api", "external/api"),
        (ONE, "north-east/pod/web", "north-east/pod/web"),  # of another name
        (ONE, "/srv/east/pod/web", "/srv/east/pod/web"),  # a path
        (TWO, "east/pod/web", "east/pod/web"),
    ],
)
def test_in_a_lab_of_one_cluster_references_omit_it(lab: Topology, text: str, short: str) -> None:
    assert without_only_cluster(text, lab) == short
