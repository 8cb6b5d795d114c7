"""One Service in two forms: Kubernetes objects for a scenario, and the input of the independent
kube-proxy (kube_proxy.py). All addresses and node ports are explicit."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from tests.support import kube_proxy as kp

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ranges:
    """The addresses of a lab of one family."""

    pods: str
    services: str
    nodes: str
    fabric: str
    laptop: str
    external_ips: str
    load_balancers: str
    localhost: str


RANGES = {
    4: Ranges(
        "10.244.0.0/16",
        "10.96.0.0/16",
        "192.168.10.0/24",
        "198.18.0.0/16",
        "203.0.113.10",
        "198.51.100.0/22",
        "198.18.100.0/22",
        "127.0.0.1",
    ),
    6: Ranges(
        "fd00:10:244::/56",
        "fd00:10:96::/112",
        "fd00:192:168::/64",
        "fd98::/64",
        "2001:db8::10",
        "2001:db8:51::/64",
        "fd98::1:0/112",
        "::1",
    ),
}


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod in one of the conditions that matter to endpoints."""

    name: str
    node: str
    ready: bool = True
    terminating: bool = False
    host_network: bool = False

    @property
    def ports(self) -> dict[tuple[str, str], int]:
        """Its ports by protocol and name. `varied` has another number on each node; only one pod
        has `spare`."""
        varied = 9001 if self.node == "n1" else 9002
        ports = {("TCP", "http"): 8080, ("UDP", "dns"): 5353, ("TCP", "varied"): varied}
        return ports | ({("TCP", "spare"): 7001} if self.name == "web-2" else {})

    def named(self, protocol: str, target: int | str) -> int | None:
        """Return the number of a targetPort; None if the pod has no port of that name."""
        return target if isinstance(target, int) else self.ports.get((protocol, target))


PODS = (
    Pod("client-1", "n1"),
    Pod("client-2", "n2"),
    Pod("web-1", "n1"),
    Pod("web-2", "n2"),
    Pod("web-3", "n2"),
    Pod("cold-1", "n1", ready=False),
    Pod("cold-2", "n2", ready=False),
    Pod("leaving-1", "n1", terminating=True),
    Pod("leaving-2", "n2", terminating=True),
    Pod("gone-1", "n1", ready=False, terminating=True),
    Pod("host-1", "n1", host_network=True),
    Pod("host-2", "n2", host_network=True),
)

# The endpoints of a Service, by the name of the label that these pods have.
BEHIND: dict[str, tuple[str, ...]] = {
    "both-nodes": ("web-1", "web-2", "web-3"),
    "one-here": ("web-1",),
    "only-there": ("web-2", "web-3"),
    "nobody": (),
    "leaving-here": ("leaving-1",),
    "all-leaving": ("leaving-1", "leaving-2"),
    "leaving-here-ready-there": ("leaving-1", "web-2"),
    "mixture": ("web-1", "cold-1", "leaving-1", "gone-1", "web-2", "cold-2", "leaving-2"),
    "cold": ("cold-1", "cold-2", "gone-1"),
    "hosts": ("host-1", "host-2"),
    "host-and-pod": ("host-1", "web-2"),
}


PortRow = tuple[str, int, str, int | str]  # name, port, protocol, targetPort
Conditions = Mapping[str, Any]  # the conditions and `hints` of an endpoint in a slice
THREE_HOURS = 10_800  # the default timeout of affinity, in seconds: three hours


@dataclass(frozen=True, slots=True)
class Wanted:
    """The fields of a Service, without its addresses and port numbers."""

    name: str
    behind: str  # the label of its selector; "" for none
    ports: tuple[PortRow, ...]
    namespace: str = "default"
    type: str = "ClusterIP"
    external_policy: str = "Cluster"
    internal_policy: str = "Cluster"
    external_ips: int = 0
    vips: int = 1
    ip_mode: str = "VIP"
    node_ports: bool = True
    affinity: int | None = None
    ranges: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    headless: bool = False
    publish_not_ready: bool = False
    topology_mode: str = ""
    slices: tuple[tuple[tuple[str, Conditions], ...], ...] = ()  # (pod, its conditions and hints)

    @property
    def has_node_ports(self) -> bool:
        return self.type in ("NodePort", "LoadBalancer") and self.node_ports


@dataclass(frozen=True, slots=True)
class Generated:
    """One Service in both forms."""

    service: kp.Service
    objects: tuple[Object, ...]

    @property
    def name(self) -> str:
        return f"{self.service.namespace}/{self.service.name}"


def make(wanted: Wanted, number: int, family: int, addresses: Mapping[str, str]) -> Generated:
    """Return the Service with addresses and node ports that follow from `number`; `addresses` are
    those of the pods."""
    described = _described(wanted, number, family, addresses)
    objects = [_service(wanted, described), *_slices(wanted, family, addresses)]
    return Generated(described, tuple(objects))


def _described(
    wanted: Wanted, number: int, family: int, addresses: Mapping[str, str]
) -> kp.Service:
    ranges = RANGES[family]
    vips = wanted.vips if wanted.type == "LoadBalancer" else 0
    local_lb = wanted.type == "LoadBalancer" and wanted.external_policy == "Local"
    outside = ip_network(ranges.external_ips)
    balanced = ip_network(ranges.load_balancers)
    return kp.Service(
        wanted.name,
        wanted.namespace,
        wanted.type,
        () if wanted.headless else (str(ip_network(ranges.services)[100 + number]),),
        tuple(
            kp.Port(
                *each[:3],
                node_port=_node_port(wanted, number, index),
                endpoints=_by_hand(wanted, addresses)
                if wanted.slices
                else _selected(wanted, each, addresses),
            )
            for index, each in enumerate(wanted.ports)
        ),
        wanted.external_policy,
        wanted.internal_policy,
        wanted.affinity,
        wanted.ranges,
        tuple(str(balanced[2 * number + each]) for each in range(vips)),
        wanted.ip_mode,
        tuple(str(outside[2 * number + each]) for each in range(wanted.external_ips)),
        32_500 + number if local_lb else 0,
        wanted.topology_mode,
        frozenset(wanted.labels),
    )


def _node_port(wanted: Wanted, number: int, index: int) -> int:
    """Return the node port: two protocols share a number, two ports of one protocol do not."""
    if not wanted.has_node_ports:
        return 0
    protocol = wanted.ports[index][2]
    return 30_000 + 10 * number + sum(each[2] == protocol for each in wanted.ports[:index])


def _selected(
    wanted: Wanted, port: PortRow, addresses: Mapping[str, str]
) -> tuple[kp.Endpoint, ...]:
    """Return what the endpoints controller makes of the pods that the selector matches."""
    behind = BEHIND.get(wanted.behind, ()) if wanted.namespace == "default" else ()
    found = []
    for pod in PODS:
        number = pod.named(port[2], port[3])
        if pod.name in behind and number is not None:
            found.append(
                kp.Endpoint(
                    addresses[pod.name],
                    number,
                    pod.node,
                    ready=wanted.publish_not_ready or (pod.ready and not pod.terminating),
                    serving=pod.ready,
                    terminating=pod.terminating,
                )
            )
    return tuple(found)


def _by_hand(wanted: Wanted, addresses: Mapping[str, str]) -> tuple[kp.Endpoint, ...]:
    """Return what kube-proxy makes of the slices: an endpoint without conditions is ready, serving
    and not terminating."""
    return tuple(
        kp.Endpoint(
            addresses[pod],
            BY_HAND_PORT,
            _node_of(pod),
            ready=said.get("ready", True),
            serving=said.get("serving", True),
            terminating=said.get("terminating", False),
            zones=frozenset(said.get("hints", ())),
        )
        for each in wanted.slices
        for pod, said in each
    )


BY_HAND_PORT = 8080


def _node_of(pod: str) -> str:
    return next(each.node for each in PODS if each.name == pod)


# --- as Kubernetes objects ---


def _service(wanted: Wanted, described: kp.Service) -> Object:
    meta: Object = {"name": wanted.name, "namespace": wanted.namespace}
    if wanted.labels:
        meta["labels"] = dict.fromkeys(wanted.labels, "x")
    if wanted.topology_mode:
        meta["annotations"] = {"service.kubernetes.io/topology-mode": wanted.topology_mode}
    spec = _spec(wanted, described)
    service: Object = {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}
    if described.ingress:
        entries = [{"ip": each, "ipMode": wanted.ip_mode} for each in described.ingress]
        service["status"] = {"loadBalancer": {"ingress": entries}}
    return service


def _spec(wanted: Wanted, described: kp.Service) -> Object:
    """Return the spec; fields with their default value are omitted, as people do."""
    spec: Object = {"type": wanted.type, "ports": [*map(_port, wanted.ports, described.ports)]}
    if wanted.type == "ExternalName":
        return {**spec, "externalName": "db.example.com"}
    cluster_ips = list(described.cluster_ips) or ["None"]
    spec |= {"clusterIP": cluster_ips[0], "clusterIPs": cluster_ips}
    if wanted.behind:
        spec["selector"] = {wanted.behind: "yes"}
    if wanted.internal_policy != "Cluster":
        spec["internalTrafficPolicy"] = wanted.internal_policy
    if wanted.external_policy != "Cluster":
        spec["externalTrafficPolicy"] = wanted.external_policy
    if not wanted.node_ports:
        spec["allocateLoadBalancerNodePorts"] = False
    if described.health_check_node_port:
        spec["healthCheckNodePort"] = described.health_check_node_port
    if wanted.ranges:
        spec["loadBalancerSourceRanges"] = list(wanted.ranges)
    if described.external_ips:
        spec["externalIPs"] = list(described.external_ips)
    if wanted.publish_not_ready:
        spec["publishNotReadyAddresses"] = True
    if wanted.affinity is not None:
        spec["sessionAffinity"] = "ClientIP"
        if wanted.affinity != THREE_HOURS:
            spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": wanted.affinity}}
    return spec


def _port(row: PortRow, described: kp.Port) -> Object:
    name, port, protocol, target = row
    written: Object = {"port": port, "protocol": protocol, "targetPort": target}
    if name:
        written["name"] = name
    if described.node_port:
        written["nodePort"] = described.node_port
    return written


def _slices(wanted: Wanted, family: int, addresses: Mapping[str, str]) -> list[Object]:
    return [
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": f"{wanted.name}-{number}",
                "labels": {"kubernetes.io/service-name": wanted.name},
            },
            "addressType": f"IPv{family}",
            "ports": [{"name": "web", "port": BY_HAND_PORT, "protocol": "TCP"}],
            "endpoints": [_slice_endpoint(pod, addresses[pod], said) for pod, said in each],
        }
        for number, each in enumerate(wanted.slices, start=1)
    ]


def _slice_endpoint(pod: str, address: str, said: Conditions) -> Object:
    found: Object = {"addresses": [address], "nodeName": _node_of(pod)}
    conditions = {key: value for key, value in said.items() if key != "hints"}
    if conditions:
        found["conditions"] = conditions
    if "hints" in said:
        found["hints"] = {"forZones": [{"name": zone} for zone in said["hints"]]}
    return found
