"""One namespace before and after a change of its lab."""

from collections.abc import Set
from dataclasses import dataclass

from nsnet.state.model import Netns


@dataclass(frozen=True, slots=True)
class Change:
    """One namespace before (`old`) and after (`new`) a change of its lab. An empty `Netns` means
    that the namespace does not exist at that time."""

    old: Netns
    new: Netns
    added: bool = False  # the namespace does not exist before
    created: Set[str] = frozenset()  # names of the links to create or recreate
    kept: Set[str] = frozenset()  # names of the links that exist before and are not recreated
