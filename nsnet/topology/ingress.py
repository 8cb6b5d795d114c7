"""Ingresses → the routes of the cluster's HTTP proxy.

Of the rules that fit a request, the one with the more specific host counts, then an exact path,
then the longest prefix, then the oldest Ingress. Requests that no rule fits get the default backend
of the oldest Ingress of their host that has one, else of the oldest Ingress of all.

Source: the API reference of networking.k8s.io/v1, Kubernetes 1.34.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from nsnet.scenario import kubernetes
from nsnet.scenario.http_proxies import NAME, NAMESPACE, PORTS
from nsnet.scenario.kubernetes.ingress import (
    CLASS,
    HttpPath,
    IngressBackend,
    ServiceBackendPort,
)
from nsnet.scenario.model import Manifest
from nsnet.state.http import Backend, Certificate, HttpRule, Pem, RequestMatch
from nsnet.text import printable, quoted, some_of
from nsnet.topology.certificates import read_certificate
from nsnet.topology.http_backends import Servers
from nsnet.topology.ledger import Ledger
from nsnet.topology.model import (
    Configuration,
    HttpListener,
    HttpProxy,
    Pod,
    Service,
    ServicePort,
    reference_of,
)

# Annotations of Ingresses that no controller reads.
_OF_TOOLS: Final = ("kubectl.kubernetes.io/", "nsnet.dev/", "meta.helm.sh/", "argocd.argoproj.io/")
_WRITTEN_OUT: Final = 3  # warnings of a kind
_MISSING: Final = "503 is also the answer for backends of {}"
_REGEX: Final = frozenset("()[]{}*+?|^$\\")


class _Rule(NamedTuple):
    """A rule with its place in the order of precedence."""

    order: tuple[object, ...]
    rule: HttpRule


class _Declared(NamedTuple):
    """An Ingress of the cluster that is served."""

    reference: str
    ingress: kubernetes.Ingress
    manifest: Manifest


class _Warnings:
    """Warnings about Ingresses: of each kind the first ones, and one for the others."""

    def __init__(self) -> None:
        self._found: dict[str, list[tuple[str, str]]] = {}

    def add(self, each: _Declared, path: str, message: str, others: str) -> None:
        """Add a warning. `others` is the sentence about further Ingresses, "{} are not served"."""
        text = each.manifest.warning(path, message)
        self._found.setdefault(others, []).append((text, each.reference))

    def folded(self) -> Iterator[str]:
        """Yield the warnings."""
        for others, found in self._found.items():
            yield from (text for text, _ in found[:_WRITTEN_OUT])
            if more := dict.fromkeys(reference for _, reference in found[_WRITTEN_OUT:]):
                number = f"{len(more)} more Ingresses" if len(more) > 1 else "1 more Ingress"
                yield f"{others.format(number)}: {some_of(more)}"


def ingress_proxy(
    ledger: Ledger,
    cluster: str,
    manifests: Sequence[Manifest],
    services: Sequence[Service],
    pods: Sequence[Pod],
    configuration: Configuration,
) -> HttpProxy | None:
    """Return the HTTP proxy that serves the Ingresses of a cluster, None if it has none. Record
    warnings about what they refer to in vain."""
    every = _declared(manifests)
    reference = reference_of(cluster, "svc", NAME, NAMESPACE)
    own = next((each for each in services if each.reference == reference), None)
    if not every or own is None:
        return None
    warnings = _Warnings()
    served = list(_served(warnings, every, manifests))
    rules = tuple(_Routes(warnings, cluster, services, pods).rules(served))
    certificates = (*_certificates(warnings, served, configuration), Certificate((), ""))
    ledger.warnings += [*_ignored_annotations(served), *warnings.folded()]
    return HttpProxy(
        service=reference,
        pods=tuple(dict.fromkeys(each.reference for each in own.endpoints)),
        listeners=(
            HttpListener(PORTS["http"], rules),
            HttpListener(PORTS["https"], rules, certificates),
        ),
    )


def _declared(manifests: Iterable[Manifest]) -> list[_Declared]:
    """Return the Ingresses, the oldest first."""
    every: list[tuple[tuple[object, ...], _Declared]] = []
    for number, manifest in enumerate(manifests):
        found = manifest.object
        if isinstance(found, kubernetes.Ingress):
            meta = found.metadata
            name = f"Ingress {meta.namespace}/{meta.name}"
            every.append((meta.age(number), _Declared(name, found, manifest)))
    return [each for _, each in sorted(every, key=lambda each: each[0])]


def _served(
    warnings: _Warnings, every: Iterable[_Declared], manifests: Iterable[Manifest]
) -> Iterator[_Declared]:
    """Yield the Ingresses that the proxy serves: all if the files have no IngressClass, because the
    classes are then installed with their controllers."""
    found = (one.object for one in manifests)
    classes = [one.metadata for one in found if isinstance(one, kubernetes.IngressClass)]
    names = {one.name for one in classes} | {"" for one in classes if one.is_default}
    for each in every:
        name = each.ingress.class_name
        if name in names or not classes:
            yield each
            continue
        why = f"there is no IngressClass {quoted(name)}" if name else "no IngressClass is default"
        known = some_of([one.name for one in classes])
        message = f"{each.reference} is not served: {why}; the files have {known}"
        warnings.add(each, "spec.ingressClassName", message, "{} are not served")


def _ignored_annotations(served: Iterable[_Declared]) -> Iterator[str]:
    names = {
        key: None
        for each in served
        for key in each.ingress.metadata.annotations
        if key != CLASS and not key.startswith(_OF_TOOLS)
    }
    if names:
        message = "annotations of Ingresses are ignored, because each controller has its own"
        yield f"{message}: {some_of(names)}"


class _Routes:
    """The rules of Ingresses, whose backends are Services of the cluster."""

    def __init__(
        self, warnings: _Warnings, cluster: str, services: Iterable[Service], pods: Iterable[Pod]
    ) -> None:
        self._warnings = warnings
        self._cluster = cluster
        self._services = {each.reference: each for each in services}
        self._servers = Servers(pods)

    def rules(self, served: Sequence[_Declared]) -> Iterator[HttpRule]:
        """Yield the rules in the order of their precedence."""
        found = [each for one in served for each in self._of_paths(one)]
        yield from (each.rule for each in sorted(found, key=lambda each: each.order))
        yield from self._defaults(served)

    def _of_paths(self, each: _Declared) -> Iterator[_Rule]:
        literal: dict[str, None] = {}
        for index, rule in enumerate(each.ingress.spec.rules):
            for number, path in enumerate(rule.http.paths if rule.http else ()):
                at = f"spec.rules[{index}].http.paths[{number}].backend"
                backend = self._backend(each, at, path.backend)
                if path.path_type == "ImplementationSpecific" and _REGEX.intersection(path.path):
                    literal[printable(path.path)] = None
                yield _ordered(rule.host, path, HttpRule(RequestMatch(), each.reference, backend))
        if literal:
            message = "paths of type ImplementationSpecific are Prefixes here, no expressions"
            others = "so are those of {}"
            self._warnings.add(each, "spec.rules", f"{message}: {some_of(literal)}", others)

    def _defaults(self, served: Sequence[_Declared]) -> Iterator[HttpRule]:
        """Yield the rules for requests that no path fits: for each host, then for all others."""
        hosts: dict[str, HttpRule] = {}
        for each in served:
            backend = each.ingress.spec.default_backend
            if backend is None:
                continue
            sent = self._backend(each, "spec.defaultBackend", backend)
            rule = HttpRule(RequestMatch(), each.reference, sent)
            for host in (*(one.host for one in each.ingress.spec.rules if one.host), ""):
                hosts.setdefault(host, rule)
        for host in sorted(hosts, key=_specific):
            match = RequestMatch(host, one_label=host.startswith("*."))
            yield hosts[host]._replace(match=match)

    def _backend(self, each: _Declared, path: str, backend: IngressBackend) -> tuple[Backend, ...]:
        """Return the backend with its servers; without servers if there is no such Service."""
        wanted = backend.service
        if wanted is None:
            message = "resource backends are not emulated: requests to it are answered with 503"
            self._warnings.add(each, f"{path}.resource", message, _MISSING)
            return (Backend("", ()),)
        namespace = each.ingress.metadata.namespace
        reference = reference_of(self._cluster, "svc", wanted.name, namespace)
        port = _port(self._services.get(reference), wanted.port)
        if port is None:
            which = wanted.port.name or wanted.port.number
            lacks = f"has no port {which}" if reference in self._services else "does not exist"
            if reference in self._services and self._services[reference].type == "ExternalName":
                lacks = "is an ExternalName, which has no endpoints"
            message = f"{reference} {lacks}: requests to it are answered with 503"
            self._warnings.add(each, f"{path}.service", message, _MISSING)
            return (Backend(reference, ()),)
        servers = self._servers.of(self._services[reference], port)
        return (Backend(reference, servers),)


def _ordered(host: str, path: HttpPath, rule: HttpRule) -> _Rule:
    exact = path.path_type == "Exact"
    match = RequestMatch(host, host.startswith("*."), path.path or "/", exact)
    length = len(path.path) if exact else len(path.path.rstrip("/"))
    return _Rule((_specific(host), not exact, -length), rule._replace(match=match))


def _specific(host: str) -> int:
    """Return the place of a host among those that fit a request: exact, wildcard, any."""
    if not host:
        return 2
    return 1 if host.startswith("*.") else 0


def _port(service: Service | None, wanted: ServiceBackendPort) -> ServicePort | None:
    ports = service.ports if service is not None and service.type != "ExternalName" else ()
    for each in ports:
        if (wanted.name == each.name) if wanted.name else (wanted.number == each.port):
            return each
    return None


def _certificates(
    warnings: _Warnings, served: Iterable[_Declared], configuration: Configuration
) -> Iterator[Certificate]:
    """Yield the certificates of the hosts, each host's of the oldest Ingress that has one."""
    taken: set[str] = set()
    read: dict[str, tuple[Pem | None, str]] = {"": (None, "")}  # and what is wrong, by Secret
    for each in served:
        rules = [one.host for one in each.ingress.spec.rules if one.host]
        for index, tls in enumerate(each.ingress.spec.tls):
            names = tuple(one for one in dict.fromkeys(tls.hosts or rules) if one not in taken)
            taken.update(names)
            if not names:
                continue
            namespace = each.ingress.metadata.namespace
            secret = f"{namespace}/{tls.secret_name}" if tls.secret_name else ""
            if secret not in read:
                values = configuration.get(("Secret", namespace, tls.secret_name))
                found = read_certificate(values) if values is not None else (None, "does not exist")
                read[secret] = found
            pem, mistake = read[secret]
            if mistake:
                message = f"Secret {secret} {mistake}: a certificate is generated"
                others = "certificates are also generated for {}"
                warnings.add(each, f"spec.tls[{index}].secretName", message, others)
            yield Certificate(names, secret if pem else "", pem)
