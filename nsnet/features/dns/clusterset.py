"""The names of Services that several clusters export: NAME.NAMESPACE.svc.clusterset.local.

Source: KEP-1645, "Kubernetes DNS-Based Multicluster Service Discovery", version 1.0.0, which has no
PTR records; coredns/plugin/kubernetes, v1.12.2 (option multicluster).
"""

from collections.abc import Iterator
from typing import Final

from nsnet.features.dns.zones import TTL, address_records, port_records, zone_of
from nsnet.names.zones import Record, RecordType, Zone
from nsnet.topology.model import Cluster, ClusterSetService, Topology

DOMAIN: Final = "clusterset.local"
_SCHEMA: Final = "1.0.0"  # the version of the specification


def clusterset_zone(topology: Topology, cluster: Cluster, server: str) -> Zone:
    """Return the zone for clients in this cluster. `server` is the name of its DNS servers."""
    records = [Record(f"dns-version.{DOMAIN}", RecordType.TXT, TTL, _SCHEMA)]
    for each in topology.clusterset:
        records += _records(each, cluster)
    return zone_of(DOMAIN, server, records)


def _records(service: ClusterSetService, cluster: Cluster) -> Iterator[Record]:
    """Yield the records of a Service. If it is headless, each of its endpoints has a name that
    includes its cluster."""
    name = f"{service.name}.{service.namespace}.svc.{DOMAIN}"
    addresses = service.addresses_in(cluster)
    if not addresses:
        return
    yield from address_records(name, addresses)
    hosts = [(one, host) for one in service.exporters for host in one.hosts]
    if not (service.headless and hosts):
        ports = [(each.name, each.protocol.value, each.port) for each in service.ports]
        yield from port_records(name, ports, [name])
        return
    for exporter, each in hosts:
        host = f"{each.name}.{exporter.cluster}.{name}"
        is_own = exporter.cluster == cluster.name
        yield from address_records(host, [each.inside if is_own else each.outside])
        yield from port_records(name, each.ports, [host])
