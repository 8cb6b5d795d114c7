"""How one cluster reaches another: one generator of facts a kind of gateway."""

from collections.abc import Callable, Iterator
from typing import Final

from nsnet.gateways.nat import nat
from nsnet.gateways.proxy import proxy
from nsnet.gateways.vip import vip
from nsnet.state import Fact
from nsnet.topology import Cluster, Gateway, Topology

GATEWAYS: Final[dict[str, Callable[[Topology, Cluster, Gateway], Iterator[Fact]]]] = {
    "nat": nat,
    "vip": vip,
    "proxy": proxy,
}
