"""Lines on stdout and stderr: the only place where text of files reaches a terminal.

Every line is escaped here, so no name in a file can move the cursor, reverse text or look like a
line of its own. JSON escapes what it contains by itself.
"""

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any, Final, TypeAlias

import click

from nsnet.text import escaped

Piece: TypeAlias = str | tuple[str, str]  # text, or text with its style: ("failed", "bold red")
Row: TypeAlias = Sequence[Sequence[str]]  # cells, each of one line or more

_SMALLEST: Final = 30  # columns of the last column of a table, if its text is wrapped


def out(*pieces: Piece) -> None:
    """Print a line of these pieces to stdout, without blanks at its end."""
    click.echo(_line(pieces))


def err(*pieces: Piece) -> None:
    """Print a line of these pieces to stderr."""
    click.echo(_line(pieces), err=True)


def out_text(text: str) -> None:
    """Print a text of several lines to stdout. Its tabs are kept: nft's commands have some."""
    lines = ("\t".join(map(escaped, line.split("\t"))) for line in text.split("\n"))
    click.echo("\n".join(lines), nl=not text.endswith("\n"))


def out_bytes(parts: Iterable[bytes]) -> None:
    """Print the output of a program to stdout: as it is, or, on a terminal, as lines of text in
    which nothing can control the terminal."""
    binary = sys.stdout.buffer
    if not binary.isatty():
        for each in parts:
            binary.write(each)
            binary.flush()
        return
    rest = b""
    for each in parts:
        lines, newline, rest = (rest + each).rpartition(b"\n")
        if newline:
            out_text(lines.decode(errors="replace"))
    if rest:
        out_text(rest.decode(errors="replace"))


def out_json(data: object) -> None:
    """Print data to stdout as JSON, in ASCII. Values that JSON lacks are printed as text."""
    click.echo(json.dumps(data, default=str, indent=2).replace("\x7f", "\\u007f"))


def width() -> int:
    """Return the number of columns of the terminal, or 80 if there is none."""
    return shutil.get_terminal_size((80, 24)).columns


def wrapped(text: str, *, indent: int = 0) -> list[str]:
    """Return the lines of a text, which leave room for an indent. No word is broken, so that an
    address can be copied."""
    room = max(width() - indent, 20)
    return textwrap.wrap(escaped(text), room, break_long_words=False, break_on_hyphens=False) or [
        ""
    ]


def out_wrapped(text: str, style: str = "", *, indent: int = 0) -> None:
    """Print a text to stdout, indented and wrapped."""
    for each in wrapped(text, indent=indent):
        out(" " * indent, (each, style))


def out_table(heading: Sequence[str], rows: Iterable[Row], *, indent: int = 2) -> None:
    """Print a table to stdout. The last column is wrapped.

    A first cell that would leave the last column no room has a line of its own.
    """
    cells = [[[escaped(each) for each in cell] for cell in row] for row in rows]
    cells.insert(0, [[each] for each in heading])
    widths = [max(len(each) for row in cells for each in row[n]) for n in range(len(heading) - 1)]
    gaps = indent + 2 * len(widths)
    longest = max(len(each) for row in cells for each in row[-1])
    room = max(width() - gaps - sum(widths[1:]) - min(longest, _SMALLEST), 8)
    widths[0] = min(widths[0], room)
    last = gaps + sum(widths)
    for number, row in enumerate(cells):
        lines = [*row[:-1], [one for each in row[-1] for one in wrapped(each, indent=last)]]
        if len(lines[0][0]) > widths[0]:
            out(" " * indent, lines[0].pop(0))
        for texts in zip_longest(*lines, fillvalue=""):
            padded = [f"{each:{size}}  " for each, size in zip(texts, widths, strict=False)]
            text = "".join([*padded, texts[-1]]).rstrip()
            out(" " * indent, (text, "dim" if number == 0 else ""))


def _line(pieces: Iterable[Piece]) -> str:
    parts = [(each, "") if isinstance(each, str) else each for each in pieces]
    plain = [(escaped(text), style) for text, style in parts]
    while plain and not plain[-1][0].strip():
        plain.pop()
    plain[-1:] = [(text.rstrip(), style) for text, style in plain[-1:]]
    return "".join(_styled(text, style) for text, style in plain)


def _styled(text: str, style: str) -> str:
    """Return the text in this style: a colour, or bold or dim, or both. It has none with NO_COLOR
    or on a dumb terminal; click removes it if the output is no terminal."""
    if not style or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    words: dict[str, Any] = {"bold": None, "dim": None, "fg": None}
    for each in style.split():
        words[each if each in words else "fg"] = True if each in words else each
    return click.style(text, **words)
