"""The names of objects that have only a generateName."""

from collections import Counter
from hashlib import sha256
from typing import Final

from nsnet.scenario.kubernetes import UNNAMED, Object

# The characters of the ends that Kubernetes generates: no vowels, and nothing like a vowel.
# Source: k8s.io/apimachinery/pkg/util/rand.
ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"


class GeneratedNames:
    """The names generated so far, so that objects with the same generateName get different ones."""

    def __init__(self) -> None:
        self._count = Counter[tuple[str, ...]]()

    def named(self, found: Object, file: str) -> Object:
        """Return the object of this file with its name, which stays the same from run to run."""
        meta = found.metadata
        if not meta.is_unnamed:
            return found
        key = file, found.kind, meta.namespace, meta.name
        self._count[key] += 1
        digest = sha256("\n".join((*key, str(self._count[key]))).encode()).digest()
        end = "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[: len(UNNAMED)])
        name = meta.name.removesuffix(UNNAMED) + end
        return found.model_copy(update={"metadata": meta.model_copy(update={"name": name})})
