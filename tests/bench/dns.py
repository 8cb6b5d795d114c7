"""What names cost: getaddrinfo in a pod, and queries per second of the DNS server.

    sudo .venv/bin/python tests/bench/dns.py [ROUNDS]

Prints the median and the 95th percentile of getaddrinfo of a Service's short name in a pod (300
rounds if not given); queries per second of the server over UDP, with 1, 10 and 100 queries in
flight; and what `nsnet run` costs with DNS, as a ratio to the same scenario without.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from nsnet.lab.agent import Agent

SCENARIO = """\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {{name: bench}}
spec:
  clusters: [{{name: east, dns: {dns}}}]
  probes: [{{from: pod/client, to: "pod/web:80", expect: {{verdict: ok}}}}]
---
apiVersion: v1
kind: Pod
metadata: {{name: client}}
spec: {{containers: [{{name: main}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: web, labels: {{app: web}}}}
spec: {{containers: [{{name: main, ports: [{{containerPort: 80}}]}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{selector: {{app: web}}, ports: [{{port: 80}}]}}
"""
RESOLVE = """
import socket, statistics, sys, time
took = []
for _ in range(int(sys.argv[1])):
    start = time.perf_counter()
    socket.getaddrinfo("web", 80, type=socket.SOCK_STREAM)
    took.append(1000 * (time.perf_counter() - start))
print(statistics.median(took), statistics.quantiles(took, n=20)[-1])
"""
ASK = """
import select, socket, sys, time
flight, seconds = int(sys.argv[1]), 2.0
query = bytes.fromhex("00070100000100000000000003776562076465666175"
    "6c740373766307636c7573746572056c6f63616c0000010001")
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
    opened.connect(("10.96.0.10", 53))
    for _ in range(flight):
        opened.send(query)
    answered, end = 0, time.monotonic() + seconds
    while time.monotonic() < end and select.select([opened], [], [], 1)[0]:
        assert opened.recv(4096)[3] & 0xF == 0
        answered += 1
        opened.send(query)
print(answered / seconds)
"""


def inside(agent: Agent, script: str, *arguments: object) -> list[float]:
    """The numbers that a script prints in the pod."""
    done = agent.lab.exec("pod/client", sys.executable, "-I", "-c", script, *map(str, arguments))
    assert done.returncode == 0, done.stderr
    return [float(each) for each in done.stdout.split()]


def seconds(file: Path) -> float:
    """The seconds of a run."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "nsnet", "run", file], check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    """Print all figures."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    with tempfile.TemporaryDirectory() as folder:
        files = {dns: Path(folder) / f"{dns}.yaml" for dns in ("true", "false")}
        for dns, file in files.items():
            file.write_text(SCENARIO.format(dns=dns))
        with Agent(files["true"]) as agent:
            median, slow = inside(agent, RESOLVE, rounds)
            print(f"getaddrinfo: {median:.2f} ms median, {slow:.2f} ms in 95 of 100")
            for flight in (1, 10, 100):
                (rate,) = inside(agent, ASK, flight)
                print(f"{flight:3} queries in flight: {rate:8,.0f} a second")
        took: dict[str, list[float]] = {dns: [] for dns in files}
        for _ in range(9):  # in turn, so that both have what else the machine does
            for dns, file in files.items():
                took[dns].append(seconds(file))
    with_dns, without = (statistics.median(took[dns]) for dns in ("true", "false"))
    print(
        f"nsnet run: {with_dns:.2f} s with DNS, {without:.2f} s without: {with_dns / without:.2f}×"
    )


if __name__ == "__main__":
    main()
