"""Real packets to every address of the generated Services, from every kind of client: the kernel
does what the specification says and what the model predicts."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from nsnet.lab.agent import Agent
from nsnet.probes.question import probe_spec
from nsnet.probes.report import ProbeReport, Report
from nsnet.scenario.kinds import ProbeSpec
from tests.support import kube_proxy as kp
from tests.support.expected_probes import KINDS, Mode, Open, Question, Specified, expected
from tests.support.generated_lab import generated
from tests.support.machine import ROOTLESS_UNABLE, patience
from tests.support.service_questions import questions

pytestmark = pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE)

MODES: tuple[Mode, ...] = ("iptables", "nftables")
TIMES = 6  # attempts, where several servers may answer
ONE_IN_A_BILLION = 1e-9
LABS = [(family, mode) for mode in MODES for family in (4, 6)]


class Asked(NamedTuple):
    """A question, the outcomes that the specification allows, and those observed."""

    question: Question
    wanted: Specified | Open
    report: ProbeReport

    def __str__(self) -> str:
        service = kp.spn(self.question.service, self.question.port)
        return f"{service} {self.question.target.kind}: {self.report}"


@pytest.fixture(scope="module", params=LABS, ids=lambda each: f"IPv{each[0]}-{each[1]}")
def asked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Asked]]:
    """All questions, sent at once."""
    family, mode = request.param
    lab = generated(family, mode)
    file: Path = tmp_path_factory.mktemp("services") / "services.yaml"
    file.write_text(lab.text)
    every = [(question, expected(question)) for question in questions(lab, mode)]
    with Agent(file) as agent:
        specs = [probe(question, wanted) for question, wanted in every]
        report: Report = agent.lab.probe(specs=specs)
        yield [
            Asked(question, wanted, each)
            for (question, wanted), each in zip(every, report.probes, strict=True)
        ]


def probe(question: Question, wanted: Specified | Open) -> ProbeSpec:
    """A few attempts, or one if it will time out: waiting attempts delay others."""
    target = question.target
    host = f"[{target.address}]" if ":" in target.address else target.address
    to = f"{host}:{target.port}"
    protocol = question.port.protocol.lower()
    times = TIMES if isinstance(wanted, Specified) and len(wanted.servers) > 1 else 1
    timeout = patience(wanted.verdict if isinstance(wanted, Specified) else "timeout")
    return probe_spec(question.client.reference, to, protocol, times=times, timeout=timeout)


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_sees_of_a_service_what_the_specification_says(
    asked: list[Asked], kind: str
) -> None:
    wrong = [
        f"{each}; expected {each.wanted}"
        for each in asked
        if each.question.target.kind == kind
        and isinstance(each.wanted, Specified)
        and not is_as_wanted(each.report, each.wanted)
    ]
    assert not wrong, f"{len(wrong)} of {len(asked)}:\n" + "\n".join(wrong[:40])


def is_as_wanted(report: ProbeReport, wanted: Specified) -> bool:
    """Every attempt ended that way, and server and source are a possible pair."""
    attempts = report.observed.attempts
    if wanted.verdict != "ok":
        return {each.verdict.value for each in attempts} == {wanted.verdict}
    return all(
        each.verdict.value == "ok" and (each.server, str(each.source)) in wanted.answers
        for each in attempts
    )


def test_every_endpoint_that_may_reply_does(asked: list[Asked]) -> None:
    groups: dict[tuple[str, frozenset[str]], list[Asked]] = {}
    for each in asked:
        balanced_twice = each.question.target.kind == "LB VIP" and not each.question.client.node
        sticky = each.question.service.affinity_seconds is not None
        if isinstance(each.wanted, Specified) and not balanced_twice and not sticky:
            port = kp.spn(each.question.service, each.question.port)
            groups.setdefault((port, each.wanted.servers), []).append(each)
    silent, sure = [], 0
    for (port, servers), members in groups.items():
        attempts = sum(len(each.report.observed.attempts) for each in members)
        if servers and len(servers) * (1 - 1 / len(servers)) ** attempts < ONE_IN_A_BILLION:
            sure += 1
            answered = {server for each in members for server in each.report.observed.servers}
            silent += [f"{port}: {each} never answered" for each in sorted(servers - answered)]
    assert not silent, "\n".join(silent)
    assert sure > 100


def test_with_affinity_a_client_meets_one_server(asked: list[Asked]) -> None:
    fickle = [
        str(each)
        for each in asked
        if each.question.service.affinity_seconds is not None
        and isinstance(each.wanted, Specified)
        and (each.question.client.node or each.question.target.kind != "LB VIP")
        and len(each.report.observed.servers) > 1
    ]
    assert not fickle, "\n".join(fickle)


@pytest.mark.parametrize(("family", "mode"), [(4, "nftables"), (6, "iptables")])
def test_the_model_predicts_all_of_it_through_tunnels_too(
    tmp_path: Path, family: int, mode: Mode
) -> None:
    lab = generated(family, mode, cni="vxlan")
    (tmp_path / "services.yaml").write_text(lab.text)
    specs = [probe(question, expected(question)) for question in questions(lab, mode)]
    with Agent(tmp_path / "services.yaml") as agent:
        report: Report = agent.lab.probe(specs=specs[::3])
    wrong = [f"{each}: {words}" for each in report.probes for words in each.defects]
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:40])


def test_the_model_predicts_all_of_it(asked: list[Asked]) -> None:
    wrong = [f"{each}: {words}" for each in asked for words in each.report.defects]
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:40])
