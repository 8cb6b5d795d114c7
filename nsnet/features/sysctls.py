"""The kernel settings that every namespace states, because defaults make verdicts lie.

A new namespace inherits its IPv4 settings from the host's, whatever an administrator chose there,
so even a zero is written down.
"""

from collections.abc import Iterator
from dataclasses import replace

from nsnet.state.model import Fact, Kind, Netns, Sysctl


def forwarding(netns: str, *, bridge_netfilter: bool) -> Iterator[Fact]:
    """The namespace routes; with bridge_netfilter, frames between its bridge ports pass iptables,
    too.

    Without the latter, the answer of a Service's endpoint on the client's own node would be
    bridged past the NAT that has to undo its address.
    """
    yield netns, Sysctl("net.ipv4.ip_forward", "1")
    # Routers that send a packet back out of the port it came by would tell the sender of a
    # shortcut.
    yield netns, Sysctl("net.ipv4.conf.all.send_redirects", "0")
    yield netns, Sysctl("net.ipv4.conf.default.send_redirects", "0")
    # Connections, not only hosts, are spread over paths of equal cost.
    yield netns, Sysctl("net.ipv4.fib_multipath_hash_policy", "1")
    call = "1" if bridge_netfilter else "0"
    yield netns, Sysctl("net.bridge.bridge-nf-call-iptables", call)
    yield netns, Sysctl("net.bridge.bridge-nf-call-ip6tables", call)


def with_settings(netns: Netns) -> Netns:
    """The namespace with every setting it did not choose itself."""
    chosen = {each.key: each for each in netns.sysctls}
    settings = {each.key: each for each in _defaults(netns)} | chosen
    return replace(netns, sysctls=tuple(settings.values()))


def _defaults(netns: Netns) -> Iterator[Sysctl]:
    versions = {address.version for address in netns.addresses}
    forwards = Sysctl("net.ipv4.ip_forward", "1") in netns.sysctls
    if 6 in versions:
        yield Sysctl("net.ipv6.conf.all.disable_ipv6", "0")
        # Duplicate address detection would make every address useless for its first second.
        yield Sysctl("net.ipv6.conf.all.accept_dad", "0")
        yield Sysctl("net.ipv6.conf.default.accept_dad", "0")
        yield Sysctl("net.ipv6.conf.default.accept_ra", "0")
        # IPv6 routers cannot be told not to speak of shortcuts, but hosts not to listen.
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
    # Reverse path filtering is a lesson of its own; the kernel takes the higher of `all` and
    # the link's.
    yield Sysctl("net.ipv4.conf.all.rp_filter", "0")
    yield Sysctl("net.ipv4.conf.default.rp_filter", "0")
    # A hash of addresses and ports chooses among paths of equal cost. Between namespaces a packet
    # keeps the hash of its socket instead, and that must not change when TCP sends it again.
    yield Sysctl("net.core.txrehash", "0", if_present=True)
    # By default 3 of 12 rejected connections learn of it; the others see a timeout. With no type of
    # error limited, a router without a route still answers a burst of 5 and then one a second.
    yield Sysctl("net.ipv4.icmp_ratemask", "0")
    for interface in netns.interfaces:
        if interface.kind is Kind.VXLAN:
            continue  # nobody is asked for there
        for version in sorted({address.version for address in interface.addresses}):
            # A neighbour that is not there is noticed after three tries: 0.3 s instead of 3.
            key = f"net.ipv{version}.neigh.{interface.name}.retrans_time_ms"
            yield Sysctl(key, "100", dev=interface.name)
