"""Lookups of names on the kernel: what getaddrinfo() finds in pods and on nodes, the queries on the
wire, and what the model predicts of both."""

from typing import Final

import pytest

from nsnet.lab.lab import Lab
from nsnet.probes.report import ProbeReport
from nsnet.scenario.kinds import ProbeSpec
from nsnet.walk.packet import Unknown
from tests.support.machine import ROOTLESS_UNABLE

pytestmark = [
    pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE),
    pytest.mark.lab("tests/kernel/lookups.yaml"),
]

# What is found: the number of addresses or the error, and the number of queries.
EXPECTED: Final = {
    "pod/client web:80": (2, 2),
    "pod/client web.default.svc.cluster.local.:80": (2, 2),
    "pod/client many:8080": (26, 4),  # the result does not fit into memory at first
    "pod/tcp web:80": (2, 2),
    "pod/tcp nix:80": ("EAI_NONAME", 8),
    "pod/tcp-refused web.default.svc.cluster.local.:80": (2, 2),
    "pod/negative ext.default.svc:80": (1, 6),
    "pod/never web:80": ("EAI_AGAIN", 0),
    "pod/single web:80": (2, 2),
    "pod/single-failing loop.:80": ("EAI_NONAME", 2),
    "pod/single-failing loop.default.svc.cluster.local.:80": ("EAI_AGAIN", 4),
    "pod/aborted localhost.:80": ("SIGABRT", 0),
    "pod/no6 web:80": (1, 1),
    "pod/client ext:80": (1, 2),
    "pod/client ext-nowhere:80": ("EAI_NONAME", 8),
    "pod/client alias.example.com:80": (1, 8),
    "pod/client empty:80": ("EAI_NONAME", 8),
    f"pod/client {'x' * 64}:80": ("EAI_NONAME", 0),
    "pod/client a..b:80": ("EAI_NONAME", 0),
    "pod/client WEB.Default:80": (2, 4),
    "pod/client default:80": ("EAI_NODATA", 8),
    "pod/client client:80": (2, 0),  # in /etc/hosts
    "pod/two web:80": (2, 4),
    "pod/two-refusing web:80": (2, 8),
    "pod/refused web:80": ("EAI_AGAIN", 4),
    "pod/refused www.example.com:80": ("EAI_AGAIN", 8),
    "pod/unrouted web:80": ("EAI_AGAIN", 4),
    "pod/arp web:80": ("EAI_AGAIN", 0),  # a failed ARP request: no query leaves
    "pod/echo53 web:80": ("EAI_AGAIN", 4),
    "pod/host web:80": ("EAI_NONAME", 2),
    "pod/host-first web:80": (2, 2),
    "node/n2 www.example.com:80": (1, 2),
    "external/www www.example.com:80": ("EAI_AGAIN", 0),
    "fabric www.example.com:80": (1, 2),
}


def probed(lab: Lab, *questions: str) -> dict[str, ProbeReport]:
    """The reports of these probes, sent together."""
    pairs = [each.split() for each in questions]
    specs = [ProbeSpec.model_validate({"from": source, "to": to}) for source, to in pairs]
    return dict(zip(questions, lab.probe(specs=specs).probes, strict=True))


def test_names_are_found_as_predicted(lab: Lab) -> None:
    found: dict[str, object] = {}
    for question, report in probed(lab, *EXPECTED).items():
        seen = report.lookup
        assert seen is not None
        found[question] = (seen.failure or len(seen.addresses), seen.queries)
        assert not isinstance(report.predicted_lookup, Unknown)
        assert report.defects == (), question
    assert found == EXPECTED


def test_an_address_that_a_name_has_is_probed_as_any_other(lab: Lab) -> None:
    names = ("pod/no6 web:80", "pod/client ext:80", "pod/tcp nix:80")
    service, alias, nothing = (each.observed for each in probed(lab, *names).values())
    assert service.servers[0].startswith("east/pod/web-")
    assert alias.servers == ["external/www"]
    assert nothing.verdict == "name-not-found"
    over_http = lab.connect("pod/client", "web", "http").report.observed
    assert over_http.statuses == {200: 1}
