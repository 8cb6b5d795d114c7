"""The BGP daemon bird as data, and the text of its configuration file. The machines of a lab
exchange routes by BGP, and BFD detects a neighbour that fails.

Source: the user's guide of bird 2.0.12.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from nsnet.ip import Family, IPAddress, IPNetwork, all_of_family

PORT: Final = 179  # of BGP, over TCP
_BFD, _MISSED = 100, 3  # milliseconds between BFD packets; missed packets that end a session
_HOLD, _KEEPALIVE = 9, 3  # seconds; without BFD, the hold time ends a silent neighbour's session
_SCAN = 5  # seconds between two scans of the kernel's routing table


@dataclass(frozen=True, slots=True)
class Session:
    """A BGP session with a neighbour on the same link. The `passive` side does not connect, but
    waits for its neighbour to connect."""

    reference: str  # of the neighbour
    local: IPAddress
    neighbour: IPAddress
    neighbour_as: int
    passive: bool = False


@dataclass(frozen=True, slots=True)
class Bird:
    """A BGP router: its sessions, the routes that it announces as its own, and the routes that it
    accepts and installs.

    `prepended` says how many additional times the router's AS is in the AS path of its
    announcements, so that its neighbours prefer other routers. A `transit` router also announces
    the routes that it has learned. While `watched_link` has no carrier, bird does not announce its
    own routes.
    """

    router_id: IPv4Address
    autonomous_system: int
    links: tuple[str, ...]  # to its neighbours
    sessions: tuple[Session, ...]
    announced: tuple[IPNetwork, ...] = ()
    # It accepts routes to destinations within these ranges; 0.0.0.0/0: only the default route.
    accepted: tuple[IPNetwork, ...] = ()
    transit: bool = False
    prepended: int = 0
    watched_link: str = ""


def configuration(bird: Bird) -> str:
    """Return the text of bird's configuration file."""
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
    """Return the command that starts bird, in the background or, with -f, in the foreground. `stem`
    is the path of its files without their suffix."""
    files = ("-c", f"{stem}.conf", "-s", f"{stem}.ctl", "-P", f"{stem}.pid")
    return ("bird", *(() if background else ("-f",)), *files)


def _family(bird: Bird, family: Family) -> Iterator[str]:
    """Yield the configuration lines for one address family: a static protocol that holds bird's own
    routes, if it has any, and a kernel protocol that installs the learned routes."""
    mine = all_of_family(bird.announced, family)
    if mine:
        yield f"protocol static announced{family} {{"
        yield f"  ipv{family};{' check link;' if bird.watched_link else ''}"
        leads = f'via "{bird.watched_link}"' if bird.watched_link else "unreachable"
        yield from (f"  route {each} {leads};" for each in mine)
        yield "}"
    yield f"protocol kernel kernel{family} {{"
    # By default, bird would take a minute to install a route again that was deleted by hand.
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
    # By default, bird would wait a minute before it connects again to a neighbour that was down.
    yield "  connect retry time 1; connect delay time 0; error wait time 1,2; error forget time 3;"
    yield "  bfd on;"
    yield f"  ipv{family} {{"
    if family == 6:
        yield "    next hop prefer global;"
    yield f"    import {_import(all_of_family(bird.accepted, family))};"
    yield f"    export {_export(bird)};"
    yield "  };"
    yield "}"


def _import(accepted: Iterable[IPNetwork]) -> str:
    ranges = ", ".join(f"{each}+" if each.prefixlen else str(each) for each in accepted)
    return f"where net ~ [ {ranges} ]" if ranges else "none"


def _export(bird: Bird) -> str:
    prepend = f"bgp_path.prepend({bird.autonomous_system}); " * bird.prepended
    own = "" if bird.transit else "if source != RTS_STATIC then reject; "
    return f"filter {{ {own}{prepend}accept; }}" if own or prepend else "all"
