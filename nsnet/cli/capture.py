"""The command capture: records the packets of a lab."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING

import click

from nsnet.cli.arguments import LAB, PLACE
from nsnet.cli.output import err
from nsnet.cli.progress import Progress
from nsnet.cli.signals import handled
from nsnet.errors import UsageError
from nsnet.probes.recording.pcapng import SNAP_LENGTH
from nsnet.text import number_of
from nsnet.topology.model import Topology
from nsnet.topology.notation import without_only_cluster

if TYPE_CHECKING:
    from nsnet.probes.recording.frames import Recorded

_STDOUT = "-"


@click.command()
@click.argument("lab", type=LAB)
@click.argument("references", type=PLACE, metavar="[REF…]", nargs=-1)
@click.option(
    "-w",
    "file",
    type=click.Path(dir_okay=False, allow_dash=True),
    default=_STDOUT,
    metavar="FILE",
    help="file to write; default, or for -: stdout, which must not be a terminal",
)
@click.option(
    "--count",
    type=click.IntRange(1),
    default=10_000,
    show_default=True,
    help="stop after this many packets",
)
@click.option(
    "--seconds",
    type=click.IntRange(1),
    default=60,
    show_default=True,
    help="stop after this many seconds",
)
@click.option(
    "--snaplen",
    type=click.IntRange(14, SNAP_LENGTH),
    default=SNAP_LENGTH,
    show_default=True,
    metavar="BYTES",
    help="largest part of each packet to keep",
)
def capture(
    lab: str, references: tuple[str, ...], file: str, count: int, seconds: int, snaplen: int
) -> None:
    """Record packets for Wireshark.

    REF is a pod, a node, a gateway, an external host or the fabric; the default is all of them. The
    file is pcapng: each interface has a name that begins with its REF, and each packet has its
    direction and the kernel's timestamp. A packet is recorded once at every interface that it
    passes.

    Ctrl-C also stops the recording: the file is complete and the exit code is 0. A pod that `nsnet
    apply` adds meanwhile is not recorded. If a pod or another REF is removed meanwhile, a warning
    at the end names it.

    \b
    Example: sudo nsnet capture clusterip pod/client node/n1 -w seen.pcapng
    Live:    sudo nsnet capture clusterip | tshark -r -
    """
    if file == _STDOUT and sys.stdout.isatty():
        raise UsageError(
            "a capture is binary and cannot be printed on a terminal",
            hint=f"write a file: -w FILE; or use a pipe: nsnet capture {lab} … | tshark -r -",
        )
    from nsnet.lab import registry as labs

    labs.need_root("capture")
    found = labs.attach(lab)
    places = found.places(references)
    with ExitStack() as stack:
        if file == _STDOUT:
            fd, name = sys.stdout.fileno(), "stdout"
        else:
            fd, name = stack.enter_context(_created(file)), file
        recording = stack.enter_context(found.recording(places, count, seconds, snaplen))
        asked = stack.enter_context(_asked_to_stop())
        where, packets = number_of(len(places), "place"), number_of(count, "packet")
        err(f"capturing at {where} of {lab}: {packets} or {seconds} s, or until Ctrl-C")
        # Not with a pipe: the program that reads it writes to the same terminal.
        live = file != _STDOUT and sys.stderr.isatty()
        with Progress(silent=not live) as progress:
            recorded = recording.run(
                fd, name, asked, lambda done: progress("capturing", done, count)
            )
    _tell(recorded, found.topology)


@contextmanager
def _created(file: str) -> Iterator[int]:
    """Create the file, or empty it if it exists, and yield its file descriptor. Raises UsageError
    if the file cannot be opened for writing."""
    try:
        fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    try:
        yield fd
    finally:
        os.close(fd)


@contextmanager
def _asked_to_stop() -> Iterator[socket.socket]:
    """Yield a socket that becomes readable at Ctrl-C, SIGTERM or SIGHUP. These signals do not
    interrupt a write that has begun."""
    asked, asking = socket.socketpair()
    asking.setblocking(False)

    def ask(number: int, frame: FrameType | None) -> None:
        del number, frame
        with suppress(BlockingIOError):
            asking.send(b"!")

    with asked, asking, handled((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), ask):
        yield asked


def _tell(recorded: "Recorded", topology: Topology) -> None:
    """Print to stderr why the capture ended, and how many packets of each place were recorded and
    lost."""
    total = sum(recorded.packets.values())
    lines = [f"{number_of(total, 'packet')} in {recorded.seconds:.1f} s; ended {recorded.why}"]
    width = len(str(max(recorded.packets.values(), default=0)))
    lines += [f"  {each:{width}}  {place}" for place, each in recorded.packets.items() if each]
    lines += [f"warning: {place} was removed during the capture" for place in recorded.gone]
    lines += [
        f"warning: {each} packets of {place} were lost: they arrived faster than they could be read"
        for place, each in recorded.lost.items()
    ]
    if recorded.lost:
        lines.append("hint: capture fewer places: nsnet capture LAB REF…")
    for line in lines:
        err(without_only_cluster(line, topology))


COMMANDS = (capture,)
