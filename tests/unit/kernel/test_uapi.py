"""The numbers that pyroute2 states, too, are the same there, under the kernel's name."""

import pyroute2.netlink
import pyroute2.netlink.rtnl
import pyroute2.netlink.rtnl.fibmsg
import pyroute2.netlink.rtnl.ifinfmsg
import pyroute2.netlink.rtnl.ndmsg
import pyroute2.netlink.rtnl.rtmsg

from nsnet.kernel import uapi

STATED = {
    **vars(pyroute2.netlink),
    **vars(pyroute2.netlink.rtnl),
    **vars(pyroute2.netlink.rtnl.fibmsg),
    **vars(pyroute2.netlink.rtnl.ifinfmsg),
    **vars(pyroute2.netlink.rtnl.ndmsg),
    **vars(pyroute2.netlink.rtnl.rtmsg),
}


def test_every_number_is_the_one_that_pyroute2_has_for_its_name() -> None:
    ours = {
        name: number for name, number in vars(uapi).items() if name in STATED and name.isupper()
    }
    assert len(ours) > 40
    assert ours == {name: STATED[name] for name in ours}
