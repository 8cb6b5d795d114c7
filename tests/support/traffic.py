"""A client that is busy while its lab changes: python traffic.py ADDRESS PORT PATH

It runs in a pod. At the unix socket PATH it answers each line with a line of JSON:

    hold N      the servers of the open connections, after opening more until there are N
    ping        the servers of the connections that still work, and the error of each broken one
    loop        servers and errors of the requests since the last `loop`, a connection for each

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
        self.connections: list[tuple[str, socket.socket]] = []
        self.served: dict[str, int] = {}
        self.errors: list[str] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._loop, daemon=True).start()

    def answer(self, question: str) -> Any:
        """Return the answer to a question."""
        match question.split():
            case ["hold", number]:
                while len(self.connections) < int(number):
                    opened = self._connect()
                    self.connections.append((ask(opened), opened))
                return [server for server, _ in self.connections]
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
        for server, opened in self.connections:
            try:
                answered = ask(opened)
            except OSError as error:
                opened.close()
                broken.append((server, repr(error)))
            else:
                assert answered == server, f"{server} has become {answered}"
                alive.append((server, opened))
        self.connections = alive
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
    """Return the server of this connection. Raises OSError if it does not work any more."""
    opened.sendall(b"nsnet ping 0\n")
    answer = opened.recv(4096)
    if not answer:
        raise ConnectionResetError("it was closed")
    server: str = json.loads(answer)["server"]
    return server


def main(address: str, port: str, path: str) -> None:
    """Start the client in the background; return once the socket accepts connections."""
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
