"""The command line: `main` is the command nsnet."""

from nsnet.cli.program import main

__all__ = ["main"]
