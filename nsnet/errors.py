"""The errors that nsnet explains to its user, each with its exit code."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

SCHEMA: Final = "nsnet.dev/error/v1"
MOST_LINES: Final = 50  # of an error; what follows is counted


class NsnetError(Exception):
    """An error with a message for the user. Any other exception is a bug and keeps its traceback.

    NsnetError
      UsageError        the command asks for something that does not exist or is not possible
      ScenarioError     the scenario has mistakes; lists all of them with file and line
      CompileError      two features contradict each other, or one refers to something missing
      UnsupportedError  the kernel or host lacks something; the hint says how to get it
      LockedError       another nsnet process is changing the same lab
      KernelError       the kernel refused an operation; shows the command to try by hand
      CleanupError      some part of a lab could not be removed
    """

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def lines(self) -> list[str]:
        """Return the messages to print, one for each mistake."""
        return [str(self)]

    def as_json(self) -> dict[str, Any]:
        """Return the error as plain data for JSON (nsnet.dev/error/v1)."""
        return {
            "schema": SCHEMA,
            "errors": [asdict(each) for each in self._all_problems()],
            "hint": self.hint,
        }

    def _all_problems(self) -> "Sequence[Problem]":
        return [Problem("", 0, "", str(self))]

    def __reduce__(self) -> tuple[object, ...]:
        # A lab's process sends its errors to its caller by pickle. By default pickle calls __init__
        # with the message, but that of ScenarioError takes problems.
        return (_revive, (type(self), self.args, dict(self.__dict__)))


def _revive(
    kind: type[NsnetError], args: tuple[object, ...], state: dict[str, object]
) -> NsnetError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A mistake in a scenario: the file as the user named it, the line (from 1; 0 means the whole
    file), the field with the mistake (such as spec.faults), and the message.

    `rule` is the name by which `allow` in the Scenario turns the mistake into a warning; "" if
    nothing can.
    """

    file: str
    line: int
    path: str
    message: str
    rule: str = ""

    @property
    def place(self) -> str:
        """The file and the line: FILE:LINE, or FILE if the problem is with the whole file."""
        return f"{self.file}:{self.line}" if self.line else self.file

    def __str__(self) -> str:
        text = ": ".join(part for part in (self.place, self.path, self.message) if part)
        return f"{text} [{self.rule}]" if self.rule else text


class UsageError(NsnetError):
    """The command asks for something that does not exist or is not possible."""


class ScenarioError(NsnetError):
    """The scenario has mistakes. `problems` lists all that could be found, sorted by file and
    line."""

    def __init__(self, problems: Sequence[Problem], *, hint: str = "") -> None:
        self.problems = tuple(sorted(set(problems)))
        rules = {each.rule for each in self.problems}
        if not hint and "" not in rules:
            hint = (
                f"to build the lab all the same, write in spec: allow: [{', '.join(sorted(rules))}]"
            )
        super().__init__("\n".join(str(problem) for problem in self.problems), hint=hint)

    def lines(self) -> list[str]:
        """Return one message for each problem. After MOST_LINES problems, the last line counts the
        others."""
        lines = [str(problem) for problem in self.problems[:MOST_LINES]]
        others = len(self.problems) - MOST_LINES
        if others > 0:
            noun = "mistake" if others == 1 else "mistakes"
            lines.append(f"and {others:,} more {noun}; correct these first")
        return lines

    def _all_problems(self) -> Sequence[Problem]:
        return self.problems


class CompileError(NsnetError):
    """Two features contradict each other, or one refers to something that does not exist."""


class UnsupportedError(NsnetError):
    """The kernel or host lacks something; the hint says how to get it."""

    exit_code = 3


class LockedError(NsnetError):
    """Another nsnet process is changing the same lab."""

    exit_code = 3


class KernelError(NsnetError):
    """The kernel refused an operation; the message shows the command to try by hand."""

    exit_code = 3


class CleanupError(NsnetError):
    """Some part of a lab could not be removed; the message names it."""

    exit_code = 4
