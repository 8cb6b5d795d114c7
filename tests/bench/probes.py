"""What a probe costs, and that it costs the same however many are asked.

    .venv/bin/python tests/bench/probes.py [PODS [PROBES ...]]

Asks 1,000 and then 10,000 probes of one lab of 100 pods: from pod to pod, and every tenth to a
Service. Prints the milliseconds of CPU a probe when it is only predicted, and when it is sent
(`lab.probe` in a throwaway lab, which needs no root), and the ratio of the second number of probes
to the first, which is what to quote: it is 1.00 where N probes cost O(N).
"""

import gc
import json
import subprocess
import sys
import time
from collections.abc import Sequence

from nsnet.probes.question import explain, probe_spec
from nsnet.scenario.kinds import ProbeSpec
from nsnet.scenario.load import reload
from nsnet.scenario.model import Scenario

SERVERS = 4
TEXT = """\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {{name: bench}}
spec:
  clusters: [{{name: east, nodes: 2}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: client}}
spec:
  replicas: {clients}
  template:
    metadata: {{labels: {{app: client}}}}
    spec: {{containers: [{{name: client, ports: [{{containerPort: 80}}]}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: {servers}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: web, ports: [{{containerPort: 80}}]}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{selector: {{app: web}}, ports: [{{port: 80}}]}}
"""


def scenario(pods: int) -> Scenario:
    """The lab that is asked."""
    return reload("x.yaml", {"x.yaml": TEXT.format(clients=pods - SERVERS, servers=SERVERS)})


def probes(pods: int, number: int) -> list[ProbeSpec]:
    """Return so many probes; the shares of pods and of the Service do not depend on the number."""
    clients = pods - SERVERS
    asked = []
    for each in range(number):
        to = "svc/web" if each % 10 == 0 else f"pod/client-{(each * 7 + 1) % clients}"
        asked.append(probe_spec(f"pod/client-{each % clients}", f"{to}:80", timeout=10))
    return asked


def measure(pods: int, numbers: Sequence[int]) -> list[dict[str, float]]:
    """Return the seconds of CPU that each number of probes takes, in a lab of this process."""
    from nsnet.kernel import throwaway
    from nsnet.lab import registry
    from nsnet.lab.compiled import compiled

    gc.set_threshold(20_000, 50, 50)  # as the command line does
    throwaway.enter()
    with registry.running(compiled(scenario(pods))) as lab:
        found = []
        lab.probe(specs=probes(pods, 200))  # ARP is resolved, and every index is built
        for number in numbers:
            specs = probes(pods, number)
            start = time.process_time()
            for each in specs:
                explain(lab.model, each)
            predicted = time.process_time()
            report = lab.probe(specs=specs)
            sent = time.process_time()
            assert report.ok, [each for each in report.probes if each.defects][:1]
            found.append({"predicted": predicted - start, "sent": sent - predicted})
    return found


def main() -> None:
    """A row for each way of asking."""
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(int(sys.argv[2]), [int(each) for each in sys.argv[3:]])))
        return
    pods = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    numbers = [int(each) for each in sys.argv[2:]] or [1000, 10_000]
    argv = [sys.executable, __file__, "--measure", str(pods), *map(str, numbers)]
    output = subprocess.run(argv, check=True, stdout=subprocess.PIPE).stdout
    results = json.loads(output)
    print(f"probes of {pods} pods on 2 nodes, ms of CPU a probe")
    print(f"  {'':<12}" + "".join(f"{each:>12,}" for each in numbers) + f"{'ratio':>12}")
    for way in ("predicted", "sent"):
        costs = [found[way] / number * 1000 for found, number in zip(results, numbers, strict=True)]
        row = "".join(f"{each:12.3f}" for each in costs)
        print(f"  {way:<12}{row}{costs[-1] / costs[0]:12.2f}")


if __name__ == "__main__":
    main()
