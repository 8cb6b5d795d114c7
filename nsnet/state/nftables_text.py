"""kube-proxy's table of nftables as text: what `nft list table` prints, which `nft -f` also reads.

A new table is loaded as it is listed. A change first empties what it replaces, in the same
transaction:

    flush chain ip kube-proxy service-…             what stood
    delete element ip kube-proxy service-ips { … }
    table ip kube-proxy { … }                       what shall be
"""

from collections.abc import Iterable, Iterator
from ipaddress import ip_address, summarize_address_range
from typing import Final, assert_never

from nsnet.ip import Family, IPAddress, IPNetwork, Protocol, endpoint
from nsnet.state.rules import (
    ALL_BITS,
    KUBE_PROXY,
    Accept,
    Base,
    Chain,
    Dnat,
    Drop,
    Element,
    Goto,
    Jump,
    Lookup,
    MarkMatch,
    Masquerade,
    Match,
    Netmap,
    NftMap,
    NftSet,
    Reject,
    Remember,
    RestoreMark,
    Return,
    Rule,
    SetConnectionMark,
    SetMark,
    Snat,
    Spread,
    TableItem,
    Target,
    Zone,
    named_sets,
    next_chains,
    other_fields,
)

AT_ONCE = 2000  # pieces in one transaction

# The fields of Match that `_match` and `line` write; a rule that sets another one is refused.
WRITTEN: Final = frozenset(
    {
        "src",
        "not_src",
        "not_src_in",
        "src_set",
        "src_type",
        "dst",
        "not_dst",
        "dst_set",
        "dst_type",
        "protocol",
        "dport",
        "comment",
        "ctstate",
        "mark",
    }
)
_refused = other_fields(WRITTEN)

_WORDS = {"prerouting": ("dstnat", -100), "postrouting": ("srcnat", 100)}
_NEWLINE = ",\n\t\t\t     "
_SECONDS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def load(
    family: Family, old: Iterable[TableItem], new: Iterable[TableItem], *, whole: bool = False
) -> tuple[str, ...]:
    """Inputs for `nft -f`, one after the other: the pieces that stood as `old` are as in `new`.

    A change is one transaction. A new table that is large comes in parts, what packets meet first
    last: the kernel's work grows with the square of a transaction. Chains that are only old are
    empty afterwards and no rule sends packets there; `delete` removes them. `whole`: the first
    input also deletes the table that exists, whatever it contains.
    """
    if whole:
        first, *others = load(family, (), new)
        return (f"delete table {_table(family)}\n{first}", *others)
    standing = {each.name: each for each in old}
    wanted = {each.name: each for each in new}
    if not wanted:
        return (f"delete table {_table(family)}\n",) if standing else ()
    if standing or len(wanted) <= AT_ONCE:
        return (_transaction(family, standing, wanted.values()),)
    ordered = _from_the_ground_up(wanted)
    parts = (ordered[start : start + AT_ONCE] for start in range(0, len(ordered), AT_ONCE))
    return tuple(_transaction(family, {}, each) for each in parts)


def delete(family: Family, old: Iterable[TableItem], new: Iterable[TableItem]) -> str:
    """Input for a second `nft -f`, "" where none is needed: the chains that are only old are gone.

    A kernel before 6.2 needs a moment after the first until it notices that no map names them.
    """
    wanted = {each.name for each in new}
    gone = [each for each in old if isinstance(each, Chain) and each.name not in wanted]
    if not wanted:
        return ""
    return "".join(f"delete chain {_table(family)} {each.name}\n" for each in gone)


def lines(piece: TableItem) -> tuple[str, ...]:
    """What stands between the braces of a chain, a set or a map: a rule or an element each."""
    return (*_head(piece), *_content(piece))


def line(rule: Rule, family: Family) -> str:
    """One rule as `nft list` prints it. Raises AssertionError where this module has no words for
    what the rule does."""
    if refused := _refused(rule.match):
        raise AssertionError(f"{refused} is for iptables: {rule}")
    words = [*_match(rule.match, family)]
    if rule.target is not None:
        words.append(_statement(rule.target, family))
    if rule.match.comment:
        words.append(_comment(rule.match.comment))
    return " ".join(words)


def _transaction(family: Family, standing: dict[str, TableItem], new: Iterable[TableItem]) -> str:
    wanted = {each.name: each for each in new}
    lines = [
        *_emptied(family, standing, wanted),
        f"table {_table(family)} {{",
        '\tcomment "rules for kube-proxy"',
        "\n\n".join(_block(each, standing.get(each.name)) for each in wanted.values()),
        "}",
    ]
    return "\n".join([*lines, ""])


def _from_the_ground_up(pieces: dict[str, TableItem]) -> list[TableItem]:
    """Every piece after those that it names."""
    waiting = dict(pieces)
    ordered: list[TableItem] = []

    def put(name: str) -> None:
        piece = waiting.pop(name, None)
        if piece is not None:
            for each in _named(piece):
                put(each)
            ordered.append(piece)

    for name in pieces:
        put(name)
    return ordered


def _named(piece: TableItem) -> Iterator[str]:
    match piece:
        case Chain(rules=rules):
            for rule in rules:
                yield from named_sets(rule)
                yield from next_chains(rule.target)
        case NftSet():
            pass
        case NftMap(elements=elements):
            for element in elements:
                yield from next_chains(element.target)
        case _:
            assert_never(piece)


def _table(family: Family) -> str:
    return f"{'ip' if family == 4 else 'ip6'} {KUBE_PROXY}"


def _emptied(
    family: Family, standing: dict[str, TableItem], wanted: dict[str, TableItem]
) -> Iterator[str]:
    """Chains lose their rules before the sets go that those rules name."""
    for name, piece in standing.items():
        if isinstance(piece, Chain):
            yield f"flush chain {_table(family)} {name}"
    for name, piece in standing.items():
        if isinstance(piece, Chain):
            continue
        new = wanted.get(name)
        if new is None or _head(new) != _head(piece):
            yield f"delete {_kind(piece)} {_table(family)} {name}"
            continue
        kept = {*_elements(new)}
        gone = [_key(each) for each in _elements(piece) if each not in kept]
        if gone:
            yield f"delete element {_table(family)} {name} {{ {', '.join(gone)} }}"


def _block(piece: TableItem, standing: TableItem | None) -> str:
    """The piece as `nft list` shows it; of a set that stays, the elements that it lacks."""
    inside = [f"\t\t{each}" for each in _head(piece)]
    if isinstance(piece, Chain):
        inside += [f"\t\t{each}" for each in _content(piece)]
    else:
        has: set[object] = set()
        if standing is not None and _head(standing) == _head(piece):
            has = {*_elements(standing)}
        added = [_element(each) for each in _elements(piece) if each not in has]
        if added:
            inside.append(f"\t\telements = {{ {_NEWLINE.join(added)} }}")
    return "\n".join((f"\t{_kind(piece)} {piece.name} {{", *inside, "\t}"))


def _kind(piece: TableItem) -> str:
    match piece:
        case Chain():
            return "chain"
        case NftSet():
            return "set"
        case NftMap():
            return "map"
        case _:
            assert_never(piece)


def _head(piece: TableItem) -> tuple[str, ...]:
    """What a piece is, before what it holds."""
    address = f"ipv{piece.family}_addr"
    comment = (_comment(piece.comment),) if piece.comment else ()
    match piece:
        case Chain(table=table, name=name) if table != KUBE_PROXY:
            raise AssertionError(f"{table} {name} is a chain of iptables")
        case Chain(base=base):
            if base is None:
                return comment
            where = f"type {base.kind} hook {base.hook} priority {_priority(base)}; policy accept;"
            return (*comment, where)
        case NftSet(timeout=0):
            return (f"type {address}", *comment)
        case NftSet(timeout=seconds):
            flags = ("size 65535", "flags dynamic,timeout", f"timeout {_duration(seconds)}")
            return (f"type {address}", *flags, *comment)
        case NftMap(by_address=by_address):
            key = f"{address} . " if by_address else ""
            return (f"type {key}inet_proto . inet_service : verdict", *comment)
        case _:
            assert_never(piece)


def _content(piece: TableItem) -> Iterator[str]:
    match piece:
        case Chain(rules=rules, family=family):
            yield from (line(rule, family) for rule in rules)
        case NftSet() | NftMap():
            yield from map(_element, _elements(piece))
        case _:
            assert_never(piece)


def _elements(piece: TableItem) -> tuple[IPAddress | Element, ...]:
    return () if isinstance(piece, Chain) else piece.elements


def _element(element: IPAddress | Element) -> str:
    if not isinstance(element, Element):
        return str(element)
    comment = f" {_comment(element.comment)}" if element.comment else ""
    verdict = "drop" if isinstance(element.target, Drop) else f"goto {element.target.chain}"
    return f"{_key(element)}{comment} : {verdict}"


def _key(element: IPAddress | Element) -> str:
    if not isinstance(element, Element):
        return str(element)
    address = f"{element.address} . " if element.address is not None else ""
    return f"{address}{element.protocol} . {element.port}"


def _priority(base: Base) -> str:
    """nft has words for some priorities, and counts from there what is near."""
    word, of_word = _WORDS.get(base.hook, ("", 0))
    distance = base.priority - of_word
    if not word or abs(distance) > 10:
        return str(base.priority)
    return f"{word} {'-' if distance < 0 else '+'} {abs(distance)}" if distance else word


def _duration(seconds: int) -> str:
    words = ""
    for unit, size in _SECONDS:
        count, seconds = divmod(seconds, size)
        words += f"{count}{unit}" if count else ""
    return words


def _comment(text: str) -> str:
    if '"' in text or "\n" in text:
        raise AssertionError(f"{text!r}: a comment of nft is one line without quotes")
    return f'comment "{text}"'


def _match(match: Match, family: Family) -> Iterator[str]:
    ip = "ip" if family == 4 else "ip6"
    if match.ctstate:
        yield f"ct state {','.join(match.ctstate).lower()}"
    if match.mark is not None:
        yield f"meta mark {_mark(match.mark)}"
    if match.dst_type is not None:
        yield f"fib daddr type {match.dst_type.lower()}"
    if match.dst is not None:
        yield f"{ip} daddr {_range(match.dst)}"
    if match.not_dst is not None:
        yield f"{ip} daddr != {_range(match.not_dst)}"
    if match.dst_set is not None:
        yield f"{ip} daddr @{match.dst_set}"
    if match.dport is not None:
        if match.protocol not in (Protocol.TCP, Protocol.UDP):
            raise AssertionError(f"{match}: ports are those of TCP or UDP")
        yield f"{match.protocol} dport {match.dport}"
    elif match.protocol is not None:
        ping6 = match.protocol is Protocol.ICMP and family == 6
        yield f"meta l4proto {'ipv6-icmp' if ping6 else match.protocol}"
    if match.src is not None:
        yield f"{ip} saddr {_range(match.src)}"
    if match.not_src is not None:
        yield f"{ip} saddr != {_range(match.not_src)}"
    if match.not_src_in:
        yield f"{ip} saddr != {_ranges(match.not_src_in)}"
    if match.src_set is not None:
        yield f"{ip} saddr @{match.src_set}"
    if match.src_type is not None:
        yield f"fib saddr type {match.src_type.lower()}"


def _mark(mark: MarkMatch) -> str:
    if mark.mask == ALL_BITS:
        return f"{'!= ' if mark.negated else ''}{mark.value:#010x}"
    return f"& {mark.mask:#010x} {'!=' if mark.negated else '=='} {mark.value:#010x}"


def _range(network: IPNetwork) -> str:
    """A network, or the one address that it holds."""
    return str(network.network_address if network.num_addresses == 1 else network)


def _ranges(networks: tuple[IPNetwork, ...]) -> str:
    """The networks as nft puts them together: sorted, and joined where they touch.

    Addresses alone, without a network among them, stay apart.
    """
    bounds = sorted({(int(each[0]), int(each[-1])) for each in networks})
    if any(first != last for first, last in bounds):
        joined = bounds[:1]
        for first, last in bounds[1:]:
            if first <= joined[-1][1] + 1:
                joined[-1] = joined[-1][0], max(last, joined[-1][1])
            else:
                joined.append((first, last))
        bounds = joined
    kind = type(networks[0].network_address)
    words = [_bounds(kind(first), kind(last)) for first, last in bounds]
    return words[0] if len(words) == 1 else f"{{ {', '.join(words)} }}"


def _bounds(first: IPAddress, last: IPAddress) -> str:
    summary = [*summarize_address_range(ip_address(first), ip_address(last))]
    return _range(summary[0]) if len(summary) == 1 else f"{first}-{last}"


def _statement(target: Target, family: Family) -> str:
    match target:
        case Jump(chain):
            return f"jump {chain}"
        case Goto(chain):
            return f"goto {chain}"
        case Accept() | Return() | Drop() | Reject():
            return type(target).__name__.lower()
        case Dnat(address, port):
            return f"dnat to {endpoint(address, port)}"
        case Snat(address):
            return f"snat to {address}"
        case Masquerade(random_fully):
            return "masquerade fully-random" if random_fully else "masquerade"
        case SetMark(value, mask):
            if mask not in (0, value):
                raise AssertionError(f"{target}: nft sets or flips bits here, no more")
            return f"meta mark set meta mark {'|' if mask else '^'} {value:#010x}"
        case Lookup(name, by_address):
            ip = "ip daddr" if family == 4 else "ip6 daddr"
            return f"{f'{ip} . ' if by_address else ''}meta l4proto . th dport vmap @{name}"
        case Spread(chains):
            words = ", ".join(f"{number} : goto {each}" for number, each in enumerate(chains))
            return f"numgen random mod {len(chains)} vmap {{ {words} }}"
        case Zone() | SetConnectionMark() | RestoreMark():
            raise AssertionError(f"{target} is for iptables")
        case Remember(name):
            return f"update @{name} {{ {'ip' if family == 4 else 'ip6'} saddr }}"
        case Netmap():
            raise AssertionError(f"{target} is for iptables")
        case _:
            assert_never(target)
