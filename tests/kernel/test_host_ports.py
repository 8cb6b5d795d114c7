"""hostPorts on the kernel, in nftables mode and both families. scenarios/containers.yaml has
iptables mode. Every attempt is compared with what walk predicts."""

import pytest

from nsnet.lab.lab import Lab
from nsnet.probes.question import probe_spec
from nsnet.verdict import Verdict
from tests.support.machine import ROOTLESS_UNABLE, patience

pytestmark = [
    pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE),
    pytest.mark.lab("tests/kernel/host-ports.yaml"),
]

N2, N2_6 = "192.168.10.3", "[fd00:10::3]"
BRIDGE, BRIDGE_6 = "10.244.1.1", "fd00:244:0:1::1"
REFUSED, TIMEOUT = "refused", "timeout"
CASES = [
    # The client's address is kept, except on the pod's own node.
    ("external/laptop", f"{N2}:80", "203.0.113.7"),
    ("pod/far", f"{N2}:80", "10.244.0.2"),
    ("pod/near", f"{N2}:80", BRIDGE),
    ("pod/edge", f"{N2}:80", BRIDGE),
    ("node/n1", f"{N2}:80", "192.168.10.2"),
    ("node/n2", f"{N2}:80", N2),
    ("node/n2", "127.0.0.1:80", BRIDGE),
    ("node/n2", "127.0.0.5:80", BRIDGE),
    ("node/n2", f"{BRIDGE}:80", BRIDGE),
    ("external/phone", f"{N2_6}:80", "2001:db8::7"),
    ("pod/far", f"{N2_6}:80", "fd00:244::2"),
    ("pod/near", f"{N2_6}:80", BRIDGE_6),
    ("pod/edge", f"{N2_6}:80", BRIDGE_6),
    ("node/n2", f"{N2_6}:80", "fd00:10::3"),
    ("node/n2", "[::1]:80", TIMEOUT),  # nothing is masqueraded from ::1
    # A hostIP is one address, or one family.
    ("external/laptop", f"{N2}:81", "203.0.113.7"),
    ("external/phone", f"{N2_6}:81", REFUSED),
    ("node/n2", "127.0.0.1:81", REFUSED),
    ("node/n2", "127.0.0.1:82", BRIDGE),
    ("pod/near", f"{N2}:82", REFUSED),
    ("external/phone", f"{N2_6}:83", "2001:db8::7"),
    ("external/laptop", f"{N2}:83", REFUSED),
    # UDP
    ("external/laptop", f"{N2}:53", "203.0.113.7"),
    ("pod/near", f"{N2_6}:53", BRIDGE_6),
    ("node/n2", "127.0.0.1:53", BRIDGE),
]


def test_what_the_pod_sees_as_its_client(lab: Lab) -> None:
    specs = [
        probe_spec(
            source,
            to,
            "udp" if to.endswith(":53") else "tcp",
            timeout=patience(found),
            expect={"verdict": found}
            if found in (REFUSED, TIMEOUT)
            else {"servers": ["pod/edge"], "source": found},
        )
        for source, to, found in CASES
    ]
    report = lab.probe(specs=specs)
    assert [
        f"{each.question}: {words}"
        for each in report.probes
        for words in (*each.disagreements, *each.defects)
    ] == []


def test_the_kernel_holds_the_rules(lab: Lab) -> None:
    assert lab.drift() == []


def test_a_udp_flow_goes_to_the_new_address_of_a_restarted_pod(lab: Lab) -> None:
    def verdict() -> Verdict:
        return lab.connect("external/laptop", f"{N2}:53", "udp", source_port=4242).verdict

    assert verdict() is Verdict.OK
    lab.restart("pod/edge")
    assert verdict() is Verdict.OK
    lab.reset()
