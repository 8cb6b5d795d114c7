"""bird as data, and as the configuration it reads: BGP between machines of a lab, watched by BFD.

Source: the user's guide of bird 2.0.12.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from nsnet.ip import Family, IPAddress, IPNetwork, all_of_family

METRIC: Final = 32  # of a route that bird puts into the kernel
# Of a peer: milliseconds between two signs of life, and how many may be missed.
_BFD, _MISSED = 100, 3
_HOLD, _KEEPALIVE = 9, 3  # seconds; without BFD, a peer that is silent for so long is gone
_SCAN = 5  # seconds between two looks at what the kernel's table really holds


@dataclass(frozen=True, slots=True)
class Session:
    """BGP with a neighbour on the same wire. One side waits to be called (`passive`)."""

    reference: str  # of the neighbour
    local: IPAddress
    neighbour: IPAddress
    neighbour_as: int
    passive: bool = False


@dataclass(frozen=True, slots=True)
class Bird:
    """One bird: the routes it announces as its own, and those it believes and puts into the kernel.

    `prepended`: what it says seems so much farther away, so that others are preferred. A router
    (`transit`) passes on what it has learnt. `by`: the link to where its own routes lead; while it
    has no carrier, they are not announced.
    """

    router_id: IPv4Address
    autonomous_system: int
    links: tuple[str, ...]  # where its neighbours are
    sessions: tuple[Session, ...]
    announced: tuple[IPNetwork, ...] = ()
    believed: tuple[IPNetwork, ...] = ()  # routes into these ranges; 0.0.0.0/0: the default route
    transit: bool = False
    prepended: int = 0
    by: str = ""


def configuration(bird: Bird) -> str:
    """What bird reads."""
    lines = ["log stderr all;", f"router id {bird.router_id};", "protocol device { }"]
    interval = f"min rx interval {_BFD} ms; min tx interval {_BFD} ms; multiplier {_MISSED};"
    where = ", ".join(f'"{each}"' for each in bird.links)
    lines.append(f"protocol bfd {{ interface {where} {{ {interval} }}; }}")
    for family in sorted({each.local.version for each in bird.sessions}):
        lines += _family(bird, family)
    for session in bird.sessions:
        lines += _session(bird, session)
    return "\n".join([*lines, ""])


def argv(stem: Path, *, background: bool) -> tuple[str, ...]:
    """Without -f it goes into the background by itself."""
    files = ("-c", f"{stem}.conf", "-s", f"{stem}.ctl", "-P", f"{stem}.pid")
    return ("bird", *(() if background else ("-f",)), *files)


def _family(bird: Bird, family: Family) -> Iterator[str]:
    """What is its own, and what goes into the kernel: its own routes never do."""
    mine = all_of_family(bird.announced, family)
    if mine:
        yield f"protocol static announced{family} {{"
        yield f"  ipv{family};{' check link;' if bird.by else ''}"
        leads = f'via "{bird.by}"' if bird.by else "unreachable"
        yield from (f"  route {each} {leads};" for each in mine)
        yield "}"
    yield f"protocol kernel kernel{family} {{"
    # By default a minute would pass before a route that somebody deleted is put back.
    yield f"  scan time {_SCAN}; merge paths on limit 255;"
    yield f"  ipv{family} {{ import none; export where source = RTS_BGP; }};"
    yield "}"


def _session(bird: Bird, session: Session) -> Iterator[str]:
    family = session.local.version
    letters = (each if each.isalnum() else "_" for each in f"to_{session.neighbour}")
    yield f"protocol bgp {''.join(letters)} {{"
    yield f'  description "{session.reference}";'
    yield f"  local {session.local} as {bird.autonomous_system};"
    yield f"  neighbor {session.neighbour} as {session.neighbour_as};"
    if session.passive:
        yield "  passive;"
    yield f"  hold time {_HOLD}; keepalive time {_KEEPALIVE};"
    # A minute would pass by default before a neighbour that has gone and come is heard again.
    yield "  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;"
    yield "  bfd on;"
    yield f"  ipv{family} {{"
    if family == 6:
        yield "    next hop prefer global;"
    yield f"    import {_import(all_of_family(bird.believed, family))};"
    yield f"    export {_export(bird)};"
    yield "  };"
    yield "}"


def _import(believed: Iterable[IPNetwork]) -> str:
    ranges = ", ".join(f"{each}+" if each.prefixlen else str(each) for each in believed)
    return f"where net ~ [ {ranges} ]" if ranges else "none"


def _export(bird: Bird) -> str:
    prepend = f"bgp_path.prepend({bird.autonomous_system}); " * bird.prepended
    own = "" if bird.transit else "if source != RTS_STATIC then reject; "
    return f"filter {{ {own}{prepend}accept; }}" if own or prepend else "all"
