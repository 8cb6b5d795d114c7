"""The prober: it makes real attempts from inside the lab, and records what client and server
see."""

from nsnet.probes.prober.flows import Flow
from nsnet.probes.prober.lookup import Client, is_glibc, look_up
from nsnet.probes.prober.pace import Pace
from nsnet.probes.prober.send import send

__all__ = ["Client", "Flow", "Pace", "is_glibc", "look_up", "send"]
