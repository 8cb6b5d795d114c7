"""nsnet: Kubernetes networking on the actual Linux kernel, without Kubernetes."""

from nsnet.verdict import Verdict

__version__ = "0.1.0"
__all__ = ["Verdict", "__version__"]
