"""A lab changes while a client uses it: only connections to what ends are broken."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from nsnet.lab.agent import Agent
from nsnet.lab.lab import Lab
from tests.support.busy_client import BusyClient, busy_client
from tests.support.machine import IPVS, ROOTLESS_UNABLE

pytestmark = pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE)

MODES = ("iptables", "nftables", pytest.param("ipvs", marks=IPVS))
HELD = 50

SCENARIO = """\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {{name: busy}}
spec:
  clusters:
  - {{name: east, nodes: {nodes}, proxyMode: {mode}}}
---
apiVersion: v1
kind: Pod
metadata: {{name: client}}
spec:
  nodeName: n1
  containers: [{{image: netexec}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: {web}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{ports: [{{containerPort: 8080}}, {{containerPort: 9090}}]}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: api}}
spec:
  replicas: {api}
  template:
    metadata: {{labels: {{app: api}}}}
    spec: {{containers: [{{ports: [{{containerPort: 80}}]}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec:
  type: {type}
  clusterIP: 10.96.0.80
  selector: {{app: web}}
  ports: [{{name: http, port: 80, targetPort: 8080}}{port}]
"""
METRICS = ", {name: metrics, port: 9090}"
API = """\
---
apiVersion: v1
kind: Service
metadata: {name: api}
spec:
  selector: {app: api}
  ports: [{port: 80}]
"""


class Change(NamedTuple):
    """Something that happens to the lab, and the endpoints of `web` that end with it."""

    words: str
    do: Callable[["Busy"], object]
    ends: tuple[str, ...] = ()


class Busy:
    """A lab with a client in it."""

    def __init__(self, lab: Lab, file: Path, mode: str, client: BusyClient) -> None:
        self.lab = lab
        self.file = file
        self.mode = mode
        self.ask = client.ask

    def apply(self, **values: object) -> None:
        """The lab is what another file says."""
        write(self.file, self.mode, **values)
        self.lab.apply(self.file)


def write(file: Path, mode: str, **values: object) -> None:
    """Write the scenario with these changes."""
    usual = {"nodes": 2, "web": 3, "api": 1, "type": "ClusterIP", "port": "", "mode": mode}
    more = "".join(str(values.pop(each, "")) for each in ("second",))
    file.write_text(SCENARIO.format(**usual | values) + more)


CHANGES = (
    Change("two endpoints more", lambda busy: busy.lab.scale("deploy/web", 5)),
    Change("two fewer", lambda busy: busy.lab.scale("deploy/web", 3), ("web-3", "web-4")),
    Change("an endpoint restarts", lambda busy: busy.lab.restart("pod/web-0"), ("web-0",)),
    Change("another Service comes", lambda busy: busy.apply(second=API)),
    Change("its endpoints grow", lambda busy: busy.apply(second=API, api=4)),
    Change("one of them restarts", lambda busy: busy.lab.restart("pod/api-2")),
    Change("a port is added", lambda busy: busy.apply(second=API, api=4, port=METRICS)),
    Change("the other Service has no endpoint", lambda busy: busy.lab.scale("deploy/api", 0)),
    Change("a port is removed", lambda busy: busy.apply(second=API)),
    Change("a Service goes", lambda busy: busy.apply()),
    Change(
        "all endpoints restart, one by one",
        lambda busy: busy.lab.restart("deploy/web"),
        ("web-0", "web-1", "web-2"),
    ),
    Change(
        "the Service is a NodePort of policy Local",
        lambda busy: busy.apply(type="NodePort\n  externalTrafficPolicy: Local"),
    ),
    Change(
        "and a load balancer's, of policy Cluster", lambda busy: busy.apply(type="LoadBalancer")
    ),
    Change(
        "and a ClusterIP whose traffic stays on its node",
        lambda busy: busy.apply(type="ClusterIP\n  internalTrafficPolicy: Local"),
    ),
    Change("a node more", lambda busy: busy.apply(nodes=3)),
    Change("with endpoints on it", lambda busy: busy.apply(nodes=3, web=6)),
    Change(
        "down to two endpoints",
        lambda busy: busy.apply(nodes=3, web=2),
        ("web-2", "web-3", "web-4", "web-5"),
    ),
    Change("one of two restarts", lambda busy: busy.lab.restart("pod/web-1"), ("web-1",)),
    Change("a node fewer", lambda busy: busy.apply(web=2)),
    Change("as it was", lambda busy: busy.apply()),
)


@pytest.fixture(params=MODES)
def busy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Busy]:
    """A lab of this proxyMode, and a client that holds connections to its Service."""
    file = tmp_path / "busy.yaml"
    write(file, request.param)
    with (
        Agent(file) as agent,
        busy_client(agent.lab, "pod/client", "10.96.0.80", 80, tmp_path) as client,
    ):
        yield Busy(agent.lab, file, request.param, client)


def test_only_connections_to_endpoints_that_end_notice_a_change(busy: Busy) -> None:
    assert len(CHANGES) == 20
    requests, ended = 0, False
    # The VM takes three minutes for all of them.
    for words, do, ends in CHANGES[:4] if busy.mode == "ipvs" else CHANGES:
        held = busy.ask(f"hold {HELD}")
        ending = sorted(each for each in held if each.rsplit("/", 1)[1] in ends)
        do(busy)
        found = busy.ask("ping")
        assert sorted(server for server, _ in found["broken"]) == ending, (words, found["broken"])
        assert len(found["alive"]) == HELD - len(ending), words
        loop = busy.ask("loop")
        # The loop makes one request after the other: one of them may have been on its way to an
        # endpoint that went, and noticed when it was sent again.
        assert len(loop["errors"]) <= (1 if ends or ended else 0), (words, loop["errors"])
        ended = bool(ends)
        assert loop["served"], words
        requests += sum(loop["served"].values())
        assert busy.lab.drift() == [], words
    print(f"{requests} requests, {HELD} connections, {len(CHANGES)} changes")  # noqa: T201


@pytest.mark.parametrize("busy", ["iptables", "nftables"], indirect=True)
def test_a_restarted_pod_never_gets_the_address_it_just_had(busy: Busy) -> None:
    """Even if that is the first free one."""
    for _ in range(4):
        before = busy.lab["pod/web-1"].addresses
        assert busy.lab.restart("pod/web-1") == ("east/pod/web-1",)
        assert set(busy.lab["pod/web-1"].addresses).isdisjoint(before)
        assert busy.lab.connect("pod/client", "pod/web-1:8080").verdict == "ok"
    assert len(busy.ask("loop")["errors"]) <= 1  # on its way to who went
