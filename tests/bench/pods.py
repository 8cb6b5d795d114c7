"""What 200 pods cost: `nsnet up` and `down` beside `ip -batch`, which does the pods alone.

    sudo .venv/bin/python tests/bench/pods.py [PODS [ROUNDS]]

Prints milliseconds a pod, and the ratio to `ip -batch` in the same run, which is what to quote.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

NSNET = [sys.executable, "-m", "nsnet"]
LAB = f"bench-{os.getpid()}"


def scenario(pods: int) -> str:
    """One cluster of two nodes, all pods of one Deployment behind one Service."""
    return f"""\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {{name: {LAB}}}
spec:
  clusters: [{{name: east, nodes: 2}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: {pods}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: web, ports: [{{containerPort: 80}}]}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{selector: {{app: web}}, ports: [{{port: 80}}]}}
"""


def batch(pods: int) -> Iterator[str]:
    """The shell that builds the same pods by iproute2: a bridge, and each pod wired to it."""
    yield "mount -t tmpfs none /run && mkdir -p /run/netns && ip link set lo up"
    yield "ip link add cbr0 type bridge && ip link set cbr0 up"
    yield "ip -batch - <<'END'"
    for pod in range(pods):
        yield f"netns add pod{pod}"
        yield f"link add veth{pod} type veth peer name eth0 netns pod{pod}"
        yield f"link set veth{pod} master cbr0 up"
    yield "END"
    for pod in range(pods):
        address = f"10.244.{pod // 200}.{pod % 200 + 2}"
        yield f"ip -n pod{pod} -batch - <<'END'"
        yield f"link set lo up\nlink set eth0 up\naddr add {address}/16 dev eth0"
        yield "route add default via 10.244.0.1\nEND"


def timed(argv: list[str]) -> float:
    """Seconds of wall clock that a command takes."""
    start = time.perf_counter()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def settled() -> None:
    """Wait until the kernel has freed what the last round removed: it would slow this one down."""
    deadline = time.monotonic() + 30
    count = -1
    while time.monotonic() < deadline:
        slabs = Path("/proc/slabinfo").read_text()
        found = re.search(r"^net_namespace\s+(\d+)", slabs, re.MULTILINE)
        now = int(found[1]) if found else 0
        if now == count:
            return
        count = now
        time.sleep(0.5)


def memory(pids: list[int]) -> float:
    """Resident megabytes of these processes."""
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def servers() -> list[int]:
    """The processes of the lab."""
    found = subprocess.run(
        ["ip", "netns", "pids", f"nsnet.{LAB}.servers"], capture_output=True, text=True, check=True
    )
    return [int(pid) for pid in found.stdout.split()]


def main() -> None:
    """Interleaved rounds, medians."""
    pods = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    times: dict[str, list[float]] = {"ip -batch": [], "up": [], "apply": [], "down": []}
    peak = serving = 0.0
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pods.yaml"
        file.write_text(scenario(pods))
        text = "\n".join(batch(pods))
        for _ in range(rounds):
            settled()
            times["ip -batch"].append(timed(["unshare", "-nm", "sh", "-euc", text]))
            settled()
            start = time.perf_counter()
            up = subprocess.Popen(
                [*NSNET, "up", str(file)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            assert up.stderr is not None
            said = up.stderr.read()
            _, status, usage = os.wait4(up.pid, 0)
            times["up"].append(time.perf_counter() - start)
            assert status == 0, said
            peak = max(peak, usage.ru_maxrss / 1000)
            serving = max(serving, memory(servers()))
            applied = re.search(r"building: .* in ([\d.]+) s", said)
            assert applied is not None, said
            times["apply"].append(float(applied[1]))
            times["down"].append(timed([*NSNET, "down", LAB]))
    reference_time = statistics.median(times["ip -batch"])
    print(f"{pods} pods on 2 nodes, medians of {rounds} rounds")
    for name, found in times.items():
        median = statistics.median(found)
        ratio = f"  {median / reference_time:5.2f} × ip -batch"
        print(f"  {name:<10} {median:6.3f} s  {median / pods * 1000:6.2f} ms a pod{ratio}")
    print(f"  memory: {peak:.0f} MB nsnet up at its peak, {serving:.0f} MB the lab's server")


if __name__ == "__main__":
    main()
