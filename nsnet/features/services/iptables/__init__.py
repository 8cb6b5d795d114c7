"""The chains of `proxyMode: iptables`, with kube-proxy's names, order and comments.

    nat PREROUTING, OUTPUT ─▶ KUBE-SERVICES ─▶ KUBE-SVC-… (per Service port), KUBE-SVL-… (Local)
                                │                └─▶ KUBE-SEP-… (per endpoint) ─▶ DNAT
                                ├─▶ KUBE-EXT-… (not to ClusterIP) ─▶ KUBE-SVC-…, KUBE-SVL-…
                                ├─▶ KUBE-FW-… (source ranges) ─▶ KUBE-EXT-…
                                └─▶ KUBE-NODEPORTS ─▶ KUBE-EXT-…
    nat POSTROUTING ─▶ KUBE-POSTROUTING: masquerades what KUBE-MARK-MASQ marked
    filter ─▶ KUBE-SERVICES, KUBE-EXTERNAL-SERVICES: rejects packets to Services without endpoints
           ─▶ KUBE-PROXY-FIREWALL: drops sources outside loadBalancerSourceRanges

Source: kubernetes/pkg/proxy/iptables/proxier.go, v1.30.
"""

from nsnet.features.services.iptables.nodes import LARGE_CLUSTER_ENDPOINTS, iptables

__all__ = ["LARGE_CLUSTER_ENDPOINTS", "iptables"]
