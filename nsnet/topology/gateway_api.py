"""Gateways of Gateway API → the HTTP proxies that serve them, with the routes that attach.

What a real controller writes into the status of Gateways and routes becomes warnings, with the
API's reasons.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from nsnet.scenario.gateway_proxies import (
    CONTROLLER,
    proxy_name,
    served_protocol,
    wanted_addresses,
)
from nsnet.scenario.kubernetes import Gateway, GatewayClass, HTTPRoute, Listener, TLSRoute
from nsnet.scenario.model import Manifest
from nsnet.state.http import Certificate, HttpRule, RequestMatch
from nsnet.text import number_of, printable, some_of
from nsnet.topology.certificates import read_certificate
from nsnet.topology.http_backends import Servers
from nsnet.topology.http_routes import Backends, OrderedRule, http_rules, unsupported
from nsnet.topology.ledger import Ledger
from nsnet.topology.model import (
    Configuration,
    HttpListener,
    HttpProxy,
    Pod,
    Service,
    reference_of,
)
from nsnet.topology.route_parents import (
    Attachment,
    Grants,
    Refused,
    Route,
    attach,
    namespace_labels,
    specificity,
)

_WRITTEN_OUT: Final = 3  # warnings of a reason
Key = tuple[str, str]  # namespace and name of a Gateway


class _Attached(NamedTuple):
    """A route at a listener of a Gateway. `number`: of the route among all routes."""

    number: int
    manifest: Manifest
    route: Route
    attachment: Attachment


@dataclass(frozen=True, slots=True)
class _Served:
    """A Gateway with the listeners that its proxy serves, and their certificates by name."""

    gateway: Gateway
    listeners: tuple[Listener, ...]
    certificates: Mapping[str, tuple[Certificate, ...]]


class _Reports:
    """What is refused in Gateways and routes."""

    def __init__(self) -> None:
        self._found: dict[str, dict[tuple[str, str], str]] = {}

    def add(self, manifest: Manifest, refused: Refused, effect: str = "") -> None:
        """Record what is refused, and the effect; once if several listeners have it."""
        text = f"{refused.message} ({refused.reason})" + (f": {effect}" if effect else "")
        name = _name(manifest)
        warning = manifest.warning(refused.path, f"{name}: {text}")
        self._found.setdefault(refused.reason, {})[name, warning] = warning

    def warnings(self) -> Iterator[str]:
        """Yield the first warnings of each reason, and one for the others."""
        for reason, those in self._found.items():
            yield from [*those.values()][:_WRITTEN_OUT]
            others = dict.fromkeys(name for name, _ in [*those][_WRITTEN_OUT:])
            if others:
                number = number_of(len(those) - _WRITTEN_OUT, "more refusal")
                yield f"{number} ({reason}): {some_of(others)}"


def gateway_proxies(
    ledger: Ledger,
    cluster: str,
    manifests: Sequence[Manifest],
    services: Sequence[Service],
    pods: Sequence[Pod],
    configuration: Configuration,
) -> tuple[HttpProxy, ...]:
    """Return the proxy of each Gateway of the cluster. Record warnings about what is refused."""
    reports = _Reports()
    grants = Grants(manifests)
    served: dict[Key, _Served] = {}
    for manifest in manifests:
        if isinstance(manifest.object, Gateway):
            found = _served(manifest, manifest.object, grants, configuration, reports)
            served[found.gateway.metadata.namespace, found.gateway.metadata.name] = found
    attached = _attach(manifests, served, reports)
    backends = Backends(cluster, services, Servers(pods), grants)
    ledger.warnings += _foreign([each.gateway for each in served.values()], manifests)
    fronts = {each.reference: each for each in services}
    proxies: list[HttpProxy] = []
    for key, each in served.items():
        reference = reference_of(cluster, "svc", proxy_name(each.gateway), key[0])
        front = fronts.get(reference)
        routes = list(_rules(cluster, attached.get(key, ()), backends, reports))
        if front is not None and each.listeners:
            proxies.append(
                HttpProxy(
                    service=reference,
                    pods=tuple(dict.fromkeys(one.reference for one in front.endpoints)),
                    listeners=tuple(_http_listeners(cluster, each, routes)),
                )
            )
    ledger.warnings += reports.warnings()
    return tuple(proxies)


def _name(manifest: Manifest) -> str:
    meta = manifest.object.metadata
    return f"{manifest.object.kind} {meta.namespace}/{meta.name}"


def _foreign(gateways: Sequence[Gateway], manifests: Sequence[Manifest]) -> Iterator[str]:
    """Yield a warning about the Gateways of other controllers."""
    controllers = {
        each.object.metadata.name: each.object.spec.controller_name
        for each in manifests
        if isinstance(each.object, GatewayClass)
    }
    classes = (each.spec.gateway_class_name for each in gateways)
    others = {printable(each): None for each in classes if controllers.get(each) != CONTROLLER}
    if others:
        yield (
            f"nsnet's own proxy serves the Gateways of every class, without what only their"
            f" controller can do: {some_of(others)}"
        )


def _served(
    manifest: Manifest,
    gateway: Gateway,
    grants: Grants,
    configuration: Configuration,
    reports: _Reports,
) -> _Served:
    """Return the listeners of a Gateway that its proxy serves. Record why the others are not."""
    taken = wanted_addresses(gateway)
    for index, address in enumerate(gateway.spec.addresses):
        if address.value and address.value not in taken:
            what = f"{address.type} {printable(address.value)}".strip()
            message = f"the proxy cannot have the address {what}"
            path = f"spec.addresses[{index}]"
            reports.add(manifest, Refused(path, "UnsupportedAddress", message))
    protocols: dict[int, str] = {}
    listeners: list[Listener] = []
    certificates: dict[str, tuple[Certificate, ...]] = {}
    for index, each in enumerate(gateway.spec.listeners):
        path = f"spec.listeners[{index}]"
        found = _refused_listener(path, each, protocols) or _certificates(
            path, gateway, each, grants, configuration
        )
        if isinstance(found, Refused):
            reports.add(manifest, found, "the listener is not served")
            continue
        protocols[each.port] = each.protocol
        listeners.append(each)
        certificates[each.name] = found
        for number, to in enumerate(each.tls.certificate_refs if each.tls and found else ()):
            namespace = to.namespace or gateway.metadata.namespace
            if ("Secret", namespace, to.name) not in configuration:
                message = f"there is no Secret {namespace}/{to.name}"
                at = f"{path}.tls.certificateRefs[{number}]"
                missing = Refused(at, "InvalidCertificateRef", message)
                reports.add(manifest, missing, "a certificate is generated")
    return _Served(gateway, tuple(listeners), certificates)


def _refused_listener(
    path: str, listener: Listener, protocols: Mapping[int, str]
) -> Refused | None:
    """Return why the proxy does not serve a listener, or None. `protocols`: of the ports that
    earlier listeners have."""
    if served_protocol(listener) is None:
        mode = f" with mode {listener.tls.mode}" if listener.tls is not None else ""
        what = f"the protocol {printable(listener.protocol)}{mode} is not emulated"
        return Refused(f"{path}.protocol", "UnsupportedProtocol", what)
    other = protocols.get(listener.port, listener.protocol)
    if other != listener.protocol:
        message = f"port {listener.port} is already one for {other}"
        return Refused(f"{path}.port", "ProtocolConflict", message)
    return None


def _certificates(
    path: str,
    gateway: Gateway,
    listener: Listener,
    grants: Grants,
    configuration: Configuration,
) -> tuple[Certificate, ...] | Refused:
    """Return the certificates of a listener that terminates TLS, or why it has none. That of a
    Secret which is not in the files, as cert-manager would create it, is generated."""
    found: list[Certificate] = []
    if listener.protocol != "HTTPS" or listener.tls is None:
        return ()
    names = (listener.hostname,) if listener.hostname else ()
    for index, to in enumerate(listener.tls.certificate_refs):
        at = f"{path}.tls.certificateRefs[{index}]"
        namespace = to.namespace or gateway.metadata.namespace
        name = f"{to.kind} {namespace}/{to.name}"
        if (to.group, to.kind) != ("", "Secret"):
            return Refused(at, "InvalidCertificateRef", f"{to.group} {name} is no Secret".strip())
        wanted = ("", "Secret", namespace, to.name)
        if not grants.permit("Gateway", gateway.metadata.namespace, wanted):
            why = f"no ReferenceGrant of namespace {namespace} permits it to refer to {name}"
            return Refused(at, "RefNotPermitted", why)
        secret = configuration.get(("Secret", namespace, to.name))
        if secret is None:
            found.append(Certificate(names, ""))
            continue
        pem, mistake = read_certificate(secret)
        if pem is None:
            return Refused(at, "InvalidCertificateRef", f"{name} {mistake}")
        # The first one is for the hostname. Clients get the others by the names in them.
        found.append(Certificate(names if not found else (), f"{namespace}/{to.name}", pem))
    return tuple(found) or (Certificate(names, ""),)


def _attach(
    manifests: Sequence[Manifest], served: Mapping[Key, _Served], reports: _Reports
) -> dict[Key, list[_Attached]]:
    """Return the routes of each Gateway. Record why the others are not accepted."""
    gateways = {key: each.listeners for key, each in served.items()}
    labels = namespace_labels(manifests)
    attached: dict[Key, list[_Attached]] = {}
    for number, manifest in enumerate(manifests):
        route = manifest.object
        if not isinstance(route, HTTPRoute | TLSRoute):
            continue
        unknown = list(unsupported(route)) if isinstance(route, HTTPRoute) else []
        for path, what in unknown:
            refused = Refused(path, "UnsupportedValue", f"{printable(what)} is not emulated")
            reports.add(manifest, refused, "the route is not accepted")
        for found in attach(route, gateways, labels) if not unknown else ():
            if isinstance(found, Refused):
                reports.add(manifest, found, "the route is not accepted")
            else:
                key, attachment = found
                one = _Attached(number, manifest, route, attachment)
                attached.setdefault(key, []).append(one)
    return attached


class _ListenerRule(NamedTuple):
    """A rule of a listener, given by its name."""

    listener: str
    order: tuple[object, ...]
    rule: HttpRule


def _rules(
    cluster: str, attached: Sequence[_Attached], backends: Backends, reports: _Reports
) -> Iterator[_ListenerRule]:
    """Yield the rules of all listeners of a Gateway. Record why backends are refused."""
    for number, manifest, route, (listener, hostnames) in attached:
        if not isinstance(route, HTTPRoute):
            continue
        reference = _reference(cluster, route)
        for found in http_rules(route, number, hostnames, reference, backends):
            match found:
                case Refused():
                    reports.add(manifest, found, "its requests are answered with 500")
                case OrderedRule(order, rule):
                    yield _ListenerRule(listener.name, order, rule)


def _reference(cluster: str, found: Route | Gateway) -> str:
    meta = found.metadata
    return reference_of(cluster, found.kind.lower(), meta.name, meta.namespace)


def _http_listeners(
    cluster: str, served: _Served, rules: Sequence[_ListenerRule]
) -> Iterator[HttpListener]:
    """Yield the ports for HTTP. Of the listeners that share a port, only the one with the most
    specific hostname gets a request; without a rule for it, the proxy answers with 404."""
    ports: dict[int, list[Listener]] = {}
    for listener in served.listeners:
        if listener.protocol != "TLS":
            ports.setdefault(listener.port, []).append(listener)
    own: dict[str, list[_ListenerRule]] = {}
    for each in rules:
        own.setdefault(each.listener, []).append(each)
    for port, listeners in ports.items():
        ordered = sorted(listeners, key=lambda each: specificity(each.hostname or ""))
        found: list[HttpRule] = []
        for listener in ordered:
            mine = sorted(own.get(listener.name, ()), key=lambda each: each.order)
            found += (each.rule for each in mine)
            if listener.hostname and len(ordered) > 1:
                match = RequestMatch(listener.hostname)
                found.append(HttpRule(match, _reference(cluster, served.gateway), status=404))
        certificates = (one for each in ordered for one in served.certificates[each.name])
        yield HttpListener(port, tuple(found), tuple(dict.fromkeys(certificates)))
