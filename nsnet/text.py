"""Wording that all messages share."""

import re
import reprlib
from collections.abc import Collection
from difflib import get_close_matches
from math import log2
from typing import Final

_MOST_LISTED: Final = 20
_DIGITS: Final = re.compile("([0-9]+)")
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxlong = 60


def number_of(things: int, word: str) -> str:
    """Return a number with its noun: "1 pod", "3 pods", "1,581 addresses"."""
    plural = "es" if word.endswith("s") else "s"
    return f"{amount(things)} {word}{'' if things == 1 else plural}"


def amount(number: int) -> str:
    """Return a number as people read it: "1,581". One of more than twelve digits, as IPv6 ranges
    have, is a power of two: "2^64", "about 2^72"."""
    if abs(number) < 10**12:
        return f"{number:,}"
    power = round(log2(abs(number)))
    about = "" if abs(number) == 1 << power else "about "
    return f"{about}{'-' if number < 0 else ''}2^{power}"


def quoted(value: object) -> str:
    """Return a value as messages show it: text is quoted, and a long value shortened."""
    return _SHORT.repr(value)


def natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts n2 before n10."""
    return [(int(each), "") if each.isdecimal() else (0, each) for each in _DIGITS.split(name)]


def some_of(names: Collection[str], most: int = 3) -> str:
    """Return the first names of a list, and how many more there are: "a, b, c and 2 more"."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join([*names][:most])}{more}"


def printable(text: str) -> str:
    """Return the text unchanged, or quoted and escaped if it is empty or has control characters,
    which would garble the terminal."""
    return text if text.isprintable() and text else repr(text)


def escaped(text: str) -> str:
    """Return the text with every unprintable character as an escape sequence, such as \\x1b or \\n.

    What a file says can then neither control a terminal nor look like a line of nsnet's own.
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def nearest(word: str, known: Collection[str], *, likeness: float = 0.6) -> str:
    """Return the known word whose spelling is most similar, ignoring case; "" if none is similar
    enough.

    `likeness` is the least similarity that counts, from 0 to 1 (difflib).
    """
    spelled = {each.casefold(): each for each in known}
    near = get_close_matches(word.casefold(), spelled, n=1, cutoff=likeness)
    return spelled[near[0]] if near else ""


def did_you_mean(word: str, known: Collection[str], *, otherwise: str = "there are") -> str:
    """Return a question that suggests the nearest known word. If none is near, return `otherwise`
    and a list of known words."""
    if near := nearest(word, known):
        return f"did you mean {near}?"
    listed = [*known][:_MOST_LISTED]
    more = ", …" if len(known) > len(listed) else ""
    return f"{otherwise}: {', '.join(listed)}{more}" if known else "there are none"
