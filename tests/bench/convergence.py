"""How fast BGP converges, and how long each shipped scenario takes.

    sudo .venv/bin/python tests/bench/convergence.py [ROUNDS]

Three tables, each with a reference from the same run, which is what to quote:

    seconds from `up` of a lab with four nodes until it has learned all routes, beside five birds
    that are started in namespaces, and until the first of them answers
    milliseconds until the routes of a node are gone: its cable is cut (BFD), its bird is hung (BFD)
    or killed, beside BGP's own hold time
    seconds of `nsnet run`, beside the start of Python and nsnet's own modules
"""

import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from nsnet.kernel.command import find

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))
NSNET = [sys.executable, "-m", "nsnet"]
LAB = "flat-bgp"
FABRIC = f"nsnet.{LAB}.fabric"
HOLD = 9000  # ms: what each bird's configuration says
NODES = 4
DEADLINE = 60.0
# A machine of our own: our labs collide with nobody's, whatever the host has up.
ALONE = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
FURNISH = 'mount -t tmpfs tmpfs /run && ip link set lo up && exec "$@"'
# A bird that speaks to nobody.
BARE = "log stderr all; router id 192.0.2.1; protocol device { } protocol kernel { ipv4; }"


def done(*argv: str) -> str:
    """The output of a command that did well."""
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def until(condition: Callable[[], bool], what: str) -> None:
    """Return as soon as it holds."""
    end = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.001)


def bare(folder: Path) -> None:
    """As many birds as the lab has, each in a namespace of its own: until all of them answer."""
    bird = find("bird")
    assert bird is not None
    started = []
    for number in range(NODES + 1):
        name, stem = f"bare{number}", folder / f"bare{number}"
        done("ip", "netns", "add", name)
        Path(f"{stem}.conf").write_text(BARE)
        files = ("-c", f"{stem}.conf", "-s", f"{stem}.ctl", "-P", f"{stem}.pid")
        argv = ("ip", "netns", "exec", name, bird, "-f", *files)
        started.append(subprocess.Popen(argv, stderr=subprocess.DEVNULL))
    sockets = [folder / f"bare{number}.ctl" for number in range(NODES + 1)]
    until(lambda: all(each.exists() for each in sockets), "bare birds do not answer")
    for number, process in enumerate(started):
        process.terminate()
        process.wait()
        done("ip", "netns", "del", f"bare{number}")


def up() -> tuple[float, float]:
    """Seconds of `nsnet up`, and of those until the routes are there."""
    start = time.perf_counter()
    said = subprocess.run(
        [*NSNET, "up", f"scenarios/{LAB}.yaml"], check=True, capture_output=True, text=True
    ).stderr
    whole = time.perf_counter() - start
    built = re.search(r"building: .* in ([\d.]+) s", said)
    assert built is not None, said
    return whole, float(built[1])


def pods(node: int) -> str:
    """The range that a node announces."""
    return f"10.244.{node - 1}.0/24"


def learned(node: int) -> bool:
    """The fabric knows the way to this node's pods by BGP."""
    return bool(done("ip", "-n", FABRIC, "route", "show", pods(node), "proto", "bird"))


def pid(node: int) -> str:
    """Of the node's bird."""
    return Path(f"/run/nsnet/{LAB}/east.node.n{node}.bird.pid").read_text().strip()


def cut(node: int) -> None:
    """The fabric's bridge stays up, and hears nothing from there any more."""
    done("ip", "-n", f"nsnet.{LAB}.east.node.n{node}", "link", "set", "eth0", "down")


def mend(node: int) -> None:
    """The cable is whole again, with the routes that went with it."""
    done("ip", "-n", f"nsnet.{LAB}.east.node.n{node}", "link", "set", "eth0", "up")


def hang(node: int) -> None:
    """The program hears nothing any more, and says nothing."""
    done("kill", "-STOP", pid(node))


def wake(node: int) -> None:
    """It goes on."""
    done("kill", "-CONT", pid(node))


def kill(node: int) -> None:
    """The program is gone; the kernel says so to whom it talked to."""
    done("kill", "-KILL", pid(node))


def repair(node: int) -> None:
    """It runs again."""
    del node
    done(*NSNET, "apply", LAB, f"scenarios/{LAB}.yaml")


def withdrawn(end: Callable[[int], None], mend: Callable[[int], None], node: int) -> float:
    """Milliseconds from the end of a node until its routes are gone."""
    until(lambda: learned(node), "no route to withdraw")
    end(node)
    took = seconds(lambda: until(lambda: not learned(node), "the route stays"))
    mend(node)
    until(lambda: learned(node), "the route does not come back")
    return took * 1000


def convergence(rounds: int) -> None:
    """The lab's own time beside the birds' own."""
    folder = Path("/run")
    birds, first, whole = list[float](), list[float](), list[float]()
    for _ in range(rounds):
        birds.append(seconds(lambda: bare(folder)))
        took, built = up()
        whole.append(took)
        first.append(built)
        done(*NSNET, "down", LAB)
    reference = statistics.median(birds)
    print(f"{LAB}: {NODES} nodes and their router, medians of {rounds} rounds")
    for name, found in (("birds", birds), ("building", first), ("nsnet up", whole)):
        median = statistics.median(found)
        print(f"  {name:<10} {median:6.2f} s  {median / reference:6.2f} × {NODES + 1} bare birds")


def withdrawal(rounds: int) -> None:
    """What the fabric notices, and when."""
    done(*NSNET, "up", f"scenarios/{LAB}.yaml")
    print(f"a route is withdrawn, medians of {rounds} rounds, of a hold time of {HOLD} ms")
    for name, end, back in (
        ("cable cut (BFD)", cut, mend),
        ("bird hung (BFD)", hang, wake),
        ("bird killed", kill, repair),
    ):
        median = statistics.median(withdrawn(end, back, 2) for _ in range(rounds))
        print(f"  {name:<16} {median:6.0f} ms  {median / HOLD:6.3f} × hold time")
    done(*NSNET, "down", LAB)


def scenarios() -> None:
    """Every shipped scenario, built, probed and removed."""
    reference = min(seconds(lambda: done(*NSNET, "--version")) for _ in range(3))
    print(f"nsnet run, wall seconds; nsnet --version takes {reference:.2f} s")
    for file in SCENARIOS:
        argv = [*NSNET, "run", str(file)]
        start = time.perf_counter()
        ended = subprocess.run(argv, capture_output=True, text=True, check=False)
        took = time.perf_counter() - start
        why = f"  {ended.stderr.strip().splitlines()[-1]}" if ended.returncode else ""
        print(f"  {file.stem:<20} {took:6.2f} s  {took / reference:6.1f} ×{why}", flush=True)


def main() -> None:
    """All three, in a machine of their own."""
    if os.environ.get("NSNET_BENCH_ALONE") is None:
        os.environ["NSNET_BENCH_ALONE"] = "yes"
        argv = [*ALONE, "sh", "-c", FURNISH, "sh", sys.executable, *sys.argv]
        sys.exit(subprocess.run(argv, cwd=ROOT, check=False).returncode)
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    convergence(rounds)
    withdrawal(rounds)
    scenarios()


if __name__ == "__main__":
    main()
