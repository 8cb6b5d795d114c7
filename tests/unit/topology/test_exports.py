"""Exported Services: which, at which address, by which TLS name."""

import pytest

from tests.support.labs import exported, refused, service, services, topology

DUAL = (
    "{name: east, nodes: 2, podCIDR: '10.244.0.0/16,fd00:10:244::/56',"
    " serviceCIDR: '10.96.0.0/16,fd00:10:96::/112',"
    " nodeCIDR: '192.168.10.0/24,fd00:192:168::/64'}",
)
BOTH_OUTSIDE = "fabricCIDR: 198.18.0.0/16,fd98::/64"


@pytest.mark.parametrize(
    ("spec", "addresses"),
    [("ipFamilies: [IPv6]", ["fd98::3"]), ("", ["198.18.0.3"])],
)
def test_a_service_is_exported_in_its_own_families(spec: str, addresses: list[str]) -> None:
    clusters = (DUAL[0].replace("{name: east", "{name: east, gateway: {kind: nat}"),)
    found = topology(
        service("web", spec=spec), exported("web"), clusters=clusters, spec=BOTH_OUTSIDE
    )
    assert list(map(str, services(found)["east/svc/web"].exported)) == addresses


FLAT = "{name: east, model: flat}"
PROXY = "{name: east, gateway: {kind: proxy}}"


def test_without_a_gateway_an_exported_service_has_an_external_ip() -> None:
    found = topology(service("web"), exported("web"), clusters=(FLAT,))
    web = services(found)["east/svc/web"]
    assert [str(each) for each in web.exported] == ["198.18.0.2"]
    assert web.external_ips == web.exported


@pytest.mark.parametrize(
    ("cluster", "spec", "message"),
    [
        (
            "{name: east}",
            "",
            "kind: east needs a gateway, through which an island exports Services",
        ),
        ("{name: east, model: isolated}", "", "kind: east is isolated: no other cluster could use"),
        (
            FLAT,
            "type: ExternalName, externalName: a.example",
            "metadata.name: east/svc/web is of type ExternalName, which cannot be exported",
        ),
    ],
)
def test_a_service_that_cannot_be_exported(cluster: str, spec: str, message: str) -> None:
    assert message in refused(service("web", spec=spec), exported("web"), clusters=(cluster,))


def test_only_a_service_can_be_exported() -> None:
    found = refused(service("web"), exported("shop"), clusters=(FLAT,))
    assert "metadata.name: east has no Service shop to export" in found


def sni(name: str) -> str:
    """The metadata of a ServiceExport with this SNI."""
    return f"annotations: {{nsnet.dev/sni: {name}}}"


@pytest.mark.parametrize(
    ("cluster", "ports", "name", "message"),
    [
        (FLAT, "{port: 443}", "a.example", "only a gateway of kind proxy reads SNI"),
        (PROXY, "{port: 443}", "'*.example'", "'*.example' is not a DNS name"),
        (PROXY, "{port: 80}", "a.example", "east/svc/web has no port 443/TCP"),
    ],
)
def test_mistakes_in_sni(cluster: str, ports: str, name: str, message: str) -> None:
    objects = (service("web", ports), exported("web", sni(name)))
    assert message in refused(*objects, clusters=(cluster,))


def test_an_sni_belongs_to_one_service() -> None:
    objects = [
        each
        for name in ("web", "shop")
        for each in (service(name, "{port: 443}"), exported(name, sni("a.example")))
    ]
    found = topology(*objects[:2], clusters=(PROXY,))
    assert services(found)["east/svc/web"].sni == "a.example"
    (outdated,) = (each for each in found.warnings if "nsnet.dev/sni" in each)
    assert outdated.endswith("and a TLSRoute: east/svc/web")
    message = "a.example is already the SNI of east/svc/web"
    assert message in refused(*objects, clusters=(PROXY,))


def test_a_proxy_gateway_does_not_export_udp_ports() -> None:
    found = topology(
        service("dns", "{port: 53, protocol: UDP}", app=""), exported("dns"), clusters=(PROXY,)
    )
    (warning,) = found.warnings
    assert warning.endswith(
        "a proxy gateway forwards TCP only: east/svc/dns is not exported over UDP"
    )
