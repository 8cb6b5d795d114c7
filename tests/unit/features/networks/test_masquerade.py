"""What a server sees as its client on an island, by the network that masquerades."""

import pytest

from nsnet.ip import Protocol
from nsnet.state.iptables_text import line
from nsnet.topology.destinations import find_destination
from nsnet.topology.references import locate
from tests.support.labs import Lab, lab, pod, service

PODS = (
    pod("client", spec="nodeName: n1"),
    pod("near", spec="nodeName: n1", labels="app: near"),
    pod("far", spec="nodeName: n2", labels="app: far"),
    pod("host", spec="nodeName: n1, hostNetwork: true, containers: [{name: c}]"),
    pod(
        "exporter",
        labels="app: exporter",
        spec="nodeName: n2, hostNetwork: true,"
        " containers: [{ports: [{containerPort: 80}, {containerPort: 53, protocol: UDP}]}]",
    ),
    service("near", "{port: 80, nodePort: 30080}", spec="type: NodePort"),
    service(
        "far",
        "{port: 80, nodePort: 30081}",
        spec="type: NodePort, externalTrafficPolicy: Local",
    ),
    service("exporter"),
)
OUTSIDE = (
    "externals: [{name: laptop, address: 203.0.113.9, ports: [{port: 80}]},"
    " {name: trusted, address: 198.51.100.9, ports: [{port: 80}]}]\n"
)


def island(cni: str, mode: str = "iptables") -> Lab:
    """Return two nodes of an island, which exempts the host `trusted`."""
    cluster = f"name: east, nodes: 2, cni: {cni}, proxyMode: {mode}"
    return lab(
        *PODS,
        clusters=(f"{{{cluster}, nonMasqueradeCIDRs: [198.51.100.0/24]}}",),
        spec=OUTSIDE,
    )


def seen(found: Lab, source: str, to: str) -> set[str]:
    """The sources that the server may see."""
    client = locate(found.topology, source)
    target = find_destination(found.topology, to, client)
    paths = found.model.walker.paths(client.netns, Protocol.TCP, target.address, target.port)
    return {str(each.source) if each.verdict == "ok" else str(each.verdict) for each in paths}


POD, NODE, BRIDGE, TUNNEL, LAPTOP = (
    "10.244.0.2",
    "192.168.10.2",
    "10.244.0.1",
    "10.244.0.0",
    "203.0.113.9",
)


@pytest.mark.parametrize("mode", ["iptables", "nftables", "ipvs"])
@pytest.mark.parametrize(
    ("source", "to", "routes", "tunnels"),
    [
        ("pod/client", "pod/near:80", POD, POD),
        ("pod/client", "pod/far:80", POD, POD),
        ("pod/client", "svc/near:80", POD, POD),
        ("pod/client", "svc/far:80", POD, POD),
        ("pod/client", "svc/exporter:80", POD, NODE),  # flannel masquerades to other nodes
        ("pod/client", "pod/exporter:80", POD, NODE),
        ("pod/client", "node/n2:30081", POD, NODE),
        ("pod/client", "external/laptop:80", NODE, NODE),
        ("pod/client", "external/trusted:80", "timeout", "timeout"),  # no route leads back
        ("pod/host", "pod/near:80", BRIDGE, BRIDGE),
        ("pod/host", "pod/far:80", NODE, TUNNEL),
        ("pod/host", "svc/near:80", BRIDGE, BRIDGE),
        ("pod/host", "svc/far:80", NODE, TUNNEL),
        ("node/n1", "svc/near:80", BRIDGE, BRIDGE),
        ("node/n1", "svc/far:80", NODE, TUNNEL),
        ("node/n1", "svc/exporter:80", NODE, NODE),
        ("external/laptop", "node/n1:30080", BRIDGE, BRIDGE),
        ("external/laptop", "node/n2:30080", "192.168.10.3", "10.244.1.0"),
        ("external/laptop", "node/n2:30081", LAPTOP, LAPTOP),  # policy Local keeps the source
    ],
)
def test_the_source_that_a_server_sees(
    mode: str, source: str, to: str, routes: str, tunnels: str
) -> None:
    assert seen(island("bridge", mode), source, to) == {routes}
    assert seen(island("vxlan", mode), source, to) == {tunnels}


def test_flannels_chain_has_its_rules_in_their_order() -> None:
    found = island("vxlan").state["nsnet.lab.east.node.n1"]
    (chain,) = (each for each in found.chains if each.name == "FLANNEL-POSTRTG")
    note = '-m comment --comment "flanneld masq"'
    exempt = '-m comment --comment "nsnet: not masqueraded"'
    assert [line(chain, each).removeprefix("-A FLANNEL-POSTRTG ") for each in chain.rules] == [
        f"{note} -m mark --mark 0x4000/0x4000 -j RETURN",
        f"-s 10.244.0.0/24 -d 10.244.0.0/16 {note} -j RETURN",
        f"-s 10.244.0.0/16 -d 10.244.0.0/24 {note} -j RETURN",
        f"! -s 10.244.0.0/16 -d 10.244.0.0/24 {note} -j RETURN",
        f"-d 198.51.100.0/24 {exempt} -j RETURN",
        f"-s 10.244.0.0/16 ! -d 224.0.0.0/4 {note} -j MASQUERADE --random-fully",
        f"! -s 10.244.0.0/16 -d 10.244.0.0/16 {note} -j MASQUERADE --random-fully",
    ]
    (jumps,) = (each for each in found.chains if (each.table, each.name) == ("nat", "POSTROUTING"))
    assert [each.target.chain for each in jumps.rules] == ["KUBE-POSTROUTING", "FLANNEL-POSTRTG"]  # type: ignore[union-attr]


def test_flannel_masquerades_ipv6_alike() -> None:
    cluster = "{name: east, nodes: 2, cni: vxlan, podCIDR: 'fd00:10:244::/56'}"
    cluster = cluster[:-1] + ", serviceCIDR: 'fd00:10:96::/108', nodeCIDR: 'fd00:192:168:10::/64'}"
    found = lab(*PODS, clusters=(cluster,), spec="fabricCIDR: fd98::/64")
    assert seen(found, "pod/client", "pod/far:80") == {"fd00:10:244::2"}
    assert seen(found, "pod/client", "svc/exporter:80") == {"fd00:192:168:10::2"}


@pytest.mark.parametrize("model", ["model: flat", "model: flat, routing: bgp"])
def test_a_flat_overlay_masquerades_nothing(model: str) -> None:
    found = lab(*PODS, clusters=(f"{{name: east, nodes: 2, cni: vxlan, {model}}}",), spec=OUTSIDE)
    assert seen(found, "pod/client", "pod/exporter:80") == {POD}
    assert seen(found, "pod/client", "external/laptop:80") == {POD}


@pytest.mark.parametrize(
    ("gateway", "to", "source"),
    [
        ("nat", "west/svc/web:80", "198.18.0.2"),
        ("proxy", "west/svc/web:80", "192.168.20.1"),
        ("vip", "west/svc/web:80", "100.64.0.2"),  # the pod's virtual address
        ("vip", "external/laptop:80", "198.18.0.2"),
    ],
)
def test_gateways_mean_the_same_over_tunnels(gateway: str, to: str, source: str) -> None:
    clusters = tuple(
        f"{{name: {name}, cni: vxlan, nodes: 2, gateway: {{kind: {gateway}}}}}"
        for name in ("east", "west")
    )
    export = (
        "apiVersion: multicluster.x-k8s.io/v1alpha1\nkind: ServiceExport\n"
        'metadata: {name: web, annotations: {nsnet.dev/cluster: "west"}}'
    )
    only = 'annotations: {{nsnet.dev/cluster: "{}"}}'.format
    found = lab(
        pod("client", spec="nodeName: n1", meta=only("east")),
        pod("web", spec="nodeName: n1", labels="app: web", meta=only("west")),
        service("web", meta=only("west")),
        export,
        clusters=clusters,
        spec=OUTSIDE,
    )
    assert seen(found, "east/pod/client", to) == {source}
