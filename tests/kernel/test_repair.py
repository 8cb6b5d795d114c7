"""Every change by hand is shown by `nsnet status` and undone by `nsnet apply`; an unchanged lab is
left alone."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from nsnet.errors import KernelError, UsageError
from nsnet.kernel import netns, processes
from nsnet.lab import registry as labs
from nsnet.lab.compiled import compiled
from nsnet.scenario.kinds import ProbeSpec
from nsnet.scenario.load import load
from nsnet.verdict import Verdict
from tests.support.machine import ROOT

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="labs that stay up need root")

NODE, POD, SERVERS = "east.node.n1", "east.pod.default.dns", "servers"
V4, NFT, VIP = "clusterip", "nftables", "island-vip"


class Up:
    """A shipped scenario, up under a name of this test run."""

    def __init__(self, shipped: str, folder: Path) -> None:
        self.name = f"t{os.getpid()}-{shipped}"
        self.file = folder / f"{shipped}.yaml"
        text = (ROOT / "scenarios" / self.file.name).read_text()
        with suppress(FileNotFoundError):
            shutil.copytree(ROOT / "scenarios" / shipped, folder / shipped)
        self.file.write_text(text.replace(f"name: {shipped}}}", f"name: {self.name}}}"))
        labs.up(compiled(load(self.file)))

    def type(self, place: str, command: str) -> None:
        """Run this shell command in a namespace."""
        argv = ["ip", "netns", "exec", f"nsnet.{self.name}.{place}", "sh", "-ec", command]
        done = subprocess.run(argv, timeout=20, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def kill_server(self) -> None:
        home = netns.inode(f"nsnet.{self.name}.{SERVERS}")
        assert home is not None
        (pid,) = processes.pids_in({home})
        os.kill(pid, signal.SIGKILL)
        processes.until(lambda: not processes.pids_in({home}), what="the server is still there")

    def drift(self) -> list[str]:
        return labs.attach(self.name).drift()

    def repair(self) -> int:
        return labs.apply(self.name, load(self.file))

    def works(self) -> None:
        lab = labs.attach(self.name)
        # The kernel sends ICMP net-unreachable once a second, and these tests run faster.
        unlimited = [
            each
            for each in lab.scenario.spec.probes
            if Verdict.NET_UNREACHABLE not in _verdicts(each)
        ]
        report = lab.probe(specs=unlimited)
        assert report.ok, [each.name for each in report.probes if not each.passed]


def _verdicts(each: ProbeSpec) -> tuple[Verdict | None, ...]:
    verdict = each.expect.verdict
    return verdict if isinstance(verdict, tuple) else (verdict,)


@pytest.fixture(scope="module")
def ups(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Up]]:
    made: dict[str, Up] = {}
    try:
        for each in (V4, "dual-stack", NFT, VIP, "vxlan"):
            made[each] = Up(each, tmp_path_factory.mktemp("up"))
        yield made
    finally:
        for up in made.values():
            labs.down(up.name)


DAMAGE = {
    "rules flushed": (V4, NODE, "iptables-legacy -t nat -F; iptables-legacy -F"),
    "chains deleted": (V4, NODE, "iptables-legacy -t nat -F; iptables-legacy -t nat -X"),
    "a rule added": (V4, NODE, "iptables-legacy -t nat -I KUBE-SERVICES -j RETURN"),
    "a rule added to an empty chain": (
        V4,
        NODE,
        "iptables-legacy -t mangle -A KUBE-PROXY-CANARY -j DROP",
    ),
    "a chain added": (
        V4,
        NODE,
        "iptables-legacy -N MINE; iptables-legacy -I INPUT -j MINE",
    ),
    "rules where there were none": (V4, POD, "iptables-legacy -A INPUT -j DROP"),
    "a rule in another table": (V4, NODE, "iptables-legacy -t raw -A PREROUTING -j DROP"),
    "a policy": (V4, NODE, "iptables-legacy -P FORWARD DROP"),
    "a route removed": (V4, POD, "ip route del default"),
    "a route added": (V4, NODE, "ip route add 192.0.2.0/24 dev cbr0"),
    "a route elsewhere": (V4, NODE, "ip route replace 10.244.1.0/24 dev cbr0"),
    "an address removed": (V4, NODE, "ip addr flush dev cbr0"),
    "an address added": (V4, POD, "ip addr add 10.9.9.9/24 dev eth0"),
    "a neighbour added": (V4, NODE, "ip neigh add 10.244.0.99 lladdr 2:0:0:0:0:1 dev cbr0"),
    "a sysctl": (V4, NODE, "sysctl -qw net.ipv4.ip_forward=0"),
    "a link down": (V4, NODE, "ip link set eth0 down"),
    "lo down": (V4, POD, "ip link set lo down"),
    "a bridge down": (V4, NODE, "ip link set cbr0 down"),
    "a link deleted": (V4, POD, "ip link del eth0"),
    "a bridge deleted": (V4, NODE, "ip link del cbr0"),
    "a port removed from its bridge": (V4, NODE, "ip link set dns nomaster"),
    "hairpin off": (V4, NODE, "bridge link set dev dns hairpin off"),
    "another MAC address": (V4, POD, "ip link set eth0 address 02:00:00:00:00:99"),
    "a veth pair added": (V4, NODE, "ip link add one type veth peer name other"),
    "a bridge added": (V4, NODE, "ip link add mine type bridge"),
    "another MTU": (V4, POD, "ip link set eth0 mtu 1400"),
    "a tunnel deleted": ("vxlan", NODE, "ip link del flannel.1"),
    "a tunnel down": ("vxlan", NODE, "ip link set flannel.1 down"),
    "a tunnel that is another": (
        "vxlan",
        NODE,
        "ip link del flannel.1; ip link add flannel.1 type vxlan id 2 dev eth0 dstport 8472",
    ),
    "the MTU of a tunnel": ("vxlan", NODE, "ip link set flannel.1 mtu 1400"),
    "the MTU of a bridge": ("vxlan", NODE, "ip link set cbr0 mtu 1500"),
    "the MTU of a pod": ("vxlan", "east.pod.default.client", "ip link set eth0 mtu 1500"),
    "the MTU of a route": (
        "vxlan",
        "fabric",
        "ip route replace 203.0.113.90/32 dev br-fabric mtu 1300",
    ),
    "an fdb entry removed": ("vxlan", NODE, "bridge fdb del 02:00:0a:f4:01:00 dev flannel.1"),
    "an fdb entry elsewhere": (
        "vxlan",
        NODE,
        "bridge fdb replace 02:00:0a:f4:01:00 dev flannel.1 dst 192.168.10.9 self permanent",
    ),
    "an fdb entry added": (
        "vxlan",
        NODE,
        "bridge fdb add 02:00:00:00:00:99 dev flannel.1 dst 192.168.10.9 self permanent",
    ),
    "a tunnel's neighbour removed": ("vxlan", NODE, "ip neigh del 10.244.1.0 dev flannel.1"),
    "a tunnel's route removed": ("vxlan", NODE, "ip route del 10.244.1.0/24"),
    "the link under a tunnel deleted": ("vxlan", NODE, "ip link del eth0"),
    "the link under a tunnel down": ("vxlan", NODE, "ip link set eth0 down"),
    "IPv6 rules flushed": ("dual-stack", NODE, "ip6tables-legacy -t nat -F"),
    "IPv6 routes removed": ("dual-stack", NODE, "ip -6 route flush table main proto boot"),
    "a dual-stack link down": ("dual-stack", NODE, "ip link set eth0 down"),
    "an nft table flushed": (NFT, NODE, "nft flush ruleset"),
    "an nft table emptied": (NFT, NODE, "nft flush table ip kube-proxy"),
    "an nft element removed": (NFT, NODE, "nft flush map ip kube-proxy service-ips"),
    "an nft rule added": (NFT, NODE, "nft insert rule ip kube-proxy services drop"),
    "virtual sources flushed": (
        VIP,
        "east.gateway",
        "iptables-legacy -t nat -F NSNET-TO-VIRTUAL",
    ),
    "virtual destinations elsewhere": (
        VIP,
        "west.gateway",
        "iptables-legacy -t nat -R NSNET-FROM-VIRTUAL 1"
        " -d 100.65.0.0/16 -i eth1 -j NETMAP --to 10.245.0.0/16",
    ),
}


@pytest.mark.parametrize("words", DAMAGE)
def test_what_was_changed_by_hand_is_noticed_and_repaired(ups: dict[str, Up], words: str) -> None:
    scenario, place, command = DAMAGE[words]
    up = ups[scenario]
    up.type(place, command)
    assert up.drift() != []
    assert up.repair() > 0
    assert up.drift() == []
    assert up.repair() == 0
    up.works()


@pytest.mark.parametrize("place", [POD, NODE, SERVERS, "fabric"])
def test_a_deleted_namespace_is_created_again(ups: dict[str, Up], place: str) -> None:
    up = ups[V4]
    subprocess.run(["ip", "netns", "del", f"nsnet.{up.name}.{place}"], timeout=20, check=True)
    assert up.drift() != []
    assert up.repair() > 0
    assert up.drift() == []
    up.works()


def test_an_empty_namespace_of_the_same_name_is_built_again(ups: dict[str, Up]) -> None:
    up = ups[V4]
    name = f"nsnet.{up.name}.{POD}"
    for verb in ("del", "add"):
        subprocess.run(["ip", "netns", verb, name], timeout=20, check=True)
    assert up.repair() > 0
    up.works()


def test_a_killed_server_is_started_again(ups: dict[str, Up]) -> None:
    up = ups[V4]
    up.kill_server()
    assert up.drift() == ["servers: the lab's server does not run"]
    assert up.repair() > 0
    up.works()


def test_what_nsnet_cannot_repair_is_reported(ups: dict[str, Up]) -> None:
    up = ups[V4]
    up.type(NODE, "ip route add throw 192.0.2.0/24")
    with pytest.raises(KernelError, match="cannot be repaired") as raised:
        up.repair()
    assert raised.value.hint.startswith("to build it again: nsnet down")
    up.type(NODE, "ip route del throw 192.0.2.0/24")
    assert up.drift() == []


def test_a_lab_that_is_changed_is_repaired_first(ups: dict[str, Up]) -> None:
    up = ups[V4]
    up.type(NODE, "iptables-legacy -t nat -F")
    was = up.file.read_text()
    up.file.write_text(was.replace("replicas: 3", "replicas: 4"))
    try:
        up.repair()
        assert up.drift() == []
        up.works()
    finally:
        up.file.write_text(was)
        up.repair()


# Restarting a pod of a lab that stays up.


def test_a_restarted_pod_keeps_its_new_address(ups: dict[str, Up]) -> None:
    up = ups[V4]
    before = labs.attach(up.name).topology.assignment().addresses
    restarted = labs.restart(up.name, "pod/web-1")
    lab = labs.attach(up.name)
    assert restarted == {"pod/web-1": str(lab["pod/web-1"].addresses[0])}
    after = lab.topology.assignment().addresses
    assert {each for each in before if before[each] != after[each]} == {"east/pod/web-1"}
    assert lab.drift() == []
    up.works()
    assert up.repair() == 0  # the address survives the next apply
    assert labs.attach(up.name).topology.assignment().addresses == after


def test_every_pod_of_a_workload_restarts(ups: dict[str, Up]) -> None:
    up = ups[V4]
    restarted = labs.restart(up.name, "deploy/web")
    assert list(restarted) == [f"pod/web-{number}" for number in range(3)]
    assert up.drift() == []
    up.works()


@pytest.mark.parametrize(
    "words",
    ["chains deleted", "a bridge deleted", "an nft table flushed", "an nft element removed"],
)
def test_a_lab_is_repaired_before_a_pod_restarts(ups: dict[str, Up], words: str) -> None:
    scenario, place, command = DAMAGE[words]
    up = ups[scenario]
    up.type(place, command)
    labs.restart(up.name, "deploy/web")
    assert up.drift() == []
    up.works()


def test_a_killed_server_is_started_before_a_pod_restarts(ups: dict[str, Up]) -> None:
    up = ups[V4]
    up.kill_server()
    labs.restart(up.name, "pod/web-1")
    assert up.drift() == []
    up.works()


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("pod/web-9", "no pod web-9; did you mean"),
        ("deploy/wib", "east has no deploy wib"),
        ("node/n1", "only pod, deploy, statefulset can be restarted"),
        ("svc/web", "only pod, deploy, statefulset can be restarted"),
        ("nonsense", "only pod, deploy, statefulset can be restarted"),
    ],
)
def test_what_cannot_be_restarted_is_refused_and_nothing_changes(
    ups: dict[str, Up], reference: str, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        labs.restart(ups[V4].name, reference)
    assert ups[V4].drift() == []


def test_a_restart_in_a_lab_that_lacks_a_namespace_is_refused(ups: dict[str, Up]) -> None:
    up = ups[V4]
    subprocess.run(["ip", "netns", "del", f"nsnet.{up.name}.{POD}"], timeout=20, check=True)
    with pytest.raises(KernelError, match="is gone"):
        labs.restart(up.name, "pod/web-0")
    assert up.repair() > 0
    up.works()
