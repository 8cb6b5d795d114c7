"""The machine that Vagrant makes has what nsnet asks for, and gets nothing that was built here."""

import re
from pathlib import Path

from nsnet.kernel import capabilities

ROOT = Path(__file__).parents[2]
VAGRANTFILE = (ROOT / "vagrant" / "Vagrantfile").read_text()
PROVISION = (ROOT / "vagrant" / "provision.sh").read_text()
REMEDIES = " ".join(each.remedy for each in (*capabilities._needed(), *capabilities._wanted()))
HARMFUL = {"ipip"}  # loaded, it puts a link tunl0 into every namespace


def provisioned(what: str) -> set[str]:
    """A list of the provisioning script."""
    found = re.search(rf'^{what}="(.*?)"', PROVISION, re.DOTALL | re.MULTILINE)
    assert found
    return set(found[1].split())


def test_it_loads_the_modules_that_doctor_asks_for() -> None:
    asked = {
        each for pair in re.findall(r"modprobe (\w+)(?:, or (\w+))?", REMEDIES) for each in pair
    }
    assert {"br_netfilter", "nf_tables", "ip_vs"} < asked
    assert asked - {""} - provisioned("modules") == HARMFUL


def test_it_has_the_packages_that_doctor_asks_for() -> None:
    asked = set(re.findall(r"apt install (\w+)", REMEDIES))
    assert "iptables" in asked
    assert asked <= provisioned("packages")


def test_what_git_ignores_stays_here() -> None:
    excluded = re.search(r"rsync__exclude: %w\[(.*?)\]", VAGRANTFILE, re.DOTALL)
    assert excluded
    assert set(excluded[1].split()) == {".git/", *(ROOT / ".gitignore").read_text().split()}


def test_it_greets_with_a_scenario_that_there_is() -> None:
    files = re.findall(r"scenarios/[\w-]+\.yaml", VAGRANTFILE)
    assert files
    assert [each for each in files if not (ROOT / each).exists()] == []
