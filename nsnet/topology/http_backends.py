"""The servers that an HTTP proxy uses for a Service: its ready endpoints."""

from collections.abc import Iterable

from nsnet.ip import IPAddress
from nsnet.state.http import Server
from nsnet.topology.balancing import usable
from nsnet.topology.model import Pod, Service, ServicePort


class Servers:
    """The servers of Services; those of pods that expect a PROXY header get one."""

    def __init__(self, pods: Iterable[Pod]) -> None:
        self._proxied = {each.reference for each in pods if each.proxy_protocol}

    def of(self, service: Service, port: ServicePort) -> tuple[Server, ...]:
        """Return the servers of a port, in the first family of the Service."""
        written: tuple[IPAddress, ...] = tuple(each.address for each in port.endpoints)
        first = (service.addresses or written)[:1]
        return tuple(
            Server(each.address, each.port, each.reference in self._proxied)
            for address in first
            for each in usable(port.endpoints, address.version)
        )
