"""HTTP proxies: haproxy in pods and at gateways, and no echo server on its ports."""

from dataclasses import asdict
from json import dumps

from nsnet.plan.order import plan
from nsnet.plan.shell import script
from nsnet.state.haproxy import Haproxy
from nsnet.state.model import State
from tests.support.certificates import pem, secret
from tests.support.labs import exported, ingress, lab, service, workload

WEB = (workload("Deployment", "web"), service("web"))
POD = "nsnet.lab.east.pod.nsnet-ingress.ingress-0"
DUAL = (
    "{name: east, podCIDR: '10.244.0.0/16,fd00:10:244::/56', nodeCIDR:"
    " '192.168.10.0/24,fd00:a::/64', serviceCIDR: '10.96.0.0/16,fd00:10:96::/112'}"
)
PROXY = "{name: east, model: island, gateway: {kind: proxy}}"
OTHER = "{name: west, model: island, nodeCIDR: 192.168.20.0/24, gateway: {kind: nat}}"


def http(state: State, netns: str) -> list[tuple[str, int, bool]]:
    """The address and port of each frontend in a namespace, and whether it is inside TLS."""
    (daemon,) = state[netns].daemons
    assert isinstance(daemon, Haproxy)
    return [(str(each.address), each.port, bool(each.certificates)) for each in daemon.http]


def test_the_pod_of_the_proxy_runs_haproxy_and_no_echo_server() -> None:
    state = lab(*WEB, ingress("a", "Prefix / web")).state
    assert http(state, POD) == [("10.244.1.254", 80, False), ("10.244.1.254", 443, True)]
    assert state[POD].listeners == ()


def test_the_proxy_listens_at_both_families() -> None:
    state = lab(*WEB, ingress("a", "Prefix / web"), clusters=(DUAL,)).state
    last = "fd00:10:244:0:ffff:ffff:ffff:ffff"
    assert [each[0] for each in http(state, POD)] == ["10.244.0.254"] * 2 + [last] * 2


def test_a_proxy_gateway_serves_the_ingresses_of_its_cluster() -> None:
    state = lab(*WEB, ingress("a", "Prefix / web"), clusters=(PROXY,)).state
    gateway = "nsnet.lab.east.gateway"
    outside = http(state, POD)
    assert [each[1:] for each in http(state, gateway)] == [each[1:] for each in outside]
    assert {each[0] for each in http(state, gateway)} == {"198.18.0.2"}


def test_a_tls_name_of_an_export_has_port_443_of_the_gateway() -> None:
    meta = "annotations: {nsnet.dev/cluster: east}"
    secure = service("secure", "{port: 443}", app="web", meta=meta)
    sni = exported(
        "secure", "annotations: {nsnet.dev/cluster: east, nsnet.dev/sni: web.east.example}"
    )
    objects = (
        workload("Deployment", "web", meta=meta),
        service("web", meta=meta),
        secure,
        sni,
        ingress("a", "Prefix / web", meta=meta),
    )
    state = lab(*objects, clusters=(PROXY, OTHER)).state
    assert [each[1] for each in http(state, "nsnet.lab.east.gateway")] == [80]


def test_no_private_key_is_in_a_plan() -> None:
    state = lab(
        *WEB, secret("shop", *pem()), ingress("a", "Prefix / web", spec="tls: [{secretName: shop}]")
    ).state
    (daemon,) = state[POD].daemons
    assert isinstance(daemon, Haproxy)
    assert all(each.pem is not None for each in daemon.certificates if each.names)
    shown = dumps([asdict(each) for each in state.netns], default=str)
    for text in (shown, script("lab", plan(state)), repr(state)):
        assert "PRIVATE" not in text
    assert "openssl req -x509" in script("lab", plan(state))
