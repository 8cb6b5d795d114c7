"""Services and pods that other clusters use, while the lab changes: what is exported, recreated and
left alone."""

from pathlib import Path

import pytest

from nsnet.lab.agent import Agent
from nsnet.lab.lab import Lab
from nsnet.verdict import Verdict
from tests.support.machine import ROOTLESS_UNABLE

pytestmark = pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE)

BOTH = '{nsnet.dev/cluster: "east,west"}'
FLAT = f"""\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {{name: exports}}
spec:
  clusters:
  - {{name: east, model: flat, nodes: 2, podCIDR: 10.244.0.0/16, proxyMode: MODE}}
  - {{name: west, model: flat, nodes: 2, podCIDR: 10.245.0.0/16, proxyMode: MODE}}
  externals: [{{name: laptop, address: 203.0.113.10}}]
---
apiVersion: v1
kind: Pod
metadata: {{name: client, annotations: {BOTH}}}
spec: {{containers: [{{name: main}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, annotations: {BOTH}}}
spec:
  replicas: 2
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{ports: [{{containerPort: 80}}]}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: web, annotations: {BOTH}}}
spec: {{selector: {{app: web}}, ports: [{{port: 80}}]}}
"""
EXPORT = """\
---
apiVersion: multicluster.x-k8s.io/v1alpha1
kind: ServiceExport
metadata: {name: web, annotations: {nsnet.dev/cluster: west}}
"""


@pytest.fixture(params=["iptables", "nftables"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    written = tmp_path / "exports.yaml"
    written.write_text(FLAT.replace("MODE", request.param) + EXPORT)
    return written


def test_a_flat_service_is_for_others_as_long_as_it_is_exported(file: Path) -> None:
    with Agent(file) as agent:
        lab = agent.lab
        address = lab.topology.clusters[1].services[0].exported[0]
        clients = ("east/pod/client", "external/laptop", "west/node/n1")
        for client in clients:
            seen = lab.connect(client, f"{address}:80", times=12)
            assert seen.servers == {"west/pod/web-0", "west/pod/web-1"}
        file.write_text(file.read_text().replace(EXPORT, ""))
        lab.apply(file)
        assert lab.drift() == []
        for client in clients:
            assert Verdict.OK not in lab.connect(client, f"{address}:80").verdicts
        file.write_text(file.read_text() + EXPORT)
        lab.apply(file)
        assert lab.drift() == []
        seen = lab.connect("east/pod/client", "west/svc/web:80", times=12)
        assert seen.source == lab["east/pod/client"].addresses[0]


def test_a_service_of_several_clusters_follows_its_exports(file: Path) -> None:
    name = "web.default.svc.clusterset.local"
    with Agent(file) as agent:
        lab = agent.lab
        (address,) = lab.topology.clusterset[0].addresses

        def servers() -> frozenset[str]:
            found = {
                lab.connect(client, f"{address}:80", times=40).servers
                for client in ("east/pod/client", "west/pod/client", "east/node/n2")
            }
            assert lab.drift() == []
            (same,) = found
            return same

        west = {"west/pod/web-0", "west/pod/web-1"}
        assert servers() == west
        answer = lab.exec("east/pod/client", "getent", "ahosts", name).stdout
        assert {line.split()[0] for line in answer.splitlines()} == {str(address)}
        both = EXPORT.replace("cluster: west", 'cluster: "east,west"')
        file.write_text(file.read_text().replace(EXPORT, both))
        lab.apply(file)
        assert lab.topology.clusterset[0].addresses == (address,)
        assert servers() == west | {"east/pod/web-0", "east/pod/web-1"}
        lab.scale("west/deploy/web", 0)
        assert servers() == {"east/pod/web-0", "east/pod/web-1"}
        file.write_text(file.read_text().replace(both, ""))
        lab.apply(file)
        assert Verdict.OK not in lab.connect("west/pod/client", f"{address}:80").verdicts
        assert lab.exec("east/pod/client", "getent", "ahosts", name).returncode == 2  # NXDOMAIN


def test_the_other_cluster_learns_of_added_and_removed_pods(file: Path) -> None:
    with Agent(file) as agent:
        lab = agent.lab
        lab.scale("west/deploy/web", 0)
        assert lab.connect("east/pod/client", "west/svc/web:80").verdict is Verdict.REFUSED
        lab.scale("west/deploy/web", 3)
        seen = lab.connect("east/pod/client", "west/svc/web:80", times=30)
        assert seen.servers == {f"west/pod/web-{number}" for number in range(3)}
        lab.scale("east/deploy/web", 0)  # a name that both have
        assert lab.connect("east/pod/client", "west/svc/web:80").verdict is Verdict.OK
        assert lab.drift() == []


@pytest.mark.lab("scenarios/island-vip.yaml")
def test_a_virtual_address_follows_its_pod(lab: Lab) -> None:
    before = lab["west/pod/web-0"].addresses
    lab.restart("west/pod/web-0")
    after = lab["west/pod/web-0"].addresses
    assert set(before).isdisjoint(after)
    assert lab.drift() == []
    assert lab.connect("east/pod/client", "west/pod/web-0:80").servers == {"west/pod/web-0"}
    assert lab.connect("east/pod/client", str(before[1]), "icmp").verdict is not Verdict.OK


SIX = """\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {name: six}
spec:
  fabricCIDR: 198.18.0.0/16,fd98::/64
  clusters:
  - {name: east, nodes: 1, nodeCIDR: "fd00:192:168:1::/64", HUB}
  - {name: west, nodes: 1, nodeCIDR: "fd00:192:168:2::/64", HUB}
  externals: [{name: laptop, address: "2001:db8::10"}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}, annotations: {nsnet.dev/cluster: west}}
spec: {containers: [{ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, annotations: {nsnet.dev/cluster: west}}
spec: {selector: {app: web}, ports: [{port: 80}]}
""".replace(
    "HUB",
    'gateway: {kind: nat, name: hub}, podCIDR: "fd00:10:244::/56", serviceCIDR: "fd00:96::/112"',
)


def test_a_gateway_sends_from_its_own_address_and_not_from_an_exported_one(
    tmp_path: Path,
) -> None:
    """Of several addresses IPv6 would choose the one that was added last. No rule translates what a
    shared gateway itself sends."""
    file = tmp_path / "six.yaml"
    file.write_text(SIX)
    with Agent(file) as agent:
        lab = agent.lab
        for text in (SIX + EXPORT, SIX, SIX + EXPORT):
            file.write_text(text)
            lab.apply(file)
            assert lab.drift() == []
            seen = lab.connect("east,west/gateway", "external/laptop", "icmp")
            assert str(seen.source) == "fd98::2"
        assert lab.connect("external/laptop", "west/svc/web:80").verdict is Verdict.OK
