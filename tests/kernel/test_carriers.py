"""A lab is as its faults say from the first packet on."""

from pathlib import Path

import pytest

from nsnet import Verdict
from nsnet.lab.agent import Agent
from tests.support.machine import ROOTLESS_UNABLE

pytestmark = pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE)

# ARP in the pod fails after 0.3 s. The loss of carrier must not drop what waits for it meanwhile.
UNPLUGGED = """\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {name: unplugged}
spec:
  clusters: [{name: east}]
  faults: [{in: node/n1, down: web}]
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {containers: [{name: main}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {containers: [{name: main}]}
"""


@pytest.mark.parametrize("again", range(8))
def test_a_link_without_carrier_from_the_start_drops_nothing_silently(
    tmp_path: Path, again: int
) -> None:
    del again  # what is tested fails one time in three without carriers.settle
    file = tmp_path / "unplugged.yaml"
    file.write_text(UNPLUGGED)
    with Agent(file) as agent:
        report = agent.lab.connect("pod/web", "pod/client:80").report
        assert [each.verdict for each in report.observed.attempts] == [Verdict.HOST_UNREACHABLE]
