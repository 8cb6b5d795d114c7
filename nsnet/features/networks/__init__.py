"""How pods reach pods: for each kind of network, by its `cni` name, the function that yields all
its facts.

These include the fabric's routes to the pods of a flat cluster.
"""

from collections.abc import Callable, Iterator
from typing import Final

from nsnet.features.networks.azure import azure_cni, azure_cni_overlay
from nsnet.features.networks.bridge import bridge
from nsnet.features.networks.kubenet import kubenet
from nsnet.features.networks.vxlan import vxlan
from nsnet.state.model import Fact
from nsnet.topology.model import Cluster, Topology

NETWORKS: Final[dict[str, Callable[[Topology, Cluster], Iterator[Fact]]]] = {
    "bridge": bridge,
    "vxlan": vxlan,
    "kubenet": kubenet,
    "azure-cni": azure_cni,
    "azure-cni-overlay": azure_cni_overlay,
}
