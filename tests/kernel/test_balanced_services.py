"""Services behind a load balancer, from their manifests to the pods that answer: the kernel, the
model and the policies agree, from outside and from the cluster's own pods."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import product

import pytest

from nsnet.errors import UnsupportedError
from nsnet.lab.agent import Agent
from nsnet.lab.lab import Lab
from nsnet.probes.question import probe_spec
from nsnet.verdict import Verdict
from tests.kernel.test_scenarios import differences, patient
from tests.support.machine import ROOTLESS_UNABLE

pytestmark = pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE)

LAB = """\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {name: balanced}
spec:
  fabricCIDR: 198.18.0.0/16,fd98::/64
  clusters:
  - name: east
    nodes: 3
    proxyMode: MODE
    podCIDR: 10.244.0.0/16,fd00:10:244::/56
    serviceCIDR: 10.96.0.0/16,fd00:10:96::/112
    nodeCIDR: 192.168.10.0/24,fd00:192:168::/64
  - {name: west, nodes: 2, gateway: {kind: nat}, proxyMode: MODE}
  externals:
  - {name: client, address: 203.0.113.9}
  - {name: client6, address: "2001:db8::9"}
---
apiVersion: v1
kind: Pod
metadata: {name: client, annotations: {nsnet.dev/cluster: "east,west"}}
spec: {nodeName: n1, containers: [{}]}
"""
WEB = """\
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {nsnet.dev/cluster: "east,west"}}
spec:
  replicas: 2
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{ports: [{containerPort: 80}]}]}
"""
SERVICE = """\
---
apiVersion: v1
kind: Service
metadata: {name: NAME, annotations: {nsnet.dev/cluster: "east,west"}}
spec:
  type: LoadBalancer
  selector: {app: web}
  externalTrafficPolicy: POLICY
  ipFamilyPolicy: PreferDualStack
  ports: [{port: 80}]
"""
FILE = (
    LAB
    + WEB
    + "".join(
        SERVICE.replace("NAME", name).replace("POLICY", policy)
        for name, policy in (("anywhere", "Cluster"), ("here", "Local"))
    )
)
OUTSIDE = "203.0.113.9"


@pytest.fixture(scope="module", params=["iptables", "nftables"])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    file = tmp_path_factory.mktemp("balanced") / "balanced.yaml"
    file.write_text(FILE.replace("MODE", request.param))
    with ExitStack() as stack:
        try:
            agent = stack.enter_context(Agent(file))
        except UnsupportedError as error:
            pytest.skip(str(error))
        yield agent.lab


def places(lab: Lab, cluster: str, *kinds: str) -> set[str]:
    """The references of a cluster that are of these kinds."""
    return {
        reference
        for _, reference, _ in lab.topology.namespaces()
        if reference.split("/")[:2] in [[cluster, kind] for kind in kinds]
    }


def test_the_model_predicts_every_client_of_every_load_balancer(lab: Lab) -> None:
    assert lab.drift() == []
    vips = [
        f"{address}:80" if address.version == 4 else f"[{address}]:80"
        for cluster in lab.topology.clusters
        for service in cluster.services
        for address in service.load_balancer_ips
    ]
    assert len(vips) == 6  # the Services of west have one family
    sources = list(lab.places().values())
    specs = [
        patient(lab, probe_spec(source, vip, times=6))
        for source, vip in product(sources, vips)
        if any((":" in str(one)) == ("[" in vip) for one in lab[source].addresses)
    ]
    assert differences(lab.probe(specs=specs)) == []
    assert lab.drift() == []


@pytest.mark.parametrize("cluster", ["east", "west"])
def test_policy_cluster_spreads_over_all_nodes_and_hides_the_client(lab: Lab, cluster: str) -> None:
    seen = lab.connect("external/client", f"{cluster}/svc/anywhere:80", times=120, path=True)
    assert seen.verdict is Verdict.OK
    assert seen.servers == lab.endpoints(f"{cluster}/deploy/web")
    nodes = {name for each in seen.report.observed.attempts for name in each.path or ()}
    assert nodes >= places(lab, cluster, "node")  # each has been the first for some
    of_nodes = {one for node in places(lab, cluster, "node") for one in lab[node].addresses}
    assert seen.sources <= of_nodes


@pytest.mark.parametrize("cluster", ["east", "west"])
def test_policy_local_sends_to_nodes_with_endpoints_alone_and_shows_the_client(
    lab: Lab, cluster: str
) -> None:
    lab.scale(f"{cluster}/deploy/web", 1)
    try:
        assert lab.drift() == []
        (pod,) = lab.endpoints(f"{cluster}/deploy/web")
        seen = lab.connect("external/client", f"{cluster}/svc/here:80", times=60, path=True)
        assert (seen.verdict, seen.servers, str(seen.source)) == (
            Verdict.OK,
            frozenset({pod}),
            OUTSIDE,
        )
        ways = {each.path for each in seen.report.observed.attempts}
        assert len(ways) == 1  # through its node
        assert seen.path == lab.explain("external/client", f"{cluster}/svc/here:80").path
        lab.scale(f"{cluster}/deploy/web", 0)
        assert lab.drift() == []
        nobody = lab.connect("external/client", f"{cluster}/svc/here:80", timeout=0.5)
        assert nobody.verdict is Verdict.TIMEOUT
        refused = lab.connect("external/client", f"{cluster}/svc/anywhere:80")
        assert refused.verdict is Verdict.REFUSED
    finally:
        lab.scale(f"{cluster}/deploy/web", 2)


def test_the_clusters_own_pods_reach_a_load_balancer_without_leaving(lab: Lab) -> None:
    """Their own node's kube-proxy has rules for the address, whatever the policy."""
    for service in ("anywhere", "here"):
        (vip, *_) = next(
            each.load_balancer_ips
            for each in lab.topology.clusters[0].services
            if each.name == service
        )
        seen = lab.connect("east/pod/client", f"{vip}:80", times=60, path=True)
        assert seen.servers == lab.endpoints("east/deploy/web")
        assert {(each.path or ())[1] for each in seen.report.observed.attempts} == {"east/node/n1"}


def test_pods_of_another_island_reach_a_load_balancer_as_their_gateway(lab: Lab) -> None:
    seen = lab.connect("west/pod/client", "east/lb/here:80", times=30)
    assert seen.servers == lab.endpoints("east/deploy/web")
    assert seen.sources <= set(lab["west/gateway"].addresses)
    back = lab.connect("east/pod/client", "west/lb/here:80", times=30)
    assert back.servers == lab.endpoints("west/deploy/web")
