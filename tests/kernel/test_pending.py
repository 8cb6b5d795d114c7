"""Nodes with addresses and taints of their own, and Services of which some pods are Pending."""

import pytest

from nsnet.lab.lab import Lab
from nsnet.topology.notation import UnknownReferenceError
from nsnet.verdict import Verdict
from tests.support.machine import ROOTLESS_UNABLE

pytestmark = [
    pytest.mark.lab("pending.yaml"),
    pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE),
]


def test_the_pods_that_run_answer_for_the_service(lab: Lab) -> None:
    seen = lab.connect("pod/client", "svc/ingress:443", times=40)
    assert seen.servers == {"east/pod/ingress-0", "east/pod/ingress-1"}


def test_a_service_whose_pods_are_all_pending_refuses(lab: Lab) -> None:
    assert lab.connect("pod/client", "svc/legacy:80").verdict is Verdict.REFUSED


@pytest.mark.parametrize("reference", ["east/pod/ingress-2", "east/pod/legacy-0"])
def test_a_packet_to_a_pending_pod_is_a_mistake(lab: Lab, reference: str) -> None:
    with pytest.raises(UnknownReferenceError, match=f"{reference}:80: is Pending: 0/3 nodes are"):
        lab.connect("pod/client", f"{reference}:80")


def test_nodes_have_the_addresses_of_their_objects(lab: Lab) -> None:
    seen = lab.connect("pod/client", "pod/admin:80", path=True)
    assert seen.verdict is Verdict.OK
    assert seen.path is not None
    assert [each for each in seen.path if "/node/" in each] == [
        "east/node/worker-1",
        "east/node/control-plane",
    ]
    addresses = {each: lab[f"node/{each}"].addresses for each in ("worker-1", "control-plane")}
    assert {name: str(found[0]) for name, found in addresses.items()} == {
        "worker-1": "192.168.10.7",
        "control-plane": "192.168.10.100",
    }
    assert str(lab["pod/admin"].addresses[0]) == "10.244.9.2"


def test_the_lab_is_what_was_planned(lab: Lab) -> None:
    assert lab.drift() == []
