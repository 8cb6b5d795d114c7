"""What the rules of 5,000 Services cost: computed and loaded, beside the tool that only loads them.

    sudo .venv/bin/python tests/bench/services.py [SERVICES [ROUNDS]]

Prints, for each tool, the time that it takes for the text alone ("bare"), ours (State, steps, text
and load) and the ratio, which is what to quote; the same for one Service that changed in a lab that
is up; and the same for twice as many Services, with the peak of memory.
"""

import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path
from typing import Final, NamedTuple

from nsnet.features.compile import compile_state
from nsnet.ip import Protocol
from nsnet.kernel import netfilter, netns, nftables
from nsnet.plan.ops import Op, RulesLoad, TableLoad
from nsnet.plan.order import changes
from nsnet.state import nftables_text as nft
from nsnet.state.iptables_text import restore
from nsnet.state.model import State
from nsnet.topology.model import Cluster, Endpoint, Node, Proxy, Service, ServicePort, Topology

ENDPOINTS = 3
NODE = f"nsnet.bench-{os.getpid()}.node"


class Column(NamedTuple):
    """A tool that loads rules: what it loads of our steps, by itself and by nsnet."""

    mode: str  # proxyMode
    bare: Callable[[bool], tuple[str, ...]]  # the command that reads the text, of all or of a part
    text: Callable[[list[Op]], str]
    load: Callable[[str, Path], None]  # the text, and where a lock may be


def _restored(ops: list[Op]) -> str:
    (text,) = (restore(op.chains, op.deleted) for op in ops if isinstance(op, RulesLoad))
    return text


def _iptables(tool: str) -> Column:
    return Column(
        "iptables",
        lambda part: (f"{tool}-restore", *(("--noflush",) if part else ())),
        _restored,
        lambda text, lock: netfilter.load({NODE: {4: text}}, tool, lock),
    )


def _tables(ops: list[Op]) -> str:
    """Of nftables, transaction by transaction."""
    texts = (
        text
        for op in ops
        if isinstance(op, TableLoad)
        for text in (*nft.load(op.family, op.old, op.new), nft.delete(op.family, op.old, op.new))
    )
    return THEN.join(text for text in texts if text)


THEN: Final = "# and then\n"
COLUMNS: Final = {
    **{tool: _iptables(tool) for tool in netfilter.TOOLS},
    "nft": Column(
        "nftables",
        lambda part: ("nft", "-f", "-"),
        _tables,
        lambda text, lock: nftables.load([(NODE, tuple(text.split(THEN)))]),
    ),
}


def topology(services: int, mode: str) -> Topology:
    """One node, and so many Services of three endpoints each."""
    pods, vips = ip_address("10.0.0.0"), ip_address("172.16.0.0")
    node = Node(
        "n1",
        NODE,
        "east/node/n1",
        {},
        (ip_interface("192.168.10.2/24"),),
        (ip_network("10.0.0.0/9"),),
    )
    offered = []
    for number in range(services):
        first = 2 + number * ENDPOINTS
        endpoints = tuple(
            Endpoint(pods + each, 8080, f"east/pod/web-{each}", "n1")
            for each in range(first, first + ENDPOINTS)
        )
        port = ServicePort("http", 80, Protocol.TCP, endpoints)
        name = f"web-{number}"
        offered.append(Service(name, "default", f"east/svc/{name}", (vips + number + 1,), (port,)))
    east = Cluster(
        "east",
        "bridge",
        "island",
        Proxy(mode),
        (ip_network("10.0.0.0/9"),),
        (ip_network("172.16.0.0/12"),),
        (ip_network("192.168.10.0/24"),),
        (),
        (node,),
        (),
        tuple(offered),
    )
    return Topology("bench", (east,), (), (ip_interface("203.0.113.1/24"),))


def changed(found: Topology) -> Topology:
    """The Service in the middle has one endpoint less and another port, all others stay."""
    (cluster,) = found.clusters
    middle = len(cluster.services) // 2
    service = cluster.services[middle]
    port = replace(service.ports[0], port=81, endpoints=service.ports[0].endpoints[1:])
    services = list(cluster.services)
    services[middle] = replace(service, ports=(port,))
    return replace(found, clusters=(replace(cluster, services=tuple(services)),))


def timed(what: Callable[[], object]) -> float:
    """Seconds of wall clock."""
    start = time.perf_counter()
    what()
    return time.perf_counter() - start


def measure(name: str, services: int) -> dict[str, float]:
    """Seconds of each step, in a process and a namespace of its own."""
    gc.set_threshold(20_000, 50, 50)  # as the command line does
    column = COLUMNS[name]
    first = topology(services, column.mode)
    other = changed(first)
    taken: dict[str, float] = {}

    def computed(key: str, before: State, wanted: Topology) -> tuple[State, str]:
        start = time.perf_counter()
        state = compile_state(wanted)
        text = column.text(changes(before, state))
        taken[key] = time.perf_counter() - start
        return state, text

    def bare(text: str, *, part: bool) -> None:
        argv = ["ip", "netns", "exec", NODE, *column.bare(part)]
        for each in text.split(THEN):
            subprocess.run(argv, input=each.encode(), check=True)

    with tempfile.TemporaryDirectory() as folder, netns.returning():
        lock = Path(folder) / "lock"
        netns.prepare()
        try:
            os.close(netns.create(NODE))
            state, whole = computed("compute", State(first.lab), first)
            taken["load"] = timed(lambda: column.load(whole, lock))
            _, part = computed("compute one", state, other)
            taken["load one"] = timed(lambda: column.load(part, lock))
            netns.delete(NODE)
            os.close(netns.create(NODE))
            taken["bare"] = timed(lambda: bare(whole, part=False))
            taken["bare one"] = timed(lambda: bare(part, part=True))
        finally:
            netns.delete(NODE)
    return {**taken, "lines": len(whole.splitlines()), "lines one": len(part.splitlines())}


def medians(name: str, services: int, rounds: int) -> tuple[dict[str, float], float]:
    """The medians of several processes, and the most megabytes that one of them took."""
    found: list[dict[str, float]] = []
    peak = 0.0
    for _ in range(rounds):
        argv = [sys.executable, __file__, "--measure", name, str(services)]
        with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            output = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        assert status == 0, f"{name}: see above"
        found.append(json.loads(output))
        peak = max(peak, usage.ru_maxrss / 1000)
    return {key: statistics.median(each[key] for each in found) for key in found[0]}, peak


def main() -> None:
    """A table of each tool, for these Services and twice as many."""
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(sys.argv[2], int(sys.argv[3]))))
        return
    services = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    for number in (services, 2 * services):
        print(f"{number} Services × {ENDPOINTS} endpoints, medians of {rounds} rounds, seconds")
        head = ("lines", "bare", "compute", "load", "ours", "ours / bare")
        print(f"  {'':<16}" + "".join(f"{each:>12}" for each in head))
        results = {name: medians(name, number, rounds) for name in COLUMNS}
        for name, (taken, _) in results.items():
            _row(name, taken, "", lambda ours, bare: f"{ours / bare:.2f}")
        print(f"  one Service changed{'':<53}{'ours - bare':>15}")
        for name, (taken, _) in results.items():
            _row(name, taken, " one", lambda ours, bare: f"{ours - bare:.3f}")
        for name, (_, peak) in results.items():
            print(f"  {name}: {peak:.0f} MB at the peak")


def _row(
    name: str, taken: dict[str, float], which: str, compared: Callable[[float, float], str]
) -> None:
    bare, computed, loaded = (taken[f"{each}{which}"] for each in ("bare", "compute", "load"))
    times = "".join(f"{each:12.3f}" for each in (bare, computed, loaded, computed + loaded))
    lines = int(taken[f"lines{which}"])
    print(f"  {name:<16}{lines:>12}{times}{compared(computed + loaded, bare):>12}")


if __name__ == "__main__":
    main()
