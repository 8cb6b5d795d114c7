"""The proxy that nsnet adds for each Gateway of Gateway API: a Deployment, and a Service of type
LoadBalancer in front of it.

Their names and labels are those of GEP-1762, which real controllers use, too. If the files have
such objects already, as the dump of a real cluster does, these take their place.
"""

import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final, Literal, TypeAlias

from nsnet.scenario.fields import LABEL
from nsnet.scenario.http_proxies import WantedProxy, proxy_manifests
from nsnet.scenario.kinds import ClusterSpec
from nsnet.scenario.kubernetes import Gateway, Listener
from nsnet.scenario.kubernetes.names import is_endpoint
from nsnet.scenario.model import Manifest

CONTROLLER: Final = "nsnet.dev/gateway"
_GATEWAY_LABEL: Final = "gateway.networking.k8s.io/gateway-name"
_LONGEST: Final = 63  # characters of a Service's name, and of a label
Served: TypeAlias = Literal["HTTP", "HTTPS", "TLS"]


def served_protocol(listener: Listener) -> Served | None:
    """Return the protocol that the proxy speaks at a listener; None if it cannot serve it."""
    passes = listener.tls is not None and listener.tls.mode == "Passthrough"
    match listener.protocol:
        case "HTTP":
            return "HTTP"
        case "HTTPS":
            return "HTTPS" if listener.tls is not None else None
        case "TLS":
            return "TLS" if passes else None
        case _:
            return None


def proxy_name(gateway: Gateway) -> str:
    """Return the name of the Service and the Deployment of a Gateway: NAME-CLASS, changed if it
    is no name of a Service."""
    full = f"{gateway.metadata.name}-{gateway.spec.gateway_class_name}"
    if re.fullmatch(rf"(?![0-9]){LABEL}", full) and len(full) <= _LONGEST:
        return full
    plain = re.sub("[^a-z0-9]+", "-", f"gateway-{full}".lower())
    return f"{plain[: _LONGEST - 9].rstrip('-')}-{sha256(full.encode()).hexdigest()[:8]}"


def wanted_addresses(gateway: Gateway) -> tuple[str, ...]:
    """Return the addresses that a Gateway asks for and its Service can have."""
    written = (each.value for each in gateway.spec.addresses if each.type == "IPAddress")
    return tuple(each for each in written if is_endpoint(each))


def gateway_manifests(
    clusters: Sequence[ClusterSpec], manifests: Sequence[Manifest]
) -> Iterator[Manifest]:
    """Yield the objects of the proxy of each Gateway that has a port which can be served."""
    for cluster in clusters:
        here = [each.object for each in manifests if cluster.name in each.clusters]
        wanted = [_proxy(each) for each in here if isinstance(each, Gateway)]
        if wanted:
            yield from proxy_manifests(cluster, filter(None, wanted), here)


def _proxy(gateway: Gateway) -> WantedProxy | None:
    meta, spec = gateway.metadata, gateway.spec
    ports = {f"port-{each.port}": each.port for each in spec.listeners if served_protocol(each)}
    name = proxy_name(gateway)
    if not ports:
        return None
    return WantedProxy(
        namespace=meta.namespace,
        name=name,
        ports=ports,
        selector={_GATEWAY_LABEL: meta.name if len(meta.name) <= _LONGEST else name},
        file=f"Gateway {meta.namespace}/{meta.name}",
        labels=spec.infrastructure.labels,
        annotations=spec.infrastructure.annotations,
        addresses=wanted_addresses(gateway),
    )
