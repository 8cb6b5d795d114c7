"""The DNS of a cluster: the Service at which it is reached, and who knows other names."""

from collections.abc import Iterable, Sequence

from nsnet.scenario.cluster_dns import dns_service
from nsnet.scenario.kinds import ClusterSpec
from nsnet.scenario.model import Manifest
from nsnet.text import did_you_mean
from nsnet.topology.ledger import Ledger
from nsnet.topology.model import ClusterDns, Service


def cluster_dns(
    ledger: Ledger,
    path: str,
    spec: ClusterSpec,
    manifests: Iterable[Manifest],
    services: Sequence[Service],
) -> ClusterDns | None:
    """Return the DNS of the cluster; None if it has none. Record stub domains of hosts that are no
    external hosts with a zone."""
    settings = spec.dns_settings
    if settings is None:
        return None
    hosts = {each.name: each for each in ledger.scenario.spec.externals if each.zone}
    forwards = []
    for domain, name in settings.stub_domains.items():
        if name in hosts:
            forwards.append((domain, hosts[name].address))
        else:
            advice = did_you_mean(name, hosts)
            message = f"{name} is not an external host with a zone; {advice}"
            ledger.refuse(f"{path}.dns.stubDomains.{domain}", message)
    forwards += [("", each.address) for each in list(hosts.values())[:1]]
    declared = dns_service(spec, (each.object for each in manifests))
    names = {(each.namespace, each.name): each.reference for each in services}
    meta = declared.metadata if declared else None
    reference = names.get((meta.namespace, meta.name)) if meta else None
    return ClusterDns(settings.domain, reference, tuple(forwards)) if reference else None
