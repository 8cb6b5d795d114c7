"""The virtual servers of `proxyMode: ipvs`, at addresses of the link kube-ipvs0, and rules that
look packets up in ipsets.

      nat PREROUTING, OUTPUT ─▶ KUBE-SERVICES: marks packets to masquerade
      INPUT, OUTPUT ─▶ IPVS: a virtual server chooses one of its real servers
      nat POSTROUTING ─▶ KUBE-POSTROUTING: masquerades marked packets, and those of a pod to itself
      filter INPUT ─▶ KUBE-IPVS-FILTER: rejects packets to other ports of these addresses

Source: kubernetes/pkg/proxy/ipvs/proxier.go (syncProxyRules, syncEndpoint), v1.30.
"""

from nsnet.features.services.ipvs.nodes import ipvs

__all__ = ["ipvs"]
