"""The records of a cluster's DNS.

Source: the Kubernetes DNS specification, version 1.1.0; coredns/plugin/kubernetes, v1.11.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Final

from nsnet.ip import IPAddress
from nsnet.names.lookup import ADDRESSES
from nsnet.names.zones import Record, RecordType, Zone
from nsnet.topology.model import Cluster, Endpoint, Service

TTL: Final = 30  # seconds, as in kubeadm's Corefile
REVERSE: Final = {4: "in-addr.arpa", 6: "ip6.arpa"}
_SCHEMA: Final = "1.1.0"  # the version of the specification
_SOA: Final = "1 7200 1800 86400"  # serial, refresh, retry, expire
_FIRST_NAMESPACES: Final = ("default", "kube-node-lease", "kube-public", "kube-system")
_PRIORITY: Final = 0  # of SRV records


def zone_of(origin: str, server: str, records: Iterable[Record]) -> Zone:
    """Return the zone of these records, with an SOA and an NS record that names `server`."""
    contact = f"hostmaster.{origin}" if origin else "hostmaster"
    start = Record(origin, RecordType.SOA, TTL, f"{server} {contact} {_SOA} {TTL}")
    found: dict[str, dict[Record, None]] = {}
    for each in (start, Record(origin, RecordType.NS, TTL, server), *records):
        found.setdefault(each.name, {})[each] = None
    return Zone(origin, {name: _weighted(these, found) for name, these in found.items()}, ttl=TTL)


def _weighted(
    records: Collection[Record], zone: Mapping[str, Collection[Record]]
) -> tuple[Record, ...]:
    """Return the records of a name. Like CoreDNS, give each SRV record a weight of 100, divided by
    the number of addresses that all their targets have."""
    targets = [each.data.rsplit(" ", 1)[-1] for each in records if each.type is RecordType.SRV]
    if not targets:
        return tuple(records)
    addresses = sum(each.type in ADDRESSES for one in targets for each in zone.get(one, ()))
    weight = max(1, 100 // max(1, addresses))
    return tuple(
        each._replace(data=f"{_PRIORITY} {weight} {each.data}")
        if each.type is RecordType.SRV
        else each
        for each in records
    )


def address_records(name: str, addresses: Iterable[IPAddress]) -> Iterator[Record]:
    """Yield the A and AAAA records of a name."""
    for each in addresses:
        yield Record(name, RecordType.A if each.version == 4 else RecordType.AAAA, TTL, str(each))


def server_of(domain: str) -> str:
    """Return the name of the servers of a cluster with this domain, as CoreDNS has it."""
    return f"ns.dns.{domain}"


def cluster_zones(cluster: Cluster, domain: str) -> Iterator[Zone]:
    """Yield the zones of a cluster: its domain, and the reverse ones."""
    services = [each for each in cluster.services if not each.imported_from]
    server = server_of(domain)
    records = [Record(f"dns-version.{domain}", RecordType.TXT, TTL, _SCHEMA)]
    pointers: list[Record] = []
    for service in services:
        name = f"{service.name}.{service.namespace}.svc.{domain}"
        records += _service_records(name, service)
        pointers += _pointers(name, service)
        if cluster.dns is not None and service.reference == cluster.dns.service:
            records += address_records(server, service.addresses)
    if not any((each.namespace, each.name) == ("default", "kubernetes") for each in services):
        name = f"kubernetes.default.svc.{domain}"
        records += address_records(name, cluster.api_addresses)
        records += port_records(name, [("https", "tcp", 443)], [name])
        pointers += (pointer(each, name) for each in cluster.api_addresses)
    whole = zone_of(domain, server, records)
    namespaces = dict.fromkeys((*_FIRST_NAMESPACES, *cluster.namespaces))
    yield whole._replace(
        # The name of a namespace exists, even if no Service is in it.
        records={**{f"{each}.svc.{domain}": () for each in namespaces}, **whole.records},
        by_address=tuple(f"{each}.pod.{domain}" for each in namespaces),
    )
    for origin in REVERSE.values():
        here = (each for each in pointers if each.name.endswith(origin))
        yield zone_of(origin, server, here)._replace(falls_through=True)


def _service_records(name: str, service: Service) -> Iterator[Record]:
    """Yield the records of a Service of this name: those of its addresses and ports, of the
    endpoints of a headless one, or the other name of an ExternalName.

    Of a Service with addresses, those endpoints have names that have hostnames. CoreDNS names the
    others after their addresses as well, which the specification does not ask for.
    """
    if service.type == "ExternalName":
        # As in CoreDNS, an address is no other name.
        if not _is_address(service.external_name):
            target = service.external_name.lower().removesuffix(".")
            yield Record(name, RecordType.CNAME, TTL, target)
    elif service.addresses:
        yield from address_records(name, service.addresses)
        for each in service.endpoints:
            if each.ready and each.hostname:
                yield from address_records(endpoint_name(each, name), [each.address])
        ports = [(each.name, each.protocol.value, each.port) for each in service.ports]
        yield from port_records(name, ports, [name])
    else:
        yield from _headless_records(name, service)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _headless_records(name: str, service: Service) -> Iterator[Record]:
    ready = [each for each in service.endpoints if each.ready]
    for each in ready:
        yield from address_records(name, [each.address])
        yield from address_records(endpoint_name(each, name), [each.address])
    for port in service.ports:
        for each in port.endpoints:
            if each.ready:
                number = (port.name, port.protocol.value, each.port)
                yield from port_records(name, [number], [endpoint_name(each, name)])


def port_records(
    name: str, ports: Iterable[tuple[str, str, int]], hosts: Sequence[str]
) -> Iterator[Record]:
    """Yield the SRV records of ports, given as (name, protocol, number), without the priority and
    weight, which zone_of() adds. CoreDNS has all of them under the name of the Service, too."""
    for port, protocol, number in ports:
        for host in hosts:
            data = f"{number} {host}"
            yield Record(name, RecordType.SRV, TTL, data)
            if port:
                yield Record(f"_{port}._{protocol}.{name}", RecordType.SRV, TTL, data)


def endpoint_name(each: Endpoint, service: str) -> str:
    """Return the name of an endpoint of the Service that has this name: its hostname, else its
    address with dashes."""
    label = each.hostname or str(each.address).replace(".", "-").replace(":", "-")
    return f"{label.lower()}.{service}"


def _pointers(name: str, service: Service) -> Iterator[Record]:
    """Yield the PTR records of a Service's addresses, and of the endpoints that have hostnames."""
    for address in service.addresses:
        yield pointer(address, name)
    for each in service.endpoints:
        if each.ready and each.hostname:
            yield pointer(each.address, endpoint_name(each, name))


def pointer(address: IPAddress, name: str) -> Record:
    """Return the PTR record of an address with this name."""
    return Record(address.reverse_pointer, RecordType.PTR, TTL, name)
