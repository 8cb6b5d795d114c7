"""The listeners of pods, which are the same in every kind of network."""

from collections.abc import Iterator

from nsnet.state.model import Fact, Listener
from nsnet.topology.model import Cluster


def listeners(cluster: Cluster) -> Iterator[Fact]:
    """Yield, for each port of each pod, a listener of the echo server."""
    for pod in cluster.pods:
        for port in pod.ports:
            yield pod.netns, Listener(port.protocol, port.port, pod.reference, pod.proxy_protocol)
