"""Recordings of every frame in some namespaces of a lab, written as pcapng while they are made."""

import platform
import select
import socket
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from nsnet import __version__
from nsnet.kernel import netns, taps, uapi
from nsnet.probes.loop import Loop
from nsnet.probes.recording import pcapng
from nsnet.probes.recording.outlet import Outlet
from nsnet.probes.recording.pcapng import Direction

_DIRECTIONS = {
    socket.PACKET_HOST: Direction.IN,
    socket.PACKET_MULTICAST: Direction.IN_MULTICAST,
    socket.PACKET_BROADCAST: Direction.IN_BROADCAST,
    socket.PACKET_OTHERHOST: Direction.IN_PROMISCUOUS,
    socket.PACKET_OUTGOING: Direction.OUT,
}
# A packet is read up to this long after its timestamp. A recording waits so long for packets with
# earlier timestamps, to write all of them in order.
_MOMENT = 0.002  # seconds
_A_READ = 512  # packets of one namespace before the next one is read
_CHECK = 1.0  # seconds between checks that the namespaces and the reader still exist


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a recording: when it ends, and how much of each packet it keeps."""

    count: int  # packets
    seconds: int
    snap_length: int  # bytes


@dataclass(frozen=True, slots=True)
class Recorded:
    """The result of a recording: why it ended, and how many packets of each namespace it has.
    Namespaces are given by reference."""

    why: str
    seconds: float
    packets: Mapping[str, int]
    lost: Mapping[str, int]  # for lack of buffer; only namespaces that lost any
    gone: tuple[str, ...]  # namespaces that were removed meanwhile


@dataclass(slots=True, eq=False)
class _TappedNetns:
    """A namespace that is recorded, and its packet socket."""

    reference: str
    netns: str
    inode: int | None
    tap: socket.socket
    interfaces: dict[str, int] = field(default_factory=dict)  # their numbers in the file
    behind: int | None = None  # the time of the last packet read, while more are waiting
    lost: int = 0
    gone: bool = False


class _Frame(NamedTuple):
    time: int  # ns since 1970
    order: int
    interface: int
    block: bytes


@contextmanager
def recording(lab: str, places: Mapping[str, str], limits: Limits) -> Iterator["Recording"]:
    """Record the frames of these namespaces inside the block. `places` maps the name of each to its
    reference. Raises FileNotFoundError if a namespace does not exist, and KernelError."""
    with ExitStack() as stack:
        made = Recording(lab, limits)
        stack.callback(made.close)
        with _kernel_timestamps(places):
            for each in places.items():
                made.listen(*each)
        yield made


class Recording:
    """A recording in progress. It is created by `recording`."""

    def __init__(self, lab: str, limits: Limits) -> None:
        self._limits = limits
        self._loop = Loop()
        self._kept = memoryview(bytearray(limits.snap_length))
        self._places: list[_TappedNetns] = []
        self._interfaces: list[_TappedNetns] = []  # their namespaces, by number
        self._waiting: list[_Frame] = []
        self._order = 0
        self._written = Counter[int]()  # packets of each interface
        self._write_scheduled = False
        self._why = ""
        self._started = time.time_ns()
        system = f"{platform.system()} {platform.release()}"
        program = f"nsnet {__version__}"
        self._blocks = [pcapng.section(system=system, program=program, comment=f"lab {lab}")]

    def listen(self, name: str, reference: str) -> None:
        """Record this namespace, too. The file calls it by its reference."""
        with netns.inside(name):
            tap = taps.open_tap(socket.SOCK_RAW)
            interfaces = [each for _, each in socket.if_nameindex()]
        place = _TappedNetns(reference=reference, netns=name, inode=netns.inode(name), tap=tap)
        self._places.append(place)
        self._loop.watch(tap, select.EPOLLIN, lambda _: self._read(place, _A_READ))
        for each in interfaces:
            self._describe(place, each)

    def run(
        self, fd: int, name: str, stop: socket.socket, progress: Callable[[int], None]
    ) -> Recorded:
        """Write the recording to `fd` until a limit is reached, `stop` is readable, or the
        namespaces or the reader are gone. `name` is that of the file in error messages. `progress`
        is called with the number of packets written. Raises what Outlet.put raises, except
        BrokenPipeError."""
        outlet = Outlet(fd, name, stop)
        began = time.monotonic()
        end = began + self._limits.seconds
        self._loop.watch(stop, select.EPOLLIN, lambda _: self._end("on request"))
        self._loop.at(end, partial(self._end, f"after {self._limits.seconds} s (--seconds)"))
        self._check_ends(outlet)
        try:
            while not self._why:
                self._turn(outlet)
                progress(self._written.total())
            self._finish(outlet)
        except BrokenPipeError:
            self._why = "because its reader is gone"
        return Recorded(
            why=self._why,
            seconds=time.monotonic() - began,
            packets=self._by_place(),
            lost={each.reference: each.lost for each in self._places if each.lost},
            gone=tuple(each.reference for each in self._places if each.gone),
        )

    def close(self) -> None:
        """Stop recording."""
        taps.close([each.tap for each in self._places if not each.gone], self._loop.close_socket)
        self._loop.close()

    def _end(self, why: str) -> None:
        self._why = self._why or why

    def _turn(self, outlet: Outlet) -> None:
        """Wait for packets and read them. Write those that are older than any packet still to be
        read."""
        self._write(outlet, 0)  # the reader gets the interfaces before any packets
        self._loop.run_once(wait=True)
        now = time.time_ns() - int(_MOMENT * 1e9)
        self._loop.run_once(wait=False)
        # Unread packets of a namespace may be earlier than packets already read in others.
        behind = (each.behind for each in self._places if each.behind is not None)
        self._write(outlet, min((now, *behind)))
        if self._waiting and not self._write_scheduled:
            self._write_scheduled = True
            self._loop.at(time.monotonic() + _MOMENT, self._clear_scheduled)

    def _clear_scheduled(self) -> None:
        self._write_scheduled = False

    def _read(self, place: _TappedNetns, most: int) -> None:
        """Read at most `most` frames from the socket of a namespace."""
        for _ in range(most):
            try:
                length, control, _, (interface, protocol, kind, hardware, _) = (
                    place.tap.recvmsg_into([self._kept], taps.CONTROL, socket.MSG_TRUNC)
                )
            except BlockingIOError:
                place.behind = None
                return
            if protocol == taps.TEST_ETHERTYPE:  # of another capture that begins
                continue
            # lo receives what it sends: it is shown once, as by tcpdump.
            if hardware == uapi.ARPHRD_LOOPBACK and kind == socket.PACKET_OUTGOING:
                continue
            passed = place.behind = taps.timestamp(control)
            number = place.interfaces.get(interface)
            if number is None:
                number = self._describe(place, interface)
            data, direction = self._kept[:length], _DIRECTIONS[kind]
            block = pcapng.packet(number, passed, data, length, direction)
            self._order += 1
            self._waiting.append(_Frame(passed, self._order, number, block))

    def _describe(self, place: _TappedNetns, interface: str) -> int:
        """Add the description of an interface to the file, and return the interface's number
        there."""
        number = place.interfaces[interface] = len(self._interfaces)
        self._interfaces.append(place)
        name = f"{place.reference} {interface or '(a removed link)'}"
        self._blocks.append(pcapng.interface(name, place.netns, self._limits.snap_length))
        return number

    def _write(self, outlet: Outlet, until: int) -> None:
        """Write the frames that passed until the time `until`, in the order of time. If their
        number reaches the limit, end the recording."""
        self._waiting.sort()
        left = self._limits.count - self._written.total()
        ready = min(bisect_right(self._waiting, until, key=lambda each: each.time), left)
        frames, self._waiting = self._waiting[:ready], self._waiting[ready:]
        self._written.update(each.interface for each in frames)
        blocks, self._blocks = self._blocks, []
        outlet.put(b"".join((*blocks, *(each.block for each in frames))))
        if ready == left:
            self._end(f"after {self._limits.count} packets (--count)")

    def _finish(self, outlet: Outlet) -> None:
        """Write what was recorded until now, and the statistics of every interface."""
        now = time.time_ns()
        self._close_removed()
        for place in self._places:
            if not place.gone:
                self._read(place, self._limits.count)
                place.lost += taps.dropped(place.tap)
        self._write(outlet, now)
        outlet.put(b"".join(self._statistics(now)))

    def _statistics(self, now: int) -> Iterator[bytes]:
        for number, place in enumerate(self._interfaces):
            packets = self._written[number]
            if place.lost:  # a packet socket does not count them by interface
                lost, comment = None, f"{place.lost} packets of {place.reference} were lost"
            else:
                lost, comment = 0, ""
            yield pcapng.statistics(number, self._started, now, packets, lost, comment)

    def _check_ends(self, outlet: Outlet) -> None:
        """End the recording if all its namespaces are gone, or if nothing reads its output any
        more. This is checked once a second."""
        self._close_removed()
        if all(each.gone for each in self._places):
            self._end("because its namespaces are gone")
        if not outlet.has_reader():
            self._end("because its reader is gone")
        self._loop.at(time.monotonic() + _CHECK, partial(self._check_ends, outlet))

    def _close_removed(self) -> None:
        """Read what is left in the sockets of removed namespaces, and close them. An open socket
        would keep its namespace alive."""
        gone = [
            each for each in self._places if not each.gone and netns.inode(each.netns) != each.inode
        ]
        for place in gone:
            self._read(place, self._limits.count)
            place.lost += taps.dropped(place.tap)
            place.gone, place.behind = True, None
        taps.close([each.tap for each in gone], self._loop.close_socket)

    def _by_place(self) -> dict[str, int]:
        found = {each.reference: 0 for each in self._places}
        for number, packets in self._written.items():
            found[self._interfaces[number].reference] += packets
        return found


@contextmanager
def _kernel_timestamps(names: Iterable[str]) -> Iterator[None]:
    """Wait until the kernel timestamps packets as they pass, and let it do so throughout the block.
    Packets have the kernel's time if they are captured inside the block, or by sockets opened in
    it.

    The block has packet sockets of its own, with which it verifies that the kernel has begun.
    """
    opened: list[socket.socket] = []

    def one_by_one() -> Iterator[socket.socket]:
        for name in names:
            with netns.inside(name):
                opened.append(taps.open_tap(socket.SOCK_DGRAM))
            yield opened[-1]

    try:
        taps.await_timestamps(one_by_one(), bytes(28))
        yield
    finally:
        taps.close(opened, socket.socket.close)
