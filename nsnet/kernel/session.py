"""The namespaces that one call of `Applier.apply` has open, and the rtnetlink messages queued for
each namespace."""

import os
import socket
from dataclasses import dataclass, field

from nsnet.errors import KernelError
from nsnet.kernel import netns
from nsnet.kernel.netlink import Socket
from nsnet.plan.ops import Op
from nsnet.plan.shell import render


@dataclass(slots=True)
class Namespace:
    """An open namespace: its netlink socket, the indexes of its links by name, and the messages
    queued for the next send."""

    fd: int
    socket: Socket
    indexes: dict[str, int]
    queued: list[bytes] = field(default_factory=list)
    causes: list[Op] = field(default_factory=list)  # the Op of each queued message

    def choose_index(self, name: str) -> None:
        """Choose the index of a link that is about to be created. Later messages can then refer to
        the link without asking the kernel.

        Choosing is safe. Nothing else creates links in a lab's namespaces at that time, because the
        lab's lock is held. Links that people have added by hand exist already.
        """
        self.indexes[name] = max(self.indexes.values(), default=0) + 1

    def queue(self, op: Op, message: bytes) -> None:
        """Queue an Op's message for the next send."""
        self.queued.append(message)
        self.causes.append(op)

    def send(self, *, ignored: int = 0) -> None:
        """Send the queued messages. Raises KernelError if the kernel refuses a message, unless the
        error number is `ignored`."""
        if not self.queued:
            return
        refusals = self.socket.send(self.queued)
        causes, self.queued, self.causes = self.causes, [], []
        for position, refusal in refusals.items():
            if refusal.errno != ignored:
                raise refused(causes[position], str(refusal))

    def close(self) -> None:
        """Close the netlink socket and the namespace's descriptor."""
        self.socket.close()
        os.close(self.fd)


class Session:
    """The open namespaces. Each is opened on first use.

    A netlink socket belongs to the namespace in which it was opened, but can be used from any
    namespace. So the thread enters a namespace only to open it, or for work other than netlink
    messages.
    """

    def __init__(self) -> None:
        self._open: dict[str, Namespace] = {}
        self._here = ""  # the namespace of the calling thread

    def __getitem__(self, name: str) -> Namespace:
        if name not in self._open:
            fd = netns.open_named(name)
            netns.setns(fd)
            self._here = name
            self._open[name] = Namespace(fd, Socket(), _indexes())
        return self._open[name]

    def enter(self, name: str) -> None:
        """Move the calling thread into the namespace."""
        if self._here != name:
            netns.setns(self[name].fd)
            self._here = name

    def send(self, name: str) -> None:
        """Send the messages queued for the namespace."""
        if name in self._open:
            self._open[name].send()

    def add(self, name: str) -> None:
        """Create the namespace, and move the calling thread into it. Raises OSError."""
        fd = netns.create(name)
        self._here = name
        self._open[name] = Namespace(fd, Socket(), {"lo": 1})

    def delete(self, name: str) -> None:
        """Delete the namespace."""
        if namespace := self._open.pop(name, None):
            namespace.close()
        netns.delete(name)

    def read_indexes(self) -> None:
        """Read the indexes of all links in all open namespaces again."""
        for name, each in self._open.items():
            self.enter(name)
            each.indexes = _indexes()

    def close(self) -> None:
        """Close all namespaces. The calling thread remains in the namespace in which it is."""
        self._here = ""
        for each in self._open.values():
            each.close()
        self._open.clear()


def refused(op: Op, reason: str) -> KernelError:
    """Return the error for an Op that the kernel refused, with the command to try by hand."""
    return KernelError(f"{render(op)}: {reason}")


def _indexes() -> dict[str, int]:
    return {name: index for index, name in socket.if_nameindex()}
