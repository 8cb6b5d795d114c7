"""Exported Services in other clusters: their addresses, and the clients that pods see."""

import pytest

from nsnet.ip import Protocol
from nsnet.probes.question import explain, probe_spec
from nsnet.state.model import State
from nsnet.topology.model import Service, Topology
from nsnet.topology.resolve import resolve
from tests.support.labs import (
    Lab,
    exported,
    in_clusters,
    lab,
    pod,
    service,
    services,
    topology,
    workload,
    written,
)

EAST, WEST = in_clusters("east"), in_clusters("west")
BOTH = in_clusters("east,west")
PORTS = "containers: [{ports: [{containerPort: 80}, {containerPort: 53, protocol: UDP}]}]"
OFFER = "{name: http, port: 80}, {name: dns, port: 53, protocol: UDP}"


def flat(
    mode: str = "iptables", *objects: str, replicas: int = 2, more: tuple[str, ...] = ()
) -> Lab:
    """Two flat clusters; west exports its Service `web`, and has another."""
    return lab(
        pod("client", meta=BOTH),
        workload("Deployment", "web", replicas, spec=PORTS, meta=WEST),
        service("web", OFFER, meta=WEST),
        service("private", app="web", meta=WEST),
        exported("web", WEST),
        *objects,
        clusters=(
            f"{{name: east, model: flat, nodes: 2, podCIDR: 10.244.0.0/16, proxyMode: {mode}}}",
            f"{{name: west, model: flat, podCIDR: 10.245.0.0/16, proxyMode: {mode}}}",
            *more,
        ),
        spec="externals: [{name: laptop, address: 203.0.113.10}]",
    )


def derived(found: Topology) -> dict[str, Service]:
    """The Services that stand for those of another cluster alone, by reference."""
    return {
        name: each
        for name, each in services(found).items()
        if each.imported_from and not each.imported_from.startswith("clusterset/")
    }


def test_another_flat_cluster_has_a_service_with_the_exported_address() -> None:
    found = flat().topology
    web = services(found)["west/svc/web"]
    ((reference, known),) = derived(found).items()
    assert reference.startswith("east/svc/derived-")
    assert (known.imported_from, known.namespace) == ("west/svc/web", "default")
    assert [str(each) for each in known.addresses] == ["198.18.0.2"]
    assert known.addresses == web.exported == web.external_ips
    assert [
        (
            port.name,
            port.port,
            port.protocol,
            [f"{one.address}:{one.port}" for one in port.endpoints],
        )
        for port in known.ports
    ] == [
        ("http", 80, Protocol.TCP, ["10.245.0.3:80", "10.245.0.4:80"]),
        ("dns", 53, Protocol.UDP, ["10.245.0.3:53", "10.245.0.4:53"]),
    ]
    ends = [one for port in known.ports for one in port.endpoints]
    assert {one.reference for one in ends} == {"west/pod/web-0", "west/pod/web-1"}
    # Both clusters have a node n1: the pods are on neither node of east.
    assert {(one.node, one.zones) for one in ends} == {("", ())}


@pytest.mark.parametrize("mode", ["iptables", "nftables", "ipvs"])
@pytest.mark.parametrize(
    ("source", "to", "sees"),
    [
        ("east/pod/client", "west/svc/web:80", {"10.244.0.2"}),  # DNAT on its own node, no SNAT
        ("east/node/n2", "west/svc/web:80", {"192.168.10.3"}),
        ("west/pod/client", "west/svc/web:80", {"10.245.0.2"}),
        ("west/pod/client", "198.18.0.2:80", {"10.245.0.1"}),  # as for any external IP
        ("external/laptop", "west/svc/web:80", {"10.245.0.1"}),  # the node, by its bridge
    ],
)
def test_an_exported_service_is_served_in_each_mode(
    mode: str, source: str, to: str, sees: set[str]
) -> None:
    paths = explain(flat(mode).model, probe_spec(source, to)).paths
    assert {(each.verdict.value, each.server) for each in paths} == {
        ("ok", "west/pod/web-0"),
        ("ok", "west/pod/web-1"),
    }
    assert {str(each.source) for each in paths} == sees


def test_a_client_in_another_cluster_is_dnated_on_its_own_node() -> None:
    paths = explain(flat().model, probe_spec("east/pod/client", "west/svc/web:80")).paths
    assert {each.request[-1].packet.src for each in paths} == {paths[0].source}
    rewritten = {hop.reference for each in paths for hop in each.request if hop.rule}
    assert rewritten == {"east/node/n1"}


@pytest.mark.parametrize(
    ("source", "verdict"),
    [
        ("east/pod/client", "refused"),
        ("external/laptop", "refused"),
        ("west/pod/client", "refused"),
    ],
)
def test_an_exported_service_without_pods_refuses(source: str, verdict: str) -> None:
    found = flat(replicas=0)
    paths = explain(found.model, probe_spec(source, "west/svc/web:80")).paths
    assert {each.verdict.value for each in paths} == {verdict}


@pytest.mark.parametrize("source", ["east/pod/client", "east/node/n1", "external/laptop"])
@pytest.mark.parametrize("mode", ["iptables", "nftables", "ipvs"])
def test_a_service_that_is_not_exported_is_not_reached_from_outside(mode: str, source: str) -> None:
    found = flat(mode)
    (address,) = services(found.topology)["west/svc/private"].addresses
    paths = explain(found.model, probe_spec(source, f"{address}:80")).paths
    assert "ok" not in {each.verdict.value for each in paths}


def test_islands_import_nothing() -> None:
    found = topology(
        workload("Deployment", "web", meta=in_clusters("one,two,plain")),
        service("web", meta=in_clusters("one,two,plain")),
        exported("web", in_clusters("one,two,plain")),
        clusters=(
            "{name: one, gateway: {kind: nat}}",
            "{name: two, gateway: {kind: vip}}",
            "{name: plain, model: flat, podCIDR: 10.245.0.0/16}",
        ),
    )
    assert derived(found) == {}
    known = {each.reference: each.external_ips for each in services(found).values()}
    assert known["one/svc/web"] == known["two/svc/web"] == ()
    assert [str(each) for each in known["plain/svc/web"]] == ["198.18.0.6"]


def test_one_name_in_two_clusters_is_two_services_for_a_third() -> None:
    here = in_clusters("a,b")
    found = topology(
        workload("Deployment", "web", meta=here),
        service("web", meta=here),
        exported("web", here),
        clusters=tuple(
            f"{{name: {name}, model: flat, podCIDR: 10.{number}.0.0/16}}"
            for number, name in enumerate("abc", 1)
        ),
    )
    known = [(each.reference[0], each.imported_from) for each in derived(found).values()]
    assert known == [
        ("a", "b/svc/web"),
        ("b", "a/svc/web"),
        ("c", "a/svc/web"),
        ("c", "b/svc/web"),
    ]
    assert len({each.addresses for each in derived(found).values()}) == 2


def routes(state: State) -> dict[str, list[str]]:
    """The next hops of the fabric's routes to single addresses."""
    return {
        str(each.destination.network_address): [str(one) for one in each.gateways]
        for each in state["nsnet.lab.fabric"].routes
        if each.destination.prefixlen == 32
    }


def test_the_fabric_routes_to_the_nodes_and_forwards_only_the_ports() -> None:
    found = flat()
    assert routes(found.state)["198.18.0.2"] == ["192.168.20.2"]
    for port, verdict in (("80", "ok"), ("81", "timeout")):
        paths = explain(found.model, probe_spec("external/laptop", f"west/svc/web:{port}")).paths
        assert {each.verdict.value for each in paths} == {verdict}


def test_an_exported_address_is_not_allocated_again() -> None:
    scenario = written(
        service("web", meta=WEST),
        exported("web", WEST),
        service("other", meta=EAST),
        exported("other", EAST),
        clusters=(
            "{name: east, model: flat, podCIDR: 10.244.0.0/16}",
            "{name: west, model: flat, podCIDR: 10.245.0.0/16}",
        ),
    )
    old = resolve(scenario)
    assert resolve(scenario, old.assignment()) == old
    # East's own export is removed: that of west keeps its address, and east still imports it.
    new = topology(
        service("web", meta=WEST),
        exported("web", WEST),
        clusters=(
            "{name: east, model: flat, podCIDR: 10.244.0.0/16}",
            "{name: west, model: flat, podCIDR: 10.245.0.0/16}",
        ),
        keep=old.assignment(),
    )
    assert services(new)["west/svc/web"].exported == services(old)["west/svc/web"].exported
    assert [each.addresses for each in derived(new).values()] == [
        services(new)["west/svc/web"].exported
    ]
