"""Generated Services of every kind, from every client: predictions of proxyMode ipvs are those of
Kubernetes' rules."""

from ipaddress import ip_address
from itertools import islice

import pytest

from nsnet.features.compile import compile_state
from nsnet.ip import Protocol
from nsnet.scenario.load import reload
from nsnet.topology.resolve import resolve
from nsnet.walk.walker import Walker
from tests.support.expected_probes import Open, expected
from tests.support.generated_lab import generated
from tests.support.service_questions import questions


@pytest.mark.parametrize("family", [4, 6])
def test_walk_answers_as_the_specification_does(family: int) -> None:
    lab = generated(family, "ipvs")
    found = resolve(reload("lab.yaml", {"lab.yaml": lab.text}))
    walker = Walker(compile_state(found))
    places = {reference: netns for netns, reference, _ in found.namespaces()}
    asked = answered = 0
    # The families behave alike, so each tests another third of the questions.
    for question in islice(questions(lab, "ipvs"), family // 4, None, 3):
        asked += 1
        wanted = expected(question)
        if isinstance(wanted, Open):
            continue
        answered += 1
        protocol = Protocol(question.port.protocol.lower())
        address = ip_address(question.target.address)
        source = places[question.client.reference]
        paths = walker.paths(source, protocol, address, question.target.port)
        seen = frozenset((str(each.server), str(each.source)) for each in paths if each.server)
        (verdict,) = {each.verdict.value for each in paths}
        assert (verdict, seen) == (wanted.verdict, wanted.answers), question
    assert answered > asked / 2
