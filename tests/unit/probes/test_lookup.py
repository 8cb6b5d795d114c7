"""What the model predicts that a client's resolver finds, over the packets' predicted paths."""

import pytest

from nsnet.names.resolver import Resolution
from nsnet.probes.lookup import Lookup, lookup_of
from nsnet.probes.model import Model
from nsnet.topology.interior import interior
from nsnet.topology.references import locate
from nsnet.walk.packet import Unknown
from tests.support.labs import lab, pod, service, workload

OUTSIDE = "{name: ns, address: 203.0.113.53, zone: {www.example.com: 203.0.113.80}}"


def model(*objects: str, spec: str = "") -> Model:
    found = lab(
        pod("client"),
        workload("Deployment", "web", 2),
        service("web"),
        *objects,
        clusters=("{name: east, nodes: 2, dns: true}",),
        spec=f"externals: [{OUTSIDE}]\n{spec}",
    )
    return found.model


def looked_up(where: Model, name: str, source: str = "pod/client") -> str:
    """What is found for the name, as a report says it."""
    place = locate(where.topology, source)
    found = where.resolver.predict(place.netns, interior(where.topology, place.reference), name)
    if isinstance(found, Unknown):
        return found.why
    assert isinstance(found, Resolution)
    return f"{lookup_of(name, found)}, {found.seconds:g} s"


def drop(where: str) -> str:
    return f"faults: [{{in: {where}, drop: {{protocol: udp, port: 53}}}}]"


PLAIN = model()


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        ("web", "pod/client", "web is 10.96.0.2, in 2 queries, 0 s"),
        ("web", "node/n1", "web: no such name (EAI_NONAME), in 2 queries, 0 s"),
        ("www.example.com", "pod/client", "www.example.com is 203.0.113.80, in 8 queries, 0 s"),
        ("www.example.com", "node/n1", "www.example.com is 203.0.113.80, in 2 queries, 0 s"),
        ("client", "pod/client", "client is 10.244.0.2, in 0 queries, 0 s"),
    ],
)
def test_a_name(name: str, source: str, expected: str) -> None:
    assert looked_up(PLAIN, name, source) == expected


@pytest.mark.parametrize(
    ("case", "spec", "name", "expected"),
    [
        (
            "queries do not arrive",
            drop("pod/coredns-0.kube-system"),
            "web",
            "web: no server answered, or they failed (EAI_AGAIN), in 8 queries, 20 s",
        ),
        (
            "the server outside is silent: the inner one answers SERVFAIL after 4 s",
            drop("external/ns"),
            "www.example.com.",
            "www.example.com.: no server answered, or they failed (EAI_AGAIN), in 4 queries, 0 s",
        ),
    ],
)
def test_a_server_that_does_not_answer(case: str, spec: str, name: str, expected: str) -> None:
    assert looked_up(model(spec=spec), name) == expected


def test_what_depends_on_chance_is_not_predicted() -> None:
    rotating = "dnsPolicy: None, dnsConfig: {nameservers: [10.96.0.10, 203.0.113.53],"
    rotating += " options: [{name: rotate}]}"
    found = looked_up(model(pod("other", spec=rotating)), "web", "pod/other")
    assert found == "options rotate: any of the name servers may be asked first"


def test_a_lookup_as_text() -> None:
    many = tuple(f"10.0.0.{n}" for n in range(10))
    assert str(Lookup("web", ("10.0.0.1",), "", 1)) == "web is 10.0.0.1, in 1 query"
    assert str(Lookup("web", many, "", 2)).endswith("10.0.0.7, 2 more, in 2 queries")
    assert str(Lookup("web", (), "EAI_SYSTEM", 0)) == "web: not found (EAI_SYSTEM), in 0 queries"
    assert Lookup("web", many[:2]).compared == Lookup("web", many[1::-1]).compared
