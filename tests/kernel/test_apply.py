"""`nsnet apply`: a lab changes into what another file says; what both have is left alone."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from nsnet.cli.program import main
from nsnet.errors import UsageError
from nsnet.features.compile import compile_state
from nsnet.lab import registry as labs
from nsnet.lab.compiled import compiled
from nsnet.lab.host import Host
from nsnet.scenario.load import load
from nsnet.state.model import State
from nsnet.topology.model import Topology

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="labs that stay up need root")
SHIPPED = Path(__file__).parents[2] / "scenarios" / "clusterip.yaml"


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    """Yield a scenario of our own name that is up, and bring it down afterwards."""
    name = f"t{os.getpid()}-apply"
    text = SHIPPED.read_text().replace("name: clusterip", f"name: {name}")
    file = tmp_path / f"{name}.yaml"
    file.write_text(text)
    try:
        labs.up(compiled(load(file)))
        yield file
    finally:
        labs.down(name)


def edited(file: Path, pattern: str, text: str) -> Path:
    """Return the file with one change."""
    changed, count = re.subn(pattern, text, file.read_text())
    assert count
    file.write_text(changed)
    return file


@pytest.mark.parametrize("replicas", [5, 1])
def test_another_number_of_replicas(file: Path, replicas: int) -> None:
    before = labs.attach(file.stem).topology.assignment().addresses
    assert labs.apply(file.stem, load(edited(file, "replicas: 3", f"replicas: {replicas}")))
    lab = labs.attach(file.stem)
    assert lab.drift() == []
    after = lab.topology.assignment().addresses
    assert {each: after[each] for each in before if each in after}.items() <= before.items()
    assert len(lab.endpoints("svc/web")) == replicas
    seen = lab.connect("pod/client", "svc/web:80", times=20 * replicas)
    assert seen.servers == lab.endpoints("deploy/web")


def test_a_file_that_is_the_same_changes_nothing(file: Path) -> None:
    assert labs.apply(file.stem, load(file)) == 0


def test_each_state_is_resolved_and_compiled_once(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def counted(topology: Topology) -> State:
        made.append("compiled")
        return compile_state(topology)

    def nsnet(*arguments: str) -> int:
        made.clear()
        assert CliRunner().invoke(main, arguments).exit_code == 0
        return len(made)

    monkeypatch.setattr("nsnet.lab.compiled.compile_state", counted)
    assert nsnet("up", str(file)) == 1
    edited(file, "replicas: 3", "replicas: 4")
    assert nsnet("apply", file.stem, str(file)) == 2  # what is up, and what is wanted
    assert nsnet("probe", file.stem) == 1


def test_a_service_gets_another_port(file: Path) -> None:
    labs.apply(
        file.stem, load(edited(file, "port: 80, targetPort: http", "port: 8000, targetPort: http"))
    )
    lab = labs.attach(file.stem)
    assert lab.drift() == []
    assert lab.connect("pod/client", "svc/web:8000").verdict == "ok"
    assert lab.connect("pod/client", "svc/web:80").verdict == "net-unreachable"


def test_the_file_of_another_lab_is_refused(file: Path) -> None:
    with pytest.raises(UsageError, match="describes clusterip, not"):
        labs.apply(file.stem, load(SHIPPED))
    assert labs.attach(file.stem).drift() == []


def test_up_with_another_file_is_refused(file: Path) -> None:
    with pytest.raises(UsageError, match="is up with another file"):
        labs.up(compiled(load(edited(file, "replicas: 3", "replicas: 4"))))
    assert labs.attach(file.stem).drift() == []


def test_a_lab_that_is_not_up_cannot_be_changed(tmp_path: Path) -> None:
    name = f"t{os.getpid()}-absent"
    file = tmp_path / "absent.yaml"
    file.write_text(SHIPPED.read_text().replace("name: clusterip", f"name: {name}"))
    with pytest.raises(UsageError, match=f"no lab {name} is up"):
        labs.apply(name, load(file))
    assert name not in labs.names()


def test_an_interrupted_build_leaves_an_incomplete_lab(file: Path) -> None:
    lab = labs.attach(file.stem)
    Host(lab.name, lab.tool).record(lab.compiled, complete=False)  # as a killed `up` leaves it
    with pytest.raises(UsageError, match="is half-built") as raised:
        labs.attach(file.stem)
    assert raised.value.hint.endswith(f"nsnet down {file.stem}")
    assert labs.up(compiled(load(file)))  # builds it again
