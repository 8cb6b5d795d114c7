"""kube-proxy's nftables table, loaded and listed by nft in many namespaces at once."""

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final, Literal, NamedTuple

from nsnet.errors import KernelError
from nsnet.ip import Family
from nsnet.kernel import netlink, netns, uapi
from nsnet.kernel.command import Command, Finished, run
from nsnet.state.observed import ListedChain, ListedSet
from nsnet.state.rules import KUBE_PROXY

_FAMILIES: Final[Mapping[str, Family]] = {"ip": 4, "ip6": 6}
_SECONDS = 10.0


class Tables(NamedTuple):
    """What kube-proxy's table holds, for IPv4 and IPv6 together. Elements that packets have added
    to a set are left out."""

    chains: tuple[ListedChain, ...] = ()
    sets: tuple[ListedSet, ...] = ()


def load(texts: Sequence[tuple[str, tuple[str, ...]]]) -> None:
    """Load each namespace's texts into it, in order, each text as one transaction. `texts` has
    pairs of a namespace's name and its texts. Raises KernelError."""
    for turn in range(max((len(parts) for _, parts in texts), default=0)):
        failed = _run((name, parts[turn]) for name, parts in texts if turn < len(parts))
        if failed:
            raise _error(failed)


def delete(texts: Iterable[tuple[str, str]]) -> None:
    """Load texts that delete chains to which no rule and no map refers any more. Each pair is a
    namespace's name and its text.

    A kernel before Linux 6.2 frees deleted map elements in the background. Until it has freed them,
    it reports their chains as busy. Raises KernelError if that takes more than 10 s.
    """
    waiting = [*texts]
    end = time.monotonic() + _SECONDS
    while failed := _run(waiting):
        if time.monotonic() > end:
            raise _error(failed)
        waiting = [(each.command.netns, each.command.text) for each in failed]
        time.sleep(0.05)


def tables_of(names: Iterable[str]) -> dict[str, Tables]:
    """Return what kube-proxy's table holds in each of these namespaces, by the namespace's name.
    The Tables of a namespace without this table are empty. Raises KernelError."""
    found = {name: Tables() for name in names}
    commands = [Command(name, ("nft", "list", "ruleset")) for name in found if _has_table(name)]
    for done in run(commands):
        if done.status:
            raise _error([done])
        found[done.command.netns] = parsed(done.output)
    return found


def parsed(text: str) -> Tables:
    """Return what kube-proxy's table holds according to this output of `nft list ruleset`."""
    chains: list[ListedChain] = []
    sets: list[ListedSet] = []
    family: Family | None = None
    kind, name, inside = "", "", list[str]()
    for line in text.splitlines():
        match line.split():
            case ["table", word, table, "{"]:
                family = _FAMILIES.get(word) if table == KUBE_PROXY else None
            case _ if family is None:
                continue
            case ["chain" | "set" | "map" as kind, name, "{"] if line.startswith("\t" + kind):
                inside = []
            case ["}"] if kind == "chain":
                chains.append(ListedChain(family, KUBE_PROXY, name, tuple(inside)))
                kind = ""
            case ["}"] if kind:
                what: Literal["set", "map"] = "map" if kind == "map" else "set"
                sets.append(ListedSet(family, name, what, tuple(_set_lines(inside))))
                kind = ""
            case _ if kind:
                inside.append(line.strip())
    return Tables(tuple(sorted(chains)), tuple(sorted(sets)))


def _set_lines(inside: list[str]) -> Iterable[str]:
    """Yield the lines that declare a set or map, then its elements, one by one. The elements of a
    set with a timeout are left out, because packets added them."""
    start = next((at for at, line in enumerate(inside) if line.startswith("elements = ")), None)
    yield from inside[:start]
    if start is None or any(line.startswith("timeout ") for line in inside):
        return
    listed = " ".join(inside[start:]).removeprefix("elements = {").removesuffix("}")
    yield from (each.strip() for each in listed.split(", "))


def _has_table(name: str) -> bool:
    """Return whether the namespace has kube-proxy's table. If not, no process need be started to
    list it."""
    with netns.inside(name), suppress(OSError):
        with netlink.Socket(uapi.NETLINK_NETFILTER) as nft:
            tables = nft.dump(netlink.packed(uapi.NFT_MSG_GETTABLE, netlink.nfgenmsg()))
        names = (netlink.attributes(each, 20)[uapi.NFTA_TABLE_NAME] for each in tables)
        return KUBE_PROXY.encode() in [each.rstrip(b"\0") for each in names]
    return False


def _run(texts: Iterable[tuple[str, str]]) -> list[Finished]:
    commands = [Command(name, ("nft", "-f", "-"), text) for name, text in texts if text]
    return [done for done in run(commands) if done.status]


def _error(failed: list[Finished]) -> KernelError:
    """Return an error with the first failed command, nft's message for it, and the number of other
    commands that failed."""
    first = failed[0]
    words = [each for each in first.errors.splitlines() if "rror" in each] or [
        first.errors or f"exit {first.status}"
    ]
    more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
    return KernelError(f"{first.command.by_hand}: {words[0]}{more}")
