"""What a path costs, measured in a lab that is up: throughput by iperf3, request and response
latency by sockperf, and the time of TCP handshakes by the kernel's timestamps."""

import json
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from nsnet.compare import handshakes
from nsnet.compare.actors import ECHO, IPERF3, SOCKPERF
from nsnet.errors import KernelError, UnsupportedError
from nsnet.kernel import processes
from nsnet.kernel.command import find
from nsnet.lab.environment import PATH

_BYTES: Final = "200M"  # that iperf3 sends, in about 0.1 s
_CONNECTIONS: Final = 150
_SOCKPERF_TAKES: Final = 1.15  # seconds; it measures for 1 s, the shortest time
_PATIENCE: Final = 30.0  # seconds
_ENVIRONMENT: Final = {"PATH": PATH, "LC_ALL": "C"}
_MEDIAN: Final = re.compile(r"percentile 50\.000 =\s*([0-9.]+)")


class Client(NamedTuple):
    """Where a path begins, and the address to which it leads."""

    netns: str
    address: str


def require_programs() -> None:
    """Raise UnsupportedError if a program that measures is not installed."""
    if missing := [each for each in ("iperf3", "sockperf") if find(each) is None]:
        names = " and ".join(missing)
        raise UnsupportedError(
            f"costs are measured by {names}, not installed here",
            hint=f"apt install {' '.join(missing)}, or compare without costs: --no-cost",
        )


def pin_to_one_cpu() -> None:
    """Let this process, and those that it starts, run on one CPU only. On several ones, waking
    another CPU would take more time than the whole path."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def throughput(client: Client) -> float:
    """Return the throughput of one TCP connection, in bits per second. Raises KernelError."""
    argv = ("iperf3", "-c", client.address, "-p", str(IPERF3), "-n", _BYTES, "-J")
    found = json.loads(_output(client, argv))
    try:
        return float(found["end"]["sum_received"]["bits_per_second"])
    except KeyError:
        raise _failed(client, argv, str(found.get("error", "no result"))) from None


def handshake(client: Client) -> float:
    """Return the median time from a SYN to its SYN-ACK, in microseconds. Raises KernelError."""
    program = str(Path(handshakes.__file__))
    words = (client.address, str(ECHO), str(_CONNECTIONS))
    argv = (sys.executable, "-I", "-S", program, *words)
    times = json.loads(_output(client, argv))
    if not times:
        raise _failed(client, argv, "no SYN-ACK was received")
    return float(median(times)) / 1000


def latencies(clients: Sequence[Client], done: Callable[[], None]) -> list[float]:
    """Return the median time of a request and its response over an open TCP connection, in
    microseconds, for each of these clients, one after the other. Raises KernelError.

    sockperf sleeps for two seconds before it measures. So each one is started while those before it
    still sleep or measure, and begins when they have ended.
    """
    start = time.monotonic()

    def measured(number: int) -> float:
        time.sleep(max(0.0, start + number * _SOCKPERF_TAKES - time.monotonic()))
        found = _latency(clients[number])
        done()
        return found

    with ThreadPoolExecutor(len(clients)) as pool:
        return list(pool.map(measured, range(len(clients))))


def _latency(client: Client) -> float:
    argv = ("sockperf", "ping-pong", "--tcp", "-i", client.address, "-p", str(SOCKPERF))
    output = _output(client, (*argv, "-t", "1", "--full-rtt"))
    match = _MEDIAN.search(output)
    if match is None:
        raise _failed(client, argv, (output.strip().splitlines() or ["no result"])[-1])
    return float(match[1])


def _output(client: Client, argv: Sequence[str]) -> str:
    try:
        done = processes.run(argv, client.netns, _ENVIRONMENT, seconds=_PATIENCE)
    except TimeoutError as error:
        raise KernelError(str(error)) from error
    if done.returncode and not done.stdout:
        raise _failed(client, argv, done.stderr.strip() or f"exit status {done.returncode}")
    return done.stdout


def _failed(client: Client, argv: Sequence[str], why: str) -> KernelError:
    return KernelError(f"{argv[0]} to {client.address} in {client.netns}: {why}")
