"""What listens: declared ports, and ports that Services send to; nothing else."""

import pytest

from nsnet.lab.lab import Lab
from tests.support.machine import ROOTLESS_UNABLE, patience

pytestmark = [
    pytest.mark.lab("listening.yaml"),
    pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE),
]


@pytest.mark.parametrize(
    ("to", "protocol", "verdict"),
    [
        ("svc/web:1", "tcp", "ok"),
        ("svc/web:1", "udp", "ok"),
        ("svc/web:2", "tcp", "ok"),
        ("svc/web:3", "tcp", "ok"),
        ("pod/web:8080", "tcp", "ok"),
        ("pod/web:80", "tcp", "ok"),
        ("pod/web:8080", "udp", "refused"),  # of a TCP Service
        ("pod/web:8081", "tcp", "refused"),
        ("pod/web:7001", "tcp", "refused"),  # of an init container that has exited
        ("pod/alone:8080", "tcp", "refused"),
        ("pod/client:80", "tcp", "refused"),
    ],
)
def test_what_listens(lab: Lab, to: str, protocol: str, verdict: str) -> None:
    assert lab.connect("pod/client", to, protocol, timeout=patience(verdict)).verdict == verdict
