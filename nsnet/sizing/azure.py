"""Azure's limits and defaults, each with the title of the document that states it.

The documents disagree on the addresses that Azure reserves in each subnet: five, the first four and
the last, in "Azure Virtual Network FAQ"; three, in "Use kubenet networking with your own IP address
ranges", whose example of 251 nodes in a /24 counts five as well. They are five here.
"""

from ipaddress import IPv4Network
from typing import Final

# "Azure Virtual Network FAQ"
RESERVED_FIRST: Final = 4
RESERVED_LAST: Final = 1
LONGEST_PREFIX: Final = 29  # of a subnet

# "Azure subscription and service limits, quotas, and constraints"
MOST_ROUTES: Final = 400  # user-defined routes of a route table
MOST_IN_VNET: Final = 65_536  # private addresses of what is in a VNet; a block of them counts once

# "Configure maximum pods per node", in "IP address planning for AKS"
FEWEST_PODS: Final = 10  # that maxPods may be
MOST_PODS: Final = 250
FEWEST_IN_POOL: Final = 30  # pods for which the nodes of a pool need room

# "Overview of Azure CNI Overlay networking"
MOST_NODES_OF_OVERLAY: Final = 5_000
NODE_PREFIX: Final = 24  # of the pods of a node; with kubenet, too
PRIVATE: Final = tuple(
    map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
)

# "Azure CNI Pod Subnet": a node asks for another batch if fewer addresses than KEPT_FREE are free.
BATCH: Final = 16
KEPT_FREE: Final = 8
BLOCK: Final = 16  # addresses of a block in static block allocation, a /28

# "IP address planning for AKS": ranges that no cluster may use.
FORBIDDEN: Final = tuple(
    map(IPv4Network, ("169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24"))
)
SERVICE_PREFIX: Final = 12  # the range of Services has to be smaller than that

# "Use Source Network Address Translation (SNAT) for outbound connections": the number of nodes up
# to which each node has so many ports of each frontend address by default.
DEFAULT_PORTS: Final = ((50, 1_024), (100, 512), (200, 256), (400, 128), (800, 64), (1_000, 32))
MOST_DEFAULT_PORTS: Final = 1_024  # of a node, of all frontend addresses
PORT_STEP: Final = 8  # the ports of a node are a multiple of this number

# For each outbound type that translates, the SNAT ports of an address, and the most addresses.
# "Use a public standard load balancer in Azure Kubernetes Service"; "Azure NAT Gateway"
PORTS: Final[dict[str, int]] = {"loadBalancer": 64_000, "natGateway": 64_512}
MOST_ADDRESSES: Final[dict[str, int]] = {"loadBalancer": 100, "natGateway": 16}
