"""All questions about the generated Services: each address of each port, from each kind of
client."""

from collections.abc import Iterator

from tests.support import kube_proxy as kp
from tests.support.expected_probes import Client, Mode, Question, Target, World
from tests.support.generated_lab import Lab
from tests.support.service_objects import RANGES


def questions(lab: Lab, mode: Mode) -> Iterator[Question]:
    """Yield all questions, Service by Service."""
    for service in lab.services:
        if kp.is_skipped(service):
            continue
        for port in service.ports:
            for target in targets(lab.world, service, port):
                for client in lab.clients:
                    if can_ask(client, target):
                        yield Question(lab.world, service, port, target, client, mode)


def targets(world: World, service: kp.Service, port: kp.Port) -> Iterator[Target]:
    """Yield every address that leads to the port."""
    for address in service.cluster_ips:
        yield Target("ClusterIP", address, port.port)
    for address in kp.external_ips(service, world.family):
        yield Target("externalIP", address, port.port)
    for address in kp.vips(service, world.family):
        yield Target("LB VIP", address, port.port)
    if port.node_port:
        for host in world.hosts:
            yield Target("NodePort", host.eth0, port.node_port, host.node.name)
        yield Target("localhost NodePort", RANGES[world.family].localhost, port.node_port)


def can_ask(client: Client, target: Target) -> bool:
    """Return whether the client has a route to the target, or the target is the client's own
    node."""
    if target.kind == "localhost NodePort":
        return client.is_node
    return bool(client.node) or target.kind in ("NodePort", "LB VIP")
