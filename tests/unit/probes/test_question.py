"""A probe's references become a client, a destination and expectations."""

from typing import Any

import pytest

from nsnet.errors import UsageError
from nsnet.probes.judge import Expected
from nsnet.probes.question import explain, probe_spec, question
from nsnet.topology.notation import UnknownReferenceError
from tests.support.labs import lab, pod, service, workload

BOTH = frozenset({"east/pod/web-0", "east/pod/web-1"})
LAB = lab(
    pod("client", spec="nodeName: n1"),
    workload("Deployment", "web", 2),
    service("web"),
    spec="externals: [{name: api, address: 203.0.113.80}]",
)


def expected(**expect: object) -> Expected:
    """The resolved `expect` of a probe of the Service."""
    spec = probe_spec("pod/client", "svc/web:80", expect=expect, times=300)
    return question(LAB.topology, spec).expected


@pytest.mark.parametrize(
    ("expect", "verdicts"),
    [
        ({}, None),
        ({"verdict": "timeout"}, {"timeout"}),
        ({"verdict": ["timeout", "refused"]}, {"timeout", "refused"}),
        ({"source": "pod/client"}, {"ok"}),  # a source or servers imply ok
        ({"servers": ["deploy/web"]}, {"ok"}),
        ({"servers": ["deploy/web"], "verdict": "wrong-source"}, {"wrong-source"}),
    ],
)
def test_which_verdicts_are_expected(expect: dict[str, object], verdicts: set[str] | None) -> None:
    assert expected(**expect).verdicts == verdicts


@pytest.mark.parametrize(
    ("source", "addresses"),
    [
        ("pod/client", ["10.244.0.2"]),
        ("node/n1", ["10.244.0.1", "192.168.10.2"]),  # its bridge and its eth0
        ("external/api", ["203.0.113.80"]),
        ("deploy/web", ["10.244.0.3", "10.244.1.2"]),
        ("192.0.2.1", ["192.0.2.1"]),
        ("[2001:db8::1]", ["2001:db8::1"]),
    ],
)
def test_a_source_is_every_address_of_its_namespaces(source: str, addresses: list[str]) -> None:
    assert sorted(map(str, expected(source=source).source or ())) == addresses


def test_servers_are_the_pods_that_references_mean() -> None:
    assert expected(servers=["deploy/web"]).servers == BOTH
    assert expected(servers=["pod/web-0", "pod/web-1"]).servers == BOTH
    assert expected(servers=["svc/web"]).servers == BOTH


def test_an_even_share_is_one_for_each_endpoint() -> None:
    assert expected(balance="even").balanced == BOTH
    one = expected(balance="even", servers=["pod/web-0"]).balanced
    assert one == frozenset({"east/pod/web-0"})
    assert expected().balanced is None
    assert expected(balance="sticky").balanced is None
    assert expected(balance="sticky").sticky
    assert not expected(balance="even").sticky


# --- the client and the destination ---


@pytest.mark.parametrize(
    ("source", "to", "protocol", "asked"),
    [
        ("pod/client", "svc/web:80", "tcp", "nsnet.lab.east.pod.default.client 10.96.0.2 80"),
        ("pod/client", "pod/web-0:80", "udp", "nsnet.lab.east.pod.default.client 10.244.0.3 80"),
        ("pod/client", "pod/web-0", "icmp", "nsnet.lab.east.pod.default.client 10.244.0.3 None"),
        ("node/n1", "192.0.2.1:7", "tcp", "nsnet.lab.east.node.n1 192.0.2.1 7"),
        ("external/api", "node/n1:80", "tcp", "nsnet.lab.external.api 192.168.10.2 80"),
    ],
)
def test_references_become_a_namespace_an_address_and_a_port(
    source: str, to: str, protocol: str, asked: str
) -> None:
    found = question(LAB.topology, probe_spec(source, to, protocol))
    assert f"{found.source.netns} {found.to.address} {found.to.port}" == asked


@pytest.mark.parametrize(
    ("expect", "path", "recorded"),
    [
        ({}, False, False),
        ({}, True, True),
        ({"path": ["pod/client", "node/n1"]}, False, True),  # to be compared, it is recorded
    ],
)
def test_a_path_is_recorded_where_it_is_asked_for_or_expected(
    expect: dict[str, object], path: bool, recorded: bool
) -> None:
    spec = probe_spec("pod/client", "svc/web:80", expect=expect)
    assert question(LAB.topology, spec, path=path).path is recorded


def test_a_probe_without_a_name_is_named_by_source_and_destination() -> None:
    assert question(LAB.topology, probe_spec("pod/client", "svc/web:80")).name == (
        "pod/client → svc/web:80"
    )


def test_a_reference_to_nothing_is_an_error() -> None:
    with pytest.raises(UnknownReferenceError, match="has no pod nobody"):
        question(LAB.topology, probe_spec("pod/nobody", "svc/web:80"))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"times": 0}, "times: 0 is too small: at least 1$"),
        ({"colour": "red"}, "colour: unknown key; known keys: name, from, container, to, "),
        ({"tims": 2}, r"tims: unknown key; did you mean times\?"),
        ({"expect": {"verdict": "OK"}}, r"expect\.verdict: 'OK' .*; did you mean ok\?"),
        ({"times": 1, "expect": {"balance": "sticky"}}, "balance: sticky needs at least 2 times"),
        ({"size": "1", "times": 0}, "times: .*; size: "),
    ],
)
def test_a_field_that_no_probe_has_is_an_error(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=f"^{message}"):
        probe_spec("pod/client", "svc/web:80", **fields)


# --- the prediction ---


def test_every_endpoint_of_a_service_is_a_path() -> None:
    found = explain(LAB.model, probe_spec("pod/client", "svc/web:80"))
    assert {each.server for each in found.paths} == BOTH
    with pytest.raises(ValueError, match="there are 2 paths"):
        found.path  # noqa: B018


def test_the_path_of_a_probe_lists_the_namespaces_that_it_passes() -> None:
    found = explain(LAB.model, probe_spec("pod/client", "pod/web-0:80"))
    assert found.path == ("east/pod/client", "east/node/n1", "east/pod/web-0")


@pytest.mark.parametrize(("size", "packet"), [(0, 0), (1, 20 + 8 + 26), (100, 20 + 8 + 127)])
def test_a_datagram_is_as_large_as_the_request_that_the_prober_sends(
    size: int, packet: int
) -> None:
    found = explain(LAB.model, probe_spec("pod/client", "pod/web-0:80", "udp", size=size))
    assert found.paths[0].request[0].packet.size == packet
