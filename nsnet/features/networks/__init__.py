"""How pods reach pods: one generator of facts a kind of network, by its `cni` name."""

from collections.abc import Callable, Iterator
from typing import Final

from nsnet.features.networks.bridge import bridge
from nsnet.features.networks.vxlan import vxlan
from nsnet.state.model import Fact
from nsnet.topology.model import Cluster

NETWORKS: Final[dict[str, Callable[[Cluster], Iterator[Fact]]]] = {"bridge": bridge, "vxlan": vxlan}
