"""What a capture of a lab shows, how it ends, and that it does not affect the lab."""

import io
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import pytest
from scapy.utils import RawPcapNgReader

from nsnet.kernel.processes import until
from nsnet.scenario.load import load
from nsnet.topology.resolve import resolve
from tests.support.forked import inner
from tests.support.machine import NEEDS_ROOT, NSNET, ROOT, SECONDS, Machine

pytestmark = NEEDS_ROOT

CLUSTERIP = ROOT / "scenarios" / "clusterip.yaml"
LAB = "clusterip"
DNS = ("--from", "pod/client", "--to", "svc/dns:53", "--protocol", "udp")
IN, OUT = 1, 2  # epb_flags: inbound, outbound


class Frame(NamedTuple):
    """A packet of a file."""

    interface: str
    direction: int
    time: int  # ns
    data: bytes
    length: int


def frames(file: Path) -> list[Frame]:
    """What scapy reads in it."""
    return [
        Frame(
            about.ifname.decode(),
            about.direction,
            about.tshigh << 32 | about.tslow,
            data,
            about.wirelen,
        )
        for data, about in RawPcapNgReader(io.BytesIO(file.read_bytes()))
    ]


def udp(frame: Frame) -> tuple[str, int] | None:
    """Where a UDP packet over IPv4 goes."""
    if frame.data[12:14] != b"\x08\x00" or frame.data[23] != 17:
        return None
    return str(ip_address(frame.data[30:34])), int.from_bytes(frame.data[36:38])


class Capture:
    """A running capture in a machine."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        assert process.stderr is not None
        self.first = process.stderr.readline()
        assert self.first.startswith("capturing at "), self.first + process.stderr.read()

    def signal(self, number: int) -> None:
        """The command itself gets it."""
        os.kill(inner(self.process)[0], number)

    def end(self) -> tuple[int, list[str]]:
        """How it ended, and what it said then."""
        _, errors = self.process.communicate(timeout=SECONDS)
        return self.process.wait(), errors.splitlines()


@contextmanager
def capturing(where: Machine, *arguments: str | Path) -> Iterator[Capture]:
    """Start a capture, which is killed at the end if it still runs."""
    with where.start(NSNET, "capture", *map(str, arguments)) as process:
        try:
            yield Capture(process)
        finally:
            if process.poll() is None:
                with_child = inner(process)
                os.kill((with_child or [process.pid])[0], signal.SIGKILL)
                process.communicate(timeout=SECONDS)


@pytest.fixture
def where(machines: Machine) -> Iterator[Machine]:
    """A machine with the lab up; nothing is left of the lab afterwards."""
    before = machines.contents()
    machines.up(CLUSTERIP)
    yield machines
    machines.down()
    until(lambda: machines.contents() == before, what="something is left")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "seen.pcapng"


# what is seen


def test_a_packet_to_a_service_changes_its_destination_on_the_way(
    where: Machine, file: Path
) -> None:
    with capturing(where, LAB, "-w", file) as capture:
        where.nsnet_output("probe", LAB, *DNS)
        capture.signal(signal.SIGINT)
        assert capture.end()[0] == 0
    (cluster,) = resolve(load(CLUSTERIP)).clusters
    service = next(str(each.addresses[0]) for each in cluster.services if each.name == "dns")
    pod = next(str(each.addresses[0]) for each in cluster.pods if each.name == "dns")
    seen = frames(file)
    assert seen == sorted(seen, key=lambda each: each.time)
    request = [(each.interface, each.direction, udp(each)) for each in seen]
    # The bridge itself has a part in it only if it does not know the pod's MAC address yet.
    assert [
        each
        for each in request
        if each[2] in {(service, 53), (pod, 5353)} and each[0] != "east/node/n1 cbr0"
    ] == [
        ("east/pod/client eth0", OUT, (service, 53)),
        ("east/node/n1 client", IN, (service, 53)),
        ("east/node/n1 dns", OUT, (pod, 5353)),
        ("east/pod/dns eth0", IN, (pod, 5353)),
    ]


def test_only_the_named_places_are_captured(where: Machine, file: Path) -> None:
    with capturing(where, LAB, "pod/client", "fabric", "-w", file) as capture:
        assert capture.first == (
            "capturing at 2 places of clusterip: 10,000 packets or 60 s, or until Ctrl-C\n"
        )
        where.nsnet_output("probe", LAB, *DNS)
        capture.signal(signal.SIGINT)
        _, said = capture.end()
    seen = frames(file)
    assert {each.interface for each in seen} == {"east/pod/client eth0"}
    first, *places = said
    assert first.startswith(f"{len(seen)} packets in ")
    assert first.endswith(" s; ended on request")
    assert [line.split() for line in places] == [[str(len(seen)), "pod/client"]]


def test_packets_on_lo_are_captured_once_and_test_packets_of_nsnet_are_not(
    where: Machine, file: Path, tmp_path: Path
) -> None:
    with capturing(where, LAB, "-w", file) as capture:
        where.nsnet_output(
            "probe", LAB, "--from", "pod/client", "--to", "pod/client:9", "--protocol", "udp"
        )
        # It finds out in the fabric, over lo, whether the kernel notes times.
        where.nsnet_output("capture", LAB, "fabric", "--seconds", "1", "-w", tmp_path / "other")
        capture.signal(signal.SIGINT)
        capture.end()
    seen = [each for each in frames(file) if each.interface == "east/pod/client lo"]
    assert [(each.direction, each.data[23]) for each in seen] == [(IN, 17), (IN, 1)]  # udp, icmp
    assert {each.data[12:14] for each in frames(file)} <= {b"\x08\x00", b"\x08\x06"}  # IPv4, ARP


def test_a_truncated_packet_has_its_original_length(where: Machine, file: Path) -> None:
    with capturing(where, LAB, "pod/client", "-w", file, "--snaplen", "60") as capture:
        where.nsnet_output("exec", LAB, "pod/client", "--", "ping", "-c1", "-s1000", "10.244.0.1")
        capture.signal(signal.SIGINT)
        capture.end()
    echoes = [each for each in frames(file) if each.data[12:14] == b"\x08\x00"]
    ethernet, ip, icmp = 14, 20, 8
    assert {(len(each.data), each.length) for each in echoes} == {(60, ethernet + ip + icmp + 1000)}
    assert [each.direction for each in echoes] == [OUT, IN]


# how it ends


def test_it_ends_after_count_packets(where: Machine, file: Path) -> None:
    with capturing(where, LAB, "-w", file, "--count", "7") as capture:
        where.nsnet_output("probe", LAB, *DNS)
        status, said = capture.end()
    assert (status, len(frames(file))) == (0, 7)
    assert said[0].endswith("ended after 7 packets (--count)")
    assert sum(int(line.split()[0]) for line in said[1:]) == 7


def test_it_ends_in_time_without_any_packet(where: Machine, file: Path) -> None:
    done = where.nsnet("capture", LAB, "-w", file, "--seconds", "1")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines()[1:] == ["0 packets in 1.0 s; ended after 1 s (--seconds)"]
    assert frames(file) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stopped_recording_is_a_whole_file(where: Machine, file: Path, number: int) -> None:
    with capturing(where, LAB, "-w", file) as capture:
        where.nsnet_output("probe", LAB, *DNS)
        capture.signal(number)
        status, said = capture.end()
    data = file.read_bytes()
    assert (status, said[0].split("; ")[1]) == (0, "ended on request")
    interface_statistics, size = 5, int.from_bytes(data[-4:], "little")
    assert int.from_bytes(data[-size:][:4], "little") == interface_statistics


def test_a_reader_sees_a_packet_while_more_are_awaited(where: Machine, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with capturing(where, LAB, "pod/client", "-w", pipe) as capture:
        where.nsnet_output("probe", LAB, *DNS)
        read = bytearray()

        def has_the_answer() -> bool:
            read.extend(_available(reading))
            (tmp_path / "read").write_bytes(read)
            seen = [udp(each) for each in frames(tmp_path / "read")] if read else []
            return len([each for each in seen if each]) == 2

        until(has_the_answer, what="request and answer are not in the pipe")
        assert capture.process.poll() is None
        os.close(reading)
        status, said = capture.end()
    took, why = said[0].split(" in ")[1].split(" s; ")
    assert (status, why) == (0, "ended because its reader is gone")
    assert float(took) < 30  # and not when there was more to write, in the end


def _available(fd: int) -> bytes:
    try:
        return os.read(fd, 1 << 20)
    except BlockingIOError:
        return b""


def test_a_reader_that_sleeps_does_not_keep_it_from_ending(where: Machine, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with capturing(where, LAB, "-w", pipe, "--count", "1000000") as capture:
        where.nsnet_output("probe", LAB)  # more than a pipe holds
        capture.signal(signal.SIGINT)
        assert capture.end() == (130, ["interrupted"])
    os.close(reading)


def test_stdout_takes_it_where_it_is_a_pipe(where: Machine, file: Path) -> None:
    done = where.run("sh", "-c", f"{NSNET} capture {LAB} --seconds 1 -w - | cat >{file}")
    assert (done.returncode, done.stdout) == (0, "")
    assert frames(file) == []
    assert file.read_bytes().count(b"east/pod/client eth0") == 1


@pytest.mark.parametrize(
    ("command", "status", "says"),
    [
        (f"{LAB} -w /dev/full", 3, "error: /dev/full: No space left on device"),
        (f"{LAB} -w /nosuch/file", 2, "error: /nosuch/file: No such file or directory"),
        (
            f"{LAB} pod/clint -w FILE",
            2,
            "error: pod/clint: east has no pod clint; did you mean client?",
        ),
        ("nosuch -w FILE", 2, f"error: no lab nosuch is up; there are: {LAB}"),
        (f"{LAB} >&-", 2, "error: standard output is closed"),
    ],
)
def test_an_error_is_one_line(
    where: Machine, file: Path, command: str, status: int, says: str
) -> None:
    done = where.run("sh", "-c", f"{NSNET} capture {command.replace('FILE', str(file))}")
    assert done.returncode == status
    assert [line for line in done.stderr.splitlines() if line.startswith("error")] == [says]
    assert "Traceback" not in done.stderr
    assert not file.exists()


def test_on_a_terminal_there_is_nothing_to_print(where: Machine) -> None:
    done = where.run("script", "-qec", f"{NSNET} capture {LAB}", "/dev/null")
    assert done.returncode == 2
    assert done.stdout.splitlines() == [
        "error: a capture is binary and cannot be printed on a terminal",
        "hint: write a file: -w FILE; or use a pipe: nsnet capture clusterip … | tshark -r -",
    ]


# what the lab notices


def test_nothing_is_left_of_a_capture_that_was_killed(where: Machine, file: Path) -> None:
    before = where.contents()
    with capturing(where, LAB, "-w", file) as capture:
        where.nsnet_output("probe", LAB, *DNS)
        capture.signal(signal.SIGKILL)
        capture.end()
    assert where.contents() == before
    assert where.drift(LAB) == []
    assert frames(file)  # what had passed is there


def test_a_lab_changes_under_a_capture_as_without_one(where: Machine, file: Path) -> None:
    with capturing(where, LAB, "-w", file) as capture:
        where.nsnet_output("restart", LAB, "pod/dns")
        assert where.nsnet_output("status", LAB).count("pod/dns") >= 1
        where.nsnet_output("probe", LAB, *DNS)
        assert where.drift(LAB) == []
        capture.signal(signal.SIGINT)
        status, said = capture.end()
    assert (status, said[-1]) == (0, "warning: pod/dns was removed during the capture")
    places = {each.interface for each in frames(file) if udp(each)}
    # The new pod is not recorded; its node is, with the new veth to the pod.
    assert "east/node/n1 dns" in places
    assert "east/pod/dns eth0" not in places


def test_a_lab_can_be_removed_under_a_capture(where: Machine, file: Path) -> None:
    with capturing(where, LAB, "-w", file) as capture:
        assert where.nsnet_output("down", LAB) == f"{LAB} is down\n"
        status, said = capture.end()
    assert (status, said[0].split("; ")[1]) == (0, "ended because its namespaces are gone")
    assert len([line for line in said if line.endswith("was removed during the capture")]) == 9


def test_packets_lost_for_lack_of_buffer_are_reported(
    where: Machine, file: Path, tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    asleep = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with capturing(where, LAB, "pod/client", "-w", pipe, "--count", "1000000") as capture:
        flood = "ping -q -f -c 20000 -s 1400 127.0.0.1"
        where.nsnet_output("exec", LAB, "pod/client", "--", *flood.split())
        os.set_blocking(asleep, True)
        with file.open("wb") as out, subprocess.Popen(["cat"], stdin=asleep, stdout=out):
            os.close(asleep)
            capture.signal(signal.SIGINT)
            status, said = capture.end()
    assert status == 0
    written = len(frames(file))
    _, lost, *words = said[-2].split()
    assert " ".join(words) == (
        "packets of pod/client were lost: they arrived faster than they could be read"
    )
    assert 0 < written < 40_000 < written + int(lost)
    comment = f"{lost} packets of east/pod/client were lost".encode()
    assert file.read_bytes().count(comment) == 2  # of eth0 or lo
