"""The table of `proxyMode: nftables`, with kube-proxy's names, order and comments.

    filter-…  (before DNAT) ─▶ …-check ─▶ maps of what to reject or drop, firewall-…
    nat-prerouting, nat-output ─▶ services ─▶ service-ips, service-nodeports (maps)
        ─▶ [external-…] ─▶ service-… or local-… (per Service port) ─▶ endpoint-… ─▶ DNAT
    nat-postrouting ─▶ masquerading: masquerades what mark-for-masquerade marked

In this mode kube-proxy neither drops INVALID packets nor sets nf_conntrack_tcp_be_liberal: both are
left to the administrator. NodePorts are not open at 127.0.0.1, so route_localnet stays 0. INPUT is
not filtered, so a healthCheckNodePort needs no rule.

Source: kubernetes/pkg/proxy/nftables/proxier.go, v1.30.
"""

from nsnet.features.services.nftables.nodes import nftables

__all__ = ["nftables"]
