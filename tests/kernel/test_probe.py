"""What a client can see of a network: each verdict as each protocol brings it about."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address

import pytest

from nsnet.errors import KernelError
from nsnet.ip import Protocol
from nsnet.probes.outcome import Outcome
from nsnet.probes.prober import Flow, send
from nsnet.verdict import Verdict
from tests.support.machine import patience
from tests.support.small_lab import SmallLab, routed_lab, small_lab

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: network namespaces")

TCP, UDP, ICMP = Protocol.TCP, Protocol.UDP, Protocol.ICMP
OK, REFUSED, TIMEOUT = Verdict.OK, Verdict.REFUSED, Verdict.TIMEOUT
NET, HOST = Verdict.NET_UNREACHABLE, Verdict.HOST_UNREACHABLE

SERVER = {4: "10.2.0.2", 6: "fd02::2"}
CLIENT = {4: "10.1.0.2", 6: "fd01::2"}
DROPPED, REJECTED, RESET, OUT_DROPPED, OUT_REJECTED = 1001, 1002, 1003, 1004, 1005


@pytest.fixture(scope="module")
def lab() -> Iterator[SmallLab]:
    """The routed lab, with ports that the router or the client itself does not let through."""
    with routed_lab() as lab:
        for iptables in ("iptables-legacy", "ip6tables-legacy"):
            for protocol in ("tcp", "udp"):
                for name, chain, port, target in (
                    ("router", "FORWARD", DROPPED, "DROP"),
                    ("router", "FORWARD", REJECTED, "REJECT"),
                    ("client", "OUTPUT", OUT_DROPPED, "DROP"),
                    ("client", "OUTPUT", OUT_REJECTED, "REJECT"),
                ):
                    rule = f"{chain} -p {protocol} --dport {port} -j {target}"
                    lab.run(name, f"{iptables} -A {rule}")
        # 10.2.0.3 is the server, too, but no ping gets there, and 10.2.0.4 refuses it.
        for address in ("10.2.0.3/24", "10.2.0.4/24"):
            lab.run("server", f"ip address add {address} dev router")
        lab.run("router", "iptables-legacy -A FORWARD -d 10.2.0.3 -p icmp -j DROP")
        lab.run("server", "iptables-legacy -A INPUT -d 10.2.0.4 -p icmp -j REJECT")
        # Router and server route these to each other, until the TTL is exceeded.
        lab.run("router", "ip route add 192.0.2.0/24 via 10.2.0.2")
        lab.run("router", "ip -6 route add 2001:db8::/64 via fd02::2")
        # A namespace of its own, without any route.
        lab.add("nowhere")
        yield lab


def flow(
    lab: SmallLab,
    protocol: Protocol,
    to: str,
    port: int = 80,
    *,
    source: str = "client",
    timeout: float = 1.0,
) -> Flow:
    """One attempt, with its path."""
    number = None if protocol is ICMP else port
    return Flow(lab[source], ip_address(to), number, protocol, timeout=timeout, path=True)


def seen(lab: SmallLab, outcome: Outcome) -> tuple[object, ...]:
    """Verdict, server, source and path, with the short names of namespaces."""
    server = outcome.server and outcome.server.removeprefix(lab.prefix)
    path = " ".join(name.removeprefix(lab.prefix) for name in outcome.path or ())
    return outcome.verdict, server, outcome.source and str(outcome.source), path


def attempt(lab: SmallLab, flow: Flow) -> tuple[object, ...]:
    (outcomes,) = send([flow], lab.namespaces)
    (outcome,) = outcomes
    return seen(lab, outcome)


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize(
    ("protocol", "server"), [(TCP, "pod/server"), (UDP, "pod/server"), (ICMP, "server")]
)
@pytest.mark.parametrize("size", [0, 1000, 20_000])
def test_ok_through_a_router(
    lab: SmallLab, protocol: Protocol, server: str, family: int, size: int
) -> None:
    asked = replace(flow(lab, protocol, SERVER[family]), size=size)
    assert attempt(lab, asked) == (OK, server, CLIENT[family], "client router server")


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("protocol", [TCP, UDP])
@pytest.mark.parametrize(
    ("port", "verdict", "path"),
    [
        (81, REFUSED, "client router server"),  # nothing listens
        (REJECTED, REFUSED, "client router"),
        (DROPPED, TIMEOUT, "client router"),
        (OUT_REJECTED, REFUSED, "client"),
        (OUT_DROPPED, TIMEOUT, "client"),
    ],
)
def test_ports_that_do_not_answer(
    lab: SmallLab, protocol: Protocol, family: int, port: int, verdict: Verdict, path: str
) -> None:
    asked = flow(lab, protocol, SERVER[family], port, timeout=patience(verdict))
    assert attempt(lab, asked) == (verdict, None, None, path)


@pytest.mark.parametrize("protocol", [TCP, UDP, ICMP])
@pytest.mark.parametrize(
    ("source", "to", "verdict", "path"),
    [
        ("client", "10.77.0.1", NET, "client router"),  # the router has no route
        ("client", "fd77::1", NET, "client router"),
        ("nowhere", "10.2.0.2", NET, "nowhere"),  # the client has none
        ("nowhere", "fd02::2", NET, "nowhere"),
        ("client", "10.2.0.99", HOST, "client router"),  # no host answers the router's ARP
        ("client", "fd02::99", HOST, "client router"),
        ("client", "10.1.0.99", HOST, "client"),  # nor the client's
        ("client", "fd01::99", HOST, "client"),
    ],
)
def test_places_that_cannot_be_reached(
    lab: SmallLab, protocol: Protocol, source: str, to: str, verdict: Verdict, path: str
) -> None:
    asked = flow(lab, protocol, to, source=source)
    assert attempt(lab, asked) == (verdict, None, None, path)


@pytest.mark.parametrize("protocol", [TCP, UDP, ICMP])
@pytest.mark.parametrize("to", ["192.0.2.1", "2001:db8::1"])
def test_a_packet_whose_ttl_is_exceeded(lab: SmallLab, protocol: Protocol, to: str) -> None:
    """To a client, ICMP time exceeded is one more way in which a host cannot be reached."""
    assert attempt(lab, flow(lab, protocol, to))[0] is HOST


@pytest.mark.parametrize(
    ("to", "verdict", "path"),
    [
        ("10.2.0.3", TIMEOUT, "client router"),
        ("10.2.0.4", REFUSED, "client router server"),
    ],
)
def test_a_ping_that_is_not_answered(lab: SmallLab, to: str, verdict: Verdict, path: str) -> None:
    assert attempt(lab, flow(lab, ICMP, to)) == (verdict, None, None, path)


@pytest.mark.parametrize("protocol", [TCP, UDP, ICMP])
def test_many_attempts_are_all_answered(lab: SmallLab, protocol: Protocol) -> None:
    port = None if protocol is ICMP else 80
    asked = Flow(lab["client"], ip_address(SERVER[4]), port, protocol, times=300, path=True)
    told: list[int] = []
    (outcomes,) = send([asked], lab.namespaces, told.append)
    server = "server" if protocol is ICMP else "pod/server"
    assert Counter(seen(lab, each) for each in outcomes) == {
        (OK, server, CLIENT[4], "client router server"): 300
    }
    assert told == sorted(set(told))
    assert told[-1] == 300


def test_every_flow_has_its_own_answer(lab: SmallLab) -> None:
    """Sent together: no attempt gets the reply to another."""
    asked = [
        flow(lab, TCP, SERVER[4]),
        flow(lab, UDP, SERVER[4], 81),
        flow(lab, UDP, SERVER[6]),
        flow(lab, ICMP, "10.2.0.99"),
        flow(lab, ICMP, SERVER[4]),
        flow(lab, TCP, SERVER[4], DROPPED),
    ]
    outcomes = send([*asked, *reversed(asked)], lab.namespaces)
    expected = [OK, REFUSED, OK, HOST, OK, TIMEOUT]
    assert [each.verdict for (each,) in outcomes] == [*expected, *reversed(expected)]


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("protocol", [TCP, UDP])
def test_a_source_port_is_used_again_and_again(
    lab: SmallLab, protocol: Protocol, family: int
) -> None:
    """Only packets from this port pass, and all of them do."""
    iptables = "iptables-legacy" if family == 4 else "ip6tables-legacy"
    rule = f"FORWARD -i client -p {protocol} --dport 80 ! --sport 5555 -j DROP"
    asked = Flow(
        lab["client"], ip_address(SERVER[family]), 80, protocol, times=20, source_port=5555
    )
    lab.run("router", f"{iptables} -I {rule}")
    (outcomes,) = send([asked], [])
    lab.run("router", f"{iptables} -D {rule}")
    assert Counter(each.verdict for each in outcomes) == {OK: 20}


def test_a_source_port_that_is_taken_is_named(lab: SmallLab) -> None:
    asked = Flow(lab["server"], ip_address(CLIENT[4]), 9, TCP, source_port=80)
    with pytest.raises(KernelError, match="cannot send from tcp port 80: EADDRINUSE"):
        send([asked], [])


def test_a_namespace_that_is_not_there_is_named() -> None:
    with pytest.raises(KernelError, match="none: there is no such namespace"):
        send([Flow("none", ip_address("10.0.0.1"), 80, TCP)], [])


def test_paced_attempts_give_a_router_time_to_answer(lab: SmallLab) -> None:
    """A router without a route answers a source five times, and from then on once a second."""
    address = ip_address("10.77.0.1")
    exhausting = Flow(lab["client"], address, 80, UDP, times=20, timeout=0.1)
    send([exhausting], [])
    send([Flow(lab["client"], address, 80, UDP, timeout=1.2)], [])
    paced = Flow(lab["client"], address, 80, UDP, times=2, pace="router")
    (outcomes, others) = send([paced, paced], [])
    assert Counter(each.verdict for each in (*outcomes, *others)[1:]) == {NET: 3}


def test_a_connection_that_is_cut_is_a_reset(lab: SmallLab) -> None:
    """The SYN passes, and the request is answered by a reset."""
    rule = "INPUT -p tcp --dport 80 -m length --length 60:65535 ! --syn -j REJECT"
    lab.run("server", f"iptables-legacy -A {rule} --reject-with tcp-reset")
    asked = Flow(lab["client"], ip_address(SERVER[4]), 80, TCP)
    ((outcome,),) = send([asked], [])
    lab.run("server", f"iptables-legacy -D {rule} --reject-with tcp-reset")
    assert outcome.verdict is Verdict.RESET


@pytest.fixture(scope="module")
def node() -> Iterator[SmallLab]:
    """Pods a and b on a node's bridge; 10.96.0.1 is pod a and 10.96.0.2 pod b, masqueraded."""
    with small_lab() as lab:
        lab.add("node", "a", "b")
        lab.bridge("node", "10.0.0.1/24")
        lab.run("node", "ip route add default dev cbr0")
        for pod, number in (("a", 1), ("b", 2)):
            lab.add_pod("node", pod, f"10.0.0.1{number}/24", "10.0.0.1")
            lab.serve(pod, 80)
            for chain in ("PREROUTING", "OUTPUT"):
                to = f"{chain} -d 10.96.0.{number} -j DNAT --to 10.0.0.1{number}"
                lab.run("node", f"iptables-legacy -t nat -A {to}")
        masquerade = "POSTROUTING -m conntrack --ctstate DNAT -j MASQUERADE --random-fully"
        lab.run("node", f"iptables-legacy -t nat -A {masquerade}")
        yield lab


@pytest.mark.parametrize("protocol", [TCP, UDP, ICMP])
@pytest.mark.parametrize(
    ("source", "to", "server", "sees", "path"),
    [
        ("a", "10.0.0.12", "b", "10.0.0.11", "a node b"),  # switched
        ("a", "10.96.0.2", "b", "10.0.0.1", "a node b"),  # the Service, masqueraded
        ("a", "10.96.0.1", "a", "10.0.0.1", "a node a"),  # its own Service: a hairpin
        ("a", "10.0.0.11", "a", "10.0.0.11", "a"),  # itself
        ("node", "10.0.0.12", "b", "10.0.0.1", "node b"),
        # The SYN leaves the node with another destination, source port and perhaps source.
        ("node", "10.96.0.2", "b", "10.0.0.1", "node b"),
    ],
)
def test_through_nat_on_a_bridge(
    node: SmallLab, protocol: Protocol, source: str, to: str, server: str, sees: str, path: str
) -> None:
    answered = server if protocol is ICMP else f"pod/{server}"
    assert attempt(node, flow(node, protocol, to, source=source)) == (OK, answered, sees, path)


def test_a_flooded_frame_did_not_pass_the_pods_that_drop_it(node: SmallLab) -> None:
    """A bridge that forgets at once floods every frame, also back to where it came from."""
    node.add("c")
    node.add_pod("node", "c", "10.0.0.13/24", "10.0.0.1")
    node.run("node", "ip link set cbr0 type bridge ageing_time 0")
    answer = attempt(node, flow(node, UDP, "10.0.0.12", source="a"))
    assert answer == (OK, "pod/b", "10.0.0.11", "a node b")
