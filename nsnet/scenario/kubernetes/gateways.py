"""Gateway API: classes, Gateways with their listeners, and grants of references between namespaces.

Source: kubernetes-sigs/gateway-api, config/crd/standard, v1.6.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from nsnet.scenario.kubernetes.crd import (
    DOMAIN,
    GROUP,
    Domain,
    Group,
    Hostname,
    Kind,
    NamespaceName,
    ObjectName,
    Port,
    checked_by,
    items,
    keyed,
    text,
)
from nsnet.scenario.kubernetes.fields import Lenient, ObjectMeta
from nsnet.scenario.kubernetes.labels import Labels, Texts
from nsnet.scenario.kubernetes.selectors import LabelSelector


class GatewayClassSpec(Lenient):
    """The controller of a class of Gateways."""

    unread = "description parametersRef"

    controller_name: Annotated[str, text(rf"^{DOMAIN}\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$")]


class GatewayClass(Lenient):
    """A class of Gateways."""

    unread = "apiVersion status"

    kind: Literal["GatewayClass"]
    metadata: ObjectMeta
    spec: GatewayClassSpec


class RouteNamespaces(Lenient):
    """The namespaces from which routes may attach to a listener."""

    unread = ""

    from_: Annotated[Literal["All", "Selector", "Same"], Field(alias="from")] = "Same"
    selector: LabelSelector | None = None


class RouteKind(Lenient):
    """A kind of route."""

    unread = ""

    group: Group = GROUP
    kind: Kind


class AllowedRoutes(Lenient):
    """The routes that may attach to a listener. Without kinds, those of its protocol."""

    unread = ""

    namespaces: RouteNamespaces = RouteNamespaces()
    kinds: Annotated[tuple[RouteKind, ...], items(8)] = ()


class SecretReference(Lenient):
    """A reference to a certificate."""

    unread = ""

    group: Group = ""
    kind: Kind = "Secret"
    name: ObjectName
    namespace: NamespaceName = ""


class ListenerTls(Lenient):
    """What a listener does with TLS."""

    unread = "options frontendValidation"

    mode: Literal["Terminate", "Passthrough"] = "Terminate"
    certificate_refs: Annotated[tuple[SecretReference, ...], items(64)] = ()
    options: Texts = {}

    @model_validator(mode="after")
    def _has_a_certificate(self) -> Self:
        if self.mode == "Terminate" and not self.certificate_refs and not self.options:
            message = "certificateRefs or options must be specified when mode is Terminate"
            raise ValueError(f"Invalid value: {message}")
        return self


class Listener(Lenient):
    """A port of a Gateway. Without a hostname, it is for all of them."""

    unread = ""

    name: Domain
    hostname: Hostname | None = None
    port: Port
    protocol: Annotated[
        str,
        text(
            r"^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|"
            rf"{DOMAIN}\/[A-Za-z0-9]+$",
            most=255,
        ),
    ]
    tls: ListenerTls | None = None
    allowed_routes: AllowedRoutes = AllowedRoutes()


def _listener_rules(listeners: Sequence[Listener]) -> Iterator[str]:
    if any(each.tls for each in listeners if each.protocol in ("HTTP", "TCP", "UDP")):
        yield "tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']"
    terminated = [each.tls for each in listeners if each.protocol == "HTTPS" and each.tls]
    if any(each.mode != "Terminate" for each in terminated):
        yield "tls mode must be Terminate for protocol HTTPS"
    if any(each.tls is None for each in listeners if each.protocol == "TLS"):
        yield "tls mode must be set for protocol TLS"
    if any(each.hostname for each in listeners if each.protocol in ("TCP", "UDP")):
        yield "hostname must not be specified for protocols ['TCP', 'UDP']"
    if len({each.name for each in listeners}) < len(listeners):
        yield "Listener name must be unique within the Gateway"
    if len({(each.port, each.protocol, each.hostname) for each in listeners}) < len(listeners):
        yield "Combination of port, protocol and hostname must be unique for each listener"


class GatewayAddress(Lenient):
    """An address that a Gateway asks for."""

    unread = ""

    type: Annotated[
        str,
        text(
            r"^Hostname|IPAddress|NamedAddress|"
            rf"{DOMAIN}\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$"
        ),
    ] = "IPAddress"
    value: Annotated[str, text(least=0)] = ""


def _address_rules(addresses: Sequence[GatewayAddress]) -> Iterator[str]:
    for kind in ("IPAddress", "Hostname"):
        values = [each.value for each in addresses if each.type == kind and each.value]
        if len(set(values)) < len(values):
            yield f"{kind} values must be unique"


class GatewayInfrastructure(Lenient):
    """What the objects that serve a Gateway have."""

    unread = "parametersRef"

    labels: Labels = {}
    annotations: Texts = {}


class GatewaySpec(Lenient):
    """The listeners of a Gateway, and the addresses that it asks for."""

    unread = "allowedListeners backendTLS defaultScope tls"

    gateway_class_name: ObjectName
    listeners: Annotated[
        tuple[Listener, ...], items(64, 1), AfterValidator(keyed), checked_by(_listener_rules)
    ]
    addresses: Annotated[tuple[GatewayAddress, ...], items(16), checked_by(_address_rules)] = ()
    infrastructure: GatewayInfrastructure = GatewayInfrastructure()


class Gateway(Lenient):
    """A Gateway."""

    unread = "apiVersion status"

    kind: Literal["Gateway"]
    metadata: ObjectMeta
    spec: GatewaySpec


class GrantFrom(Lenient):
    """The objects that may refer: those of a kind in a namespace."""

    unread = ""

    group: Group
    kind: Kind
    namespace: NamespaceName


class GrantTo(Lenient):
    """The objects to which they may refer. Without a name, all of the kind."""

    unread = ""

    group: Group
    kind: Kind
    name: ObjectName = ""


class ReferenceGrantSpec(Lenient):
    """The references that a ReferenceGrant permits."""

    unread = ""

    from_: Annotated[tuple[GrantFrom, ...], Field(alias="from"), items(16, 1)]
    to: Annotated[tuple[GrantTo, ...], items(16, 1)]


class ReferenceGrant(Lenient):
    """A permission for objects of other namespaces to refer to objects of this one."""

    unread = "apiVersion status"

    kind: Literal["ReferenceGrant"]
    metadata: ObjectMeta
    spec: ReferenceGrantSpec
