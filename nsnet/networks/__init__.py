"""How pods reach pods: one generator of facts a kind of network, by its `cni` name."""

from collections.abc import Callable, Iterator
from typing import Final

from nsnet.networks.bridge import bridge
from nsnet.networks.vxlan import vxlan
from nsnet.state import Fact
from nsnet.topology import Cluster

NETWORKS: Final[dict[str, Callable[[Cluster], Iterator[Fact]]]] = {"bridge": bridge, "vxlan": vxlan}
