"""The jumps from the built-in chains (PREROUTING, INPUT, …) to the chains of features, and the
order of these jumps.

A feature yields a `Hook` for each jump from a built-in chain to one of its own chains.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from nsnet.errors import CompileError
from nsnet.ip import Family
from nsnet.state.rules import BUILT_IN, KUBE_PROXY, Chain, Hook, Jump, Rule

# For each table and hook, the order of the jumps. kube-proxy prepends its jumps one by one, so they
# are in the reverse of the order in its source. The portmap plugin prepends its jump from
# POSTROUTING and appends the others.
ORDER: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("raw", "PREROUTING"): ("NSNET-ZONES",),
    ("mangle", "PREROUTING"): ("NSNET-MARKS",),
    ("nat", "PREROUTING"): (
        "KUBE-SERVICES",
        "NSNET-EXPORTS",
        "NSNET-FROM-VIRTUAL",
        "CNI-HOSTPORT-DNAT",
    ),
    ("nat", "OUTPUT"): ("KUBE-SERVICES", "CNI-HOSTPORT-DNAT"),
    ("nat", "POSTROUTING"): (
        "CNI-HOSTPORT-MASQ",
        "KUBE-POSTROUTING",
        "IP-MASQ-AGENT",
        "FLANNEL-POSTRTG",
        "NSNET-TO-VIRTUAL",
        "NSNET-EGRESS",
        "NSNET-OUTBOUND",
        "NSNET-FIREWALL",
    ),
    ("filter", "INPUT"): (
        "NSNET-FAULTS",
        "KUBE-FIREWALL",
        "KUBE-IPVS-FILTER",
        "KUBE-PROXY-FIREWALL",
        "KUBE-NODEPORTS",
        "KUBE-EXTERNAL-SERVICES",
        "KUBE-NODE-PORT",
    ),
    ("filter", "FORWARD"): (
        "NSNET-FAULTS",
        "KUBE-PROXY-FIREWALL",
        "KUBE-FORWARD",
        "KUBE-SERVICES",
        "KUBE-EXTERNAL-SERVICES",
        "NSNET-LB",
        "NSNET-OUTBOUND",
        "NSNET-FIREWALL",
    ),
    ("filter", "OUTPUT"): (
        "NSNET-FAULTS",
        "NSNET-LB",
        "KUBE-FIREWALL",
        "KUBE-IPVS-OUT-FILTER",
        "KUBE-PROXY-FIREWALL",
        "KUBE-SERVICES",
    ),
}

# Table and name of the chains that kube-proxy and portmap write even where no rule jumps to them.
UNREACHED: Final = frozenset(
    {
        ("filter", "KUBE-PROXY-CANARY"),
        ("mangle", "KUBE-PROXY-CANARY"),
        ("nat", "KUBE-PROXY-CANARY"),
        ("nat", "KUBE-MARK-MASQ"),
        ("nat", "KUBE-NODEPORTS"),
        ("nat", "KUBE-LOAD-BALANCER"),
        ("nat", "CNI-HOSTPORT-SETMARK"),
        ("filter", "KUBE-SOURCE-RANGES-FIREWALL"),
        (KUBE_PROXY, "mark-for-masquerade"),
        (KUBE_PROXY, "reject-chain"),
    }
)


def built_in_chains(netns: str, hooks: Iterable[Hook]) -> Iterator[Chain]:
    """Yield the built-in chains that have jumps, sorted by family, table and hook. The jumps of
    each chain are in the order that ORDER lists. Raises CompileError for a jump that ORDER does not
    list."""
    jumps: dict[tuple[Family, str, int], dict[int, Rule]] = {}
    for each in hooks:
        order = ORDER.get((each.table, each.hook), ())
        if each.chain not in order:
            raise CompileError(
                f"{netns}: {each.table} {each.hook} has no place for a jump to {each.chain}"
                " (features/hooks.py, ORDER)"
            )
        rule = Rule(each.match, Jump(each.chain))
        hook = each.family, each.table, BUILT_IN.index(each.hook)
        jumps.setdefault(hook, {})[order.index(each.chain)] = rule
    for (family, table, number), rules in sorted(jumps.items(), key=lambda each: each[0]):
        yield Chain(table, BUILT_IN[number], tuple(rules[each] for each in sorted(rules)), family)
