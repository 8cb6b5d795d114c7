"""Gateways of Gateway API → the HTTP proxies that serve them, with the routes that attach.

What a real controller writes into the status of Gateways and routes becomes warnings, with the
API's reasons.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from nsnet.scenario.gateway_proxies import (
    CONTROLLER,
    proxy_name,
    served_protocol,
    wanted_addresses,
)
from nsnet.scenario.kubernetes import Gateway, GatewayClass, HTTPRoute, Listener, Object, TLSRoute
from nsnet.scenario.model import Manifest
from nsnet.state.http import Certificate, HttpRule, RequestMatch, TlsRule
from nsnet.text import number_of, printable, some_of
from nsnet.topology.certificates import read_certificate
from nsnet.topology.http_backends import Servers
from nsnet.topology.ledger import Ledger
from nsnet.topology.model import (
    Configuration,
    HttpListener,
    HttpProxy,
    Pod,
    Service,
    TlsListener,
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
from nsnet.topology.route_rules import (
    Backends,
    OrderedRule,
    OrderedTlsRule,
    http_rules,
    tls_rules,
    unsupported,
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
        name = _name(manifest.object)
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
        rules = _rules(attached.get(key, ()), backends, reports)
        if front is not None and each.listeners:
            proxies.append(
                HttpProxy(
                    service=reference,
                    pods=tuple(dict.fromkeys(one.reference for one in front.endpoints)),
                    listeners=tuple(_http_listeners(each, rules)),
                    tls=tuple(_tls_listeners(each, rules)),
                )
            )
    # A route of several clusters is refused in each of them.
    ledger.warnings += [each for each in reports.warnings() if each not in ledger.warnings]
    return tuple(proxies)


def _name(found: Object) -> str:
    return f"{found.kind} {found.metadata.namespace}/{found.metadata.name}"


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
        unknown = list(unsupported(route))
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


class _Rules(NamedTuple):
    """The rules of a listener."""

    http: list[OrderedRule]
    tls: list[OrderedTlsRule]


def _rules(
    attached: Sequence[_Attached], backends: Backends, reports: _Reports
) -> dict[str, _Rules]:
    """Return the rules of each listener of a Gateway, by its name. Record why backends are
    refused."""
    rules: dict[str, _Rules] = {}
    for number, manifest, route, (listener, hostnames) in attached:
        own = rules.setdefault(listener.name, _Rules([], []))
        asked = number, hostnames, _name(route), backends
        if isinstance(route, HTTPRoute):
            effect = "its requests are answered with 500"
            for found in http_rules(route, *asked):
                if isinstance(found, Refused):
                    reports.add(manifest, found, effect)
                else:
                    own.http.append(found)
        else:
            effect = "its connections are closed"
            for each in tls_rules(route, *asked):
                if isinstance(each, Refused):
                    reports.add(manifest, each, effect)
                else:
                    own.tls.append(each)
    return rules


def _by_port(served: _Served, protocols: Collection[str]) -> dict[int, list[Listener]]:
    """Return the listeners of these protocols by port, the ones with the more specific hostnames
    first."""
    ports: dict[int, list[Listener]] = {}
    for each in sorted(served.listeners, key=lambda each: specificity(each.hostname or "")):
        if each.protocol in protocols:
            ports.setdefault(each.port, []).append(each)
    return ports


def _http_listeners(served: _Served, rules: Mapping[str, _Rules]) -> Iterator[HttpListener]:
    """Yield the ports for HTTP. Of the listeners that share a port, only the one with the most
    specific hostname gets a request; without a rule for it, the proxy answers with 404."""
    for port, listeners in _by_port(served, ("HTTP", "HTTPS")).items():
        found: list[HttpRule] = []
        for each in listeners:
            own = rules[each.name].http if each.name in rules else []
            found += (one.rule for one in sorted(own, key=lambda one: one.order))
            if each.hostname and len(listeners) > 1:
                match = RequestMatch(each.hostname)
                found.append(HttpRule(match, _name(served.gateway), status=404))
        certificates = (one for each in listeners for one in served.certificates[each.name])
        yield HttpListener(port, tuple(found), tuple(dict.fromkeys(certificates)))


def _tls_listeners(served: _Served, rules: Mapping[str, _Rules]) -> Iterator[TlsListener]:
    """Yield the ports at which TLS is passed on. Likewise, connections that fit no rule of the
    listener with the most specific hostname are closed."""
    for port, listeners in _by_port(served, ("TLS",)).items():
        found: list[TlsRule] = []
        for each in listeners:
            own = rules[each.name].tls if each.name in rules else []
            found += (one.rule for one in sorted(own, key=lambda one: one.order))
            if each.hostname and len(listeners) > 1:
                found.append(TlsRule(each.hostname, _name(served.gateway), ()))
        yield TlsListener(port, tuple(found))
