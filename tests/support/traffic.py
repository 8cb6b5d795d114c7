"""A client that is busy while its lab changes: python traffic.py ADDRESS PORT PATH

It runs in a pod. At the unix socket PATH, a line is a question, and a line of JSON the answer:

    hold N      who serves the connections that are open: so many, opened anew where they were fewer
    ping        who serves them still, and which have broken, each with the reason
    loop        what became of the requests, each on a connection of its own, since the last loop

Standard library only.
"""

import json
import os
import socket
import sys
import threading
from typing import Any

SECONDS = 5.0


class Client:
    """The open connections, and a thread that makes one request after the other."""

    def __init__(self, address: str, port: int) -> None:
        self.to = (address, port)
        self.all_addresses: list[tuple[str, socket.socket]] = []
        self.served: dict[str, int] = {}
        self.errors: list[str] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._loop, daemon=True).start()

    def answer(self, question: str) -> Any:
        """What the one who asks is told."""
        match question.split():
            case ["hold", number]:
                while len(self.all_addresses) < int(number):
                    opened = self._connect()
                    self.all_addresses.append((ask(opened), opened))
                return [server for server, _ in self.all_addresses]
            case ["ping"]:
                return self._ping()
            case ["loop"]:
                with self._lock:
                    done = {"served": self.served, "errors": self.errors}
                    self.served, self.errors = {}, []
                return done
        raise ValueError(question)

    def _ping(self) -> dict[str, list[Any]]:
        alive, broken = list[tuple[str, socket.socket]](), list[tuple[str, str]]()
        for server, opened in self.all_addresses:
            try:
                answered = ask(opened)
            except OSError as error:
                opened.close()
                broken.append((server, repr(error)))
            else:
                assert answered == server, f"{server} has become {answered}"
                alive.append((server, opened))
        self.all_addresses = alive
        return {"alive": [server for server, _ in alive], "broken": broken}

    def _loop(self) -> None:
        while True:
            try:
                with self._connect() as opened:
                    server = ask(opened)
                with self._lock:
                    self.served[server] = self.served.get(server, 0) + 1
            except OSError as error:
                with self._lock:
                    self.errors.append(repr(error))

    def _connect(self) -> socket.socket:
        return socket.create_connection(self.to, timeout=SECONDS)


def ask(opened: socket.socket) -> str:
    """Who serves this connection. Raises OSError where nobody does any more."""
    opened.sendall(b"nsnet ping 0\n")
    answer = opened.recv(4096)
    if not answer:
        raise ConnectionResetError("it was closed")
    server: str = json.loads(answer)["server"]
    return server


def main(address: str, port: str, path: str) -> None:
    """The client runs on in the background once somebody can connect to the path."""
    control = socket.socket(socket.AF_UNIX)
    control.bind(path)
    control.listen()
    if os.fork():
        return
    null = os.open(os.devnull, os.O_RDWR)
    for fd in range(3):
        os.dup2(null, fd)
    client = Client(address, int(port))
    connection, _ = control.accept()
    with connection, connection.makefile("rw") as lines:
        for line in lines:
            lines.write(json.dumps(client.answer(line)) + "\n")
            lines.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
