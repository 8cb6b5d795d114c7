"""The routes of Ingresses, in the order of their precedence.

Source: the API reference of networking.k8s.io/v1, Kubernetes 1.34.
"""

import pytest

from nsnet.state.http import HttpRule
from nsnet.topology.assignment import Assignment
from nsnet.topology.model import HttpProxy, Topology
from tests.support.certificates import pem, secret
from tests.support.labs import ingress, pod, pods, service, services, topology, workload

WEB = (workload("Deployment", "web", 2), service("web"))
CART = (workload("Deployment", "cart"), service("cart"))
SERVICE, POD = "east/svc/ingress.nsnet-ingress", "east/pod/ingress-0.nsnet-ingress"


def proxy(found: Topology) -> HttpProxy:
    ((one,),) = (each.http_proxies for each in found.clusters)
    return one


def rules(*objects: str) -> list[str]:
    """The rules of a cluster with these objects, each as "HOST TYPE PATH → SERVICES"."""
    return [_line(each) for each in proxy(topology(*WEB, *CART, *objects)).listeners[0].rules]


def _line(rule: HttpRule) -> str:
    match = rule.match
    kind = "Exact" if match.exact else "Prefix"
    to = ",".join(each.reference.rpartition("/")[2] for each in rule.backends)
    return f"{match.hostname or 'any'} {kind} {match.path} → {to}"


def warnings(*objects: str) -> list[str]:
    found = topology(*WEB, *CART, *objects).warnings
    return [each.partition(": ")[2] if each.startswith("lab.yaml") else each for each in found]


def ingress_class(name: str, meta: str = "") -> str:
    return (
        "apiVersion: networking.k8s.io/v1\nkind: IngressClass\n"
        f"metadata: {{name: {name}, {meta}}}\nspec: {{controller: example.com/ingress}}"
    )


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        pytest.param(
            (ingress("a", "Prefix / web", "Prefix /cart/x cart", "Prefix /cart web"),),
            [
                "shop.example Prefix /cart/x → cart",
                "shop.example Prefix /cart → web",
                "shop.example Prefix / → web",
            ],
            id="the longest path first",
        ),
        pytest.param(
            (ingress("a", "Prefix /cart/ web", "Exact /cart cart", "Prefix /longer web"),),
            [
                "shop.example Exact /cart → cart",
                "shop.example Prefix /longer → web",
                "shop.example Prefix /cart/ → web",
            ],
            id="exact paths before prefixes",
        ),
        pytest.param(
            (
                ingress("any", "Prefix /a/b/c web", host=""),
                ingress("wild", "Prefix /a/b web", host="*.example"),
                ingress("one", "Prefix /a web"),
            ),
            [
                "shop.example Prefix /a → web",
                "*.example Prefix /a/b → web",
                "any Prefix /a/b/c → web",
            ],
            id="the host before the path, a name before a wildcard",
        ),
        pytest.param(
            (ingress("b", "Prefix /a web"), ingress("a", "Prefix /a cart")),
            ["shop.example Prefix /a → web", "shop.example Prefix /a → cart"],
            id="the older one of two equal rules",
        ),
        pytest.param(
            (ingress("a", "ImplementationSpecific /a web"),),
            ["shop.example Prefix /a → web"],
            id="ImplementationSpecific is Prefix",
        ),
        pytest.param(
            (
                ingress("a", "Prefix /a web", default="cart"),
                ingress("b", "Prefix /a web", host="b.example", default="web"),
                ingress("c", default="web"),
            ),
            [
                "shop.example Prefix /a → web",
                "b.example Prefix /a → web",
                "shop.example Prefix / → cart",
                "b.example Prefix / → web",
                "any Prefix / → cart",
            ],
            id="default backends last",
        ),
    ],
)
def test_the_rules_of_ingresses_in_their_order(
    objects: tuple[str, ...], expected: list[str]
) -> None:
    assert rules(*objects) == expected


def test_a_backend_is_the_ready_endpoints_of_its_service() -> None:
    later = pod("late", labels="app: web")
    later += '\nstatus: {conditions: [{type: Ready, status: "False"}]}'
    proxied = pod(
        "proxied",
        labels="app: web",
        meta="annotations: {nsnet.dev/proxy-protocol: 'true'}",
    )
    found = topology(*WEB, later, proxied, ingress("a", "Prefix / web"))
    ((backend,),) = (each.backends for each in proxy(found).listeners[0].rules)
    addresses = {
        each.addresses[0] for each in pods(found).values() if "web" in each.labels.values()
    }
    late = pods(found)["east/pod/late"].addresses[0]
    assert {each.address for each in backend.servers} == addresses - {late}
    assert {each.port for each in backend.servers} == {80}


@pytest.mark.parametrize(
    ("objects", "warning"),
    [
        pytest.param(
            (ingress("a", "Prefix / none"),),
            "east/svc/none does not exist: requests to it are answered with 503",
            id="no Service",
        ),
        pytest.param(
            (service("other", "{port: 81}"), ingress("a", "Prefix / other")),
            "east/svc/other has no port 80: requests to it are answered with 503",
            id="no port",
        ),
        pytest.param(
            (
                ingress(
                    "a",
                    spec="defaultBackend: {resource: {apiGroup: a.b, kind: Bucket, name: c}}",
                ),
            ),
            "resource backends are not emulated: requests to it are answered with 503",
            id="a resource",
        ),
    ],
)
def test_a_backend_that_is_missing_answers_with_503(objects: tuple[str, ...], warning: str) -> None:
    (rule,) = proxy(topology(*WEB, *objects)).listeners[0].rules
    assert [(each.servers, each.status) for each in rule.backends] == [((), 503)]
    assert warning in warnings(*objects)


def test_a_port_is_named_or_numbered() -> None:
    named = service("web", "{name: http, port: 8000, targetPort: 80}")
    backend = "{service: {name: web, port: {name: http}}}"
    found = topology(WEB[0], named, ingress("a", spec=f"defaultBackend: {backend}"))
    (rule,) = proxy(found).listeners[0].rules
    assert len(rule.backends[0].servers) == 2


SERVED, NOT = ["shop.example Prefix / → web"], list[str]()


@pytest.mark.parametrize(
    ("objects", "spec", "meta", "expected"),
    [
        pytest.param((), "", "", SERVED, id="no class at all"),
        pytest.param((), "ingressClassName: nginx", "", SERVED, id="a class outside the files"),
        pytest.param((ingress_class("a"),), "ingressClassName: a", "", SERVED, id="its class"),
        pytest.param(
            (ingress_class("a"),),
            "",
            "annotations: {kubernetes.io/ingress.class: a}",
            SERVED,
            id="its class in the annotation",
        ),
        pytest.param((ingress_class("a"),), "ingressClassName: b", "", NOT, id="no such class"),
        pytest.param((ingress_class("a"),), "", "", NOT, id="no default class"),
        pytest.param(
            (
                ingress_class(
                    "a", 'annotations: {ingressclass.kubernetes.io/is-default-class: "true"}'
                ),
            ),
            "",
            "",
            SERVED,
            id="the default class",
        ),
    ],
)
def test_an_ingress_is_served_if_a_controller_has_its_class(
    objects: tuple[str, ...], spec: str, meta: str, expected: list[str]
) -> None:
    one = ingress("a", "Prefix / web", spec=spec, meta=meta)
    assert rules(*objects, one) == expected
    assert any("is not served" in each for each in warnings(*objects, one)) is (expected == NOT)


def test_annotations_of_controllers_are_named_in_one_warning() -> None:
    keys = "{nginx.ingress.kubernetes.io/rewrite-target: /, kubectl.kubernetes.io/a: b}"
    (found,) = warnings(ingress("a", "Prefix / web", meta=f"annotations: {keys}"))
    assert found.endswith("each controller has its own: nginx.ingress.kubernetes.io/rewrite-target")


def test_expressions_are_literal_paths() -> None:
    (found,) = warnings(ingress("a", "ImplementationSpecific /api(/|$)(.*) web"))
    assert found == (
        "paths of type ImplementationSpecific are Prefixes here, no expressions: /api(/|$)(.*)"
    )


def test_the_proxy_is_there_only_for_ingresses() -> None:
    assert topology(*WEB).clusters[0].http_proxies == ()
    assert SERVICE not in services(topology(*WEB))
    found = topology(*WEB, ingress("a", "Prefix / web"))
    assert proxy(found).service == SERVICE
    assert proxy(found).pods == (POD,)
    assert [each.port for each in proxy(found).listeners] == [80, 443]
    assert str(services(found)[SERVICE].load_balancer_ips[0]) == "198.18.255.254"
    assert str(pods(found)[POD].addresses[0]).endswith(".254")


def test_an_ingress_changes_no_other_address() -> None:
    balanced = service("balanced", spec="type: LoadBalancer", app="web")
    before, after = (
        topology(*WEB, balanced, *more, clusters=("{name: east, nodes: 2}",)).assignment()
        for more in ((), (ingress("a", "Prefix / web"),))
    )
    assert before.addresses.items() <= after.addresses.items()
    assert before.nodes.items() <= after.nodes.items()


def test_the_proxy_keeps_its_addresses() -> None:
    one = ingress("a", "Prefix / web")
    kept = topology(*WEB, one).assignment()
    addresses = {key: each for key, each in kept.addresses.items() if "nsnet-ingress" in key}
    more = topology(*WEB, *CART, one, keep=Assignment(addresses=kept.addresses, nodes=kept.nodes))
    assert addresses.items() <= more.assignment().addresses.items()


TLS = "tls: [{hosts: [shop.example], secretName: shop}]"


def test_a_secret_has_the_certificate_of_its_hosts() -> None:
    certificate, key = pem()
    one = ingress("a", "Prefix / web", spec=TLS)
    found = topology(*WEB, secret("shop", certificate, key), one)
    listed, generated = proxy(found).listeners[1].certificates
    assert (listed.names, listed.reference) == (("shop.example",), "default/shop")
    assert listed.pem is not None
    assert "BEGIN PRIVATE KEY" in listed.pem.text
    assert (generated.names, generated.pem) == ((), None)
    assert found.warnings == ()
    assert "PRIVATE KEY" not in repr(found)


@pytest.mark.parametrize(
    ("objects", "why"),
    [
        pytest.param((), "does not exist", id="no Secret"),
        pytest.param((secret("shop", "x", "y"),), "has no certificate in tls.crt", id="no PEM"),
        pytest.param((secret("shop", pem()[0], "y"),), "has no private key in tls.key", id="key"),
        pytest.param(
            (secret("shop", pem()[0], pem()[1]),),
            "has a tls.key that is not the key of its tls.crt",
            id="another key",
        ),
    ],
)
def test_a_certificate_is_generated_for_a_secret_that_has_none(
    objects: tuple[str, ...], why: str
) -> None:
    one = ingress("a", "Prefix / web", spec=TLS)
    first, _ = proxy(topology(*WEB, *objects, one)).listeners[1].certificates
    assert (first.names, first.reference, first.pem) == (("shop.example",), "", None)
    assert f"Secret default/shop {why}: a certificate is generated" in warnings(*objects, one)


def test_the_oldest_ingress_counts_as_it_was_created_in_the_cluster() -> None:
    def created(second: int) -> str:
        return f'creationTimestamp: "2026-01-01T00:00:{second:02}Z"'

    found = topology(
        ingress("a", "Prefix / web"),
        ingress("b", "Prefix / web", meta=created(2)),
        ingress("c", "Prefix / web", meta=created(1)),
    )
    order = [each.reference for each in proxy(found).listeners[0].rules]
    assert order == ["Ingress default/c", "Ingress default/b", "Ingress default/a"]


def test_a_host_has_the_certificate_of_the_oldest_ingress() -> None:
    both = [
        ingress("a", "Prefix / web", spec="tls: [{hosts: [shop.example, a.example]}]"),
        ingress("b", "Prefix / web", spec="tls: [{hosts: [shop.example, b.example]}, {}]"),
    ]
    found = proxy(topology(*WEB, *both)).listeners[1].certificates
    assert [each.names for each in found] == [("shop.example", "a.example"), ("b.example",), ()]


def test_warnings_of_a_kind_are_folded() -> None:
    many = [ingress(f"i{number}", "Prefix / none", host=f"{number}.a") for number in range(6)]
    found = warnings(*many)
    assert len(found) == 4
    assert found[3] == (
        "503 is also the answer for backends of 3 more Ingresses: Ingress default/i3,"
        " Ingress default/i4, Ingress default/i5"
    )
