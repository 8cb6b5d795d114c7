"""What a lab has under /run/nsnet is root's alone, whatever the umask: an ordinary user can list
labs and complete references, and can neither read, lock nor talk to anything else."""

import stat
from pathlib import Path

import pytest

from tests.support.machine import NEEDS_ROOT, NSNET, ROOT, Machine

pytestmark = NEEDS_ROOT

PUBLIC = {"names.json": "644"}
FILES = {"island-proxy": "haproxy", "flat-bgp": "bird"}
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


def modes(where: Machine) -> dict[str, str]:
    """Return the mode of everything under /run/nsnet by its path there."""
    run = where.path("/run/nsnet")
    return {
        str(each.relative_to(run)): f"{stat.S_IMODE(each.lstat().st_mode):03o}"
        for each in (run, *run.rglob("*"))
    }


@pytest.mark.parametrize("umask", ["000", "022", "077"])
@pytest.mark.parametrize("name", FILES)
def test_modes_do_not_depend_on_the_umask(empty: Machine, name: str, umask: str) -> None:
    file = ROOT / "scenarios" / f"{name}.yaml"
    command = f"umask {umask}; {NSNET} up {file} && {NSNET} apply {name} {file}"
    empty.output("sh", "-ec", command)
    found = modes(empty)
    assert {found.pop("."), found.pop(name)} == {"755"}
    assert {each.rpartition(".")[2] for each in found} >= {"json", "sock", "conf", "pid", "ctl"}
    wrong = {
        each: mode for each, mode in found.items() if mode != PUBLIC.get(Path(each).name, "600")
    }
    assert wrong == {}
    # An ordinary user sees which labs there are, and holds up none.
    listed = empty.run(*NOBODY, "ls", "/run/nsnet", f"/run/nsnet/{name}")
    assert listed.returncode == 0
    for each in ("lock", "lab.json", "servers.log"):
        done = empty.run(*NOBODY, "flock", "-n", f"/run/nsnet/{name}/{each}", "true")
        assert done.returncode not in (0, 1), done  # 1: somebody else holds it
    assert empty.output(*NOBODY, "cat", f"/run/nsnet/{name}/names.json")
    assert empty.nsnet_output("down", name) == f"{name} is down\n"


def test_a_lock_on_the_folder_holds_up_nothing(empty: Machine) -> None:
    """Any user can open the folder, and lock it."""
    empty.up(ROOT / "scenarios" / "one-node.yaml")
    with empty.start(*NOBODY, "flock", "-x", "/run/nsnet/one-node", "cat", stdin=-1) as holder:
        assert empty.nsnet_output("down", "one-node") == "one-node is down\n"
        holder.communicate("", timeout=10)
