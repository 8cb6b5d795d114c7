"""A probe's references become a client, a destination and expectations."""

from typing import Any

import pytest

from nsnet.errors import UsageError
from nsnet.probes.judge import Expected
from nsnet.probes.question import NamedQuestion, Question, explain, probe_spec, question
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
    assert isinstance(found, Question)
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


@pytest.mark.parametrize(
    ("to", "http", "host", "server_name"),
    [
        ("pod/web-0", {}, "10.244.0.3", ""),
        ("pod/web-0:8080", {}, "10.244.0.3:8080", ""),
        ("pod/web-0", {"tls": True}, "10.244.0.3", ""),
        ("pod/web-0:80", {"tls": True}, "10.244.0.3:80", ""),
        ("pod/web-0", {"host": "shop.example"}, "shop.example", ""),
        (
            "pod/web-0",
            {"host": "shop.example:8443", "tls": True},
            "shop.example:8443",
            "shop.example",
        ),
        ("pod/web-0", {"tls": {"serverName": "a.example"}}, "10.244.0.3", "a.example"),
        ("pod/web-0", {"host": "[::1]:80", "tls": True}, "[::1]:80", ""),
        ("pod/web-0", {"host": "10.0.0.1", "tls": True}, "10.0.0.1", ""),
    ],
)
def test_a_request_over_http(to: str, http: dict[str, Any], host: str, server_name: str) -> None:
    found = question(LAB.topology, probe_spec("pod/client", to, "http", http=http))
    assert isinstance(found, Question)
    assert found.http is not None
    assert (found.http.host, found.http.server_name) == (host, server_name)
    assert found.to.port == int(to.partition(":")[2] or (443 if http.get("tls") else 80))


NAMES = lab(
    pod("client", spec="nodeName: n1"),
    workload("Deployment", "web", 2),
    service("web"),
    clusters=("{name: east, nodes: 2, dns: true}",),
)


def named(to: str, protocol: str = "tcp", **fields: Any) -> NamedQuestion:
    found = question(NAMES.topology, probe_spec("pod/client", to, protocol, **fields))
    assert isinstance(found, NamedQuestion)
    return found


@pytest.mark.parametrize(
    ("to", "protocol", "port", "host"),
    [
        ("web:80", "tcp", 80, None),
        ("web", "icmp", None, None),
        ("web", "http", 80, "web"),
        ("www.example.com.:8080", "http", 8080, "www.example.com.:8080"),
    ],
)
def test_a_name_is_looked_up_first(
    to: str, protocol: str, port: int | None, host: str | None
) -> None:
    asked = named(to, protocol)
    assert asked.dns.name == to.partition(":")[0]
    assert "nameserver 10.96.0.10" in asked.inside.resolv_conf
    found = asked.at(NAMES.topology, ["10.96.0.2", "10.96.0.3"])
    assert (str(found.to.address), found.to.port) == ("10.96.0.2", port)
    assert found.to.servers == BOTH  # those of the Service that has the address
    assert (found.http.host if found.http else None) == host
    assert asked.at(NAMES.topology, ["192.0.2.1"]).to.servers is None


@pytest.mark.parametrize(
    ("to", "message"),
    [
        ("web", "web: tcp needs a port, as in web:80"),
        ("web:http", "web:http: a DNS name has no named ports; write a number"),
        ("web:0", "web:0: 0 is not a port (1-65535)"),
        ("web:123456", "web:123456: 123456 is not a port (1-65535)"),
    ],
)
def test_a_name_needs_the_number_of_a_port(to: str, message: str) -> None:
    with pytest.raises(UnknownReferenceError) as caught:
        question(LAB.topology, probe_spec("pod/client", to))
    assert str(caught.value) == message


def test_an_explanation_of_a_name() -> None:
    found = explain(NAMES.model, probe_spec("pod/client", "web:80"))
    assert str(found.lookup) == "web is 10.96.0.2, in 2 queries"
    assert {path.server for path in found.paths} == BOTH
    missing = explain(NAMES.model, probe_spec("pod/client", "nix:80"))
    assert str(missing.lookup) == "nix: no such name (EAI_NONAME), in 8 queries"
    assert missing.paths == ()
    assert explain(NAMES.model, probe_spec("pod/client", "svc/web:80")).lookup is None
