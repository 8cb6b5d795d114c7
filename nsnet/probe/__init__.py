"""The prober: attempts from inside the lab, and what became of them at both ends."""

from nsnet.probe.flows import Flow, Outcome
from nsnet.probe.send import send

__all__ = ["Flow", "Outcome", "send"]
