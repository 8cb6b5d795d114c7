"""Every problem nsnet can explain to its user, and the exit code each ends with."""

from collections.abc import Sequence
from dataclasses import dataclass


class NsnetError(Exception):
    """A problem we can explain to the user; anything else that escapes is our bug and keeps its
    traceback.

    NsnetError
      UsageError        the command names something that is not there
      ScenarioError     the file is wrong: every problem at once, each with its place
      CompileError      the parts do not fit: two features claim one thing
      UnsupportedError  this kernel or host lacks something; says how to get it
      LockedError       another nsnet is changing the same lab
      KernelError       the kernel refused an Op; carries the command to try by hand
      CleanupError      something could not be removed
    """

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def lines(self) -> list[str]:
        """The messages to print, one an error."""
        return [str(self)]

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross from a lab's process to the one that asked; the default would drop the
        # keyword.
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
    """One mistake and its place: the file as the user named it, a line counted from 1, a path
    inside."""

    file: str
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (place, self.path, self.message) if part)


class UsageError(NsnetError):
    """The command names something that is not there."""


class ScenarioError(NsnetError):
    """The file is wrong; `problems` holds every mistake that could be found, in file order."""

    def __init__(self, problems: Sequence[Problem], *, hint: str = "") -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems), hint=hint)

    def lines(self) -> list[str]:
        """One message a problem."""
        return [str(problem) for problem in self.problems]


class CompileError(NsnetError):
    """The parts do not fit together: two features claim one thing, or one names what is not
    there."""


class UnsupportedError(NsnetError):
    """This kernel or host lacks something; the hint says how to get it."""

    exit_code = 3


class LockedError(NsnetError):
    """Another nsnet is changing the same lab at this moment."""

    exit_code = 3


class KernelError(NsnetError):
    """The kernel refused an Op; the message carries the command to try by hand."""

    exit_code = 3


class CleanupError(NsnetError):
    """Something of a lab could not be removed; the message names it."""

    exit_code = 4
