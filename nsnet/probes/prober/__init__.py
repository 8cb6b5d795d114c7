"""The prober: attempts from inside the lab, and what became of them at both ends."""

from nsnet.probes.prober.flows import Flow
from nsnet.probes.prober.send import send

__all__ = ["Flow", "send"]
