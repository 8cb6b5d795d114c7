"""Ranges that overlap, as `allow` permits: the kernel does what the model predicts."""

import pytest

from nsnet.lab.lab import Lab
from tests.support.machine import ROOTLESS_UNABLE

pytestmark = [
    pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE),
    pytest.mark.lab("tests/kernel/overlaps.yaml"),
]


@pytest.mark.lab("tests/kernel/node-overlap.yaml")
def test_islands_behind_gateways_can_have_one_range_of_nodes(lab: Lab) -> None:
    report = lab.probe()
    assert [str(each) for each in report.probes if not each.passed or each.defects] == []


def test_the_nearest_holder_of_an_address_answers(lab: Lab) -> None:
    report = lab.probe()
    assert [str(each) for each in report.probes if not each.passed or each.defects] == []


@pytest.mark.parametrize("source", ["client", "web-0", "web-1"])
@pytest.mark.parametrize("cluster", ["east", "west"])
@pytest.mark.parametrize("protocol", ["tcp", "icmp"])
def test_every_way_through_overlapping_ranges_is_predicted(
    lab: Lab, cluster: str, source: str, protocol: str
) -> None:
    pods = [f"{each}/pod/{name}" for each in ("east", "west") for name in ("client", "web-1")]
    port = ":80" if protocol == "tcp" else ""
    for target in (*pods, "external/api", "external/laptop", "10.96.0.78"):
        seen = lab.connect(f"{cluster}/pod/{source}", f"{target}{port}", protocol)
        assert not seen.report.defects, seen
