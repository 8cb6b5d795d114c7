"""Two writers, one reader: shell commands and netlink messages build the same lab."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from nsnet.features.compile import compile_state
from nsnet.features.networks.transparent import GATEWAY
from nsnet.kernel import netfilter, netns
from nsnet.kernel.observe import observe
from nsnet.lab import registry as labs
from nsnet.lab.compiled import compiled
from nsnet.scenario.load import load
from nsnet.state.model import State
from nsnet.state.observed import Observed
from nsnet.state.rules import KUBE_PROXY, Match
from nsnet.topology.resolve import resolve
from tests.support.machine import NEEDS_ROOT, SCENARIOS, SECONDS, Machine, machine, needs

pytestmark = NEEDS_ROOT

# More pods than the kernel's one table of neighbours holds, if each resolved all others: they get
# permanent neighbours.
CROWD = """\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {name: crowd}
spec:
  clusters:
  - {name: east, nodes: 1}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 32
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: main, image: netexec, ports: [{containerPort: 80}]}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
"""

# What `ip` shows and the kernel counts, chooses as links are created, or notices later (the other
# end of a veth pair is up).
CHANGES = {
    "ifindex", "link_index", "link_netnsid", "hello_timer", "tcn_timer", "topology_change_timer",
    "gc_timer", "no", "designated_port", "port", "id", "operstate",
}  # fmt: skip
# With the programs that `make setup` has fetched, but not installed.
PATH = f"{os.environ['PATH']}:{sys.prefix}/daemons/usr/sbin"
COUNTED = "nf_conntrack_count"  # connections: those of BGP, for example
NOTICED = {"NO-CARRIER", "LOWER_UP", "linkdown"}


@pytest.fixture(scope="module")
def by_shell() -> Iterator[Machine]:
    """Yield the machine where labs are built by shell commands."""
    with machine() as made:
        yield made


@pytest.fixture(scope="module")
def by_netlink() -> Iterator[Machine]:
    """Yield the machine where labs are built by netlink messages."""
    with machine() as made:
        yield made


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("crowd") / "crowd.yaml"
    file.write_text(CROWD)
    return file


def state_of(file: Path) -> State:
    return compile_state(resolve(load(file)))


def read(where: Machine, state: State, tool: str) -> dict[str, Observed]:
    """Return what nsnet's own reader observes."""
    names = [each.name for each in state.netns]
    keys = {each.name: [sysctl.key for sysctl in each.sysctls] for each in state.netns}
    return where.inside(lambda: observe(names, keys, tool))


def shown(where: Machine, state: State) -> dict[str, dict[str, Any]]:
    """Return what `ip` shows, which is more than nsnet's reader looks for."""
    shows = {
        "links": "-d link",
        "addresses": "addr",
        "routes": "route show table all",
        "IPv6 routes": "-6 route show table all",
        "rules": "rule",
        "neighbours": "neigh show nud permanent",
    }
    lines = [
        f"ip -n {each.name} -j {arguments} || exit; echo"
        for each in state.netns
        for arguments in shows.values()
    ]
    output = where.output("sh", "-c", "\n".join(lines)).split("\n")
    answers = iter(json.loads(line) for line in output if line)
    return {each.name: {what: _constant(next(answers)) for what in shows} for each in state.netns}


def _constant(shown: Any) -> Any:
    if isinstance(shown, list):
        kept = (
            _constant(each) for each in shown if not isinstance(each, str) or each not in NOTICED
        )
        return sorted(kept, key=json.dumps)
    if isinstance(shown, dict):
        return {key: _constant(each) for key, each in shown.items() if key not in CHANGES}
    return shown


def settings(where: Machine, state: State) -> dict[str, dict[str, str]]:
    """Return every sysctl of every namespace, also those that nsnet does not set."""

    def read_all() -> dict[str, dict[str, str]]:
        found = {}
        for each in state.netns:
            with netns.inside(each.name):
                found[each.name] = dict(_settings())
        return found

    return where.inside(read_all)


def _settings() -> Iterator[tuple[str, str]]:
    for folder, _, files in os.walk("/proc/sys/net"):
        for file in sorted({*files} - {COUNTED}):
            with suppress(OSError):  # write-only, or not readable before it is set
                yield f"{folder}/{file}", Path(folder, file).read_text()


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return both values of each thing that differs."""
    found: dict[str, dict[str, Any]] = {}
    for name in sorted({*one, *other}):
        mine, theirs = one.get(name, {}), other.get(name, {})
        for key in sorted({*mine, *theirs}):
            if mine.get(key) != theirs.get(key):
                found[f"{name}: {key}"] = {"by shell": mine.get(key), "by netlink": theirs.get(key)}
    return found


def kinds_of_rules(file: Path) -> set[tuple[object, ...]]:
    """Return the combinations of family, table, target and matches that rules of iptables have."""
    chains = (each for netns in state_of(file).netns for each in netns.chains)
    return {
        (each.family, each.table, type(rule.target), *used(rule.match))
        for each in chains
        if each.table != KUBE_PROXY
        for rule in each.rules
    }


def used(match: Match) -> Iterator[str]:
    """Yield the fields that differ from their defaults."""
    return (each.name for each in fields(match) if getattr(match, each.name) != each.default)


def with_every_kind_of_rule(files: list[Path]) -> Iterator[Path]:
    """Yield a few files that together have every kind of rule."""
    kinds = {file: kinds_of_rules(file) for file in files}
    missing = set().union(*kinds.values())
    while missing:
        best = max(files, key=lambda file: len(kinds[file] & missing))
        yield best
        missing -= kinds[best]


WRITTEN = [each for each in SCENARIOS if not needs(each)]  # test_ipvs.py has the others
EACH = [
    *((file, netfilter.LEGACY) for file in WRITTEN),
    # With iptables-nft only the rules differ.
    *((file, netfilter.NFT) for file in with_every_kind_of_rule(WRITTEN)),
    (None, netfilter.LEGACY),
]


@pytest.mark.parametrize(
    ("file", "tool"), EACH, ids=[f"{file.stem if file else 'crowd'}, {tool}" for file, tool in EACH]
)
def test_shell_commands_and_netlink_messages_build_the_same_lab(
    by_shell: Machine,
    by_netlink: Machine,
    crowd: Path,
    tmp_path: Path,
    file: Path | None,
    tool: str,
) -> None:
    scenario = file or crowd
    state = state_of(scenario)

    def up() -> bool:
        os.environ["NSNET_IPTABLES"] = tool
        return labs.up(compiled(load(scenario)))

    script = tmp_path / "script.sh"
    script.write_text(by_shell.nsnet_output("plan", scenario, "--shell"))
    try:
        # In the background: it takes a while.
        with by_shell.start("sh", str(script), env={"IPT": tool, "PATH": PATH}) as typing:
            assert by_netlink.inside(up)
            called = read(by_netlink, state, tool)
            _, errors = typing.communicate(timeout=SECONDS)
        assert typing.returncode == 0, errors
        typed = read(by_shell, state, tool)
        for each in state.netns:
            assert typed[each.name] == called[each.name]
        crowded = [
            neighbour
            for each in typed.values()
            for neighbour in each.neighbours
            if neighbour.dev != "flannel.1" and neighbour.address != GATEWAY
        ]
        assert bool(file) != bool(crowded)
        if tool == netfilter.LEGACY:  # the rest does not depend on the tool
            assert differing(shown(by_shell, state), shown(by_netlink, state)) == {}
            assert differing(settings(by_shell, state), settings(by_netlink, state)) == {}
    finally:
        by_shell.down()
        by_netlink.down()
