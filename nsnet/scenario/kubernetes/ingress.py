"""Ingresses: routes of HTTP requests to Services, and the classes of their controllers."""

from typing import Final, Literal

from nsnet.scenario.fields import Number
from nsnet.scenario.kubernetes.fields import AgedMeta, Lenient, ObjectMeta

CLASS: Final = "kubernetes.io/ingress.class"  # the annotation that was there before the field
DEFAULT_CLASS: Final = "ingressclass.kubernetes.io/is-default-class"


class ServiceBackendPort(Lenient):
    """A port of a Service, by its name or its number."""

    unread = ""

    name: str = ""
    number: Number = 0


class ServiceBackend(Lenient):
    """A port of a Service in the namespace of the Ingress."""

    unread = ""

    name: str = ""
    port: ServiceBackendPort = ServiceBackendPort()


class ResourceBackend(Lenient):
    """An object of another kind, which only some controllers know."""

    unread = "apiGroup"

    kind: str = ""
    name: str = ""


class IngressBackend(Lenient):
    """Where requests are sent."""

    unread = ""

    service: ServiceBackend | None = None
    resource: ResourceBackend | None = None


class HttpPath(Lenient):
    """The requests with a path, and their backend."""

    unread = ""

    path: str = ""
    path_type: str | None = None
    backend: IngressBackend


class HttpPaths(Lenient):
    """The paths of a rule."""

    unread = ""

    paths: tuple[HttpPath, ...] = ()


class IngressRule(Lenient):
    """The requests to a host. Without paths, the default backend gets them."""

    unread = ""

    host: str = ""
    http: HttpPaths | None = None


class IngressTLS(Lenient):
    """Hosts, and the Secret that has their certificate."""

    unread = ""

    hosts: tuple[str, ...] = ()
    secret_name: str = ""


class IngressSpec(Lenient):
    """The spec of an Ingress."""

    unread = ""

    ingress_class_name: str | None = None
    default_backend: IngressBackend | None = None
    tls: tuple[IngressTLS, ...] = ()
    rules: tuple[IngressRule, ...] = ()


class Ingress(Lenient):
    """An Ingress."""

    unread = "apiVersion status"

    kind: Literal["Ingress"]
    metadata: AgedMeta
    spec: IngressSpec = IngressSpec()

    @property
    def class_name(self) -> str:
        """The name of its class; "" if it names none."""
        return self.spec.ingress_class_name or self.metadata.annotations.get(CLASS, "")


class IngressClassSpec(Lenient):
    """The spec of an IngressClass."""

    unread = "parameters"

    controller: str = ""


class IngressClassMeta(ObjectMeta):
    """The metadata of an IngressClass, which belongs to no namespace."""

    @property
    def is_default(self) -> bool:
        """Whether an Ingress without a class has this one."""
        return self.annotations.get(DEFAULT_CLASS) == "true"


class IngressClass(Lenient):
    """An IngressClass."""

    unread = "apiVersion"

    kind: Literal["IngressClass"]
    metadata: IngressClassMeta
    spec: IngressClassSpec = IngressClassSpec()
