"""A client that sends HTTP requests to a server: `http_requests.py ADDRESS PORT FILE`. FILE is a
list of requests as JSON, each a list of lines. It writes the status and the Location of each
response, as JSON."""

import json
import socket
import sys
from pathlib import Path


def main(address: str, port: str, file: str) -> None:
    """Send them, and write the answers."""
    answers = []
    for lines in json.loads(Path(file).read_text()):
        with socket.create_connection((address, int(port)), timeout=30) as connection:
            connection.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode())
            said = b""
            while data := connection.recv(1 << 16):
                said += data
        head = said.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        fields = dict(
            each.lower().split(": ", 1)[:1] + each.split(": ", 1)[1:] for each in head[1:]
        )
        answers.append((int(head[0].split(" ")[1]), fields.get("location", "")))
    sys.stdout.write(json.dumps(answers))


if __name__ == "__main__":
    main(*sys.argv[1:])
