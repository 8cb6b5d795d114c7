"""haproxy and bird in a lab: their configuration is valid, drift reports killed ones, and reloads
harm no connection."""

import shutil
import subprocess
from pathlib import Path

import pytest

from nsnet.features.compile import compile_state
from nsnet.kernel import daemons
from nsnet.kernel.command import find
from nsnet.kernel.processes import until
from nsnet.lab.agent import Agent
from nsnet.lab.lab import Lab
from nsnet.scenario.load import load
from nsnet.state.bird import Bird
from nsnet.state.daemons import program
from nsnet.state.haproxy import Haproxy
from nsnet.topology.resolve import resolve
from tests.support.busy_client import busy_client
from tests.support.machine import ROOT, ROOTLESS_UNABLE, SCENARIOS

pytestmark = pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE)

CHECKERS = {Haproxy: ("-c", "-f"), Bird: ("-p", "-c")}
CONFIGURED = [
    (file, each.reference, daemon)
    for file in SCENARIOS
    for each in compile_state(resolve(load(file))).netns
    for daemon in each.daemons
]
PROXY = pytest.mark.lab("scenarios/island-proxy.yaml")
BGP = pytest.mark.lab("scenarios/flat-bgp.yaml")


@pytest.mark.parametrize(
    ("file", "reference", "daemon"), CONFIGURED, ids=[f"{f.stem} {r}" for f, r, _ in CONFIGURED]
)
def test_its_own_checker_finds_the_configuration_valid(
    file: Path, reference: str, daemon: Haproxy | Bird, tmp_path: Path
) -> None:
    daemons.write(tmp_path / "daemon", daemon)
    found = find(program(daemon))
    assert found is not None
    argv = (found, *CHECKERS[type(daemon)], str(tmp_path / "daemon.conf"))
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, f"{file} {reference}: {done.stdout}{done.stderr}"


def killed(lab: Lab, place: str, pid_file: str) -> None:
    """Kill the process, and wait until it has ended."""
    done = lab.exec(place, "sh", "-c", f"kill -9 $(cat /run/nsnet/{lab.name}/{pid_file}.pid)")
    assert done.returncode == 0, done.stderr
    until(lambda: lab.drift() != [], what=f"{pid_file} is not missed")


@PROXY
def test_a_killed_proxy_is_reported_and_started_again(lab: Lab) -> None:
    assert lab.drift() == []
    killed(lab, "west/gateway", "west.gateway.haproxy")
    assert lab.drift() == ["west/gateway: haproxy does not run"]
    assert lab.connect("east/pod/client", "west/svc/web:80").verdict == "refused"
    assert lab.repair() == 1
    assert lab.drift() == []
    assert lab.connect("east/pod/client", "west/svc/web:80").verdict == "ok"


# haproxy waits one second for its sockets and two for addresses, then gives up the reload.
STALL = """
master=$(cat /run/nsnet/*/west.gateway.haproxy.pid)
worker=$(cat /proc/$master/task/$master/children)
kill -STOP $worker
(sleep 4; kill -CONT $worker) >/dev/null 2>&1 </dev/null &
"""


@PROXY
def test_a_failed_reload_of_a_proxy_is_repeated(lab: Lab) -> None:
    done = lab.exec("west/gateway", "sh", "-ec", STALL)
    assert done.returncode == 0, done.stderr
    lab.scale("west/deploy/web", 2)
    assert lab.drift() == []
    seen = lab.connect("east/pod/client", "west/svc/web:80", times=10)
    assert seen.servers == {"west/pod/web-0", "west/pod/web-1"}


# As on a busy machine, where a new process waits for a CPU.
SLOW = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

pid_t fork(void)
{
    pid_t (*forked)(void) = dlsym(RTLD_NEXT, "fork");
    pid_t pid = forked();
    if (pid == 0 && strcmp(program_invocation_short_name, "haproxy") == 0)
        usleep(500000);
    return pid;
}
"""


def test_a_proxy_starts_and_reloads_on_a_busy_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, library = tmp_path / "slow.c", tmp_path / "slow.so"
    code.write_text(SLOW)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, code, "-ldl"], check=True)
    monkeypatch.setenv("LD_PRELOAD", str(library))
    with Agent(ROOT / "scenarios" / "island-proxy.yaml") as agent:
        lab = agent.lab
        assert lab.drift() == []
        lab.scale("west/deploy/web", 2)
        assert lab.drift() == []
        assert lab.connect("east/pod/client", "west/svc/web:80").verdict == "ok"


@BGP
def test_a_killed_speaker_is_reported_and_its_routes_are_withdrawn(lab: Lab) -> None:
    killed(lab, "east/node/n2", "east.node.n2.bird")
    waited(lab, "fabric", "10.244.1.0/24", there=False)
    assert "east/node/n2: bird does not run" in lab.drift()
    lab.repair()
    # On a busy machine BFD may end a session once more.
    until(lambda: lab.drift() == [], what="drift", seconds=30)
    waited(lab, "fabric", "10.244.1.0/24", there=True)


@BGP
def test_bfd_detects_a_disconnected_node_long_before_the_hold_time(lab: Lab) -> None:
    cut = lab.exec("fabric", "ip", "link", "set", "east_n2", "down")
    assert cut.returncode == 0, cut.stderr
    assert waited(lab, "fabric", "10.244.1.0/24", there=False) < 5  # seconds; without BFD: 9
    # An address that several nodes announce remains with the others.
    (web,) = (each for each in lab.topology.clusters[0].services if each.name == "web")
    left = lab.exec("fabric", "ip", "route", "show", str(web.load_balancer_ips[0]))
    assert left.stdout.count("nexthop") == 3
    seen = lab.connect("external/laptop", "east/lb/near:80", times=20)
    assert set(seen.verdicts) == {"ok"}


def waited(lab: Lab, place: str, route: str, *, there: bool) -> float:
    """The seconds until the route was present, or absent."""
    script = (
        "start=$(date +%s%N); end=$((start + 20000000000)); "
        f'while [ {"-z" if there else "-n"} "$(ip route show {route} proto bird)" ]; do '
        "[ $(date +%s%N) -lt $end ] || exit 1; done; echo $(($(date +%s%N) - start))"
    )
    done = lab.exec(place, "sh", "-c", script)
    assert done.returncode == 0, f"{route} is {'not ' if there else ''}there after 20 s"
    return int(done.stdout) / 1e9


@BGP
def test_the_announcing_nodes_follow_the_endpoints(lab: Lab) -> None:
    (near,) = (each for each in lab.topology.clusters[0].services if each.name == "near")
    address = str(near.load_balancer_ips[0])

    def nexthops() -> int:
        return lab.exec("fabric", "ip", "route", "show", address).stdout.count("via")

    # On a busy machine BFD may miss its 0.3 s: then the session and its routes come back.
    until(lambda: nexthops() == 2, what="two nodes do not announce it", seconds=30)
    lab.scale("east/deploy/near", 4)
    until(lambda: (nexthops(), lab.drift()) == (4, []), what="four do not", seconds=30)
    lab.scale("east/deploy/near", 0)
    until(lambda: (nexthops(), lab.drift()) == (0, []), what="some still do", seconds=30)


@BGP
def test_a_deleted_learned_route_is_installed_again(lab: Lab) -> None:
    gone = lab.exec("fabric", "ip", "route", "del", "10.244.1.0/24", "proto", "bird")
    assert gone.returncode == 0, gone.stderr
    lab.repair()
    assert lab.drift() == []


@BGP
def test_a_lab_switches_between_bgp_and_static_routes(lab: Lab, tmp_path: Path) -> None:
    shipped = ROOT / "scenarios" / "flat-bgp.yaml"
    shutil.copytree(shipped.with_suffix(""), tmp_path / "flat-bgp")
    file, text = tmp_path / "flat-bgp.yaml", shipped.read_text()
    static = text.replace("    routing: bgp\n", "")
    assert static != text
    (server,) = lab["east/pod/web-3"].addresses
    # Without a route, the router's own connections fail at once.
    with busy_client(lab, "fabric", str(server), 80, tmp_path) as client:
        for said, protocol in ((static, "boot"), (text, "bird"), (static, "boot")):
            file.write_text(said)
            lab.apply(file)
            assert lab.drift() == []
            route = lab.exec("fabric", "ip", "-d", "route", "show", "10.244.1.0/24").stdout
            assert (route.count("via"), f"proto {protocol}" in route) == (1, True)
            assert lab.connect("west/pod/web-0", "east/pod/web-3:80").verdict == "ok"
            loop = client.ask("loop")
            assert loop["errors"] == []
            assert loop["served"]


@BGP
def test_a_router_learns_only_what_nodes_announce(lab: Lab) -> None:
    """A static route added by hand is reported as drift, and bird leaves it alone."""
    mine = ("192.0.2.0/24", "via", "192.168.10.2")
    lab.exec("fabric", "ip", "route", "add", *mine)
    assert lab.drift() == [
        "fabric: route 192.0.2.0/24 via 192.168.10.2 dev br-east was added by hand"
    ]
    lab.repair()
    assert lab.drift() == []
