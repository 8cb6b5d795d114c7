"""Exported Services: those that other clusters may use, their addresses and TLS server names."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from nsnet.ip import Family, IPAddress
from nsnet.scenario import kubernetes
from nsnet.scenario.fields import SUBDOMAIN
from nsnet.scenario.kinds import ClusterSpec
from nsnet.scenario.model import Manifest
from nsnet.text import some_of
from nsnet.topology.assignment import export_owner
from nsnet.topology.declared_services import DeclaredService
from nsnet.topology.ledger import Ledger
from nsnet.topology.model import HTTPS, ExportedPod, Service, reference_of

# Annotation of a ServiceExport: the SNI by which a proxy gateway selects the Service. It was there
# before TLSRoutes were.
SNI: Final = "nsnet.dev/sni"


def exports(
    ledger: Ledger,
    spec: ClusterSpec,
    services: Mapping[str, DeclaredService],
    manifests: Sequence[Manifest],
) -> dict[str, str]:
    """Return the TLS server name (SNI) of each exported Service, by reference; "" if it has none.

    Record the ServiceExports that are refused.
    """
    found: dict[str, str] = {}
    owners: dict[str, str] = {}  # of SNIs
    named: list[str] = []
    for manifest in manifests:
        if not isinstance(manifest.object, kubernetes.ServiceExport):
            continue
        meta = manifest.object.metadata
        reference = reference_of(spec.name, "svc", meta.name, meta.namespace)
        if reference not in services and ledger.scenario.problems:
            continue  # the Service may be one of the objects with mistakes, which are left out
        refused = list(_refusals(spec, reference, meta.name, services))
        if not refused:
            found[reference] = sni = meta.annotations.get(SNI, "")
            refused += _sni_refusals(spec, sni, services[reference], owners)
            ledger.warnings += _left_out_by_proxy(spec, services[reference])
            named += [reference] if sni else []
        ledger.problems += (manifest.problem(path, message) for path, message in refused)
    if named:
        instead = "a Gateway with a listener of protocol TLS and mode Passthrough, and a TLSRoute"
        ledger.warnings.append(f"{SNI} is outdated; write {instead}: {some_of(named)}")
    return found


def with_export(
    ledger: Ledger, spec: ClusterSpec, each: DeclaredService, service: Service
) -> Service:
    """Return the Service with the addresses at which other clusters use it."""
    if not each.spec.has_cluster_ip:
        pods = tuple(_exported_pods(ledger, spec, service))
        return replace(service, exported_pods=pods, exported=tuple(one.outside for one in pods))
    families = [address.version for address in service.addresses]
    exported = ledger.allocate_fabric_ips(families, export_owner(each.reference))
    if not exported:
        ranges = ", ".join(map(str, ledger.scenario.spec.fabric_cidr))
        message = f"{each.reference} is exported, but fabricCIDR {ranges} lacks its family"
        ledger.warnings.append(each.warning("spec", message))
    # The gateway holds the address of an export. Without a gateway the fabric routes the address to
    # the nodes, and kube-proxy handles it like an externalIP.
    by_nodes = exported if spec.gateway is None else ()
    return replace(service, exported=exported, external_ips=(*service.external_ips, *by_nodes))


def _exported_pods(ledger: Ledger, spec: ClusterSpec, service: Service) -> Iterator[ExportedPod]:
    """Yield the addresses that the gateway has for each endpoint of an exported headless Service.

    Without a gateway, and behind one of kind vip, pods have addresses that other clusters can use.
    """
    if spec.gateway is None or spec.gateway.kind == "vip":
        return
    found: dict[str, dict[Family, IPAddress]] = {}
    for one in service.endpoints:
        found.setdefault(one.reference, {})[one.address.version] = one.address
    for reference, inside in found.items():
        owner = export_owner(service.reference, reference)
        for outside in ledger.allocate_fabric_ips([*inside], owner):
            yield ExportedPod(reference, inside[outside.version], outside)


def _refusals(
    spec: ClusterSpec, reference: str, name: str, services: Mapping[str, DeclaredService]
) -> Iterator[tuple[str, str]]:
    if reference not in services:
        yield "metadata.name", f"{spec.name} has no Service {name} to export"
    elif spec.model == "isolated":
        yield "kind", f"{spec.name} is isolated: no other cluster could use the Service"
    elif spec.vnet is not None:
        balanced = "its Services are reached from outside by a load balancer"
        yield "kind", f"{spec.name} is in a VNet, which exports no Services; {balanced}"
    elif spec.model == "island" and spec.gateway is None:
        yield "kind", f"{spec.name} needs a gateway, through which an island exports Services"
    elif services[reference].spec.type == "ExternalName":
        message = f"{reference} is of type ExternalName, which cannot be exported"
        yield "metadata.name", f"{message} (InvalidServiceType)"


def _sni_refusals(
    spec: ClusterSpec, sni: str, service: DeclaredService, owners: dict[str, str]
) -> Iterator[tuple[str, str]]:
    path = f"metadata.annotations.{SNI}"
    if not sni:
        return
    if spec.gateway is None or spec.gateway.kind != "proxy":
        yield path, f"only a gateway of kind proxy reads SNI, and {spec.name} has none"
    elif not re.fullmatch(SUBDOMAIN, sni) or len(sni) > 253:
        yield path, f"{sni!r} is not a DNS name, which SNI has to be"
    elif owners.setdefault(sni, service.reference) != service.reference:
        yield path, f"{sni} is already the SNI of {owners[sni]}"
    elif not any((each.port, each.protocol) == (HTTPS, "TCP") for each in service.spec.ports):
        yield (
            path,
            f"{service.reference} has no port {HTTPS}/TCP, to which the gateway forwards TLS",
        )


def _left_out_by_proxy(spec: ClusterSpec, service: DeclaredService) -> Iterator[str]:
    """Yield a warning for each UDP port, which a proxy gateway cannot export."""
    if spec.gateway is None or spec.gateway.kind != "proxy":
        return
    for index, port in enumerate(service.spec.ports):
        if port.protocol == "UDP":
            message = (
                f"a proxy gateway forwards TCP only: {service.reference} is not exported over UDP"
            )
            yield service.warning(f"spec.ports[{index}]", message)
