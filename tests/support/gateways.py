"""Objects of Gateway API for tests, from a short text."""

from collections.abc import Iterator

from nsnet.state.http import HttpRule
from nsnet.topology.model import HttpProxy, Topology

API = "apiVersion: gateway.networking.k8s.io/v1"
CLASS = "\n".join(
    (
        API,
        "kind: GatewayClass",
        "metadata: {name: lab}",
        "spec: {controllerName: nsnet.dev/gateway}",
    )
)
HTTP = "{name: http, port: 80, protocol: HTTP}"


def meta(name: str, more: str = "") -> str:
    """The metadata of an object NAME or NAMESPACE/NAME."""
    namespace, _, own = name.rpartition("/")
    return f"metadata: {{name: {own}, namespace: {namespace or 'default'}{more}}}"


def gateway(name: str, *listeners: str, spec: str = "", kind: str = "lab") -> str:
    """A Gateway with these listeners; `spec` is the rest of its spec."""
    those = ", ".join(listeners or (HTTP,))
    rest = f"gatewayClassName: {kind}, listeners: [{those}]{spec and ', '}{spec}"
    return f"{API}\nkind: Gateway\n{meta(name)}\nspec: {{{rest}}}"


def route(
    name: str,
    *rules: str,
    parents: str = "{name: front}",
    hostnames: str = "",
    kind: str = "HTTPRoute",
    more: str = "",
) -> str:
    """A route with these rules; `more` is more metadata."""
    spec = f"parentRefs: [{parents}], hostnames: [{hostnames}], rules: [{', '.join(rules)}]"
    return f"{API}\nkind: {kind}\n{meta(name, more)}\nspec: {{{spec}}}"


def to(*backends: str, matches: str = "", filters: str = "", port: int = 80) -> str:
    """A rule with these Services, each NAME, NAMESPACE/NAME or either with *WEIGHT."""
    refs = []
    for each in backends:
        name, _, weight = each.partition("*")
        namespace, _, own = name.rpartition("/")
        where = f", namespace: {namespace}" if namespace else ""
        refs.append(f"{{name: {own}{where}, port: {port}, weight: {weight or 1}}}")
    parts = [f"backendRefs: [{', '.join(refs)}]"]
    parts += [f"matches: [{matches}]"] if matches else []
    parts += [f"filters: [{filters}]"] if filters else []
    return f"{{{', '.join(parts)}}}"


def path(value: str, kind: str = "PathPrefix", more: str = "") -> str:
    """A match of a path, and more."""
    return f"{{path: {{type: {kind}, value: {value}}}{more and ', '}{more}}}"


def grant(name: str, source: str, to: str) -> str:
    """A ReferenceGrant from KIND/NAMESPACE to KIND or KIND/NAME."""
    kind, _, namespace = source.partition("/")
    group = "gateway.networking.k8s.io"
    target, _, own = to.partition("/")
    only = f", name: {own}" if own else ""
    spec = (
        f"from: [{{group: {group}, kind: {kind}, namespace: {namespace}}}],"
        f" to: [{{group: '', kind: {target}{only}}}]"
    )
    beta = API.replace("/v1", "/v1beta1")
    return f"{beta}\nkind: ReferenceGrant\n{meta(name)}\nspec: {{{spec}}}"


def proxies(found: Topology) -> dict[str, HttpProxy]:
    """The HTTP proxies of a lab, by the name of their Service."""
    return {
        each.service.partition("/svc/")[2]: each
        for cluster in found.clusters
        for each in cluster.http_proxies
    }


def summary(rules: tuple[HttpRule, ...]) -> Iterator[str]:
    """Yield HOST PATH → SERVICE for each rule; a path that ends in "|" is exact."""
    for each in rules:
        match = each.match
        extra = [match.method, *("=".join(one) for one in (*match.headers, *match.query))]
        where = f"{match.hostname or 'any'}{match.path}{'|' * match.exact}"
        names = [one.reference.rpartition("/")[2] for one in each.weighted]
        what = "redirect" if each.redirect else "+".join(names) or str(each.status)
        yield " ".join((where, *filter(None, extra), "→", what))
