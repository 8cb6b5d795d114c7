"""A few namespaces connected by veth pairs, made with ordinary `ip` and `sysctl` commands."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path

from nsnet.errors import CleanupError
from nsnet.ip import Protocol
from nsnet.kernel import netns, processes
from nsnet.servers import control
from nsnet.state.model import Listener

_COUNT = count()


class SmallLab:
    """Namespaces by their short names; `small_lab` removes them."""

    def __init__(self, runtime: Path) -> None:
        self.prefix = f"nsnet.t{os.getpid()}.{next(_COUNT)}."
        self.runtime = runtime

    def __getitem__(self, name: str) -> str:
        return f"{self.prefix}{name}"

    @property
    def namespaces(self) -> list[str]:
        """The namespaces, without that of the lab's server, through which no packet passes."""
        return [name for name in netns.names(self.prefix) if name != self["servers"]]

    def run(self, name: str, command: str) -> str:
        """Run a command in a namespace; return its output."""
        argv = ["ip", "netns", "exec", self[name], *command.split()]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def add(self, *names: str) -> None:
        """Add namespaces that forward packets and send ICMP errors without a rate limit."""
        for name in names:
            subprocess.run(["ip", "netns", "add", self[name]], timeout=20, check=True)
            self.run(name, "ip link set lo up")
            for setting in (
                "ipv4.icmp_ratemask=0",
                "ipv6.icmp.ratelimit=0",
                "ipv4.ip_forward=1",
                "ipv6.conf.all.forwarding=1",
                "ipv6.conf.default.accept_dad=0",
            ):
                self.run(name, f"sysctl -qw net.{setting}")

    def veth(self, one: str, other: str, *addresses: tuple[str, str]) -> None:
        """Add a veth pair, each end named after the other's namespace. ARP gives up after 0.3 s."""
        self.run(one, f"ip link add {other} type veth peer name {one} netns {self[other]}")
        for name, dev, own in ((one, other, 0), (other, one, 1)):
            self.run(name, f"ip link set dev {dev} up")
            for family in ("ipv4", "ipv6"):
                self.run(name, f"sysctl -qw net.{family}.neigh.{dev}.retrans_time_ms=100")
            for address in (pair[own] for pair in addresses if pair[own]):
                flags = " nodad" if ":" in address else ""
                self.run(name, f"ip address add {address} dev {dev}{flags}")

    def bridge(self, node: str, address: str) -> None:
        """Add a bridge cbr0 with this address; iptables filters its frames."""
        self.run(node, "ip link add cbr0 type bridge forward_delay 0")
        self.run(node, "ip link set cbr0 up")
        self.run(node, f"ip address add {address} dev cbr0")
        self.run(node, "sysctl -qw net.bridge.bridge-nf-call-iptables=1")

    def add_pod(self, node: str, pod: str, address: str, gateway: str) -> None:
        """Attach a pod to the node's bridge; its port is in hairpin mode."""
        self.veth(pod, node, (address, ""))
        self.run(node, f"ip link set dev {pod} master cbr0")
        self.run(node, f"ip link set dev {pod} type bridge_slave hairpin on")
        self.run(pod, f"ip route add default via {gateway}")

    def serve(self, name: str, *ports: int) -> None:
        """Have the echo server answer there as pod/NAME, over TCP and UDP. The first call starts
        it."""
        if self["servers"] not in netns.names(self.prefix):
            self.add("servers")
            processes.start(
                control.argv(self.runtime),
                self["servers"],
                control.log_of(self.runtime),
                ready=partial(control.is_ready, self.runtime),
            )
        protocols = (Protocol.TCP, Protocol.UDP)
        listeners = [Listener(each, port, f"pod/{name}") for each in protocols for port in ports]
        control.change(self.runtime, [(self[name], each) for each in listeners])

    def down(self) -> None:
        """Remove all processes and namespaces."""
        names = netns.names(self.prefix)
        try:
            with suppress(CleanupError):
                processes.stop({inode for name in names if (inode := netns.inode(name))})
        finally:
            for name in names:
                netns.delete(name)


@contextmanager
def small_lab() -> Iterator[SmallLab]:
    """Yield an empty lab, removed after the block."""
    with ExitStack() as stack:
        runtime = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nsnet-test-")))
        lab = SmallLab(runtime)
        stack.callback(lab.down)
        yield lab


@contextmanager
def routed_lab() -> Iterator[SmallLab]:
    """Yield a lab: client 10.1.0.2 - 10.1.0.1 router 10.2.0.1 - 10.2.0.2 server; fd01:: and fd02::
    likewise."""
    with small_lab() as lab:
        lab.add("client", "router", "server")
        lab.veth("client", "router", ("10.1.0.2/24", "10.1.0.1/24"), ("fd01::2/64", "fd01::1/64"))
        lab.veth("router", "server", ("10.2.0.1/24", "10.2.0.2/24"), ("fd02::1/64", "fd02::2/64"))
        for name, via in (("client", "1"), ("server", "2")):
            lab.run(name, f"ip route add default via 10.{via}.0.1")
            lab.run(name, f"ip -6 route add default via fd0{via}::1")
        lab.serve("server", 80)
        yield lab
