"""proxyMode: iptables. The chains that kube-proxy writes, with its names, order and comments.

    nat PREROUTING, OUTPUT ─▶ KUBE-SERVICES ─▶ KUBE-SVC-… (one a Service port), KUBE-SVL-… (Local)
                                │                └─▶ KUBE-SEP-… (one an endpoint) ─▶ DNAT
                                ├─▶ KUBE-EXT-… (from outside) ─▶ KUBE-SVC-…, KUBE-SVL-…
                                ├─▶ KUBE-FW-… (source ranges) ─▶ KUBE-EXT-…
                                └─▶ KUBE-NODEPORTS ─▶ KUBE-EXT-…
    nat POSTROUTING ─▶ KUBE-POSTROUTING: what KUBE-MARK-MASQ marked is masqueraded
    filter ─▶ KUBE-SERVICES, KUBE-EXTERNAL-SERVICES: a Service without endpoints is refused
           ─▶ KUBE-PROXY-FIREWALL: who is not in the source ranges is dropped

Source: kubernetes/pkg/proxy/iptables/proxier.go, v1.30.
"""

from nsnet.features.services.iptables.nodes import LARGE_CLUSTER_ENDPOINTS, iptables

__all__ = ["LARGE_CLUSTER_ENDPOINTS", "iptables"]
