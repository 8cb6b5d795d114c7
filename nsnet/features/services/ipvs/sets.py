"""The ipsets of proxyMode ipvs.

Source: kubernetes/pkg/proxy/ipvs/ipset.go, v1.30.
"""

from typing import Final, NamedTuple

from nsnet.ip import Family, Protocol
from nsnet.state.ipsets import IpSet, Member, SetType


class SetSpec(NamedTuple):
    """An ipset of kube-proxy. `name` is its name for IPv4."""

    name: str
    type: SetType
    comment: str  # of the rules that use it

    def named(self, family: Family) -> str:
        """Return the ipset's name in this family. It has at most 31 characters."""
        return self.name if family == 4 else self.name.replace("KUBE-", "KUBE-6-", 1)[:31]

    def filled(self, members: tuple[Member, ...], family: Family) -> IpSet:
        """Return the ipset of this family with these members. An ipset of type bitmap:port has no
        family, and states 4."""
        of_type: Family = 4 if self.type is SetType.PORT else family
        return IpSet(self.named(family), self.type, members, of_type)


LOOP_BACK: Final = SetSpec(
    "KUBE-LOOP-BACK",
    SetType.ADDRESS_PORT_ADDRESS,
    "Kubernetes endpoints dst ip:port, source ip for solving hairpin purpose",
)
CLUSTER_IP: Final = SetSpec(
    "KUBE-CLUSTER-IP",
    SetType.ADDRESS_PORT,
    "Kubernetes service cluster ip + port for masquerade purpose",
)
EXTERNAL_IP: Final = SetSpec(
    "KUBE-EXTERNAL-IP",
    SetType.ADDRESS_PORT,
    "Kubernetes service external ip + port for masquerade and filter purpose",
)
EXTERNAL_IP_LOCAL: Final = SetSpec(
    "KUBE-EXTERNAL-IP-LOCAL",
    SetType.ADDRESS_PORT,
    "Kubernetes service external ip + port with externalTrafficPolicy=local",
)
LOAD_BALANCER: Final = SetSpec(
    "KUBE-LOAD-BALANCER", SetType.ADDRESS_PORT, "Kubernetes service lb portal"
)
LOAD_BALANCER_FW: Final = SetSpec(
    "KUBE-LOAD-BALANCER-FW",
    SetType.ADDRESS_PORT,
    "Kubernetes service load balancer ip + port for load balancer with sourceRange",
)
LOAD_BALANCER_LOCAL: Final = SetSpec(
    "KUBE-LOAD-BALANCER-LOCAL",
    SetType.ADDRESS_PORT,
    "Kubernetes service load balancer ip + port with externalTrafficPolicy=local",
)
SOURCE_IP: Final = SetSpec(
    "KUBE-LOAD-BALANCER-SOURCE-IP",
    SetType.ADDRESS_PORT_ADDRESS,
    "Kubernetes service load balancer ip + port + source IP for packet filter purpose",
)
SOURCE_CIDR: Final = SetSpec(
    "KUBE-LOAD-BALANCER-SOURCE-CIDR",
    SetType.ADDRESS_PORT_NETWORK,
    "Kubernetes service load balancer ip + port + source cidr for packet filter purpose",
)
NODE_PORT: Final = {
    protocol: SetSpec(
        f"KUBE-NODE-PORT-{protocol.upper()}",
        SetType.PORT,
        f"Kubernetes nodeport {protocol.upper()} port for masquerade purpose",
    )
    for protocol in (Protocol.TCP, Protocol.UDP)
}
NODE_PORT_LOCAL: Final = {
    protocol: SetSpec(
        f"KUBE-NODE-PORT-LOCAL-{protocol.upper()}",
        SetType.PORT,
        f"Kubernetes nodeport {protocol.upper()} port with externalTrafficPolicy=local",
    )
    for protocol in (Protocol.TCP, Protocol.UDP)
}
HEALTH: Final = SetSpec(
    "KUBE-HEALTH-CHECK-NODE-PORT", SetType.PORT, "Kubernetes health check node port"
)
VIRTUAL_IPS: Final = SetSpec("KUBE-IPVS-IPS", SetType.ADDRESS, "")

ALL: Final = (
    LOOP_BACK,
    CLUSTER_IP,
    EXTERNAL_IP,
    EXTERNAL_IP_LOCAL,
    LOAD_BALANCER,
    LOAD_BALANCER_FW,
    LOAD_BALANCER_LOCAL,
    SOURCE_IP,
    SOURCE_CIDR,
    *NODE_PORT.values(),
    *NODE_PORT_LOCAL.values(),
    HEALTH,
    VIRTUAL_IPS,
)
