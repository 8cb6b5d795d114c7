"""Probes over HTTP on the kernel: echo servers, health checks, haproxy, and servers that speak no
HTTP. Every attempt is compared with what the model predicts."""

from typing import Any

import pytest

from nsnet.lab.lab import Lab
from tests.support.machine import ROOTLESS_UNABLE, patience

pytestmark = [
    pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE),
    pytest.mark.lab("scenarios/island-proxy.yaml"),
]

CLIENT = "east/pod/client"
THERE = ["fabric", "east/gateway", "fabric", "west/gateway", "fabric", "west/node/n1"]


def outcome(lab: Lab, to: str, source: str = CLIENT, **http: Any) -> str:
    """The verdict, the status and the server of one attempt."""
    asked = lab.connect(source, to, "http", http=http, timeout=patience("ok"))
    (seen,) = asked.report.observed.attempts
    assert not asked.report.defects
    return " ".join(str(each) for each in (seen.verdict, seen.status, seen.server) if each)


def test_a_pod_answers_with_its_name(lab: Lab) -> None:
    assert outcome(lab, "east/pod/web-1:80", path="/cart?item=1") == "ok 200 east/pod/web-1"
    assert outcome(lab, "east/pod/web-1", method="POST") == "ok 200 east/pod/web-1"
    assert outcome(lab, "east/pod/web-1", method="HEAD") == "ok 200"


def test_a_server_that_speaks_no_tls_resets(lab: Lab) -> None:
    assert outcome(lab, "east/pod/web-1:80", tls=True) == "reset"
    assert outcome(lab, "west/svc/single:80", tls={"serverName": "shop.example"}) == "reset"


def test_a_closed_port_refuses(lab: Lab) -> None:
    assert outcome(lab, "east/pod/web-1:81") == "refused"


def test_a_request_is_followed_through_a_proxy(lab: Lab) -> None:
    for path in ("/", "/" + "x" * 1023):
        http = {"host": "shop.example", "path": path, "headers": {"X-Version": "2"}}
        asked = lab.connect(CLIENT, "west/svc/single", "http", http=http, path=True)
        assert asked.report.defects == ()
        assert list(asked.path or ()) == [CLIENT, "east/node/n1", *THERE, "west/pod/single"]


@pytest.mark.lab("scenarios/ingress.yaml")
def test_a_request_is_followed_through_a_proxy_that_ends_tls(lab: Lab) -> None:
    asked: list[dict[str, Any]] = [
        {"host": "shop.example", "path": "/cart/help"},
        {"host": "api.example", "path": "/v1", "tls": True},
    ]
    for http in asked:
        seen = lab.connect(
            "external/laptop", "lb/ingress.nsnet-ingress", "http", http=http, path=True
        )
        assert seen.report.defects == ()
        assert seen.servers == {"east/pod/api-0"}
        assert (seen.path or ())[-1] == "east/pod/api-0"
        certificates = seen.report.observed.certificates
        assert certificates == (["CN=api.example"] if "tls" in http else [])
