"""proxyMode: nftables. The table that kube-proxy writes, with its names, order and comments.

    filter-…  (before DNAT) ─▶ …-check ─▶ maps of what is refused or dropped, firewall-…
    nat-prerouting, nat-output ─▶ services ─▶ service-ips, service-nodeports (maps)
        ─▶ [external-…] ─▶ service-… or local-… (one a Service port) ─▶ endpoint-… ─▶ DNAT
    nat-postrouting ─▶ masquerading: what mark-for-masquerade marked is masqueraded

No rule drops what conntrack calls INVALID, and no setting (nf_conntrack_tcp_be_liberal) makes up
for it: kube-proxy leaves both to the administrator in this mode. 127.0.0.1 is never a NodePort's
address, so route_localnet stays off. Nothing filters INPUT: a healthCheckNodePort needs no rule.

Source: kubernetes/pkg/proxy/nftables/proxier.go, v1.30.
"""

from nsnet.features.services.nftables.nodes import nftables

__all__ = ["nftables"]
