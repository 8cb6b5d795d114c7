"""Parsers for the lines that `iptables-save` and `nft list` print.

They are written independently of the renderers; an unknown word raises an error.
"""

import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from ipaddress import collapse_addresses, ip_address, ip_network, summarize_address_range
from typing import Any, Final

from nsnet.ip import Family, IPAddress, IPNetwork, Protocol
from nsnet.state.rules import (
    Accept,
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
    Recent,
    Reject,
    Remember,
    RestoreMark,
    Return,
    Rule,
    SetConnectionMark,
    SetMark,
    SetMatch,
    Snat,
    Spread,
    Target,
    VirtualMatch,
    Zone,
)

PROTOCOLS: Final = {
    4: {"tcp": Protocol.TCP, "udp": Protocol.UDP, "icmp": Protocol.ICMP},
    6: {"tcp": Protocol.TCP, "udp": Protocol.UDP, "ipv6-icmp": Protocol.ICMP},
}
NUMBERS: Final = {"6": Protocol.TCP, "17": Protocol.UDP}
# Types and codes of ICMP, as IANA has them.
ICMP: Final = {
    4: {
        "0": "echo-reply",
        "8": "echo-request",
        "3/0": "network-unreachable",
        "3/1": "host-unreachable",
        "3/3": "port-unreachable",
        "3/4": "fragmentation-needed",
    },
    6: {
        "128": "echo-request",
        "129": "echo-reply",
        "1/0": "network-unreachable",
        "1/3": "host-unreachable",
        "1/4": "port-unreachable",
        "2": "fragmentation-needed",
        "135": "neighbour-solicitation",
        "136": "neighbour-advertisement",
    },
}
MASKS: Final = {4: "255.255.255.255", 6: "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}
FULL: Final = 0xFFFFFFFF


def endpoint(text: str) -> tuple[IPAddress, int]:
    """Parse 10.0.0.1:80 or [fd00::1]:80."""
    address, _, port = text.rpartition(":")
    return ip_address(address.strip("[]")), int(port)


def number_and_mask(text: str) -> tuple[int, int]:
    """Parse 0x1/0x3; the default mask has all bits."""
    value, _, mask = text.partition("/")
    return int(value, 0), int(mask, 0) if mask else FULL


def _having(match: Match, field: str, value: Any) -> Match:
    return replace(match, **{field: value})


# --- iptables ---


def iptables(line: str, family: Family) -> tuple[str, Rule]:
    """Return the chain and the rule of a line `-A CHAIN …`."""
    words = shlex.split(line)
    assert words.pop(0) == "-A"
    chain = words.pop(0)
    match, loaded = Match(), {""}
    while words:
        negated = words[0] == "!" and bool(words.pop(0))
        option = words.pop(0)
        if option == "-j":
            assert not negated
            return chain, Rule(match, _iptables_target(words, family))
        if option == "-m":
            loaded.add(words.pop(0))
            continue
        module, read = _OPTIONS[option]
        assert {module, *_ALSO.get(module, ())} & loaded, f"{option} without -m {module}"
        match = read(match, words, negated, family)
    return chain, Rule(match, None)


def _field(name: str, *, negative: str = "", value: Callable[[str, Family], Any]) -> "_Read":
    """Return a parser of an option with one value; after `!` it sets the field `negative`."""

    def read(match: Match, words: list[str], negated: bool, family: Family) -> Match:
        field = negative if negated else name
        assert field, f"! before {name}"
        assert getattr(match, field) == getattr(Match(), field), f"{field} twice"
        return _having(match, field, value(words.pop(0), family))

    return read


def _mark(match: Match, words: list[str], negated: bool, family: Family) -> Match:
    return replace(match, mark=MarkMatch(*number_and_mask(words.pop(0)), negated))


def _in_set(match: Match, words: list[str], negated: bool, family: Family) -> Match:
    assert not negated
    name, fields = words.pop(0), words.pop(0).split(",")
    assert {*fields} <= {"src", "dst"}
    return replace(match, in_set=SetMatch(name, tuple(fields)))  # type: ignore[arg-type]


def _virtual(match: Match, words: list[str], negated: bool, family: Family) -> Match:
    assert not negated
    number, address_option, address, port_option, port = (words.pop(0) for _ in range(5))
    assert (address_option, port_option) == ("--vaddr", "--vport")
    return replace(match, virtual=VirtualMatch(ip_address(address), NUMBERS[number], int(port)))


def _remembers(match: Match, words: list[str], negated: bool, family: Family) -> Match:
    assert not negated
    return replace(match, recent=Recent(*_list(words, family)))


def _remembered(match: Match, words: list[str], negated: bool, family: Family) -> Match:
    assert not negated
    assert words.pop(0) == "--seconds"
    seconds = int(words.pop(0))
    assert words.pop(0) == "--reap"
    return replace(match, recent=Recent(*_list(words, family), seconds))


def _list(words: list[str], family: Family) -> tuple[str]:
    name_option, name, mask_option, mask, side = (words.pop(0) for _ in range(5))
    assert (name_option, mask_option, side) == ("--name", "--mask", "--rsource")
    assert mask == MASKS[family]
    return (name,)


def _not_bridged(match: Match, words: list[str], negated: bool, family: Family) -> Match:
    assert negated
    return replace(match, not_bridged=True)


def _chance(match: Match, words: list[str], negated: bool, family: Family) -> Match:
    assert not negated
    assert [words.pop(0), words.pop(0)] == ["random", "--probability"]
    return replace(match, probability=round(float(words.pop(0)) * 2**31) / 2**31)


_Read = Callable[[Match, list[str], bool, Family], Match]


def _network(text: str, family: Family) -> IPNetwork:
    network = ip_network(text)
    assert network.version == family
    return network


def _text(text: str, family: Family) -> str:
    return text


# Each option, with its module and parser.
_OPTIONS: Final[dict[str, tuple[str, _Read]]] = {
    "-s": ("", _field("src", negative="not_src", value=_network)),
    "-d": ("", _field("dst", negative="not_dst", value=_network)),
    "-i": ("", _field("in_interface", value=_text)),
    "-o": ("", _field("out_interface", value=_text)),
    "-p": ("", _field("protocol", value=lambda text, family: PROTOCOLS[family][text])),
    "--dport": ("tcp", _field("dport", value=lambda text, family: int(text))),
    "--icmp-type": ("icmp", _field("icmp_type", value=lambda text, family: ICMP[4][text])),
    "--icmpv6-type": ("icmp6", _field("icmp_type", value=lambda text, family: ICMP[6][text])),
    "--comment": ("comment", _field("comment", value=_text)),
    "--ctstate": (
        "conntrack",
        _field("ctstate", negative="not_ctstate", value=lambda each, _: tuple(each.split(","))),
    ),
    "--ctdir": (
        "conntrack",
        _field("is_answer", value=lambda text, family: {"REPLY": True}[text]),
    ),
    "--mark": ("mark", _mark),
    "--set": ("recent", _remembers),
    "--rcheck": ("recent", _remembered),
    "--src-type": ("addrtype", _field("src_type", negative="not_src_type", value=_text)),
    "--dst-type": ("addrtype", _field("dst_type", negative="not_dst_type", value=_text)),
    "--match-set": ("set", _in_set),
    "--physdev-is-in": ("physdev", _not_bridged),
    "--vproto": ("ipvs", _virtual),
    "--mode": ("statistic", _chance),
}
_ALSO: Final = {"tcp": ("udp",)}


def _iptables_target(words: list[str], family: Family) -> Target:
    match words:
        case ["ACCEPT"]:
            return Accept()
        case ["RETURN"]:
            return Return()
        case ["DROP"]:
            return Drop()
        case ["REJECT", "--reject-with", "tcp-reset"]:
            return Reject(tcp_reset=True)
        case ["REJECT", "--reject-with", kind]:
            assert kind == {4: "icmp-port-unreachable", 6: "icmp6-port-unreachable"}[family]
            return Reject()
        case ["DNAT", "--to-destination", to]:
            return Dnat(*endpoint(to))
        case ["SNAT", "--to-source", to]:
            return _snat(to)
        case ["MASQUERADE", *options]:
            assert options in ([], ["--random-fully"])
            return Masquerade(random_fully=bool(options))
        case ["NETMAP", "--to", to]:
            return Netmap(ip_network(to))
        case ["MARK", "--set-xmark", mark]:
            return SetMark(*number_and_mask(mark))
        case ["CONNMARK", "--set-xmark", mark]:
            return SetConnectionMark(*number_and_mask(mark))
        case ["CONNMARK", "--restore-mark", "--nfmask", mask, "--ctmask", same]:
            assert mask == same
            return RestoreMark(int(mask, 0))
        case ["CT", "--zone-orig", number]:
            return Zone(int(number))
        case [chain]:
            return Jump(chain)
        case _:
            raise AssertionError(f"no target: {words}")


def _snat(to: str) -> Snat:
    """Parse 10.0.0.1, 10.0.0.1:1024-2047 or [fd00::1]:1024."""
    if "]" not in to and to.count(":") != 1:
        return Snat(ip_address(to))
    address, _, ports = to.rpartition(":")
    first, _, last = ports.partition("-")
    return Snat(ip_address(address.strip("[]")), (int(first), int(last or first)))


# --- nftables ---

_SIDES: Final = {"saddr": "src", "daddr": "dst"}
_WORD = re.compile(r'comment "[^"]*"|\{[^}]*\}|\S+')


def nft(line: str, family: Family) -> Rule:
    """Return the rule in a line of a chain."""
    words: list[str] = _WORD.findall(line)
    match = Match()
    target: Target | None = None
    ip = "ip" if family == 4 else "ip6"
    while words:
        match words:
            case ["ct", "state", states, *rest]:
                match = replace(match, ctstate=tuple(states.upper().split(",")))
            case ["meta", "mark", "&", mask, ("==" | "!=") as relation, value, *rest]:
                asked = MarkMatch(int(value, 0), int(mask, 0), relation == "!=")
                match = replace(match, mark=asked)
            case ["meta", "mark", "!=", value, *rest]:
                match = replace(match, mark=MarkMatch(int(value, 0), FULL, True))
            case ["meta", "mark", "set", "meta", "mark", ("|" | "^") as how, value, *rest]:
                bits = int(value, 0)
                target = SetMark(bits, bits if how == "|" else 0)
            case ["meta", "mark", value, *rest]:
                match = replace(match, mark=MarkMatch(int(value, 0), FULL))
            case ["fib", ("saddr" | "daddr") as side, "type", kind, *rest]:
                match = _having(match, f"{_SIDES[side]}_type", kind.upper())
            case [_, "daddr", ".", "meta", "l4proto", ".", "th", "dport", "vmap", name, *rest]:
                assert words[0] == ip
                target = Lookup(name.removeprefix("@"), True)
            case ["meta", "l4proto", ".", "th", "dport", "vmap", name, *rest]:
                target = Lookup(name.removeprefix("@"), False)
            case [("ip" | "ip6") as which, ("saddr" | "daddr") as side, *rest]:
                assert which == ip
                negated = rest[0] == "!="
                match = _addresses(match, _SIDES[side], negated, rest[negated])
                rest = rest[1 + negated :]
            case ["meta", "l4proto", protocol, *rest]:
                match = replace(match, protocol=PROTOCOLS[family][protocol])
            case [("tcp" | "udp") as protocol, "dport", port, *rest]:
                match = replace(match, protocol=Protocol(protocol), dport=int(port))
            case [comment] if comment.startswith('comment "'):
                match, rest = replace(match, comment=comment[9:-1]), []
            case _:
                assert target is None
                target, rest = _nft_statement(words, ip)
        words = rest
    return Rule(match, target)


def _addresses(match: Match, side: str, negated: bool, text: str) -> Match:
    if text.startswith("@"):
        assert not negated
        return _having(match, f"{side}_set", text[1:])
    if text.startswith("{") or "-" in text:
        assert (negated, side) == (True, "src")
        return replace(match, not_src_in=_ranges(text))
    return _having(match, f"not_{side}" if negated else side, ip_network(text))


def _ranges(text: str) -> tuple[IPNetwork, ...]:
    found: list[IPNetwork] = []
    for each in text.strip("{ }").split(", "):
        first, _, last = each.partition("-")
        if last:
            found += summarize_address_range(ip_address(first), ip_address(last))
        else:
            found.append(ip_network(first))
    return tuple(found)


_VERDICTS: Final[dict[str, Target]] = {
    "accept": Accept(),
    "return": Return(),
    "drop": Drop(),
    "reject": Reject(),
}


def _nft_statement(words: list[str], ip: str) -> tuple[Target, list[str]]:
    match words:
        case ["jump", chain, *rest]:
            return Jump(chain), rest
        case ["goto", chain, *rest]:
            return Goto(chain), rest
        case ["reject", "with", "tcp", "reset", *rest]:
            return Reject(tcp_reset=True), rest
        case [("accept" | "return" | "drop" | "reject") as verdict, *rest]:
            return _VERDICTS[verdict], rest
        case ["dnat", "to", to, *rest]:
            return Dnat(*endpoint(to)), rest
        case ["snat", "to", to, *rest]:
            return Snat(ip_address(to)), rest
        case ["masquerade", "fully-random", *rest]:
            return Masquerade(random_fully=True), rest
        case ["masquerade", *rest]:
            return Masquerade(), rest
        case ["numgen", "random", "mod", count, "vmap", verdicts, *rest]:
            chains = tuple(re.findall(r"\d+ : goto ([^,} ]+)", verdicts))
            assert len(chains) == int(count)
            return Spread(chains), rest
        case ["update", name, source, *rest]:
            assert source == f"{{ {ip} saddr }}"
            return Remember(name.removeprefix("@")), rest
        case _:
            raise AssertionError(f"no statement: {words}")


def nft_element(line: str) -> Element:
    """Return the element in a line of a map."""
    found = re.fullmatch(
        r'(?:(\S+) \. )?(tcp|udp) \. (\d+)(?: comment "([^"]*)")? : (?:(drop)|goto (\S+))', line
    )
    assert found is not None, line
    address, protocol, port, comment, dropped, chain = found.groups()
    target = Drop() if dropped else Goto(chain)
    where = ip_address(address) if address else None
    return Element(Protocol(protocol), int(port), target, where, comment or "")


def plain(rule: Rule) -> Rule:
    """Return the equivalent rule whose `not_src_in` is merged as nft merges it."""
    networks = rule.match.not_src_in
    if not networks:
        return rule
    put: tuple[IPNetwork, ...] = tuple(collapse_addresses(networks))  # type: ignore[type-var]
    if len(put) == 1:
        return replace(rule, match=replace(rule.match, not_src_in=(), not_src=put[0]))
    return replace(rule, match=replace(rule.match, not_src_in=put))
