"""DNS servers on real sockets: what they answer, whom they ask, and that no client stops them."""

import json
import os
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing

import pytest
from dnslib import RCODE, RR, DNSRecord

from nsnet.ip import Protocol
from nsnet.kernel import enter, netns
from nsnet.names.zones import Forward, Names, Record, RecordType, Zone
from nsnet.servers import control
from nsnet.state.model import NameServer
from tests.support.dns_messages import damaged_queries, query
from tests.support.small_lab import SmallLab, small_lab

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: network namespaces")

SEED = 11
SECONDS = 10.0
SERVER = "10.1.0.2"
OUTSIDE = "10.2.0.2"  # of a server of ours
FAKE = (OUTSIDE, 5353)  # of a server whose responses a test sends
CLOSED = (OUTSIDE, 5354)
MANY = [f"198.51.100.{number}" for number in range(256)]  # more than fit into a datagram
KINDS = {"udp": socket.SOCK_DGRAM, "tcp": socket.SOCK_STREAM}


def zone(origin: str, **addresses: Sequence[str]) -> Zone:
    """A zone of names with addresses."""
    records = {
        f"{label}.{origin}": tuple(
            Record(f"{label}.{origin}", RecordType.A, 30, each) for each in these
        )
        for label, these in addresses.items()
    }
    start = Record(origin, RecordType.SOA, 30, f"ns.{origin} me.{origin} 1 2 3 4 5")
    return Zone(origin, {origin: (start,), **records})


def own(*addresses: str) -> Names:
    """What the server knows: web.own has these addresses."""
    forwards = (
        Forward("out", (CLOSED, (OUTSIDE, 53))),
        Forward("six.out", (("fd02::2", 53),)),
        Forward("fake", (FAKE,)),
        Forward("closed", (CLOSED, CLOSED)),
    )
    return Names((zone("own", web=addresses, many=MANY),), forwards)


OUT = Names((zone("out", www=["192.0.2.80"], many=MANY, six=["192.0.2.86"]),))


def servers(name: str, names: Names) -> list[tuple[str, NameServer]]:
    """The servers of a namespace."""
    protocols = (Protocol.UDP, Protocol.TCP)
    return [(name, NameServer(each, 53, f"pod/{name}", names)) for each in protocols]


@pytest.fixture(scope="module")
def lab() -> Iterator[SmallLab]:
    with small_lab() as lab:
        lab.add("client", "dns", "outside")
        lab.veth("client", "dns", ("10.1.0.1/24", f"{SERVER}/24"))
        lab.veth("dns", "outside", ("10.2.0.1/24", f"{OUTSIDE}/24"), ("fd02::1/64", "fd02::2/64"))
        lab.serve("client")  # nothing; it starts the process
        names = own("192.0.2.1")
        control.change(lab.runtime, [*servers(lab["dns"], names), *servers(lab["outside"], OUT)])
        yield lab


@pytest.fixture(params=KINDS)
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def client(lab: SmallLab, protocol: str) -> socket.socket:
    """A socket in the client's namespace that is connected to the server."""
    with netns.inside(lab["client"]):
        opened = socket.socket(socket.AF_INET, KINDS[protocol])
    opened.settimeout(SECONDS)
    opened.connect((SERVER, 53))
    return opened


def send(opened: socket.socket, message: bytes) -> None:
    """Send a message, with its length before it over TCP."""
    stream = opened.type == socket.SOCK_STREAM
    opened.sendall((len(message).to_bytes(2, "big") if stream else b"") + message)


def received(opened: socket.socket) -> bytes:
    """The next message."""
    if opened.type == socket.SOCK_DGRAM:
        return opened.recv(65535)
    return _exactly(opened, int.from_bytes(_exactly(opened, 2), "big"))


def _exactly(opened: socket.socket, length: int) -> bytes:
    found = bytearray()
    while len(found) < length:
        part = opened.recv(length - len(found))
        assert part, "the connection was closed"
        found += part
    return bytes(found)


def receive(opened: socket.socket) -> DNSRecord:
    """The next answer."""
    return DNSRecord.parse(received(opened))


def ask(lab: SmallLab, protocol: str, name: str, edns: int = 0) -> DNSRecord:
    """The answer to a question."""
    with closing(client(lab, protocol)) as opened:
        send(opened, query(name, edns=edns))
        return receive(opened)


def addresses(answer: DNSRecord) -> list[str]:
    return [str(each.rdata) for each in answer.rr]


def fake(lab: SmallLab) -> socket.socket:
    """The socket of a server outside whose responses the test sends."""
    with netns.inside(lab["outside"]):
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.settimeout(SECONDS)
    opened.bind(FAKE)
    return opened


def response(asked: bytes, address: str, *, number: int = 0) -> bytes:
    """A response with this address; `number` changes its id."""
    reply = DNSRecord.parse(asked).reply()
    reply.header.id ^= number
    reply.add_answer(*RR.fromZone(f"{reply.q.qname} 30 A {address}"))
    return bytes(reply.pack())


def test_a_name_of_its_own_and_one_of_others(lab: SmallLab, protocol: str) -> None:
    assert addresses(ask(lab, protocol, "web.own")) == ["192.0.2.1"]
    assert addresses(ask(lab, protocol, "www.out")) == ["192.0.2.80"]  # the first server is down
    assert addresses(ask(lab, protocol, "six.out")) == ["192.0.2.86"]  # asked over IPv6
    assert ask(lab, protocol, "x.out").header.rcode == RCODE.NXDOMAIN


def test_a_connection_carries_many_queries(lab: SmallLab) -> None:
    with closing(client(lab, "tcp")) as opened:
        for number in range(40):
            send(opened, query(("web.own", "www.out")[number % 2], number=number))
        answers = {(each := receive(opened)).header.id: addresses(each) for _ in range(40)}
    expected = (["192.0.2.1"], ["192.0.2.80"])
    assert answers == {number: expected[number % 2] for number in range(40)}


def test_a_client_that_reads_late_gets_all_answers(lab: SmallLab) -> None:
    """They are more than the kernel keeps for it."""
    count = 2000
    with closing(client(lab, "tcp")) as opened:

        def keep_asking() -> None:
            for number in range(count):
                send(opened, query("many.own", number=number))

        asking = threading.Thread(target=keep_asking)
        asking.start()
        assert addresses(ask(lab, "tcp", "web.own")) == ["192.0.2.1"]  # others do not wait
        for number in range(count):
            assert int.from_bytes(received(opened)[:2], "big") == number
        asking.join()


def test_what_others_cut_is_cut_over_udp_and_whole_over_tcp(lab: SmallLab) -> None:
    cut = ask(lab, "udp", "many.out", edns=4096)
    assert cut.header.tc
    assert 0 < len(cut.rr) < len(MANY)
    whole = ask(lab, "tcp", "many.out")
    assert (whole.header.tc, len(whole.rr)) == (0, len(MANY))


def test_stock_clients_ask_again_over_tcp_for_what_is_cut(lab: SmallLab) -> None:
    dig = lab.run("client", f"dig @{SERVER} +short many.own").splitlines()
    assert sorted(dig) == sorted(MANY)
    files = {"resolv.conf": f"nameserver {SERVER}\n", "nsswitch.conf": "hosts: dns\n"}
    argv = enter.command(lab["client"], "client", files, ["getent", "ahostsv4", "many.own"])
    done = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=True)
    assert {line.split()[0] for line in done.stdout.splitlines()} == set(MANY)


def test_if_no_server_answers_the_client_gets_an_error(lab: SmallLab, protocol: str) -> None:
    assert ask(lab, protocol, "www.closed").header.rcode == RCODE.SERVFAIL


def test_only_the_server_that_was_asked_can_answer(lab: SmallLab) -> None:
    with closing(client(lab, "udp")) as opened, closing(fake(lab)) as outside:
        send(opened, query("www.fake"))
        asked, asker = outside.recvfrom(4096)
        with netns.inside(lab["outside"]):
            other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with closing(other):
            other.sendto(response(asked, "192.0.2.66"), asker)  # from another port
        outside.sendto(response(asked, "192.0.2.67", number=1), asker)  # another id
        outside.sendto(response(query("x.fake"), "192.0.2.68"), asker)  # another question
        outside.sendto(b"\0" * 5, asker)
        outside.sendto(response(asked, "192.0.2.80"), asker)
        assert addresses(receive(opened)) == ["192.0.2.80"]


def test_an_answer_that_comes_late_is_dropped(lab: SmallLab) -> None:
    with closing(client(lab, "udp")) as opened, closing(fake(lab)) as outside:
        send(opened, query("www.fake"))
        early, asker = outside.recvfrom(4096)
        again, other = outside.recvfrom(4096)  # after 2 seconds
        assert (asker, early[:2]) != (other, again[:2])
        outside.sendto(response(early, "192.0.2.66"), asker)
        outside.sendto(response(again, "192.0.2.80"), other)
        assert addresses(receive(opened)) == ["192.0.2.80"]


def test_a_server_that_waits_for_others_answers_what_it_knows(lab: SmallLab) -> None:
    """It waits for 1,000 answers at most."""
    with closing(client(lab, "udp")) as opened, closing(fake(lab)) as outside:
        for number in range(1001):
            send(opened, query("www.fake", number=number))
            if number < 1000:
                outside.recv(4096)  # so that none is lost
        failed = receive(opened).header
        assert (failed.id, failed.rcode) == (1000, RCODE.SERVFAIL)
        assert addresses(ask(lab, "udp", "web.own")) == ["192.0.2.1"]
        send(opened, query("web.own"))
        assert addresses(receive(opened)) == ["192.0.2.1"]


def test_new_names_are_answered_at_once_and_no_query_is_lost(lab: SmallLab) -> None:
    answers: list[list[str]] = []
    stop = threading.Event()
    with ExitStack() as stack:
        lasting = stack.enter_context(closing(client(lab, "tcp")))
        busy = stack.enter_context(closing(client(lab, "udp")))

        def keep_asking() -> None:
            while not stop.is_set():
                send(busy, query("web.own"))
                answers.append(addresses(receive(busy)))

        asking = threading.Thread(target=keep_asking)
        asking.start()
        for number in range(2, 20):
            address = f"192.0.2.{number}"
            control.change(lab.runtime, [], [], servers(lab["dns"], own(address)))
            assert addresses(ask(lab, "udp", "web.own")) == [address]
            send(lasting, query("web.own"))
            assert addresses(receive(lasting)) == [address]
        control.change(lab.runtime, [], [], servers(lab["dns"], own("192.0.2.1")))
        stop.set()
        asking.join()
    assert answers
    assert all(len(each) == 1 for each in answers)


def test_no_client_stops_the_server(lab: SmallLab) -> None:
    names = ("web.own", "www.out", "no.own", "x.example")
    with ExitStack() as stack:
        opened = stack.enter_context(closing(client(lab, "udp")))
        half = stack.enter_context(closing(client(lab, "tcp")))
        half.sendall(b"\0\x40half a message")
        for number, data in enumerate(damaged_queries(names, 10_000, SEED)):
            if not data.startswith(b"nsnet "):
                opened.send(data)
            if number % 100 == 0:
                with closing(client(lab, "tcp")) as stream:
                    send(stream, data)
                assert addresses(ask(lab, "udp", "web.own")) == ["192.0.2.1"]
    assert addresses(ask(lab, "tcp", "web.own")) == ["192.0.2.1"]


def test_a_probe_is_answered_as_by_the_echo_server(lab: SmallLab, protocol: str) -> None:
    with closing(client(lab, protocol)) as opened:
        opened.sendall(b"nsnet abc 5\nhello")
        answer = json.loads(opened.recv(4096))
    assert (answer["server"], answer["source"]) == (f"pod/{lab['dns']}", "10.1.0.1")
    assert (answer["token"], answer["size"]) == ("abc", 5)
