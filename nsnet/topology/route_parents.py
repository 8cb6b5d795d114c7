"""Which routes of Gateway API attach to which listeners, by their references, the namespaces and
kinds that listeners allow, and hostnames; or the reason why not, as a controller reports it in the
route's status.

Source: kubernetes-sigs/gateway-api, apis/v1/{gateway,httproute,shared}_types.go, v1.6.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from nsnet.scenario.gateway_proxies import served_protocol
from nsnet.scenario.kubernetes import (
    HTTPRoute,
    Listener,
    Namespace,
    ParentReference,
    ReferenceGrant,
    TLSRoute,
)
from nsnet.scenario.kubernetes.crd import GROUP
from nsnet.scenario.model import Manifest

Route: TypeAlias = HTTPRoute | TLSRoute

_KINDS: Final = {"HTTP": "HTTPRoute", "HTTPS": "HTTPRoute", "TLS": "TLSRoute"}
_NAME_LABEL: Final = "kubernetes.io/metadata.name"  # the API server sets it


class Refused(NamedTuple):
    """What is not accepted: the path of a field, the reason in the API's word, and a sentence."""

    path: str
    reason: str
    message: str


class Attachment(NamedTuple):
    """A listener to which a route attaches, and the hostnames of both ("": any)."""

    listener: Listener
    hostnames: tuple[str, ...]


class Grants:
    """The ReferenceGrants of a cluster."""

    def __init__(self, manifests: Iterable[Manifest]) -> None:
        self._permitted: set[tuple[str, ...]] = set()
        for each in manifests:
            if isinstance(each.object, ReferenceGrant):
                spec = each.object.spec
                here = each.object.metadata.namespace
                self._permitted |= {
                    (one.group, one.kind, one.namespace, to.group, to.kind, here, to.name)
                    for one in spec.from_
                    for to in spec.to
                }

    def permit(self, kind: str, namespace: str, to: tuple[str, str, str, str]) -> bool:
        """Return whether objects of a kind of Gateway API, in a namespace, may refer to an object,
        given by its group, kind, namespace and name."""
        source = GROUP, kind, namespace
        return to[2] == namespace or not self._permitted.isdisjoint(
            {(*source, *to), (*source, *to[:3], "")}
        )


def namespace_labels(manifests: Iterable[Manifest]) -> dict[str, Mapping[str, str]]:
    """Return the labels of each namespace that the files describe."""
    return {
        each.object.metadata.name: each.object.metadata.labels
        for each in manifests
        if isinstance(each.object, Namespace)
    }


def attach(
    route: Route,
    gateways: Mapping[tuple[str, str], Sequence[Listener]],
    labels: Mapping[str, Mapping[str, str]],
) -> Iterator[tuple[tuple[str, str], Attachment] | Refused]:
    """Yield each Gateway, by namespace and name, with a listener to which the route attaches; or
    why it attaches to none of a parent's.

    `gateways`: the listeners of each Gateway that are served. `labels`: those of namespaces.
    """
    for index, parent in enumerate(route.spec.parent_refs):
        path = f"spec.parentRefs[{index}]"
        key = parent.namespace or route.metadata.namespace, parent.name
        if (parent.group, parent.kind) != (GROUP, "Gateway"):
            kind = f"{parent.group} {parent.kind}".strip()
            yield Refused(path, "InvalidKind", f"{kind} {key[0]}/{key[1]} is no Gateway")
        elif key not in gateways:
            missing = f"there is no Gateway {key[0]}/{key[1]}"
            yield Refused(path, "NoMatchingParent", missing)
        else:
            found = _attached(route, parent, key, gateways[key], labels)
            if isinstance(found, Refused):
                yield found._replace(path=path)
            else:
                yield from ((key, each) for each in found)


def _attached(
    route: Route,
    parent: ParentReference,
    key: tuple[str, str],
    listeners: Sequence[Listener],
    labels: Mapping[str, Mapping[str, str]],
) -> list[Attachment] | Refused:
    gateway = f"Gateway {key[0]}/{key[1]}"
    meant = [each for each in listeners if _is_meant(parent, each)]
    if not meant:
        section = f" {parent.section_name}" if parent.section_name else ""
        port = f" at port {parent.port}" if parent.port is not None else ""
        lacks = f"{gateway} serves no listener{section}{port}"
        return Refused("", "NoMatchingParent", lacks)
    allowed = [each for each in meant if _allows(each, key[0], route, labels)]
    if not allowed:
        what = f"{route.kind}s of namespace {route.metadata.namespace}"
        return Refused("", "NotAllowedByListeners", f"{gateway} allows no {what}")
    found = [Attachment(each, common_hostnames(each, route.spec.hostnames)) for each in allowed]
    found = [each for each in found if each.hostnames]
    if not found:
        own = ", ".join(each.hostname or "" for each in allowed)
        return Refused("", "NoMatchingListenerHostname", f"{gateway} listens for {own} alone")
    return found


def _is_meant(parent: ParentReference, listener: Listener) -> bool:
    return parent.section_name in ("", listener.name) and parent.port in (None, listener.port)


def _allows(
    listener: Listener, namespace: str, route: Route, labels: Mapping[str, Mapping[str, str]]
) -> bool:
    """Return whether a listener of a Gateway in `namespace` allows the route."""
    if _KINDS[served_protocol(listener) or "HTTP"] != route.kind:
        return False
    kinds = listener.allowed_routes.kinds
    if kinds and (GROUP, route.kind) not in [(each.group, each.kind) for each in kinds]:
        return False
    allowed = listener.allowed_routes.namespaces
    own = route.metadata.namespace
    match allowed.from_:
        case "All":
            return True
        case "Same":
            return own == namespace
        case "Selector":
            known = {**labels.get(own, {}), _NAME_LABEL: own}
            return allowed.selector is not None and allowed.selector.matches(known)


def common_hostnames(listener: Listener, hostnames: Sequence[str]) -> tuple[str, ...]:
    """Return the hostnames that both a listener and a route have, of two that overlap the more
    specific one; "" if both have none."""
    own = listener.hostname or ""
    if not hostnames:
        return (own,)
    found = (_common(own, each) for each in hostnames)
    return tuple(dict.fromkeys(each for each in found if each is not None))


def _common(one: str, other: str) -> str | None:
    if covers(one, other):
        return other
    return one if covers(other, one) else None


def covers(general: str, hostname: str) -> bool:
    """Return whether a hostname, which may be a wildcard, is among those of another one: ""
    covers all, *.example.com all names below example.com."""
    if general in ("", hostname):
        return True
    # *.b.example.com is below example.com, and so is its end.
    return general.startswith("*.") and hostname.endswith(general[1:])


def specificity(hostname: str) -> tuple[int, int]:
    """Return a key by which the more specific of two hostnames comes first: without a wildcard
    before with, the longer one first."""
    exact = 0 if hostname.startswith("*.") else len(hostname)
    return -exact, -len(hostname)
