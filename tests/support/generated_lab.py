"""The lab of all generated Services: two nodes in two zones, a few pods in every condition, a
client pod on each node and an external client. A lab has one family, and is the same at every
run."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from nsnet.scenario.load import reload
from nsnet.topology.model import Topology
from nsnet.topology.resolve import resolve
from tests.support import kube_proxy as kp
from tests.support.expected_probes import Client, Host, World
from tests.support.generated_services import wanted
from tests.support.kube_proxy_rules import Options
from tests.support.service_objects import BEHIND, PODS, RANGES, Generated, Object, Pod, make

ZONES = {"n1": "zone-a", "n2": "zone-b"}
ZONE = "topology.kubernetes.io/zone"


@dataclass(frozen=True, slots=True)
class Lab:
    """The text of a scenario, with its Services and clients as values."""

    text: str
    cases: tuple[Generated, ...]
    world: World
    clients: tuple[Client, ...]
    options: Options

    @property
    def services(self) -> list[kp.Service]:
        return [each.service for each in self.cases]


@cache
def generated(
    family: int,
    proxy_mode: str = "iptables",
    *,
    cni: str = "bridge",
    masquerade_all: bool = False,
    localhost_node_ports: bool = True,
) -> Lab:
    """Return the lab of all generated Services in this family."""
    kube_proxy = {"masqueradeAll": masquerade_all, "localhostNodePorts": localhost_node_ports}
    documents = [_scenario(family, proxy_mode, kube_proxy, cni), *map(_pod, PODS)]
    found = resolve(reload("lab.yaml", {"lab.yaml": written(documents)}))
    addresses = {each.name: str(each.addresses[0]) for each in found.clusters[0].pods}
    cases = tuple(
        make(each, number, family, addresses) for number, each in enumerate(wanted(family), start=1)
    )
    for case in cases:
        documents.extend(case.objects)
    options = Options(
        family,
        RANGES[family].pods,
        masquerade_all=masquerade_all,
        localhost_node_ports=localhost_node_ports,
    )
    world = _world(family, found, cases, addresses, localhost_node_ports)
    return Lab(written(documents), cases, world, _clients(family, found, addresses), options)


def written(documents: list[Object]) -> str:
    """Return a YAML stream of these documents: JSON is YAML."""
    return "\n---\n".join(json.dumps(each) for each in documents)


def _scenario(family: int, proxy_mode: str, kube_proxy: Mapping[str, bool], cni: str) -> Object:
    ranges = RANGES[family]
    cluster = {
        "name": "east",
        "cni": cni,
        "podCIDR": ranges.pods,
        "serviceCIDR": ranges.services,
        "nodeCIDR": ranges.nodes,
        "proxyMode": proxy_mode,
        "dns": False,
        "kubeProxy": kube_proxy,
        "nodes": [{"name": name, "labels": {ZONE: zone}} for name, zone in ZONES.items()],
    }
    return {
        "apiVersion": "nsnet.dev/v1alpha1",
        "kind": "Scenario",
        "metadata": {"name": "services"},
        "spec": {
            "fabricCIDR": ranges.fabric,
            "clusters": [cluster],
            "externals": [{"name": "laptop", "address": ranges.laptop}],
        },
    }


def _pod(pod: Pod) -> Object:
    meta: Object = {
        "name": pod.name,
        "labels": {label: "yes" for label, pods in BEHIND.items() if pod.name in pods},
    }
    if pod.terminating:
        meta["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    ports = [
        {"name": name, "containerPort": number, "protocol": protocol}
        for (protocol, name), number in pod.ports.items()
    ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": meta,
        "spec": {
            "nodeName": pod.node,
            "hostNetwork": pod.host_network,
            "containers": [{"name": "main", "ports": ports}],
        },
        "status": {"conditions": [{"type": "Ready", "status": str(pod.ready)}]},
    }


def _clients(family: int, found: Topology, addresses: Mapping[str, str]) -> tuple[Client, ...]:
    return (
        Client("east/pod/client-1", addresses["client-1"], "n1"),
        Client("east/pod/client-2", addresses["client-2"], "n2"),
        *(
            Client(each.reference, str(each.addresses[0].ip), each.name, is_node=True)
            for each in found.clusters[0].nodes
        ),
        Client("external/laptop", RANGES[family].laptop),
        Client("east/pod/web-1", addresses["web-1"], "n1"),  # its Service may choose itself
    )


def _world(
    family: int,
    found: Topology,
    cases: tuple[Generated, ...],
    addresses: Mapping[str, str],
    localhost_node_ports: bool,
) -> World:
    hosts = tuple(
        Host(
            kp.Node(each.name, (str(each.addresses[0].ip),), ZONES[each.name]),
            str(each.addresses[0].ip),
            str(each.bridge[0].ip),
        )
        for each in found.clusters[0].nodes
    )
    # On a host's address there are pods of the host's network only.
    holders = {address: name for name, address in addresses.items()}
    endpoints = {
        str(each): f"east/pod/{holders[each.address]}"
        for case in cases
        for port in case.service.ports
        for each in port.endpoints
    }
    at_hosts = {each.eth0 for each in hosts}
    every = [each for case in cases for port in case.service.ports for each in port.endpoints]
    on_host = frozenset(str(each) for each in every if each.address in at_hosts)
    return World(family, hosts, endpoints, on_host, localhost_node_ports)
