"""How a Service becomes rules on a node: one generator of facts a proxyMode."""

from collections.abc import Callable, Iterator
from typing import Final

from nsnet.services.iptables import iptables
from nsnet.services.ipvs import ipvs
from nsnet.services.nftables import nftables
from nsnet.state import Fact
from nsnet.topology import Cluster

PROXIES: Final[dict[str, Callable[[Cluster], Iterator[Fact]]]] = {
    "iptables": iptables,
    "nftables": nftables,
    "ipvs": ipvs,
}
