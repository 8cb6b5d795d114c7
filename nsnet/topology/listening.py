"""The ports on which pods listen: those that they declare, and those that Services send to.

A containerPort is only information for the reader: a container may listen on any other port, too.
"""

from collections.abc import Sequence
from dataclasses import replace

from nsnet.ip import Protocol
from nsnet.topology.model import ListenPort, Pod, Service


def listening_pods(pods: Sequence[Pod], services: Sequence[Service]) -> tuple[Pod, ...]:
    """Return the pods with the ports of their endpoints added to the ports that they declare.

    On the host network, a port that another pod of the node or kube-proxy has is not added.
    """
    bound = {(pod.netns, each.port, each.protocol) for pod in pods for each in pod.ports}
    by_reference = {pod.reference: pod for pod in pods}
    nodes = {pod.netns for pod in pods if pod.host_network}
    checks = {each.health_check_port for each in services if each.health_check_port is not None}
    bound |= {(node, check, Protocol.TCP) for node in nodes for check in checks}
    added: dict[str, list[ListenPort]] = {}
    for service in services:
        for port in service.ports:
            for each in port.endpoints:
                pod = by_reference.get(each.reference)
                key = (pod.netns if pod else "", each.port, port.protocol)
                if pod is not None and key not in bound:
                    bound.add(key)
                    added.setdefault(pod.reference, []).append(ListenPort(each.port, port.protocol))
    return tuple(
        replace(pod, ports=(*pod.ports, *added[pod.reference])) if pod.reference in added else pod
        for pod in pods
    )
