"""kube-proxy's nftables table as text: what `nft list table` prints, which `nft -f` also reads.

A new table is loaded as `nft` lists it. To change a table, the input first flushes chains and
deletes elements of the old table, in the same transaction:

    flush chain ip kube-proxy service-…             old
    delete element ip kube-proxy service-ips { … }
    table ip kube-proxy { … }                       new
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

AT_ONCE = 2000  # the most chains, sets and maps in one transaction of a new table

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

_PRIORITIES = {"prerouting": ("dstnat", -100), "postrouting": ("srcnat", 100)}
_NEWLINE = ",\n\t\t\t     "
_SECONDS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def load(
    family: Family, old: Iterable[TableItem], new: Iterable[TableItem], *, whole: bool = False
) -> tuple[str, ...]:
    """Return the inputs of `nft -f`, in order, that change the table from `old` to `new`.

    The change of an existing table is one input, and so one transaction. A large new table is split
    into several inputs, because the kernel's work grows with the square of a transaction's size.
    Over these inputs, each chain, set or map comes after those that it refers to. So base chains
    come after everything that packets reach from them.

    Chains that only `old` has are empty afterwards, and no rule jumps to them. `delete` removes
    them. With `whole`, the first input also deletes the existing table, whatever it contains.
    """
    if whole:
        first, *others = load(family, (), new)
        return (f"delete table {_table(family)}\n{first}", *others)
    existing = {each.name: each for each in old}
    wanted = {each.name: each for each in new}
    if not wanted:
        return (f"delete table {_table(family)}\n",) if existing else ()
    if existing or len(wanted) <= AT_ONCE:
        return (_transaction(family, existing, wanted.values()),)
    ordered = _in_order_of_reference(wanted)
    parts = (ordered[start : start + AT_ONCE] for start in range(0, len(ordered), AT_ONCE))
    return tuple(_transaction(family, {}, each) for each in parts)


def delete(family: Family, old: Iterable[TableItem], new: Iterable[TableItem]) -> str:
    """Return the input of `nft -f` that deletes the chains that only `old` has; "" if there is
    nothing to delete.

    It is for a transaction after those that change the table: a kernel before 6.2 needs a moment
    after them to notice that no map refers to these chains any more.
    """
    wanted = {each.name for each in new}
    gone = [each for each in old if isinstance(each, Chain) and each.name not in wanted]
    if not wanted:
        return ""
    return "".join(f"delete chain {_table(family)} {each.name}\n" for each in gone)


def lines(piece: TableItem) -> tuple[str, ...]:
    """Return the lines between the braces of a chain, set or map: its declaration, then a line for
    each rule or element."""
    return (*_declaration(piece), *_content(piece))


def line(rule: Rule, family: Family) -> str:
    """Return a rule as `nft list` prints it. Raises AssertionError if the rule has a match or
    target that this module cannot write."""
    if refused := _refused(rule.match):
        raise AssertionError(f"{refused} is for iptables: {rule}")
    words = [*_match(rule.match, family)]
    if rule.target is not None:
        words.append(_statement(rule.target, family))
    if rule.match.comment:
        words.append(_comment(rule.match.comment))
    return " ".join(words)


def _transaction(family: Family, existing: dict[str, TableItem], new: Iterable[TableItem]) -> str:
    wanted = {each.name: each for each in new}
    lines = [
        *_removals(family, existing, wanted),
        f"table {_table(family)} {{",
        '\tcomment "rules for kube-proxy"',
        "\n\n".join(_block(each, existing.get(each.name)) for each in wanted.values()),
        "}",
    ]
    return "\n".join([*lines, ""])


def _in_order_of_reference(pieces: dict[str, TableItem]) -> list[TableItem]:
    """Return these chains, sets and maps in an order in which each comes after those that it refers
    to."""
    waiting = dict(pieces)
    ordered: list[TableItem] = []

    def put(name: str) -> None:
        piece = waiting.pop(name, None)
        if piece is not None:
            for each in _references(piece):
                put(each)
            ordered.append(piece)

    for name in pieces:
        put(name)
    return ordered


def _references(piece: TableItem) -> Iterator[str]:
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


def _removals(
    family: Family, existing: dict[str, TableItem], wanted: dict[str, TableItem]
) -> Iterator[str]:
    """Yield the commands that remove old rules, elements, sets and maps. Chains are flushed first,
    because their rules refer to the sets and maps."""
    for name, piece in existing.items():
        if isinstance(piece, Chain):
            yield f"flush chain {_table(family)} {name}"
    for name, piece in existing.items():
        if isinstance(piece, Chain):
            continue
        new = wanted.get(name)
        if new is None or _declaration(new) != _declaration(piece):
            yield f"delete {_kind(piece)} {_table(family)} {name}"
            continue
        kept = {*_elements(new)}
        gone = [_key(each) for each in _elements(piece) if each not in kept]
        if gone:
            yield f"delete element {_table(family)} {name} {{ {', '.join(gone)} }}"


def _block(piece: TableItem, existing: TableItem | None) -> str:
    """Return a chain, set or map as `nft list` prints it. If a set or map already exists with the
    same declaration, only its new elements are included."""
    inside = [f"\t\t{each}" for each in _declaration(piece)]
    if isinstance(piece, Chain):
        inside += [f"\t\t{each}" for each in _content(piece)]
    else:
        has: set[object] = set()
        if existing is not None and _declaration(existing) == _declaration(piece):
            has = {*_elements(existing)}
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


def _declaration(piece: TableItem) -> tuple[str, ...]:
    """Return the lines that declare a chain, set or map. They precede its rules or elements."""
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
    """Return a base chain's priority as nft prints it: as a name such as `dstnat`, as a distance of
    at most 10 from a name, such as `dstnat - 5`, or as a number."""
    word, of_word = _PRIORITIES.get(base.hook, ("", 0))
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
    """Return a network as nft prints it: without its prefix length if it has only one address."""
    return str(network.network_address if network.num_addresses == 1 else network)


def _ranges(networks: tuple[IPNetwork, ...]) -> str:
    """Return networks as nft prints them in an anonymous set: in ascending order, with adjacent
    ones merged. If all networks are single addresses, nft does not merge them."""
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
        case Reject(tcp_reset=True):
            return "reject with tcp reset"
        case Accept() | Return() | Drop() | Reject():
            return type(target).__name__.lower()
        case Dnat(address, port):
            return f"dnat to {endpoint(address, port)}"
        case Snat(address, None):
            return f"snat to {address}"
        case Snat():
            raise AssertionError(f"{target}: a range of ports is written for iptables only")
        case Masquerade(random_fully):
            return "masquerade fully-random" if random_fully else "masquerade"
        case SetMark(value, mask):
            if mask not in (0, value):
                raise AssertionError(f"{target}: written for setting or toggling bits only")
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
