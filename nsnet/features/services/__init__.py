"""Services as kube-proxy implements them on each node: for each proxyMode, the function that yields
its facts.
"""

from collections.abc import Callable, Iterator
from typing import Final

from nsnet.features.services.iptables import iptables
from nsnet.features.services.ipvs import ipvs
from nsnet.features.services.nftables import nftables
from nsnet.state.model import Fact
from nsnet.topology.model import Cluster

PROXIES: Final[dict[str, Callable[[Cluster], Iterator[Fact]]]] = {
    "iptables": iptables,
    "nftables": nftables,
    "ipvs": ipvs,
}
