"""The DNS servers of a lab: pods behind the DNS Service of a cluster, and external hosts."""

from collections.abc import Iterator

from nsnet.features.dns.clusterset import clusterset_zone
from nsnet.features.dns.zones import (
    TTL,
    address_records,
    cluster_zones,
    pointer,
    server_of,
    zone_of,
)
from nsnet.ip import Protocol
from nsnet.names.zones import Forward, Names, Record, RecordType, Zone
from nsnet.state.model import NameServer
from nsnet.topology.model import DNS_PORT, Cluster, External, Topology


def name_servers(topology: Topology) -> Iterator[tuple[str, NameServer]]:
    """Yield the name servers of all clusters and external hosts."""
    for external in topology.externals:
        if external.zone:
            names = Names((_outside_zone(external),))
            for protocol in (Protocol.UDP, Protocol.TCP):
                yield external.netns, NameServer(protocol, DNS_PORT, external.reference, names)
    for cluster in topology.clusters:
        if cluster.dns is not None:
            yield from _of_cluster(topology, cluster)


def _of_cluster(topology: Topology, cluster: Cluster) -> Iterator[tuple[str, NameServer]]:
    """Yield the name servers in the pods behind the DNS Service of a cluster."""
    assert cluster.dns is not None
    pods = {each.reference: each for each in cluster.pods}
    service = next(each for each in cluster.services if each.reference == cluster.dns.service)
    names = _names(topology, cluster)
    for port in service.ports:
        if port.port == DNS_PORT:
            for each in port.endpoints:
                if pod := pods.get(each.reference):
                    yield pod.netns, NameServer(port.protocol, each.port, pod.reference, names)


def _names(topology: Topology, cluster: Cluster) -> Names:
    """Return what the DNS servers of a cluster know. If no host outside knows other names, these do
    not exist."""
    assert cluster.dns is not None
    domain = cluster.dns.domain
    zones = [
        *cluster_zones(cluster, domain),
        clusterset_zone(topology, cluster, server_of(domain)),
    ]
    forwards = [
        Forward(suffix, ((str(address), DNS_PORT),)) for suffix, address in cluster.dns.forwards
    ]
    if not any(each.suffix == "" for each in forwards):
        zones.append(zone_of("", server_of(domain), ()))
    return Names(tuple(zones), tuple(forwards))


def _outside_zone(external: External) -> Zone:
    """Return the zone of an external host: the root, so that all other names do not exist. Its
    addresses have the names that they are written for, but not wildcards."""
    records: list[Record] = []
    for name, value in external.zone.items():
        if isinstance(value, str):
            records.append(Record(name, RecordType.CNAME, TTL, value))
        else:
            records += address_records(name, value)
            if not name.startswith("*"):
                found = (pointer(each, name) for each in value)
                records += (each for each in found if each.name not in external.zone)
    return zone_of("", external.name, records)
