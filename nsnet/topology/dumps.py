"""Services that were read from a cluster (`kubectl get -o yaml`), fitted to the ranges of the lab.

Their addresses and NodePorts were allocated from the ranges of that cluster. In a file that was
written by hand, an address that the lab does not have is a mistake. A Service of a dump gets
another one.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from nsnet.ip import IPAddress, IPNetwork
from nsnet.scenario.kinds import ClusterSpec
from nsnet.scenario.kubernetes import HEADLESS, Service, ServiceSpec
from nsnet.text import number_of, some_of
from nsnet.topology.pool import NODE_PORTS, special_use

Update = Mapping[str, Any]  # fields of a spec, with their new values


class Fitted(NamedTuple):
    """A Service without the values that the lab cannot give it, and the kinds of these values."""

    service: Service
    replaced: tuple[str, ...] = ()


def fitted(service: Service, cluster: ClusterSpec, taken: Collection[IPNetwork]) -> Fitted:
    """Return the Service as this cluster of the lab can have it.

    It is unchanged if it was not read from a cluster. `taken`: the ranges of the lab's pods,
    Services and hosts, in which no load-balancer address can be.
    """
    if not service.metadata.is_read:
        return Fitted(service)
    spec, replaced = service.spec, []
    for kind, update in (
        ("IP families", _families),
        ("ClusterIPs", _cluster_ips),
        ("NodePorts", _node_ports),
    ):
        if changed := update(spec, cluster):
            spec = spec.model_copy(update=changed)
            replaced.append(kind)
    status = service.status
    ingress = [each.ip for each in status.load_balancer.ingress if each.ip is not None]
    if any(address in each for each in taken for address in (*ingress, *_balanced(spec))):
        spec = spec.model_copy(update={"load_balancer_ip": ""})
        status = type(status)()
        replaced.append("load-balancer addresses")
    update_all = {"spec": spec, "status": status}
    return Fitted(service.model_copy(update=update_all), tuple(replaced))


def replacements(
    cluster: ClusterSpec, services: Iterable[tuple[str, Sequence[str]]]
) -> Iterator[str]:
    """Yield a warning for each kind of value that was replaced.

    `services`: references, each with the kinds of values that `fitted` replaced.
    """
    owners: dict[str, list[str]] = {}
    for reference, kinds in services:
        for kind in kinds:
            owners.setdefault(kind, []).append(reference)
    ranges = ", ".join(map(str, cluster.service_cidr))
    for kind, names in owners.items():
        why = f"; serviceCIDR is {ranges}" if kind in ("IP families", "ClusterIPs") else ""
        yield (
            f"the lab replaces the {kind} that {number_of(len(names), 'Service')} of {cluster.name}"
            f" had in the cluster that the manifests were read from{why}: {some_of(names)}"
        )


def _families(spec: ServiceSpec, cluster: ClusterSpec) -> Update:
    known = {each.version for each in cluster.service_cidr}
    families = tuple(each for each in spec.ip_families if int(each[-1]) in known)
    addresses = tuple(
        each for each in spec.cluster_ips if isinstance(each, str) or each.version in known
    )
    required = spec.ip_family_policy == "RequireDualStack" and len(known) == 1
    if spec.selectorless or (families == spec.ip_families and not required):
        return {}
    return {
        "ip_families": families,
        "ip_family_policy": "PreferDualStack" if required else spec.ip_family_policy,
        "cluster_ips": addresses,
        "cluster_ip": HEADLESS if spec.headless else addresses[0] if addresses else "",
    }


def _cluster_ips(spec: ServiceSpec, cluster: ClusterSpec) -> Update:
    addresses = [each for each in (spec.cluster_ip, *spec.cluster_ips) if not isinstance(each, str)]
    if all(_has_host(cluster, each) for each in addresses):
        return {}
    return {"cluster_ip": "", "cluster_ips": ()}


def _has_host(cluster: ClusterSpec, address: IPAddress) -> bool:
    return any(address in each and not special_use(address, each) for each in cluster.service_cidr)


def _node_ports(spec: ServiceSpec, _: ClusterSpec) -> Update:
    written = [each.node_port for each in spec.ports] + [spec.health_check_node_port]
    if all(each is None or each in NODE_PORTS for each in written):
        return {}
    ports = tuple(
        each if each.node_port in NODE_PORTS else each.model_copy(update={"node_port": None})
        for each in spec.ports
    )
    check = spec.health_check_node_port
    return {"ports": ports, "health_check_node_port": check if check in NODE_PORTS else None}


def _balanced(spec: ServiceSpec) -> tuple[IPAddress, ...]:
    return () if isinstance(spec.load_balancer_ip, str) else (spec.load_balancer_ip,)
