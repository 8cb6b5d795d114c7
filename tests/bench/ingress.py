"""What an Ingress costs: requests per second through it, and through a haproxy configured by hand.

    sudo .venv/bin/python tests/bench/ingress.py [ROUNDS]

Both proxies run in the pod of the Ingress, and send requests to the same server outside, which
returns static answers. wrk measures each of them in turns, 2 s at a time (9 rounds if not given).
Prints the median of both, and that of their ratios in each round, which should be at least 0.95.
"""

import re
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from nsnet.kernel.command import find
from nsnet.lab.agent import Agent

SCENARIO = """\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {name: bench}
spec:
  clusters: [{name: east, model: flat}]
  externals:
  - {name: laptop, address: 203.0.113.10}
  - {name: server, address: 203.0.113.80}
---
apiVersion: v1
kind: Service
metadata: {name: static}
spec: {ports: [{port: 80, targetPort: 8000}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: static, labels: {kubernetes.io/service-name: static}}
addressType: IPv4
ports: [{port: 8000}]
endpoints: [{addresses: [203.0.113.80]}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: static}
spec:
  rules:
  - host: shop.example
    http:
      paths:
      - {path: /cart, pathType: Prefix, backend: {service: {name: static, port: {number: 80}}}}
      - {path: /, pathType: Prefix, backend: {service: {name: static, port: {number: 80}}}}
"""
COMMON = """\
global
    nbthread 1
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
"""
STATIC = f"""{COMMON}
frontend static
    bind :8000
    http-request return status 200 content-type text/plain string "a static answer"
"""
BY_HAND = f"""{COMMON}
frontend hand
    bind :8080
    http-request set-header X-Forwarded-For %[src]
    http-request set-header X-Forwarded-Proto http
    http-request set-header X-Forwarded-Host %[req.hdr(host)]
    use_backend cart if {{ hdr(host) -i shop.example }} {{ path_beg /cart }}
    use_backend shop if {{ hdr(host) -i shop.example }}
backend cart
    server one 203.0.113.80:8000
backend shop
    server one 203.0.113.80:8000
"""
POD = "pod/ingress-0.nsnet-ingress"


def start(agent: Agent, place: str, configuration: str, file: Path) -> None:
    """Start a haproxy in the background. It ends with the lab."""
    haproxy = find("haproxy")
    assert haproxy is not None
    file.write_text(configuration)
    done = agent.lab.exec(place, haproxy, "-D", "-f", str(file))
    assert done.returncode == 0, done.stderr


def rate(agent: Agent, url: str) -> float:
    """Return the requests per second that wrk measures."""
    wrk = shutil.which("wrk")
    assert wrk is not None, "wrk is not installed: make setup fetches it"
    command = (wrk, "-t1", "-c32", "-d2s", "-H", "Host: shop.example", url)
    done = agent.lab.exec("external/laptop", *command, timeout=60)
    found = re.search(r"Requests/sec: +([0-9.]+)", done.stdout)
    assert found is not None, done.stdout + done.stderr
    assert "Non-2xx" not in done.stdout, done.stdout
    return float(found[1])


def main(rounds: int) -> None:
    """Measure, and print."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "bench.yaml")
        file.write_text(SCENARIO)
        with Agent(file) as agent:
            start(agent, "external/server", STATIC, Path(folder, "static.cfg"))
            start(agent, POD, BY_HAND, Path(folder, "hand.cfg"))
            pods = agent.lab.topology.clusters[0].pods
            address = next(each.addresses[0] for each in pods if each.name == "ingress-0")
            urls = {"Ingress": f"http://{address}/cart", "by hand": f"http://{address}:8080/cart"}
            measured: dict[str, list[float]] = {each: [] for each in urls}
            for _ in range(rounds):
                for name, url in urls.items():
                    measured[name].append(rate(agent, url))
    medians = {name: statistics.median(each) for name, each in measured.items()}
    for name, median in medians.items():
        print(f"{name}: {median:.0f} requests/s")
    pairs = zip(measured["Ingress"], measured["by hand"], strict=True)
    print(f"ratio: {statistics.median(one / other for one, other in pairs):.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
