"""The prober: real attempts from inside the lab, and what both ends saw of them."""

from nsnet.probes.prober.flows import Flow
from nsnet.probes.prober.send import send

__all__ = ["Flow", "send"]
