"""The sysctls of every namespace.

Some differ from the kernel's defaults, with which verdicts would be wrong. Others repeat the
default, because a new namespace inherits its IPv4 sysctls from the host, where an administrator may
have changed them.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from nsnet.state.model import Fact, Kind, Netns, Sysctl

# Without it connect() to an IPv6 address fails with EADDRNOTAVAIL, not with ENETUNREACH.
IPV6_ENABLED: Final = Sysctl("net.ipv6.conf.all.disable_ipv6", "0")


def forwarding(netns: str, *, bridge_netfilter: bool) -> Iterator[Fact]:
    """Yield the sysctls of a router. With bridge_netfilter, iptables also filters and translates
    the frames that a bridge forwards between its ports.

    A node needs this for connections to a Service whose client and endpoint are both on this node:
    the endpoint's replies are bridged, and NAT has to restore the Service's address as their
    source.
    """
    yield netns, Sysctl("net.ipv4.ip_forward", "1")
    # A router that forwards a packet out of the link that received it would send an ICMP redirect.
    yield netns, Sysctl("net.ipv4.conf.all.send_redirects", "0")
    yield netns, Sysctl("net.ipv4.conf.default.send_redirects", "0")
    # The hash over paths of equal cost includes ports: connections are spread, not only hosts.
    yield netns, Sysctl("net.ipv4.fib_multipath_hash_policy", "1")
    call = "1" if bridge_netfilter else "0"
    yield netns, Sysctl("net.bridge.bridge-nf-call-iptables", call)
    yield netns, Sysctl("net.bridge.bridge-nf-call-ip6tables", call)


def with_default_sysctls(netns: Netns) -> Netns:
    """Return the namespace, completed by the default of each sysctl that no feature has set."""
    chosen = {each.key: each for each in netns.sysctls}
    settings = {each.key: each for each in _defaults(netns)} | chosen
    return replace(netns, sysctls=tuple(settings.values()))


def _defaults(netns: Netns) -> Iterator[Sysctl]:
    versions = {address.version for address in netns.addresses}
    forwards = Sysctl("net.ipv4.ip_forward", "1") in netns.sysctls
    if 6 in versions or IPV6_ENABLED in netns.sysctls:
        yield IPV6_ENABLED
        # Duplicate address detection would keep every address tentative for its first second.
        yield Sysctl("net.ipv6.conf.all.accept_dad", "0")
        yield Sysctl("net.ipv6.conf.default.accept_dad", "0")
        yield Sysctl("net.ipv6.conf.default.accept_ra", "0")
        # IPv6 routers have no sysctl against sending redirects, but hosts have one to ignore them.
        yield Sysctl("net.ipv6.conf.default.accept_redirects", "0")
        yield Sysctl("net.ipv6.conf.all.forwarding", "1" if forwards else "0")
        if forwards:
            yield Sysctl("net.ipv6.fib_multipath_hash_policy", "1")
        yield Sysctl("net.ipv6.icmp.ratelimit", "0")
        yield Sysctl("net.ipv4.icmp_msgs_per_sec", "100000", if_present=True)  # of both families
        yield Sysctl("net.ipv4.icmp_msgs_burst", "100000", if_present=True)
    else:
        yield Sysctl("net.ipv6.conf.all.disable_ipv6", "1")
    yield Sysctl("net.ipv4.ip_forward", "0")
    # No reverse path filtering; the kernel uses the higher value of `all` and the link's.
    yield Sysctl("net.ipv4.conf.all.rp_filter", "0")
    yield Sysctl("net.ipv4.conf.default.rp_filter", "0")
    # A hash of addresses and ports selects one of the paths of equal cost. Between namespaces a
    # packet keeps the hash of its socket instead, which must not change when TCP retransmits.
    yield Sysctl("net.core.txrehash", "0", if_present=True)
    # By default the kernel limits ICMP errors: of 12 rejected connections 3 receive one, the others
    # time out. With no type limited, a router without a route still sends a burst of 5 and then one
    # a second.
    yield Sysctl("net.ipv4.icmp_ratemask", "0")
    for interface in netns.interfaces:
        if interface.kind is Kind.VXLAN:
            continue  # its neighbours are permanent
        for version in sorted({address.version for address in interface.addresses}):
            # Neighbour resolution fails after three tries: in 0.3 s instead of 3.
            key = f"net.ipv{version}.neigh.{interface.name}.retrans_time_ms"
            yield Sysctl(key, "100", dev=interface.name)
