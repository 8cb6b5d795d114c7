"""Chains of iptables as text: the lines that `iptables-save` prints, which `iptables-restore` also
reads.

The options of a rule are in the order in which `iptables-save` prints them (source, destination,
interfaces, protocol, then the matches as kube-proxy writes them). So a State and a live namespace
can be compared line by line.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final, assert_never

from nsnet.ip import PROTOCOL_NUMBERS, Family, IPAddress, Protocol, endpoint
from nsnet.state.rules import (
    ALL_BITS,
    Accept,
    Chain,
    Dnat,
    Drop,
    Goto,
    Jump,
    Lookup,
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
    Snat,
    Spread,
    Target,
    Zone,
    other_fields,
)

# ICMP types by their names in iptables, with the numbers that `iptables-save` prints for each
# family: the type, and the code if the type has several.
ICMP_TYPES: Final[dict[str, dict[Family, str]]] = {
    "echo-request": {4: "8", 6: "128"},
    "echo-reply": {4: "0", 6: "129"},
    "network-unreachable": {4: "3/0", 6: "1/0"},
    "host-unreachable": {4: "3/1", 6: "1/3"},
    "port-unreachable": {4: "3/3", 6: "1/4"},
    "fragmentation-needed": {4: "3/4", 6: "2"},
    "neighbour-solicitation": {6: "135"},
    "neighbour-advertisement": {6: "136"},
}

# The fields of Match that `_match` writes; a rule that sets another one is refused.
WRITTEN: Final = frozenset(
    {
        "src",
        "not_src",
        "dst",
        "not_dst",
        "in_interface",
        "out_interface",
        "protocol",
        "dport",
        "dports",
        "icmp_type",
        "comment",
        "ctstate",
        "not_ctstate",
        "is_answer",
        "mark",
        "recent",
        "src_type",
        "dst_type",
        "not_dst_type",
        "not_src_type",
        "in_set",
        "not_bridged",
        "virtual",
        "probability",
    }
)
_refused = other_fields(WRITTEN)


def families(chains: Iterable[Chain]) -> tuple[Family, ...]:
    """Return the address families of these chains, 4 before 6."""
    return tuple(sorted({chain.family for chain in chains}))


def restore(chains: Sequence[Chain], deleted: Iterable[Chain] = ()) -> str:
    """Return the input of `iptables-restore --noflush` that replaces the rules of `chains`, and
    deletes the chains in `deleted`.

    All chains must be of one family. Other chains stay as they are.
    """
    foreign = [each.name for each in chains if each.base or each.comment]
    if foreign:
        raise AssertionError(f"{foreign}: chains of iptables have neither a base nor a comment")
    gone = {(chain.table, chain.name) for chain in deleted}
    everything = sorted((*chains, *deleted), key=lambda chain: chain.table)
    lines: list[str] = []
    for table, members in groupby(everything, key=lambda chain: chain.table):
        here = list(members)
        lines.append(f"*{table}")
        lines.extend(f":{chain.name} {'ACCEPT' if chain.built_in else '-'} [0:0]" for chain in here)
        lines.extend(f"-F {chain.name}" for chain in here if chain.built_in)
        lines.extend(
            line(chain, rule)
            for chain in here
            if (table, chain.name) not in gone
            for rule in chain.rules
        )
        lines.extend(
            f"-X {chain.name}"
            for chain in here
            if (table, chain.name) in gone and not chain.built_in
        )
        lines.append("COMMIT")
    return "\n".join([*lines, ""])


def line(chain: Chain, rule: Rule) -> str:
    """Return a rule as `iptables-save` prints it. Raises AssertionError if the rule has a match or
    target that iptables lacks."""
    if refused := _refused(rule.match):
        raise AssertionError(f"{chain.table} {chain.name}: {refused} is for nftables: {rule}")
    match = _match(rule.match, chain.family)
    if rule.target is None:
        return " ".join(("-A", chain.name, *match))
    return " ".join(("-A", chain.name, *match, "-j", _target(rule.target, chain.family)))


def _match(match: Match, family: Family) -> Iterator[str]:
    for flag, network, negated in (
        ("-s", match.src, False),
        ("-s", match.not_src, True),
        ("-d", match.dst, False),
        ("-d", match.not_dst, True),
    ):
        if network is not None and (negated or network.prefixlen):
            yield f"{'! ' if negated else ''}{flag} {network}"
    if match.in_interface is not None:
        yield f"-i {match.in_interface}"
    if match.out_interface is not None:
        yield f"-o {match.out_interface}"
    if match.protocol is not None:
        ping6 = match.protocol is Protocol.ICMP and family == 6
        yield f"-p {'ipv6-icmp' if ping6 else match.protocol}"
    # kube-proxy writes the state before the comment in the jumps from built-in chains, and after it
    # elsewhere.
    if match.ctstate == ("NEW",):
        yield "-m conntrack --ctstate NEW"
    if match.comment:
        yield f"-m comment --comment {quoted(match.comment)}"
    if match.in_set is not None:
        yield f"-m set --match-set {match.in_set.name} {','.join(match.in_set.fields)}"
    if match.virtual is not None:
        taken = match.virtual
        number = PROTOCOL_NUMBERS[taken.protocol]
        yield f"-m ipvs --vproto {number} --vaddr {taken.address} --vport {taken.port}"
    if match.not_bridged:
        yield "-m physdev ! --physdev-is-in"
    if match.ctstate and match.ctstate != ("NEW",):
        yield f"-m conntrack --ctstate {','.join(match.ctstate)}"
    if match.not_ctstate:
        yield f"-m conntrack ! --ctstate {','.join(match.not_ctstate)}"
    if match.is_answer:
        yield "-m conntrack --ctdir REPLY"
    if match.mark is not None:
        negation = "! " if match.mark.negated else ""
        mask = "" if match.mark.mask == ALL_BITS else f"/{match.mark.mask:#x}"
        yield f"-m mark {negation}--mark {match.mark.value:#x}{mask}"
    if match.recent is not None:
        yield _recent(match.recent, family)
    if match.src_type is not None:
        yield f"-m addrtype --src-type {match.src_type}"
    if match.dst_type is not None:
        yield f"-m addrtype --dst-type {match.dst_type}"
    if match.not_dst_type is not None:
        yield f"-m addrtype ! --dst-type {match.not_dst_type}"
    if match.not_src_type is not None:
        yield f"-m addrtype ! --src-type {match.not_src_type}"
    if match.probability is not None:
        yield f"-m statistic --mode random --probability {as_kernel_probability(match.probability)}"
    if match.dport is not None:
        if match.protocol not in (Protocol.TCP, Protocol.UDP):
            raise AssertionError(f"{match}: ports are those of TCP or UDP")
        yield f"-m {match.protocol} --dport {match.dport}"
    elif match.dports:
        if match.protocol not in (Protocol.TCP, Protocol.UDP):
            raise AssertionError(f"{match}: ports are those of TCP or UDP")
        yield f"-m multiport --dports {','.join(map(str, match.dports))}"
    elif match.protocol in (Protocol.TCP, Protocol.UDP) and match.in_set is None:
        yield f"-m {match.protocol}"
    if match.icmp_type is not None:
        module, flag = ("icmp", "--icmp-type") if family == 4 else ("icmp6", "--icmpv6-type")
        yield f"-m {module} {flag} {ICMP_TYPES[match.icmp_type][family]}"


def _recent(recent: Recent, family: Family) -> str:
    asks = "--set" if recent.seconds is None else f"--rcheck --seconds {recent.seconds} --reap"
    mask = "255.255.255.255" if family == 4 else "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
    return f"-m recent {asks} --name {recent.name} --mask {mask} --rsource"


def quoted(text: str) -> str:
    """Return a comment as an argument in the input of `iptables-restore`."""
    if re.fullmatch("[A-Za-z0-9_-]+", text):
        return text
    if not text.isprintable():
        raise AssertionError(f"{text!r}: a comment is one line")
    escaped = re.sub(r'(["\\])', r"\\\1", text)
    return f'"{escaped}"'


def as_kernel_probability(probability: float) -> str:
    """Return a probability as `iptables-save` prints it: rounded to a multiple of 2^-31, which is
    what the kernel stores, and with 11 decimals."""
    return f"{round(probability * 2**31) / 2**31:.11f}"


def _source(address: IPAddress, ports: tuple[int, int] | None) -> str:
    if ports is None:
        return str(address)
    first, last = ports
    return f"{endpoint(address, first)}-{last}" if first != last else endpoint(address, first)


def _target(target: Target, family: Family) -> str:
    match target:
        case Jump(chain):
            return chain
        case Accept():
            return "ACCEPT"
        case Return():
            return "RETURN"
        case Drop():
            return "DROP"
        case Reject(tcp_reset=True):
            return "REJECT --reject-with tcp-reset"
        case Reject():
            return f"REJECT --reject-with {'icmp' if family == 4 else 'icmp6'}-port-unreachable"
        case Dnat(address, port):
            return f"DNAT --to-destination {endpoint(address, port)}"
        case Snat(address, ports):
            return f"SNAT --to-source {_source(address, ports)}"
        case Masquerade(random_fully):
            return "MASQUERADE --random-fully" if random_fully else "MASQUERADE"
        case Netmap(network):
            return f"NETMAP --to {network}"
        case SetMark(value, mask):
            return f"MARK --set-xmark {value:#x}/{mask:#x}"
        case SetConnectionMark(value, mask):
            return f"CONNMARK --set-xmark {value:#x}/{mask:#x}"
        case RestoreMark(mask):
            return f"CONNMARK --restore-mark --nfmask {mask:#x} --ctmask {mask:#x}"
        case Zone(number):
            return f"CT --zone-orig {number}"
        case Goto() | Lookup() | Spread() | Remember():
            raise AssertionError(f"{target} is for nftables")
        case _:
            assert_never(target)
