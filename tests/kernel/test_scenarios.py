"""Every scenario that nsnet ships: the author, the model and the kernel agree on every packet."""

from itertools import product
from pathlib import Path

import pytest

from nsnet.agent import Agent
from nsnet.errors import UnsupportedError
from nsnet.kernel import netfilter
from nsnet.lab import Lab
from nsnet.questions import simple
from nsnet.report import Report
from tests.kernel.machine import ANYBODY_UNABLE, ROOT, SCENARIOS

pytestmark = pytest.mark.skipif(bool(ANYBODY_UNABLE), reason=ANYBODY_UNABLE)

EACH = [pytest.param(marks=pytest.mark.lab(str(each)), id=each.stem) for each in SCENARIOS]
each_scenario = pytest.mark.parametrize((), EACH)


def complaints(report: Report) -> list[str]:
    """All in which the three differ."""
    return [
        f"{each.name}: {words}"
        for each in report.probes
        for words in (*each.disagreements, *each.defects)
    ]


@each_scenario
def test_the_kernel_does_what_the_author_expects_and_the_model_predicts(lab: Lab) -> None:
    report = lab.probe()
    assert complaints(report) == []
    assert report.ok
    assert report.probes


@each_scenario
def test_a_lab_that_is_up_holds_what_was_asked_for(lab: Lab) -> None:
    assert lab.drift() == []


@each_scenario
def test_the_model_knows_how_everybody_fares_with_everybody(lab: Lab) -> None:
    places = [reference for _, reference in lab.topology.places() if reference != "servers"]
    targets = [reference for reference in places if "/" in reference]
    services = [
        f"{service.reference}:{service.ports[0].port}"
        for cluster in lab.topology.clusters
        for service in cluster.services
        if service.addresses
    ]
    specs = [
        *(simple(one, other, "icmp", timeout=0.5) for one, other in product(places, targets)),
        *(
            simple(one, service, "tcp", timeout=0.5, times=5)
            for one, service in product(places, services)
            if addressable(lab, one, service)
        ),
    ]
    assert complaints(lab.probe(specs=specs)) == []


def addressable(lab: Lab, source: str, service: str) -> bool:
    """The Service has an address for who stands there."""
    from nsnet.references import UnknownReferenceError

    try:
        lab.explain(source, service)
    except UnknownReferenceError:
        return False
    return True
