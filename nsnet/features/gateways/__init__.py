"""Gateways, through which one cluster reaches another: for each kind, the function that yields its
facts. (A gateway that several clusters share has a function of its own, in shared.py.)
"""

from collections.abc import Callable, Iterator
from typing import Final

from nsnet.features.gateways.nat import nat
from nsnet.features.gateways.proxy import proxy
from nsnet.features.gateways.vip import vip
from nsnet.state.model import Fact
from nsnet.topology.model import Cluster, Gateway, Topology

GATEWAYS: Final[dict[str, Callable[[Topology, Cluster, Gateway], Iterator[Fact]]]] = {
    "nat": nat,
    "vip": vip,
    "proxy": proxy,
}
