"""proxyMode: ipvs. Virtual servers on addresses that kube-ipvs0 holds, a few rules for all of them,
and the sets in which those rules look packets up.

      nat PREROUTING, OUTPUT ─▶ KUBE-SERVICES: marks what is to be masqueraded
      INPUT, OUTPUT ─▶ IPVS: the virtual server of this address and port chooses a real server
      nat POSTROUTING ─▶ KUBE-POSTROUTING: masquerades what is marked, or comes back to its sender
      filter INPUT ─▶ KUBE-IPVS-FILTER: the other ports of these addresses are refused

Source: kubernetes/pkg/proxy/ipvs/proxier.go (syncProxyRules, syncEndpoint), v1.30.
"""

from nsnet.features.services.ipvs.nodes import ipvs

__all__ = ["ipvs"]
