"""What a lab has put into the kernel, removed: found by asking the kernel, not by remembering."""

from nsnet.errors import CleanupError
from nsnet.kernel import netns, processes
from nsnet.servers.echo import control
from nsnet.state.daemons import path_of
from nsnet.topology.model import netns_name


def remove(name: str) -> None:
    """Its processes first, which are those that stand in its namespaces; then the names,
    `servers` last."""
    names = netns.names(f"nsnet.{name}.")
    inodes = {inode for each in names if (inode := netns.inode(each)) is not None}
    # Where somebody has deleted its name by hand, the server's namespace lives on without one.
    home = control.home(path_of(name))
    if home is not None and home != netns.here():
        inodes.add(home)
    if inodes:
        processes.stop(inodes)
    servers = netns_name(name, "servers")
    for each in sorted(names, key=lambda one: one == servers):
        netns.delete(each)
    left = netns.names(f"nsnet.{name}.")
    if left:
        raise CleanupError(f"these namespaces of {name} could not be removed: {', '.join(left)}")
