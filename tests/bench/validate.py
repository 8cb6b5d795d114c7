"""What `nsnet validate` costs, and that its cost grows with the file.

    .venv/bin/python tests/bench/validate.py [ROUNDS]

Prints CPU seconds of a process of its own, the least of several rounds, and its peak of memory,
beside a process that only parses the same bytes with PyYAML's C loader. Then the growth exponent
from 1,000 to 10,000 of everything that a file can have many of: 1.00 where ten times as much costs
ten times as much. What a process costs with a single one is subtracted. Waiting for the CPU does
not count, but a busy machine makes every instruction slower: compare only figures of one run.
"""

import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

BARE = """\
import sys, yaml
text = open(sys.argv[1], "rb").read()
list(yaml.load_all(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
"""
PORTS = ("http", 80), ("https", 443), ("metrics", 9090)


class Cost(NamedTuple):
    """CPU seconds of a process, and its peak of memory in MB."""

    seconds: float
    megabytes: float


def scenario(more: str) -> str:
    """The Scenario of one cluster."""
    return f"""\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {{name: bench}}
spec:
  clusters: [{{name: east, {more}}}]
"""


WIDE = scenario("nodes: 50, podCIDR: 10.0.0.0/10, nodeCIDRMaskSize: 21")
PAIR = scenario("nodes: 2, serviceCIDR: 10.96.0.0/14")


def pod(name: str, ports: str = "{containerPort: 8080}", meta: str = "labels: {app: web}") -> str:
    """A pod behind the Services."""
    return f"""\
---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, {meta}}}
spec: {{containers: [{{name: web, ports: [{ports}]}}]}}
"""


def service(name: str, ports: str) -> str:
    """A Service of the pods."""
    return f"""\
---
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec: {{selector: {{app: web}}, ports: [{ports}]}}
"""


def replicas(number: int) -> str:
    """Pods of five Deployments on 50 nodes."""
    return WIDE + "".join(
        f"""\
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web-{each}}}
spec:
  replicas: {max(1, number // 5)}
  selector: {{matchLabels: {{app: web-{each}}}}}
  template:
    metadata: {{labels: {{app: web-{each}}}}}
    spec: {{containers: [{{name: web, ports: [{{containerPort: 8080}}]}}]}}
"""
        for each in range(5)
    )


def pods(number: int) -> str:
    """Pods with a manifest each, on 50 nodes."""
    return WIDE + "".join(pod(f"web-{each}") for each in range(number))


def nodes(number: int) -> str:
    """Nodes without pods: 1,000 at most."""
    return scenario(f"nodes: {number}, nodeCIDR: 192.168.0.0/16, podCIDR: 10.0.0.0/10")


def services(number: int) -> str:
    """Services of three ports, with one pod."""
    ports = ", ".join(f"{{name: {name}, port: {port}, targetPort: 8080}}" for name, port in PORTS)
    return PAIR + pod("web") + "".join(service(f"web-{each}", ports) for each in range(number))


def container_ports(number: int) -> str:
    """Ports of one pod."""
    return PAIR + pod("web", ", ".join(f"{{containerPort: {each + 1}}}" for each in range(number)))


def service_ports(number: int) -> str:
    """Ports of one Service."""
    ports = (f"{{name: p{each}, port: {each + 1}, targetPort: 8080}}" for each in range(number))
    return PAIR + pod("web") + service("web", ", ".join(ports))


def named_ports(number: int) -> str:
    """Ports of one Service, each of which is the name of a port of one pod."""
    ports = (f"{{name: p{each}, containerPort: {each + 1}}}" for each in range(number))
    named = (f"{{name: p{each}, port: {each + 1}, targetPort: p{each}}}" for each in range(number))
    return PAIR + pod("web", ", ".join(ports)) + service("web", ", ".join(named))


def selecting(number: int) -> str:
    """Services that select one each of as many pods."""
    return WIDE.replace("nodes", "serviceCIDR: 10.96.0.0/14, nodes") + "".join(
        pod(f"web-{each}", meta=f"labels: {{app: web, number: n{each}}}")
        + service(f"web-{each}", "{port: 80}").replace("app: web", f"number: n{each}")
        for each in range(number)
    )


def mistakes(number: int) -> str:
    """Ports that are none, in one list."""
    return PAIR + pod("web", ", ".join(["{containerPort: http}"] * number))


def wrong_labels(number: int) -> str:
    """Labels that are no text, in one mapping."""
    labels = ", ".join(f"l{each}: {each}" for each in range(number))
    return PAIR + pod("web", meta=f"labels: {{{labels}}}")


MEASURED: tuple[tuple[Callable[[int], str], int], ...] = (
    (replicas, 10_000),
    (services, 5_000),
    (nodes, 1_000),
    (pods, 10_000),
)
GROWING: tuple[tuple[Callable[[int], str], int, int], ...] = (
    (replicas, 1_000, 10_000),
    (pods, 1_000, 10_000),
    (nodes, 100, 1_000),
    (services, 1_000, 10_000),
    (selecting, 1_000, 10_000),
    (container_ports, 1_000, 10_000),
    (service_ports, 1_000, 10_000),
    (named_ports, 1_000, 10_000),
    (mistakes, 1_000, 10_000),
    (wrong_labels, 1_000, 10_000),
)


def cost(argv: list[str], rounds: int) -> Cost:
    """The least that a process costs."""
    return min(_costs(argv, rounds))


def _costs(argv: list[str], rounds: int) -> Iterator[Cost]:
    for _ in range(rounds):
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(argv, stdout=quiet, stderr=quiet)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode in (0, 2), argv  # 2: the file has mistakes
        yield Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000)


def main() -> None:
    """Both tables."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as folder:

        def validated(text: str, rounds: int) -> tuple[Cost, Cost]:
            file = Path(folder) / "bench.yaml"
            file.write_text(text)
            ours = [sys.executable, "-m", "nsnet", "validate", str(file)]
            bare = [sys.executable, "-c", BARE, str(file)]
            return cost(ours, rounds), cost(bare, rounds)

        print(f"nsnet validate, CPU seconds, the least of {rounds} rounds")
        print(f"  {'':<24}{'validate':>10}{'MB':>8}{'bare':>10}{'ratio':>8}")
        for what, number in MEASURED:
            ours, bare = validated(what(number), rounds)
            name = f"{number} {what.__name__}"
            times = f"{ours.seconds:10.2f}{ours.megabytes:8.0f}{bare.seconds:10.2f}"
            print(f"  {name:<24}{times}{ours.seconds / bare.seconds:8.1f}", flush=True)
        print("growth exponents")
        for what, few, many in GROWING:
            least, small, large = (validated(what(each), rounds)[0] for each in (1, few, many))
            more = (large.seconds - least.seconds) / max(small.seconds - least.seconds, 0.01)
            exponent = math.log(more) / math.log(many / few)
            print(f"  {what.__name__:<24}{exponent:10.2f}   {large.seconds:.2f} s", flush=True)


if __name__ == "__main__":
    main()
