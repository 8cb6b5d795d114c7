"""iptables rules and ipsets. iptables-restore and ipset load them; iptables-save, ipset and
python-iptables read them.

`tool` is the variant of iptables that a lab uses: iptables-legacy or iptables-nft. A namespace
never has rules of both, because each variant lists only its own.
"""

import ctypes
import os
import re
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Final

from nsnet.errors import KernelError, UnsupportedError, UsageError
from nsnet.ip import Family, IPNetwork
from nsnet.kernel import netlink, netns, uapi
from nsnet.kernel.child import in_child
from nsnet.kernel.command import Command, Finished, find, run
from nsnet.state.ipsets import IpSet, parse_saved
from nsnet.state.iptables_text import quoted
from nsnet.state.observed import ListedChain
from nsnet.state.rules import BUILT_IN

LEGACY: Final = "iptables-legacy"
NFT: Final = "iptables-nft"
TOOLS: Final = (LEGACY, NFT)
FAMILIES: Final[tuple[Family, ...]] = (4, 6)

_LEVELS: Final[Mapping[Family, tuple[socket.AddressFamily, int]]] = {
    4: (socket.AF_INET, socket.IPPROTO_IP),
    6: (socket.AF_INET6, socket.IPPROTO_IPV6),
}
_INFO_SIZE = 84  # struct ipt_getinfo, which begins with the 32 bytes of a table's name

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_LINE_NUMBER = re.compile(r"\bline:? (\d+)")

_libc = ctypes.CDLL(None, use_errno=True)


def choose_tool() -> str:
    """Return the variant of iptables for a new lab. It is what the variable NSNET_IPTABLES says;
    without the variable, it is iptables-legacy if that works, else iptables-nft. Raises
    UnsupportedError if none of these works, UsageError if NSNET_IPTABLES names no variant.

    The attempt is made in a scratch namespace, because it registers tables.
    """
    wanted = os.environ.get("NSNET_IPTABLES", "")
    if wanted and wanted not in TOOLS:
        raise UsageError(f"NSNET_IPTABLES is {wanted}, not {' or '.join(TOOLS)}")
    candidates = (wanted,) if wanted else TOOLS
    with netns.returning():
        netns.unshare(uapi.CLONE_NEWNET)
        for tool in candidates:
            if works(tool):
                return tool
    raise UnsupportedError(
        f"{' and '.join(candidates)}: not installed, or not in this kernel",
        hint="see what is missing: nsnet doctor",
    )


def works(tool: str, family: Family = 4) -> bool:
    """Return whether the tool is installed and the kernel supports it in the calling thread's
    namespace."""
    if not installed(tool, family):
        return False
    if tool == LEGACY:
        return all(_has_legacy_table(name, family) for name in ("filter", "nat", "mangle"))
    return has_nf_tables()


def installed(tool: str, family: Family = 4) -> bool:
    """Return whether the tool's programs are on this host."""
    return find(f"{_program(tool, family)}-restore") is not None


def has_nf_tables() -> bool:
    """Return whether the kernel has nf_tables in the calling thread's namespace."""
    try:
        with netlink.Socket(uapi.NETLINK_NETFILTER) as nft:
            nft.ask(netlink.packed(uapi.NFT_MSG_GETGEN, netlink.nfgenmsg()))
    except OSError:
        return False
    return True


def load(rulesets: Mapping[str, Mapping[Family, str]], tool: str, lockfile: Path) -> None:
    """Load the rules of each namespace and family, all namespaces in parallel and each table at
    once.

    `rulesets` has the texts from iptables_text.restore, by the namespace's name and the family. The
    names of the lock files begin with `lockfile`. Raises KernelError with the tool's message and
    the line that the message refers to.
    """
    commands = [
        Command(
            name,
            (f"{_program(tool, family)}-restore", *_keep_other_chains(name, tool, family)),
            text,
            # By default all commands wait for one lock of the host. With a lock for each command,
            # they run in parallel.
            {"XTABLES_LOCKFILE": f"{lockfile}.{name}.{family}"},
        )
        for name, texts in rulesets.items()
        for family, text in texts.items()
    ]
    failed = [done for done in run(commands) if done.status]
    if failed:
        raise _load_error(failed[0], len(failed) - 1)


def _keep_other_chains(name: str, tool: str, family: Family) -> tuple[str, ...]:
    """Return the option with which iptables-restore keeps the chains that its input does not name.

    With this option, iptables-nft asks the kernel about each chain that the input does name. For
    20,000 chains, that takes minutes; without the option, loading them takes 3 seconds. So
    iptables-nft does not get the option in a namespace without tables: there is no chain to keep.
    """
    with suppress(FileNotFoundError):  # running the command reports it
        if tool == NFT and not _families_with_tables(name, tool, [family]):
            return ()
    return ("--noflush",)


def _check(done: Finished) -> None:
    if done.status:
        raise KernelError(f"{done.command.by_hand}: {done.errors or f'exit {done.status}'}")


def load_sets(texts: Iterable[tuple[str, str]]) -> None:
    """Run `ipset restore` in namespaces. `texts` has pairs of a namespace's name and the input.
    Raises KernelError."""
    commands = [Command(name, ("ipset", "restore", "-exist"), text) for name, text in texts]
    for done in run(commands):
        _check(done)


def ipsets_of(names: Iterable[str]) -> dict[str, tuple[IpSet, ...]]:
    """Return the ipsets of each of these namespaces, by the namespace's name. Raises
    KernelError."""
    found: dict[str, tuple[IpSet, ...]] = {}
    for done in run([Command(name, ("ipset", "save")) for name in names]):
        _check(done)
        found[done.command.netns] = parse_saved(done.output)
    return found


def chains_of(
    names: Iterable[str], tool: str, families: Sequence[Family] = FAMILIES
) -> dict[str, tuple[ListedChain, ...]]:
    """Return the chains of each of these namespaces, sorted, by the namespace's name. Their rules
    have the format of `iptables_text.line`. Raises KernelError.

    Only tables that exist are read; reading creates none. If a chain's policy is not ACCEPT, its
    first line is the policy.
    """
    found: dict[str, list[ListedChain]] = {name: [] for name in names}
    commands = [
        Command(name, (f"{_program(tool, family)}-save",))
        for name in found
        for family in _families_with_tables(name, tool, families)
    ]
    for done in run(commands):
        _check(done)
        family: Family = 6 if done.command.argv[0].startswith("ip6") else 4
        found[done.command.netns] += _parsed(done.output, family)
    return {name: tuple(sorted(chains)) for name, chains in found.items()}


@dataclass(frozen=True, slots=True)
class CountedRule:
    """A rule in a namespace of a running lab, with its counters. `position` is its place in its
    chain, from 1."""

    chain: str
    position: int
    packets: int
    bytes: int
    target: str
    source: IPNetwork | None = None
    not_source: IPNetwork | None = None
    destination: IPNetwork | None = None
    not_destination: IPNetwork | None = None
    protocol: str = ""
    comment: str = ""


def counters(name: str, tool: str, table: str, family: Family = 4) -> tuple[CountedRule, ...]:
    """Return the rules of a table with their counters, chain by chain. There are none if the table
    does not exist. Raises UnsupportedError for iptables-nft, whose rules python-iptables cannot
    read."""
    if tool != LEGACY:
        raise UnsupportedError(
            f"rule counters need {LEGACY}, this lab uses {tool}",
            hint=f"by hand: ip netns exec {name} {_program(tool, family)}-save -c -t {table}",
        )

    def read() -> tuple[CountedRule, ...]:
        with netns.inside(name):
            if table not in _legacy_table_names(family):
                return ()
            return tuple(_counted(table, family))

    # A process for each call: python-iptables caches one namespace's tables and one family's
    # extensions for its whole life, and crashes (SIGSEGV) on a rule that names a missing ipset.
    return in_child(read, what=f"rules of {name}, table {table}")


def _counted(table: str, family: Family) -> Iterator[CountedRule]:
    import iptc  # takes 250-750 ms, in the child alone

    opened = iptc.Table(table) if family == 4 else iptc.Table6(table)
    for chain in opened.chains:
        for position, rule in enumerate(chain.rules, 1):
            packets, size = rule.get_counters()
            source, destination = _network(rule.src), _network(rule.dst)
            comments = [match.comment for match in rule.matches if match.name == "comment"]
            yield CountedRule(
                chain=chain.name,
                position=position,
                packets=packets,
                bytes=size,
                target=rule.target.name if rule.target else "",
                source=None if rule.src.startswith("!") else source,
                not_source=source if rule.src.startswith("!") else None,
                destination=None if rule.dst.startswith("!") else destination,
                not_destination=destination if rule.dst.startswith("!") else None,
                protocol="" if rule.protocol == "ip" else rule.protocol,
                comment=comments[0] if comments else "",
            )


def _network(text: str) -> IPNetwork | None:
    """Return the network in a text such as !10.0.0.0/255.0.0.0, without the "!". Return None for
    the network of all addresses."""
    network = ip_network(text.removeprefix("!"))
    return network if network.prefixlen else None


def _program(tool: str, family: Family) -> str:
    return tool if family == 4 else tool.replace("iptables", "ip6tables")


def _has_legacy_table(name: str, family: Family) -> bool:
    """Return whether the calling thread's namespace has this table of iptables-legacy. When asked,
    the kernel adds the table if it can."""
    domain, level = _LEVELS[family]
    try:
        with socket.socket(domain, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
            info = ctypes.create_string_buffer(name.encode(), _INFO_SIZE)
            size = ctypes.c_uint32(_INFO_SIZE)
            got = _libc.getsockopt(
                raw.fileno(), level, uapi.IPT_SO_GET_INFO, info, ctypes.byref(size)
            )
            return bool(got == 0)
    except OSError:
        return False


def _legacy_table_names(family: Family) -> tuple[str, ...]:
    """Return the names of the iptables-legacy tables that exist in the calling thread's
    namespace."""
    file = Path(f"/proc/thread-self/net/{'ip' if family == 4 else 'ip6'}_tables_names")
    with suppress(FileNotFoundError):
        return tuple(file.read_text().split())
    return ()


def _families_with_tables(name: str, tool: str, families: Sequence[Family]) -> list[Family]:
    """Return the families in which a namespace has tables. For the others, no process need be
    started to list tables."""
    with netns.inside(name):
        if tool == LEGACY:
            return [family for family in families if _legacy_table_names(family)]
        with netlink.Socket(uapi.NETLINK_NETFILTER) as nft, suppress(OSError):
            tables = nft.dump(netlink.packed(uapi.NFT_MSG_GETTABLE, netlink.nfgenmsg()))
            present = {table[16] for table in tables}  # the first byte after the header
            return [family for family in families if _LEVELS[family][0] in present]
    return []


def _load_error(failed: Finished, others: int) -> KernelError:
    """Return an error with the tool's message. If the message refers to a line of the input by its
    number, the error includes that line. `others` is the number of other commands that failed."""
    words = [line for line in failed.errors.splitlines() if line and not line.startswith("Try `")]
    message = "; ".join(words) or f"exit {failed.status}"
    numbers = _LINE_NUMBER.findall(failed.errors)
    lines = failed.command.text.splitlines()
    if numbers and 0 < int(numbers[-1]) <= len(lines):
        message += f": {lines[int(numbers[-1]) - 1]}"
    if others:
        message += f" (and {others} more)"
    return KernelError(f"{failed.command.by_hand}: {message}")


def _parsed(text: str, family: Family) -> Iterator[ListedChain]:
    """Yield the chains in the output of iptables-save, with their rules in order."""
    rules: dict[tuple[str, str], list[str]] = {}
    table = ""
    for line in text.splitlines():
        match line[:1]:
            case "*":
                table = line[1:]
            case ":":
                chain, policy, *_ = line[1:].split()
                changed = chain in BUILT_IN and policy != "ACCEPT"
                rules[table, chain] = [f"-P {chain} {policy}"] if changed else []
            case "-":
                rules[table, line.split(maxsplit=2)[1]].append(_requoted_line(line))
    for (table, name), lines in rules.items():
        yield ListedChain(family, table, name, tuple(lines))


def _requoted_line(line: str) -> str:
    """Return the line with its strings quoted as `iptables_text.line` quotes them, because versions
    of iptables differ in what they quote and escape."""
    return _QUOTED.sub(_requoted, line)


def _requoted(found: re.Match[str]) -> str:
    return quoted(re.sub(r"\\(.)", r"\1", found[1]))
