"""Labs for the unit tests, from a short text."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path
from typing import NamedTuple

import pytest

from nsnet.errors import ScenarioError
from nsnet.features.compile import compile_state
from nsnet.ip import Family, IPAddress, IPInterface, IPNetwork, Protocol
from nsnet.probes.model import Model
from nsnet.scenario.load import load, reload
from nsnet.scenario.model import Scenario
from nsnet.state.model import Listener, Netns, State
from nsnet.state.rules import Chain, Dnat, Match, Rule
from nsnet.topology.assignment import Assignment
from nsnet.topology.model import Pod, Service, Topology
from nsnet.topology.probe_checks import check_probes
from nsnet.topology.resolve import resolve

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SHIPPED = sorted(each.stem for each in SCENARIOS.glob("*.yaml"))
TWO_NODES = ("{name: east, nodes: 2}",)


class Lab(NamedTuple):
    """A scenario with its topology and State."""

    scenario: Scenario
    topology: Topology
    state: State

    @property
    def model(self) -> Model:
        """The model that predicts its probes."""
        return Model(self.topology, self.state)


@cache
def shipped(name: str) -> Lab:
    """Return the scenario of this name in scenarios/, compiled."""
    scenario = load(SCENARIOS / f"{name}.yaml")
    topology = resolve(scenario)
    check_probes(scenario, topology)
    return Lab(scenario, topology, compile_state(topology))


def written(*objects: str, clusters: tuple[str, ...] = TWO_NODES, spec: str = "") -> Scenario:
    """Return a scenario of these clusters and Kubernetes objects; `spec` is the rest of its spec.
    A cluster has DNS only if its text says so."""
    lines = [
        "apiVersion: nsnet.dev/v1alpha1",
        "kind: Scenario",
        "metadata: {name: lab}",
        "spec:",
        "  clusters:",
        *(f"  - {each if 'dns:' in each else '{dns: false, ' + each[1:]}" for each in clusters),
        *(f"  {each}" for each in spec.strip().splitlines()),
    ]
    return reload("lab.yaml", {"lab.yaml": "\n---\n".join(("\n".join(lines), *objects))})


def topology(
    *objects: str,
    clusters: tuple[str, ...] = TWO_NODES,
    spec: str = "",
    keep: Assignment | None = None,
) -> Topology:
    """Return the topology of these objects."""
    return resolve(written(*objects, clusters=clusters, spec=spec), keep)


def refused(*objects: str, clusters: tuple[str, ...] = ("{name: east}",), spec: str = "") -> str:
    """Return the mistakes of a scenario of these objects, one per line."""
    with pytest.raises(ScenarioError) as caught:
        topology(*objects, clusters=clusters, spec=spec)
    return str(caught.value)


def only_service(*objects: str, clusters: tuple[str, ...] = TWO_NODES) -> Service:
    """Return the one Service of these objects."""
    (found,) = services(topology(*objects, clusters=clusters)).values()
    return found


def endpoints(found: Topology, name: str = "east/svc/web", port: int = 0) -> list[str]:
    """Return the endpoints of a Service port, each with a word for its condition."""
    words = []
    for each in services(found)[name].ports[port].endpoints:
        state = "ready" if each.ready else "terminating" if each.terminating else "not ready"
        words.append(f"{each.address}:{each.port} {each.reference} {state}")
    return words


def lab(*objects: str, clusters: tuple[str, ...] = TWO_NODES, spec: str = "") -> Lab:
    """Return the lab of these objects, compiled."""
    scenario = written(*objects, clusters=clusters, spec=spec)
    resolved = resolve(scenario)
    return Lab(scenario, resolved, compile_state(resolved))


def pod(
    name: str, *, namespace: str = "default", labels: str = "", spec: str = "", meta: str = ""
) -> str:
    """Return a pod that listens on TCP port 80."""
    metadata = f"name: {name}, namespace: {namespace}, labels: {{{labels}}}, {meta}"
    containers = "" if "containers" in spec else "containers: [{ports: [{containerPort: 80}]}], "
    return f"apiVersion: v1\nkind: Pod\nmetadata: {{{metadata}}}\nspec: {{{containers}{spec}}}"


def node(name: str, *, labels: str = "", spec: str = "", addresses: str = "") -> str:
    """Return a Node object with these InternalIPs, separated by spaces."""
    status = ", ".join(f'{{type: InternalIP, address: "{each}"}}' for each in addresses.split())
    return (
        f"apiVersion: v1\nkind: Node\nmetadata: {{name: {name}, labels: {{{labels}}}}}\n"
        f"spec: {{{spec}}}\nstatus: {{addresses: [{status}]}}"
    )


def workload(
    kind: str,
    name: str,
    replicas: int = 1,
    *,
    namespace: str = "default",
    spec: str = "",
    meta: str = "",
) -> str:
    """Return a workload of that kind: its pods have the label `app: NAME` and listen on TCP port
    80."""
    containers = "" if "containers" in spec else "containers: [{ports: [{containerPort: 80}]}], "
    return (
        f"apiVersion: apps/v1\nkind: {kind}\n"
        f"metadata: {{name: {name}, namespace: {namespace}, {meta}}}\n"
        f"spec:\n  replicas: {replicas}\n  template:\n"
        f"    metadata: {{labels: {{app: {name}}}}}\n    spec: {{{containers}{spec}}}"
    )


def service(
    name: str,
    ports: str = "{port: 80}",
    *,
    app: str | None = None,
    namespace: str = "default",
    spec: str = "",
    meta: str = "",
) -> str:
    """Return a Service that selects the pods with `app: NAME`; app="" selects nothing."""
    app = name if app is None else app
    selector = f"selector: {{app: {app}}}, " if app else ""
    return (
        f"apiVersion: v1\nkind: Service\n"
        f"metadata: {{name: {name}, namespace: {namespace}, {meta}}}\n"
        f"spec: {{{selector}ports: [{ports}], {spec}}}"
    )


def endpoint_slice(
    name: str, endpoints: str, ports: str = "{port: 80}", *, labels: str = ""
) -> str:
    """Return an EndpointSlice for the Service of this name."""
    return (
        "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
        f"metadata: {{name: {name}-1, labels: {{kubernetes.io/service-name: {name}, {labels}}}}}\n"
        f"addressType: IPv{6 if '::' in endpoints else 4}\n"
        f"ports: [{ports}]\nendpoints: [{endpoints}]"
    )


def endpoints_object(name: str, *subsets: str, meta: str = "") -> str:
    """Return the Endpoints object of the Service of this name."""
    return (
        "apiVersion: v1\nkind: Endpoints\n"
        f"metadata: {{name: {name}, {meta}}}\nsubsets: [{', '.join(subsets)}]"
    )


def exported(name: str, meta: str = "") -> str:
    """Return a ServiceExport of the Service of this name."""
    return (
        "apiVersion: multicluster.x-k8s.io/v1alpha1\nkind: ServiceExport\n"
        f"metadata: {{name: {name}, {meta}}}"
    )


def in_clusters(names: str) -> str:
    """Return the annotation that names an object's clusters."""
    return f'annotations: {{nsnet.dev/cluster: "{names}"}}'


def offered(
    found: Topology, name: str, *addresses: str, local: bool = False, health: int | None = None
) -> Topology:
    """Return the lab in which the Services of this name have a load balancer at these addresses."""

    def balanced(service: Service) -> Service:
        if service.name != name:
            return service
        return replace(
            service,
            type="LoadBalancer",
            load_balancer_ips=tuple(map(ip_address, addresses)),
            external_local=local,
            health_check_port=health,
        )

    clusters = (
        replace(each, services=tuple(map(balanced, each.services))) for each in found.clusters
    )
    return replace(found, clusters=tuple(clusters))


def answering(state: State, *vips: str) -> State:
    """Return the State in which each node itself answers at port 80 of these addresses, as if
    kube-proxy had translated them to an endpoint on the node."""

    def rules(netns: Netns, family: Family) -> Iterator[Rule]:
        own = next(each for each in netns.addresses if each.version == family)
        for vip in (each for each in map(ip_network, vips) if each.version == family):
            for protocol in (Protocol.TCP, Protocol.UDP):
                yield Rule(Match(dst=vip, protocol=protocol, dport=80), Dnat(own, 80))

    def with_rules(netns: Netns, chain: Chain) -> Chain:
        if (chain.table, chain.name) != ("nat", "PREROUTING"):
            return chain
        return replace(chain, rules=(*rules(netns, chain.family), *chain.rules))

    def answers(netns: Netns) -> Netns:
        if "/node/" not in netns.reference:
            return netns
        ports = (Listener(each, 80, netns.reference) for each in (Protocol.TCP, Protocol.UDP))
        return replace(
            netns,
            chains=tuple(with_rules(netns, each) for each in netns.chains),
            listeners=(*netns.listeners, *ports),
        )

    return replace(state, netns=tuple(map(answers, state.netns)))


def pods(found: Topology) -> dict[str, Pod]:
    """Return every pod by its reference."""
    return {each.reference: each for cluster in found.clusters for each in cluster.pods}


def services(found: Topology) -> dict[str, Service]:
    """Return every Service by its reference."""
    return {each.reference: each for cluster in found.clusters for each in cluster.services}


def ip(text: str) -> IPAddress:
    """Return an address."""
    return ip_address(text)


def net(text: str) -> IPNetwork:
    """Return a network."""
    return ip_network(text)


def held(text: str) -> IPInterface:
    """Return an address with its prefix length."""
    return ip_interface(text)


def ingress(
    name: str,
    *paths: str,
    host: str = "shop.example",
    default: str = "",
    namespace: str = "default",
    spec: str = "",
    meta: str = "",
) -> str:
    """Return an Ingress with these paths of a host, each as "Prefix /cart web": its type, path and
    Service, which has port 80; `default` is the Service of its default backend."""
    routes = []
    for each in paths:
        kind, path, to = each.split()
        backend = f"backend: {{service: {{name: {to}, port: {{number: 80}}}}}}"
        routes.append(f'{{pathType: {kind}, path: "{path}", {backend}}}')
    rule = f'rules: [{{host: "{host}", http: {{paths: [{", ".join(routes)}]}}}}], '
    backend = f"defaultBackend: {{service: {{name: {default}, port: {{number: 80}}}}}}, "
    return (
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\n"
        f"metadata: {{name: {name}, namespace: {namespace}, {meta}}}\n"
        f"spec: {{{rule if paths else ''}{backend if default else ''}{spec}}}"
    )
