"""The counters of a namespace's IP and ICMP."""

from nsnet.kernel import netns

_SNMP, _NETSTAT = "/proc/thread-self/net/snmp", "/proc/thread-self/net/netstat"


def withheld_errors(name: str) -> int:
    """Return for how many IPv4 packets without a route the kernel sent no ICMP error in the named
    namespace, since it exists. Any other ICMP destination-unreachable counts against them, so only
    growth means anything. Return 0 if the namespace does not exist.

    Source: ip_error() in net/ipv4/route.c, which limits these errors by source.
    """
    try:
        with netns.inside(name):
            return _counter(_NETSTAT, "IpExt", "InNoRoutes") - _counter(
                _SNMP, "Icmp", "OutDestUnreachs"
            )
    except FileNotFoundError:
        return 0


def _counter(path: str, group: str, name: str) -> int:
    """Return a counter. Its group has two lines: the names, then the values in the same order."""
    with open(path, encoding="ascii") as file:
        names, values = (line.split() for line in file if line.startswith(f"{group}:"))
    return int(dict(zip(names, values, strict=True)).get(name, "0"))
