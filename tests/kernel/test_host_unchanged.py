"""The host is the same before, while and after a lab is built, used and removed."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from nsnet.kernel.command import find
from tests.support.machine import (
    MARK,
    NEEDS_ROOT,
    NSNET,
    ROOT,
    SECONDS,
    Machine,
    machine,
    marked,
    renamed,
)

pytestmark = NEEDS_ROOT

LAB: Final = f"host-{os.getpid()}"
OURS: Final = ("/run/netns", "/run/nsnet")  # the exceptions, by name
# What other programs change all the time, such as sessions and units.
OTHERS: Final = ("/run/systemd", "/run/udev", "/run/user", "/run/log")
# How many connections conntrack knows at this moment.
COUNTED: Final = ("/proc/sys/net/netfilter/nf_conntrack_count",)
# How long an address or route from DHCP or a router is still good for.
REMAINING: Final = ("valid_life_time", "preferred_life_time", "expires")


def ip(*arguments: str) -> object:
    """Return what `ip` shows of the host."""
    return _lasting(json.loads(output("ip", "-j", *arguments) or "[]"))


def _lasting(shown: Any) -> Any:
    if isinstance(shown, list):
        return [_lasting(each) for each in shown]
    if isinstance(shown, dict):
        return {key: _lasting(each) for key, each in shown.items() if key not in REMAINING}
    return shown


def output(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True).stdout


def nftables() -> str:
    """Return the ruleset without counters; empty where listing it would load nf_tables."""
    loadable = Path("/proc/modules").exists()
    if find("nft") is None or (loadable and not Path("/sys/module/nf_tables").exists()):
        return ""
    return output("nft", "-s", "list", "ruleset")


def legacy_rules() -> dict[str, str]:
    """Return the tables that iptables-legacy has in the host. To list any other would create it."""
    found = {}
    for kind in ("ip", "ip6", "arp"):
        names = Path(f"/proc/net/{kind}_tables_names")
        tables = names.read_text().split() if names.exists() else []
        found[kind] = " ".join(tables)
        tool = f"{kind}tables-legacy-save"
        for table in tables if kind != "arp" and find(tool) else ():
            saved = output(tool, "-t", table)
            rules = [line for line in saved.splitlines() if not line.startswith("#")]
            found[f"{kind} {table}"] = re.sub(r"\[\d+:\d+\]", "", "\n".join(rules))
    return found


def sysctls() -> dict[str, str]:
    """Return every sysctl under net.* that can be read."""
    found = {}
    for folder, _, files in os.walk("/proc/sys/net"):
        for file in files:
            path = f"{folder}/{file}"
            try:
                found[path] = Path(path).read_text()
            except OSError as error:
                found[path] = str(error.errno)  # write-only, or not set
    return {path: value for path, value in found.items() if path not in COUNTED}


def listening() -> list[str]:
    """Return the sockets that wait for connections or datagrams."""
    found = []
    for kind in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"):
        for line in Path("/proc/net", kind).read_text().splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            if state in ("0A", "07"):  # TCP_LISTEN; TCP_CLOSE, as every unconnected datagram socket
                found.append(f"{kind} {local}")
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        columns = line.split(maxsplit=7)
        if columns[3] == "00010000" and len(columns) > 7:  # __SO_ACCEPTCON
            found.append(f"unix {columns[7]}")
    return sorted(found)


def inside(path: str, folders: Sequence[str]) -> bool:
    """Return whether the path is one of the folders, or in one."""
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def mounts() -> list[str]:
    """Return all mounts but those on the two folders."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        _, _, device, root, target, *rest = line.split()
        if not inside(target, OURS):
            found.append(" ".join((target, device, root, *rest)))
    return sorted(found)


def run_folder() -> list[str]:
    """Return `ls -R /run` without the two folders and what belongs to the running system."""
    return sorted(
        os.path.join(folder, name)
        for folder, folders, files in os.walk("/run")
        for name in (*folders, *files)
        if not inside(os.path.join(folder, name), (*OURS, *OTHERS))
    )


ASPECTS: Final[dict[str, Callable[[], object]]] = {
    "links": lambda: ip("-d", "link"),
    "addresses": lambda: ip("addr"),
    "routes": lambda: ip("route", "show", "table", "all"),
    "IPv6 routes": lambda: ip("-6", "route", "show", "table", "all"),
    "policy rules": lambda: [ip("rule"), ip("-6", "rule")],
    "permanent neighbours": lambda: ip("neigh", "show", "nud", "permanent"),
    "nftables": nftables,
    "legacy iptables": legacy_rules,
    "sysctls": sysctls,
    "listening sockets": listening,
    "mounts": mounts,
    "kernel modules": lambda: sorted(os.listdir("/sys/module")),
    "files in /run": run_folder,
    "host name": lambda: list(os.uname()),
}


class Moment(NamedTuple):
    """The host at some point of a lab's life."""

    when: str
    host: dict[str, object]


class History(NamedTuple):
    """The host at every moment of a lab's life, and its processes: {pid: network namespace}."""

    moments: list[Moment]
    while_up: dict[int, str]
    afterwards: dict[int, str]


def look(when: str) -> Moment:
    return Moment(when, {name: aspect() for name, aspect in ASPECTS.items()})


def lab_processes() -> dict[int, str]:
    """Return every process that was started by our commands."""
    return {pid: os.readlink(f"/proc/{pid}/ns/net") for pid in marked(LAB)}


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    """Yield the host before, during and after every command.

    The first veth or iptables match of a kind makes the kernel load a module. A lab in another
    machine uses everything first, so that all modules are loaded before the first moment.
    """
    folder = tmp_path_factory.mktemp("host")
    shutil.copytree(ROOT / "scenarios" / "island-nat", folder / "island-nat")
    file = renamed(ROOT / "scenarios" / "island-nat.yaml", LAB, folder / "lab.yaml")
    with machine() as elsewhere:
        elsewhere.nsnet_output("run", str(file))
    moments = [look("before")]
    try:
        moments += commanded("up", str(file))
        while_up = lab_processes()
        for command, argument in (("probe", LAB), ("status", LAB), ("run", str(file))):
            moments += commanded(command, argument)
        moments += commanded("down", LAB)
        yield History(moments, while_up, lab_processes())
    finally:
        subprocess.run([NSNET, "down", LAB], capture_output=True, timeout=SECONDS, check=False)


def commanded(command: str, argument: str) -> Iterator[Moment]:
    """Yield the host repeatedly while nsnet works, and when it is done."""
    with subprocess.Popen(
        [NSNET, command, argument],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, MARK: LAB},
    ) as process:
        while process.poll() is None:
            yield look(f"during {command}")
        assert process.stderr is not None
        assert process.returncode == 0, process.stderr.read()
    yield look(f"after {command}")


@pytest.mark.parametrize("aspect", ASPECTS)
def test_the_host_is_the_same_before_during_and_after(history: History, aspect: str) -> None:
    before, *later = history.moments
    for when, host in later:
        assert (when, host[aspect]) == (when, before.host[aspect])


def test_the_host_was_compared_while_nsnet_worked(history: History) -> None:
    seen = {when for when, _ in history.moments}
    assert {f"during {command}" for command in ("up", "probe", "status", "run", "down")} <= seen


def test_processes_of_a_lab_are_in_its_namespaces_and_end_with_it(history: History) -> None:
    assert len(history.while_up) == 1  # the server
    assert os.readlink("/proc/self/ns/net") not in history.while_up.values()
    assert history.afterwards == {}


def packets(where: Machine) -> dict[str, str]:
    """Return every counter of packets of the machine's own network."""
    return {
        name: Path(f"/proc/{where.pid}/net/{name}").read_text()
        for name in ("dev", "snmp", "netstat", "snmp6")
    }


def test_no_packet_leaves_a_lab_for_the_namespace_nsnet_is_called_in() -> None:
    with machine() as where:
        before = packets(where)
        for command in (
            ("up", "scenarios/island-nat.yaml"),
            ("probe", "island-nat"),
            ("status", "island-nat"),
            ("exec", "island-nat", "fabric", "--", "ping", "-c1", "-W1", "192.0.2.1"),
            ("exec", "island-nat", "east/pod/client", "--", "ping", "-c1", "-W1", "203.0.113.80"),
            ("down", "island-nat"),
        ):
            where.nsnet(*command)
            assert packets(where) == before
