"""proxyMode nftables on the kernel: rules are listed as they were loaded, changes by hand are
found, a change leaves the rest alone, and packets are forwarded as with kube-proxy."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from nsnet.errors import KernelError, UnsupportedError
from nsnet.features.compile import compile_state
from nsnet.kernel import capabilities, netfilter, netns, nftables
from nsnet.kernel.observe import observe
from nsnet.lab import registry as labs
from nsnet.lab.agent import Agent
from nsnet.lab.compiled import compiled
from nsnet.lab.lab import Lab
from nsnet.plan.differences import diff
from nsnet.scenario.load import load as read
from nsnet.state.nftables_text import delete, load
from nsnet.state.rules import KUBE_PROXY, Chain, Goto, Rule
from nsnet.topology.resolve import resolve
from tests.kernel.test_scenarios import differences
from tests.kernel.test_services import BRIDGE, BY_N1, CLIENT, ETH0, LAPTOP, N2, OTHER, outcomes
from tests.support.machine import NEEDS_ROOT, ROOT, Machine, machine, patience

pytestmark = NEEDS_ROOT

REPLACED = {
    "clusterip": {
        "{name: east, nodes: 2}": "{name: east, nodes: 2, proxyMode: nftables}",
        # A ClusterIP refuses on all other ports, where iptables lets the packet pass on.
        "verdict: net-unreachable": "verdict: refused",
    },
    "dual-stack": {"    nodes: 2\n": "    nodes: 2\n    proxyMode: nftables\n"},
    "services": {"{name: east, nodes: 2}": "{name: east, nodes: 2, proxyMode: nftables}"},
}
SERVICES = ROOT / "tests" / "kernel" / "services.yaml"


def in_nftables(name: str, folder: Path) -> Path:
    """Write the scenario of this name, with proxyMode nftables, into the folder."""
    source = SERVICES if name == "services" else ROOT / "scenarios" / f"{name}.yaml"
    text = source.read_text()
    for old, new in REPLACED[name].items():
        assert old in text, f"{source}: {old}"
        text = text.replace(old, new)
    file = folder / f"{name}.yaml"
    file.write_text(text)
    return file


@pytest.fixture(scope="module", params=["clusterip", "dual-stack"])
def shipped(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lab]:
    with Agent(in_nftables(request.param, tmp_path_factory.mktemp("shipped"))) as agent:
        yield agent.lab


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab with Services of every policy."""
    with Agent(in_nftables("services", tmp_path_factory.mktemp("services"))) as agent:
        yield agent.lab


@pytest.fixture(scope="module")
def host() -> Iterator[Machine]:
    """A machine whose labs stay up."""
    with machine() as made:
        yield made


# --- whole labs ---


def test_the_kernel_lists_what_was_loaded(shipped: Lab) -> None:
    assert shipped.drift() == []


def test_author_model_and_kernel_agree(shipped: Lab) -> None:
    report = shipped.probe()
    assert differences(report) == []
    assert report.ok


@pytest.mark.parametrize("tool", netfilter.TOOLS)
@pytest.mark.parametrize("name", ["services", "dual-stack"])
def test_the_plan_as_a_shell_script_builds_the_same_state(
    host: Machine, tmp_path: Path, name: str, tool: str
) -> None:
    file = in_nftables(name, tmp_path)
    state = compile_state(resolve(read(file)))
    script = tmp_path / "script.sh"
    script.write_text(host.nsnet_output("plan", file, "--shell"))
    try:
        host.output("sh", str(script), env={"IPT": tool})
        names = [each.name for each in state.netns]
        keys = {each.name: [sysctl.key for sysctl in each.sysctls] for each in state.netns}
        assert host.inside(lambda: diff(state, observe(names, keys, tool))) == ()
    finally:
        for each in state.netns:
            host.run("ip", "netns", "del", each.name)


# --- what a client sees ---


@pytest.mark.parametrize(
    ("source", "to", "expected"),
    [
        # As with iptables.
        ("laptop", f"{ETH0}:30080", BY_N1),
        ("laptop", f"{N2}:30080", {f"here {N2}", "there 10.244.1.1"}),
        ("client", f"{ETH0}:30080", BY_N1),
        ("n1", f"{ETH0}:30080", BY_N1),
        ("client", "198.51.100.7:80", BY_N1),
        ("laptop", f"{ETH0}:30081", {f"here {LAPTOP}"}),
        ("client", f"{ETH0}:30081", {f"here {CLIENT}", f"there {CLIENT}"}),
        ("client", "198.51.100.8:80", {f"here {CLIENT}", f"there {CLIENT}"}),
        ("n1", f"{ETH0}:30081", BY_N1),
        ("laptop", f"{ETH0}:30082", {"timeout"}),
        ("client", "198.51.100.9:80", {f"there {CLIENT}"}),
        ("laptop", f"{ETH0}:30083", {"refused"}),
        ("client", "198.51.100.10:80", {"refused"}),
        ("client", "svc/inside:80", {f"here {CLIENT}"}),
        ("other", "svc/inside:80", {f"there {OTHER}"}),
        ("client", "svc/inside-away:80", {"timeout"}),
        ("laptop", f"{ETH0}:30084", BY_N1),
        # Unlike iptables: no NodePort on localhost and on other addresses of the node.
        ("n1", "127.0.0.1:30080", {"refused"}),
        ("n1", f"{BRIDGE}:30080", {"refused"}),
        ("n1", "127.0.0.1:30082", {"refused"}),
        # Packets of the node itself are filtered before they could be DNATed.
        ("n1", f"{ETH0}:30082", {f"there {ETH0}"}),
        ("n1", "198.51.100.9:80", {"timeout"}),
        ("n1", "198.51.100.10:80", {"refused"}),
        # Another port of a ClusterIP; a ClusterIP of no Service.
        ("client", "svc/inside:81", {"refused"}),
        ("n1", "10.96.200.1:80", {"timeout"}),
        ("client", "10.96.200.1:80", {"timeout"}),
    ],
)
def test_which_endpoints_answer_and_which_source_they_see(
    lab: Lab, source: str, to: str, expected: set[str]
) -> None:
    times = 2 if expected == {"timeout"} else 20
    assert outcomes(lab, source, to, times) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [("client", "timeout"), ("laptop", "timeout"), ("n1", "ok"), ("n2", "ok"), ("other", "ok")],
)
def test_source_ranges_admit_pods_and_nodes_within_them(
    lab: Lab, source: str, expected: str
) -> None:
    place = "external/laptop" if source == "laptop" else f"node/{source}"
    place = f"pod/{source}" if source in ("client", "other") else place
    (fenced,) = (each for each in lab.topology.clusters[0].services if each.name == "fenced")
    seen = lab.connect(place, f"{fenced.load_balancer_ips[0]}:80", timeout=patience(expected))
    assert seen.verdict == expected


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize(
    ("source", "to"),
    [("client", "svc/sticky:80"), ("n1", "svc/sticky:80"), ("laptop", f"{ETH0}:30085")],
)
def test_session_affinity_keeps_a_client_on_its_first_endpoint(
    lab: Lab, source: str, to: str, protocol: str
) -> None:
    assert len(outcomes(lab, source, to, protocol=protocol)) == 1


def test_clients_in_the_affinity_set_are_no_drift(lab: Lab) -> None:
    outcomes(lab, "client", "svc/sticky:80", 1)
    assert "expires" in lab.exec("node/n1", "nft", "list", "ruleset").stdout
    assert lab.drift() == []


# --- drift ---


@pytest.mark.parametrize(
    ("command", "found"),
    [
        (
            "flush chain ip kube-proxy services",
            [
                "services: rule missing: ip daddr . meta l4proto . th dport vmap @service-ips",
                "services: rule missing: ip daddr @nodeport-ips meta l4proto . th dport"
                " vmap @service-nodeports",
            ],
        ),
        (
            "delete element ip kube-proxy nodeport-ips { 192.168.10.2 }",
            ["nodeport-ips: element missing: 192.168.10.2"],
        ),
        (
            "add element ip kube-proxy service-nodeports { tcp . 31000 : drop }",
            ["service-nodeports: element added by hand: tcp . 31000 : drop"],
        ),
        ("add chain ip kube-proxy mine", ["mine: chain was added by hand"]),
        (
            "add set ip kube-proxy mine { type ipv4_addr ; }",
            ["mine: set was added by hand"],
        ),
        (
            "add rule ip kube-proxy firewall-check drop",
            ["firewall-check: rule added by hand: drop"],
        ),
    ],
)
def test_a_change_by_hand_is_found(lab: Lab, command: str, found: list[str]) -> None:
    assert lab.exec("node/n1", "nft", *command.split(" ")).returncode == 0
    assert lab.drift() == [f"east/node/n1: kube-proxy {each}" for each in found]
    lab.reset()


def test_a_deleted_table_is_found(lab: Lab) -> None:
    assert lab.exec("node/n1", "nft", "delete", "table", "ip", "kube-proxy").returncode == 0
    lines = lab.drift()
    assert "east/node/n1: kube-proxy services: chain is missing" in lines
    assert "east/node/n1: kube-proxy service-ips: map is missing" in lines
    assert all(each.startswith("east/node/n1: kube-proxy ") for each in lines)
    lab.reset()


# --- changes ---


def test_a_lab_has_no_drift_after_each_change(host: Machine, tmp_path: Path) -> None:
    file = in_nftables("services", tmp_path)
    first = file.read_text()
    steps: list[Callable[[str], str]] = [
        lambda text: text.replace("timeoutSeconds: 1}", "timeoutSeconds: 7200}"),
        lambda text: text.replace("{app: web}}", "{app: other}}"),  # most endpoints are removed
        lambda text: text.replace("  sessionAffinity: ClientIP\n  ports:", "  ports:"),
        lambda text: text.replace("nodePort: 30080", "nodePort: 30099"),
        lambda text: text.replace("proxyMode: nftables", "proxyMode: iptables"),
        lambda text: first,
        lambda text: text.replace("externalTrafficPolicy: Local", "externalTrafficPolicy: Cluster"),
        lambda text: first,
    ]
    host.up(file)
    try:
        text = first
        for step in steps:
            text, before = step(text), text
            assert text != before
            file.write_text(text)
            host.inside(lambda: labs.apply("services", read(file)))
            assert host.drift("services") == []
    finally:
        host.down()


# --- one namespace ---


@pytest.fixture
def namespace(host: Machine) -> Iterator[str]:
    host.output("ip", "netns", "add", "alone")
    yield "alone"
    host.output("ip", "netns", "del", "alone")


ENDS = Chain(KUBE_PROXY, "ends")
OTHER_SIX = Chain(KUBE_PROXY, "other", family=6)


def test_a_refused_transaction_changes_nothing(host: Machine, namespace: str) -> None:
    broken = (ENDS, Chain(KUBE_PROXY, "goes", (Rule(target=Goto("nowhere")),)))

    def attempt() -> str:
        with pytest.raises(KernelError) as error:
            nftables.load([(namespace, load(4, (), broken))])
        return str(error.value)

    words = host.inside(attempt)
    assert words.startswith(f"ip netns exec {namespace} nft -f - < …: ")
    assert "No such file or directory" in words
    assert host.inside(lambda: nftables.tables_of([namespace])) == {namespace: nftables.Tables()}


def test_a_chain_that_a_rule_still_names_is_not_deleted(
    host: Machine, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nftables, "_SECONDS", 0.2)
    calls = Chain(KUBE_PROXY, "calls", (Rule(target=Goto("ends")),))

    def attempt() -> str:
        nftables.load([(namespace, load(4, (), (ENDS, calls)))])
        with pytest.raises(KernelError) as error:
            nftables.delete([(namespace, delete(4, (ENDS, calls), (calls,)))])
        return str(error.value)

    assert "Device or resource busy" in host.inside(attempt)


def test_a_busy_chain_is_deleted_a_moment_later(
    host: Machine, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on kernels before 6.2. The chain of the other family, deleted at once, is not deleted
    twice."""
    calls = Chain(KUBE_PROXY, "calls", (Rule(target=Goto("ends")),))
    six = (replace(ENDS, family=6), OTHER_SIX)

    def let_go(seconds: float) -> None:
        """Remove the last reference instead of sleeping."""
        del seconds
        nftables.load([(namespace, load(4, (calls,), (replace(calls, rules=()),)))])

    def attempt() -> list[str]:
        nftables.load([(namespace, load(4, (), (ENDS, calls))), (namespace, load(6, (), six))])
        clock = SimpleNamespace(sleep=let_go, monotonic=time.monotonic)
        monkeypatch.setattr(nftables, "time", clock)
        gone = [delete(4, (ENDS, calls), (calls,)), delete(6, six, (OTHER_SIX,))]
        nftables.delete([(namespace, each) for each in gone])
        left = nftables.tables_of([namespace])[namespace].chains
        return [f"{each.family} {each.name}" for each in left]

    assert host.inside(attempt) == ["4 calls", "6 other"]


def test_a_namespace_without_the_table_is_empty(host: Machine, namespace: str) -> None:
    host.output("ip", "netns", "exec", namespace, "nft", "add", "table", "inet", "kube-proxy-not")
    found = host.inside(lambda: nftables.tables_of([namespace]))[namespace]
    assert found == nftables.Tables()


# --- hosts without nftables ---


@pytest.mark.parametrize("lacking", ["find", "has_nf_tables"])
def test_a_host_without_nftables_says_so_before_anything_is_built(
    host: Machine, tmp_path: Path, lacking: str
) -> None:
    file = in_nftables("clusterip", tmp_path)

    def attempt() -> tuple[str, str, list[str]]:
        if lacking == "find":
            capabilities.find = lambda program: None  # type: ignore[attr-defined]
        else:
            netfilter.has_nf_tables = lambda: False
        with pytest.raises(UnsupportedError) as error:
            labs.up(compiled(read(file)))
        return str(error.value), error.value.hint, netns.names("nsnet.")

    hint = (
        "apt install nftables; modprobe nf_tables; or, in nsnet's source: make vm, a shell in a VM"
        " that has all of it"
    )
    assert host.inside(attempt) == ("this host has no nft", hint, [])


def test_a_lab_in_another_mode_does_not_need_it(host: Machine) -> None:
    def attempt() -> list[str]:
        capabilities.find = lambda program: None  # type: ignore[attr-defined]
        labs.up(compiled(read(ROOT / "scenarios" / "clusterip.yaml")))
        return labs.attach("clusterip").drift()

    try:
        assert host.inside(attempt) == []
    finally:
        host.down()
