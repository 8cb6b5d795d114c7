"""What 5,000 Services of three endpoints cost a node in proxyMode nftables, beside bare `nft -f`.

    sudo .venv/bin/python tests/bench/nftables.py [SERVICES [ROUNDS]]

Prints seconds: nsnet's own part (chains, their text), `nft -f` of that text, and the same for a
change of one endpoint. Everything happens in a network namespace that goes with this process.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, ip_interface, ip_network
from typing import TypeVar

from nsnet import nft
from nsnet.compile import compile_state
from nsnet.kernel import netns, nftables
from nsnet.plan import Op, TableLoad, changes, plan
from nsnet.state import Protocol
from nsnet.topology import Cluster, Endpoint, Node, Proxy, Service, ServicePort, Topology

Result = TypeVar("Result")
ENDPOINTS = 3


def topology(services: int) -> Topology:
    """One node, and Services whose endpoints are addresses, not pods: they cost nothing here."""
    node = Node(
        "n1",
        "nsnet.bench.east.node.n1",
        "east/node/n1",
        {},
        (ip_interface("192.168.10.2/24"),),
        (ip_network("10.244.0.0/24"),),
    )
    return Topology(
        "bench",
        (
            Cluster(
                "east",
                "bridge",
                "island",
                Proxy("nftables"),
                (ip_network("10.244.0.0/16"),),
                (ip_network("10.96.0.0/12"),),
                (ip_network("192.168.10.0/24"),),
                (),
                (node,),
                (),
                tuple(map(service, range(services))),
            ),
        ),
        (),
        (ip_interface("198.18.0.1/16"),),
    )


def service(number: int) -> Service:
    """The Service of this number, with a NodePort."""
    name = f"svc-{number}"
    first = int(IPv4Address("10.128.0.0")) + number * ENDPOINTS
    endpoints = tuple(
        Endpoint(IPv4Address(first + each), 8080, f"east/pod/{name}-{each}")
        for each in range(ENDPOINTS)
    )
    port = ServicePort("http", 80, Protocol.TCP, endpoints, 30000 + number % 32768)
    address = IPv4Address(int(IPv4Address("10.96.0.0")) + number + 1)
    return Service(name, "default", f"east/svc/{name}", (address,), (port,), type="NodePort")


def scaled(before: Topology) -> Topology:
    """The last Service has lost an endpoint."""
    (cluster,) = before.clusters
    *others, last = cluster.services
    port = replace(last.ports[0], endpoints=last.ports[0].endpoints[1:])
    services = (*others, replace(last, ports=(port,)))
    return replace(before, clusters=(replace(cluster, services=services),))


def timed(work: Callable[[], Result]) -> tuple[float, Result]:
    """Seconds of wall clock, and what came of it."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def bare(text: str) -> None:
    """What nsnet's part is compared with."""
    subprocess.run(["nft", "-f", "-"], input=text.encode(), check=True)


def measure(services: int) -> dict[str, float]:
    """Seconds by what was done."""
    before = topology(services)
    compiled, state = timed(lambda: compile_state(before))
    planned, loads = timed(lambda: _loads(plan(state)))
    (load,) = loads
    written, text = timed(lambda: nft.load(load.family, load.old, load.new))
    loaded, _ = timed(lambda: bare(text))
    after = scaled(before)
    recompiled, new = timed(lambda: compile_state(after))
    replanned, loads = timed(lambda: _loads(changes(state, new)))
    (load,) = loads
    rewritten, text = timed(lambda: nft.load(load.family, load.old, load.new))
    reloaded, _ = timed(lambda: bare(text))
    listed, listing = timed(lambda: subprocess.check_output(["nft", "list", "ruleset"]))
    read, tables = timed(lambda: nftables.parsed(listing.decode()))
    assert len(tables.sets) == 7
    return {
        "compile": compiled,
        "plan": planned,
        "text": written,
        "bare nft -f": loaded,
        "one endpoint less: compile": recompiled,
        "one endpoint less: plan": replanned,
        "one endpoint less: text": rewritten,
        "one endpoint less: bare nft -f": reloaded,
        "bare nft list": listed,
        "read the list": read,
    }


def _loads(ops: list[Op]) -> list[TableLoad]:
    return [op for op in ops if isinstance(op, TableLoad)]


def main() -> None:
    arguments = [int(each) for each in sys.argv[1:]]
    services, rounds = (*arguments, *(5000, 3)[len(arguments) :])
    results = []
    for _ in range(rounds):
        netns.unshare(netns.CLONE_NEWNET)  # an empty one; the last goes
        results.append(measure(services))
    print(f"{services} Services of {ENDPOINTS} endpoints, median of {rounds}")
    for what in results[0]:
        print(f"{statistics.median(each[what] for each in results):8.3f} s  {what}")


if __name__ == "__main__":
    main()
