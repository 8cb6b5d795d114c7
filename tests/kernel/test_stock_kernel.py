"""What holds in the kernel that runs here holds in a stock Debian kernel, too: the VM's."""

import platform

import pytest

from nsnet.kernel import capabilities
from nsnet.lab.lab import Lab
from tests.kernel.test_scenarios import differences, every_pair, slow, within_rate_limit
from tests.support.machine import ROOT
from tests.vm import machine

pytestmark = pytest.mark.vm


def test_this_is_the_kernel_that_debian_ships() -> None:
    assert platform.release() == machine.release()


def test_it_has_all_that_a_lab_can_use() -> None:
    missing = [each.name for each in capabilities.of_host() if not each.present]
    # Every namespace gets a tunl0 as soon as ipip is loaded: that is not done.
    assert missing == ["ipip"]


@pytest.mark.lab(str(ROOT / "scenarios" / "clusterip.yaml"))
class TestClusterIP:
    def test_the_kernel_holds_the_state(self, lab: Lab) -> None:
        assert lab.drift() == []

    def test_author_and_model_and_kernel_agree(self, lab: Lab) -> None:
        assert differences(lab.probe(specs=slow(lab))) == []

    def test_the_model_predicts_every_place_to_every_other(self, lab: Lab) -> None:
        specs = within_rate_limit(lab, every_pair(lab))
        # An emulated processor that shares the host's may take a second to answer a ping.
        patient = [each.model_copy(update={"timeout": 10.0}) for each in specs]
        assert differences(lab.probe(specs=patient)) == []
        assert lab.drift() == []


@pytest.mark.needs("IPVS", "dummy", "ipset")
def test_what_ipvs_needs_is_there() -> None:
    have = {each.name for each in capabilities.of_host() if each.present}
    assert {"IPVS", "dummy", "ipset"} <= have
