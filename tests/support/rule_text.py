"""Rules as `iptables` prints or reads them, compared by meaning instead of spelling.

A rule becomes the set of its options: their order, leading zeros, defaults and quotes are ignored,
everything else is compared.
"""

import shlex
from collections.abc import Iterable, Iterator, Mapping
from difflib import unified_diff
from functools import cache
from ipaddress import ip_network
from itertools import groupby

from nsnet.state import iptables_text as ruleset
from nsnet.state.model import Netns
from nsnet.state.rules import BUILT_IN

Chains = dict[tuple[str, str], list[str]]  # (table, chain) -> its rules, without `-A CHAIN`

LONG = {
    "--source": "-s",
    "--src": "-s",
    "--destination": "-d",
    "--dst": "-d",
    "--protocol": "-p",
    "--jump": "-j",
    "--in-interface": "-i",
    "--out-interface": "-o",
    "--destination-port": "--dport",
}
# Defaults that iptables prints.
DEFAULTS = {
    "--rsource",
    "--mask 255.255.255.255",
    "--mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "--reject-with icmp-port-unreachable",
    "--reject-with icmp6-port-unreachable",
    "-s 0.0.0.0/0",
    "-d 0.0.0.0/0",
    "-s ::/0",
    "-d ::/0",
}


@cache
def canonical(rule: str) -> str:
    """Return the rule in its canonical spelling: rules with the same meaning have the same."""
    words = shlex.split(rule)
    matches: set[str] = set()
    target: set[str] = set()
    jump = ""
    while words:
        negated = words[0] == "!" and bool(words.pop(0))
        option = LONG.get(words[0], words[0])
        words.pop(0)
        value = ""
        if option == "--comment" or (words and words[0] != "!" and not words[0].startswith("-")):
            value = words.pop(0)
        if option in ("-j", "-g"):
            jump = f"{option} {value}"
            continue
        said = _option(option, value)
        if said not in DEFAULTS:
            (target if jump else matches).add(f"! {said}" if negated else said)
    return " ".join((*sorted(matches), *filter(None, (jump,)), *sorted(target)))


def _option(option: str, value: str) -> str:
    match option:
        case "-s" | "-d":
            return f"{option} {ip_network(value, strict=False)}"
        case "--mark" | "--set-xmark" | "--set-mark":
            number, _, mask = value.partition("/")
            return f"{option} {int(number, 0):#x}/{int(mask or '0xffffffff', 0):#x}"
        case "--or-mark":
            return f"--set-xmark {int(value, 0):#x}/{int(value, 0):#x}"
        case "--xor-mark":
            return f"--set-xmark {int(value, 0):#x}/0x0"
        case "--probability":
            # The kernel's own unit: 2^-31, which is less than 1e-9.
            return f"--probability {round(float(value) * 2**31)}/2^31"
        case "--ctstate" | "--state":
            return f"--ctstate {','.join(sorted(value.split(',')))}"
        case "--comment":
            return f"--comment {value!r}"
        case _:
            return f"{option} {value}".rstrip()


# --- where rules come from ---


def of_netns(netns: Netns, family: int) -> Chains:
    """Return the chains of one family of a namespace in the State."""
    return {
        (each.table, each.name): [
            ruleset.line(each, rule).removeprefix(f"-A {each.name}").strip() for rule in each.rules
        ]
        for each in netns.chains
        if each.family == family
    }


def of_save(text: str) -> Chains:
    """Return the chains in the output of `iptables-save`."""
    found: Chains = {}
    table = ""
    for line in text.splitlines():
        if line.startswith("*"):
            table = line[1:]
        elif line.startswith(":"):
            found.setdefault((table, line[1:].split()[0]), [])
        elif line.startswith("-A "):
            _, name, *rest = line.split(" ", 2)
            found.setdefault((table, name), []).append(" ".join(rest))
    return found


def of_kube_proxy(chains: Mapping[tuple[str, str], Iterable[str]]) -> Chains:
    """Return kube-proxy's chains, and of the kernel's own chains the jumps to them."""
    found: Chains = {}
    for (table, name), rules in chains.items():
        if name.startswith("KUBE-"):
            found[table, name] = list(rules)
        elif name in BUILT_IN:
            jumps = [each for each in rules if "-j KUBE-" in each]
            if jumps:
                found[table, name] = jumps
    return found


# --- comparing ---


@cache
def about(rule: str) -> str:
    """Return the Service port at the beginning of a rule's comment, as ns/name:port; "" if there is
    none."""
    first = _words(rule)[0]
    return first if "/" in first else ""


def differences(expected: Chains, actual: Chains) -> list[str]:
    """Return the differences, chain by chain."""
    return [
        line
        for key in sorted({*expected, *actual})
        for line in _chain(key, expected.get(key), actual.get(key))
    ]


def _chain(
    key: tuple[str, str], expected: list[str] | None, actual: list[str] | None
) -> Iterator[str]:
    where = " ".join(key)
    if expected is None or actual is None:
        yield f"{where} {'should not be there' if expected is None else 'is missing'}"
        return
    wanted, found = _ordered(expected), _ordered(actual)
    if wanted != found:
        yield f"{where} differs (- expected, + found):"
        diff = [*unified_diff(wanted, found, n=1, lineterm="")]
        yield from (f"  {line}" for line in diff[2:])


def _ordered(rules: list[str]) -> list[str]:
    """Return the rules in canonical spelling. In a chain that Services share, the order of the
    Services does not matter, but that of each Service's rules does."""
    ordered: list[str] = []
    for of_services, run in groupby(rules, key=lambda rule: bool(about(rule))):
        run_of = list(run)
        ordered += sorted(run_of, key=about) if of_services else run_of
    return [canonical(each) for each in ordered]


def by_service(chains: Chains) -> dict[str, Chains]:
    """Return the rules of each Service port (ns/name:port): those in shared chains, and its own
    chains."""
    found: dict[str, Chains] = {}
    for key, rules in chains.items():
        if key[1] in SHARED:
            for rule in filter(about, rules):
                found.setdefault(about(rule), {}).setdefault(key, []).append(rule)
        else:
            for port in {word for rule in rules for word in _words(rule) if "/" in word}:
                found.setdefault(port, {})[key] = rules
    return found


SHARED = (
    "KUBE-SERVICES",
    "KUBE-NODEPORTS",
    "KUBE-EXTERNAL-SERVICES",
    "KUBE-PROXY-FIREWALL",
)


@cache
def _words(rule: str) -> tuple[str, ...]:
    words = shlex.split(rule)
    said = words[words.index("--comment") + 1] if "--comment" in words else ""
    return tuple(said.split(" "))
