"""The command line: `main` is the command nsnet.

Importing the program takes a quarter of a second: until then this module alone says how an
interruption or a lack of memory ends it.
"""

import os
import sys
from contextlib import suppress
from typing import NoReturn


def main() -> None:
    """Run the command nsnet with the arguments of this process, and exit with its status."""
    try:
        from nsnet.cli.program import main as program

        program(prog_name="nsnet")
    except KeyboardInterrupt:
        _end("interrupted", 130)
    except (ImportError, MemoryError, OSError, RuntimeError) as error:
        _explain(error)
        raise


def _explain(error: Exception) -> None:
    """End the process with a line about the error, if this host or its limits cause it."""
    try:
        from nsnet.cli.host_errors import host_error

        found = host_error(error)
    except (MemoryError, ImportError, OSError):
        _end("error: this process has no memory or files left: see ulimit -v and ulimit -n", 3)
    if found is not None:
        hint = f"\nhint: {found.hint}" if found.hint else ""
        _end(f"error: {found}{hint}", found.exit_code)


def _end(message: str, status: int) -> NoReturn:
    """Print the message and exit at once: Python would try again to write what is left in the
    buffer of stdout."""
    if sys.stderr is not None:
        text = f"{message}\n".encode(sys.stderr.encoding or "ascii", "backslashreplace")
        with suppress(OSError):
            os.write(2, text)
    os._exit(status)
