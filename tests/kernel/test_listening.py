"""What listens: declared ports, and ports that Services send to; nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nsnet.lab import registry
from nsnet.lab.compiled import compiled
from nsnet.lab.lab import Lab
from nsnet.scenario.load import load
from nsnet.servers import control
from tests.support.machine import NEEDS_ROOT, ROOTLESS_UNABLE, Machine, patience

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


SILENT = """
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {name: silent}
spec: {clusters: [{name: east}]}
"""


def slowly(argv: Callable[[Path], tuple[str, ...]]) -> Callable[[Path], tuple[str, ...]]:
    """Return commands that start half a second later, as on a busy machine."""
    return lambda lab: ("sh", "-c", 'sleep 0.5; exec "$@"', "sh", *argv(lab))


@NEEDS_ROOT
def test_a_lab_in_which_nothing_listens_is_up_once_its_server_answers(
    empty: Machine, tmp_path: Path
) -> None:
    file = tmp_path / "silent.yaml"
    file.write_text(SILENT)

    def up() -> list[str]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(control, "argv", slowly(control.argv))
            assert registry.up(compiled(load(file)))
        return registry.attach("silent").drift()

    assert empty.inside(up) == []
