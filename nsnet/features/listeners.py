"""The listeners of pods and external hosts, which are the same in every kind of network."""

from collections.abc import Iterator

from nsnet.features.dns.servers import name_servers
from nsnet.ip import Protocol
from nsnet.state.model import Fact, Listener, identity
from nsnet.topology.model import Topology


def listeners(topology: Topology) -> Iterator[Fact]:
    """Yield the name servers of the lab, and a listener of the echo server for each other port of
    each pod and external host. What an HTTP proxy listens on has none, and neither have ports of
    containers that run their own commands."""
    serving = set(_left_to_commands(topology))
    for netns, server in name_servers(topology):
        if (netns, identity(server)) not in serving:
            serving.add((netns, identity(server)))
            yield netns, server
    for netns, listener in _echoing(topology):
        if (netns, identity(listener)) not in serving:
            yield netns, listener


def _echoing(topology: Topology) -> Iterator[tuple[str, Listener]]:
    for external in topology.externals:
        for port in external.ports:
            yield external.netns, Listener(port.protocol, port.port, external.reference)
    for vnet in topology.vnets:
        for machine in vnet.machines:
            for port in machine.ports:
                yield machine.netns, Listener(port.protocol, port.port, machine.reference)
    for cluster in topology.clusters:
        proxied = {
            (pod, port, Protocol.TCP)
            for proxy in cluster.http_proxies
            for pod in proxy.pods
            for port in proxy.ports
        }
        for pod in cluster.pods:
            for port in pod.ports:
                if (pod.reference, port.port, port.protocol) in proxied:
                    continue
                answer = pod.reference, pod.proxy_protocol
                yield pod.netns, Listener(port.protocol, port.port, *answer)


def _left_to_commands(topology: Topology) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Yield the ports of containers that run their own commands, and those that no container of
    their pods declares."""
    for cluster in topology.clusters:
        for pod in cluster.pods:
            for port in pod.ports if pod.commands else ():
                if port.container in pod.commands or not port.container:
                    listener = Listener(port.protocol, port.port, pod.reference)
                    yield pod.netns, identity(listener)
