"""One process answers on every port of every pod, and a change never restarts it."""

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from nsnet.errors import KernelError
from nsnet.ip import Protocol
from nsnet.kernel import netns, processes
from nsnet.servers import control
from nsnet.state.model import HealthCheck, Listener
from tests.support.small_lab import SmallLab, small_lab

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: network namespaces")

SECONDS = 5.0
OWN = {4: "127.0.0.1", 6: "::1"}
KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


@pytest.fixture(scope="module")
def lab() -> Iterator[SmallLab]:
    with small_lab() as lab:
        lab.add("a", "b", "old")
        lab.run("old", "sysctl -qw net.ipv6.conf.all.disable_ipv6=1")
        for name in ("a", "b", "old"):
            lab.serve(name, 80)
        yield lab


def client(lab: SmallLab, name: str, protocol: str, host: str, port: int = 80) -> socket.socket:
    """Return a socket that is connected from inside the namespace."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with netns.inside(lab[name]):
        opened = socket.socket(family, KINDS[protocol])
    try:
        opened.settimeout(SECONDS)
        opened.connect((host, port))
    except OSError:
        opened.close()
        raise
    return opened


def ask(lab: SmallLab, name: str, protocol: str, host: str, said: bytes) -> dict[str, object]:
    """Return what the server answers."""
    with closing(client(lab, name, protocol, host)) as opened:
        opened.sendall(said)
        answer: dict[str, object] = json.loads(opened.recv(4096))
        assert answer.pop("port") == opened.getsockname()[1]
        return answer


def own_pid(lab: SmallLab) -> int:
    """Return the server's pid: it is the only process in its namespace."""
    home = netns.inode(lab["servers"])
    assert home is not None
    (pid,) = processes.pids_in({home})
    return pid


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize(("name", "host"), [("a", "127.0.0.1"), ("b", "::1"), ("old", "127.0.0.1")])
def test_the_server_names_itself_and_the_source_it_sees(
    lab: SmallLab, name: str, protocol: str, host: str
) -> None:
    answer = ask(lab, name, protocol, host, b"nsnet abc 5\nhello")
    assert answer == {"server": f"pod/{name}", "source": host, "token": "abc", "size": 5}


def test_a_large_body_is_counted(lab: SmallLab) -> None:
    with closing(client(lab, "a", "tcp", "127.0.0.1")) as opened:
        opened.sendall(b"nsnet abc 1000000\n" + bytes(1_000_000))
        assert json.loads(opened.recv(4096))["size"] == 1_000_000


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_a_person_with_nc_is_answered(lab: SmallLab, protocol: str) -> None:
    answer = ask(lab, "a", protocol, "127.0.0.1", b"hello\n")
    assert answer == {"server": "pod/a", "source": "127.0.0.1"}


def test_a_datagram_is_answered_from_the_address_it_was_sent_to(lab: SmallLab) -> None:
    """A socket that is connected to 127.0.0.7 would not receive an answer from 127.0.0.1."""
    assert ask(lab, "a", "udp", "127.0.0.7", b"hello")["server"] == "pod/a"


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("GET", {"server": "pod/a", "source": "::1", "host": "web", "path": "/x?y=1"}),
        ("HEAD", None),
    ],
)
def test_http_on_the_same_port(lab: SmallLab, method: str, body: object) -> None:
    with closing(client(lab, "a", "tcp", "::1")) as opened:
        opened.sendall(f"{method} /x?y=1 HTTP/1.1\r\nHost: web\r\n\r\n".encode())
        head, _, answered = opened.makefile("rb").read().partition(b"\r\n\r\n")
    assert head.splitlines()[0] == b"HTTP/1.1 200 OK"
    assert b"Content-Type: application/json" in head
    assert (json.loads(answered) if answered else None) == body


def test_ports_open_and_close_while_a_connection_lasts(lab: SmallLab) -> None:
    pid = own_pid(lab)
    port = (lab["b"], Listener(Protocol.TCP, 8080, "pod/new"))
    with closing(client(lab, "a", "tcp", "127.0.0.1")) as lasting:
        control.change(lab.runtime, [port])
        client(lab, "b", "tcp", "127.0.0.1", 8080).close()
        control.change(lab.runtime, [], [port])
        with pytest.raises(ConnectionRefusedError):
            client(lab, "b", "tcp", "127.0.0.1", 8080)
        lasting.sendall(b"still there?\n")
        assert json.loads(lasting.recv(4096))["server"] == "pod/a"
    assert own_pid(lab) == pid


def test_a_port_that_closes_closes_its_connections(lab: SmallLab) -> None:
    port = (lab["b"], Listener(Protocol.TCP, 8080, "pod/b"))
    control.change(lab.runtime, [port])
    with closing(client(lab, "b", "tcp", "127.0.0.1", 8080)) as opened:
        opened.sendall(b"hello\n")
        assert opened.recv(4096)
        control.change(lab.runtime, [], [port])
        assert opened.recv(4096) == b""


def test_a_port_stays_open_while_its_answer_changes(lab: SmallLab) -> None:
    checks = [HealthCheck(10_000, "shop", "web", count) for count in (0, 3)]
    control.change(lab.runtime, [(lab["b"], checks[0])])
    get = b"GET / HTTP/1.1\r\n\r\n"
    with (
        closing(client(lab, "b", "tcp", "127.0.0.1", 10_000)) as before,
        closing(client(lab, "b", "tcp", "127.0.0.1", 10_000)) as after,
    ):
        before.sendall(get)
        assert before.recv(4096).startswith(b"HTTP/1.1 503 ")
        control.change(lab.runtime, [], [], [(lab["b"], checks[1])])
        after.sendall(get)  # connected while there was none
        assert after.recv(4096).startswith(b"HTTP/1.1 ")
    with closing(client(lab, "b", "tcp", "127.0.0.1", 10_000)) as new:
        new.sendall(get)
        assert b"X-Load-Balancing-Endpoint-Weight: 3\r\n" in new.recv(4096)
    control.change(lab.runtime, [], [(lab["b"], checks[1])])
    with pytest.raises(ConnectionRefusedError):
        client(lab, "b", "tcp", "127.0.0.1", 10_000)


def test_the_answer_of_a_closed_port_cannot_be_replaced(lab: SmallLab) -> None:
    with pytest.raises(KernelError, match="port 10001 is not open"):
        control.change(lab.runtime, [], [], [(lab["b"], HealthCheck(10_001, "shop", "web", 0))])


def test_in_a_recreated_namespace_the_port_is_opened_again(lab: SmallLab) -> None:
    for _ in range(2):
        lab.add("again")
        lab.serve("again", 80)
        assert ask(lab, "again", "tcp", "127.0.0.1", b"hello\n")["server"] == "pod/again"
        netns.delete(lab["again"])


def test_an_error_names_a_port_in_use(lab: SmallLab) -> None:
    with netns.inside(lab["a"]):
        taken = socket.create_server(("127.0.0.1", 9))
    ports = [(lab["a"], Listener(Protocol.TCP, port, "pod/a")) for port in (8, 9)]
    with closing(taken), pytest.raises(KernelError) as raised:
        control.change(lab.runtime, ports)
    where = f"{lab['a']}: tcp port 9: Address already in use"
    assert str(raised.value) == f"the lab's server cannot listen: {where}"
    with pytest.raises(ConnectionRefusedError):  # all of them, or none
        client(lab, "a", "tcp", "127.0.0.1", 8)


def test_an_error_names_a_missing_namespace(lab: SmallLab) -> None:
    with pytest.raises(KernelError, match="nowhere: there is no such namespace"):
        control.change(lab.runtime, [("nowhere", Listener(Protocol.TCP, 80, "pod/a"))])


def test_thousands_of_ports_in_one_request(lab: SmallLab) -> None:
    ports = [
        (lab[name], Listener(Protocol.TCP, port, f"pod/{name}"))
        for name in ("a", "b")
        for port in range(10_000, 14_000)
    ]
    control.change(lab.runtime, ports)
    client(lab, "b", "tcp", "127.0.0.1", 13_999).close()
    control.change(lab.runtime, [], ports)


def test_an_error_says_that_the_server_does_not_run() -> None:
    with small_lab() as lab, pytest.raises(KernelError, match="does not answer"):
        control.change(lab.runtime, [])


def test_a_process_is_in_its_namespace_until_it_is_stopped() -> None:
    with small_lab() as lab:
        lab.add("home", "other")
        inodes = {name: netns.inode(lab[name]) or 0 for name in ("home", "other")}
        log = lab.runtime / "log"
        pids = {
            name: processes.start(["sleep", "1000"], lab[name], log) for name in ("home", "other")
        }
        assert processes.pids_in({inodes["home"]}) == {pids["home"]}
        processes.stop({inodes["home"]})
        assert processes.pids_in(set(inodes.values())) == {pids["other"]}


def test_an_error_quotes_a_process_that_ends_at_once() -> None:
    with small_lab() as lab:
        lab.add("home")
        said = r"yawn\nit is Monday\nand it rains\nthat is enough\n"
        words = "ended with exit status 2: it is Monday; and it rains; that is enough$"
        with pytest.raises(KernelError, match=words):
            processes.start(
                ["sh", "-c", f"printf '{said}' >&2; exit 2"],
                lab["home"],
                lab.runtime / "log",
                ready=lambda: False,
            )


def test_clients_of_a_port_that_closes_are_answered_first(lab: SmallLab) -> None:
    port = (lab["b"], Listener(Protocol.TCP, 8081, "pod/ending"))
    control.change(lab.runtime, [port])
    with closing(client(lab, "b", "tcp", "127.0.0.1", 8081)) as opened:
        ending = threading.Thread(target=control.change, args=(lab.runtime, [], [port]))
        ending.start()
        ending.join(0.1)
        assert ending.is_alive()  # it waits for the client's request
        opened.sendall(b"hello\n")
        assert json.loads(opened.recv(4096))["server"] == "pod/ending"
        ending.join()
        assert opened.recv(4096) == b""


def test_a_silent_client_delays_the_close_of_a_port_for_a_second_at_most(lab: SmallLab) -> None:
    port = (lab["b"], Listener(Protocol.TCP, 8082, "pod/ending"))
    control.change(lab.runtime, [port])
    with closing(client(lab, "b", "tcp", "127.0.0.1", 8082)) as opened:
        control.change(lab.runtime, [], [port])
        assert opened.recv(4096) == b""
