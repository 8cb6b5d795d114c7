"""Links, routes and tunnels with an MTU below 1,500 bytes: which packets pass, which senders learn
the MTU, and which requests hang because the sender does not."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from nsnet import Verdict
from nsnet.ip import Protocol
from nsnet.kernel.processes import until
from nsnet.lab.agent import Agent
from nsnet.lab.lab import Lab
from nsnet.probes.prober import Flow, send
from tests.support.machine import NEEDS_ROOT, ROOTLESS_UNABLE
from tests.support.small_lab import SmallLab, routed_lab

pytestmark = pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE)

SERVER = {4: "10.2.0.2", 6: "fd02::2"}
OK, HANGS, TIMEOUT = Verdict.OK, Verdict.LARGE_HANGS, Verdict.TIMEOUT
TCP, UDP, ICMP = Protocol.TCP, Protocol.UDP, Protocol.ICMP

# Two islands alike, but that the gateway of `mute` drops what routers say of sizes.
ISLANDS = """\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {name: narrow}
spec:
  clusters:
  - {name: told, nodes: 1, gateway: {kind: nat}}
  - {name: mute, nodes: 1, gateway: {kind: nat}}
  externals:
  - {name: api, address: 203.0.113.80, mtu: 1400, ports: [{port: 443}, {port: 53, protocol: UDP}]}
  faults:
  - {in: mute/gateway, drop: {protocol: icmp, type: fragmentation-needed}}
---
apiVersion: v1
kind: Pod
metadata: {name: client, annotations: {nsnet.dev/cluster: "told,mute"}}
spec: {containers: [{name: main}]}
"""


@pytest.fixture(scope="module")
def islands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    file: Path = tmp_path_factory.mktemp("narrow") / "narrow.yaml"
    file.write_text(ISLANDS)
    with Agent(file) as agent:
        yield agent.lab


@pytest.mark.parametrize(
    ("cluster", "protocol", "size", "verdict"),
    [
        ("mute", "tcp", 0, OK),
        ("mute", "tcp", 1320, OK),  # the largest that fits in 1,400 bytes
        ("mute", "tcp", 1321, HANGS),
        ("mute", "tcp", 65_536, HANGS),
        ("told", "tcp", 1321, OK),
        ("told", "tcp", 65_536, OK),
        ("mute", "udp", 1344, OK),
        ("mute", "udp", 1345, HANGS),
        ("mute", "udp", 20_000, OK),  # in fragments, which any router may fragment again
        ("told", "udp", 1345, OK),
        ("mute", "icmp", 1345, HANGS),
        ("told", "icmp", 1345, OK),
    ],
)
def test_a_path_that_is_narrower_than_both_ends(
    islands: Lab, cluster: str, protocol: str, size: int, verdict: Verdict
) -> None:
    port = {"tcp": ":443", "udp": ":53", "icmp": ""}[protocol]
    client = f"{cluster}/pod/client"
    # A connection learns for its whole host: each size shall find out by itself.
    islands.exec(client, "ip", "route", "flush", "cache")
    seen = islands.connect(client, f"external/api{port}", protocol, size=size, path=True)
    assert seen.verdict is verdict
    foreseen = islands.explain(client, f"external/api{port}", protocol, size)
    assert seen.path == foreseen.path
    if verdict is OK:
        assert seen.source in islands[f"{cluster}/gateway"].addresses


def test_what_a_router_said_comes_back_through_two_translations(islands: Lab) -> None:
    islands.exec("told/pod/client", "ip", "route", "flush", "cache")
    islands.connect("told/pod/client", "external/api:443", size=65_536)
    learnt = islands.exec("told/pod/client", "ip", "route", "show", "cache").stdout
    assert "203.0.113.80" in learnt
    assert "mtu 1400" in learnt


def test_mss_clamping_needs_no_mtu_errors(islands: Lab) -> None:
    clamp = "-t mangle {} FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1360"
    for verb, verdict in (("-A", OK), ("-D", HANGS)):
        islands.exec("mute/gateway", "iptables-legacy", *clamp.format(verb).split())
        seen = islands.connect("mute/pod/client", "external/api:443", size=65_536)
        assert seen.verdict is verdict


# --- the prober alone ---


@pytest.fixture(scope="module")
def routed() -> Iterator[SmallLab]:
    """client ── router ── server; the router passes 1,400 bytes on to the server, and, to port 81,
    only what is small."""
    with routed_lab() as lab:
        lab.run("router", "ip route add 10.2.0.2/32 dev server mtu 1400")
        lab.run("router", "ip -6 route add fd02::2/128 dev server mtu 1400")
        for iptables in ("iptables-legacy", "ip6tables-legacy"):
            for protocol in ("tcp", "udp"):
                rule = f"FORWARD -p {protocol} --dport 82 -j DROP"
                lab.run("router", f"{iptables} -A {rule}")
                rule = f"FORWARD -p {protocol} --dport 81 -m length --length 200: -j DROP"
                lab.run("router", f"{iptables} -A {rule}")
        lab.serve("server", 81, 82)
        yield lab


def attempt(lab: SmallLab, protocol: Protocol, family: int, port: int, size: int) -> Verdict:
    number = None if protocol is ICMP else port
    flow = Flow(lab["client"], ip_address(SERVER[family]), number, protocol)
    (outcomes,) = send([replace(flow, size=size, timeout=0.5)], lab.namespaces)
    return outcomes[0].verdict


@NEEDS_ROOT
@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize(
    ("protocol", "port", "size", "verdict"),
    [
        (TCP, 80, 65_536, OK),
        (UDP, 80, 1400, OK),  # lost, and sent again
        (UDP, 80, 20_000, OK),
        (ICMP, 0, 1400, OK),
        (TCP, 81, 0, OK),
        (TCP, 81, 300, HANGS),
        (TCP, 81, 65_536, HANGS),
        (UDP, 81, 300, HANGS),
        (TCP, 82, 300, TIMEOUT),  # it never connected
        (UDP, 82, 300, TIMEOUT),  # and small gets nowhere, either
    ],
)
def test_large_hangs_only_where_small_passes(
    routed: SmallLab, protocol: Protocol, port: int, size: int, verdict: Verdict, family: int
) -> None:
    routed.run("client", f"ip -{family} route flush cache")
    assert attempt(routed, protocol, family, port, size) is verdict


@NEEDS_ROOT
def test_a_server_that_goes_silent_hangs_for_all_sizes(routed: SmallLab) -> None:
    """It is connected, and then nothing more: small fails like large."""
    silent = subprocess.Popen(
        ["ip", "netns", "exec", routed["server"], "python3", "-c", SILENT],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert silent.stdout is not None
        until(
            lambda: silent.stdout is not None and silent.stdout.readline() != "", what="no server"
        )
        assert attempt(routed, TCP, 4, 99, 300) is TIMEOUT
    finally:
        silent.kill()
        silent.communicate()


SILENT = """
import socket, time
opened = socket.create_server(("10.2.0.2", 99))
print("ready", flush=True)
time.sleep(60)
"""
