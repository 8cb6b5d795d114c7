"""A client of an HTTP server, which runs in a lab: `http_client.py ADDRESS PORT HOST PATH FILE`. It
sends requests, every other one on a new connection, until FILE exists, but at least LEAST. Then it
writes how many it has sent, how many of them failed, and the servers that answered."""

import http.client
import json
import sys
from collections import Counter
from pathlib import Path

LEAST = 2000


def main(address: str, port: str, host: str, path: str, file: str) -> None:
    """Send requests, and print what became of them."""
    servers: Counter[str] = Counter()
    failures: list[str] = []
    kept = http.client.HTTPConnection(address, int(port), timeout=30)
    while sum(servers.values()) + len(failures) < LEAST or not Path(file).exists():
        new = http.client.HTTPConnection(address, int(port), timeout=30)
        for connection in (new, kept):
            try:
                connection.request("GET", path, headers={"Host": host})
                response = connection.getresponse()
                said = response.read()
                if response.status == 200:
                    servers[json.loads(said)["server"]] += 1
                else:
                    failures.append(f"status {response.status}")
            except (OSError, http.client.HTTPException) as error:
                failures.append(repr(error))
                connection.close()
        new.close()
    sent = sum(servers.values()) + len(failures)
    found = {"sent": sent, "failures": failures[:10], "servers": dict(servers)}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
