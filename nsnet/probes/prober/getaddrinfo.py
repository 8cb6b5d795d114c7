"""A program that resolves names as any other program does, and prints what it finds.

python -I -S getaddrinfo.py NAME…

It prints a line of JSON for each name: [addresses, error or "", when it began, when it ended], in
nanoseconds since 1970. Only the standard library is used here, so that it starts in 20 ms.
"""

import json
import socket
import sys
import time

_ERRORS = {number: name for name, number in vars(socket).items() if name.startswith("EAI_")}


def _resolved(name: str) -> tuple[list[str], str]:
    try:
        # As bytes: Python itself would refuse some names before it asks for them.
        found = socket.getaddrinfo(name.encode("ascii"), None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        return [], _ERRORS.get(error.errno or 0, str(error))
    return list(dict.fromkeys(str(each[4][0]) for each in found)), ""


if __name__ == "__main__":
    for each in sys.argv[1:]:
        begun = time.time_ns()
        addresses, failure = _resolved(each)
        print(json.dumps([addresses, failure, begun, time.time_ns()]), flush=True)  # noqa: T201
