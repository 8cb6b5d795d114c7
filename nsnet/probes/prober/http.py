"""What a client says and hears on a connection over which it speaks HTTP, with or without TLS, as a
function from bytes to bytes without any socket."""

import json
import ssl
from contextlib import suppress
from ipaddress import ip_address
from typing import Final, NamedTuple

from nsnet.ip import IPAddress
from nsnet.probes.prober.attempt import Attempt
from nsnet.servers.echo.message import TOKEN_HEADER
from nsnet.verdict import Verdict
from nsnet.walk.http import HttpRequest

_LARGEST: Final = 1 << 20  # bytes of a response that are read
_CHUNK: Final = 1 << 16


class Response(NamedTuple):
    """What a probe reports of an HTTP response. An echo server names itself and the source that it
    saw; others do not."""

    status: int
    location: str = ""
    server: str | None = None
    source: IPAddress | None = None


def request(wanted: HttpRequest, token: bytes = b"") -> bytes:
    """Return the bytes of a request. With `token`, it has a header with it."""
    lines = [f"{wanted.method} {wanted.path} HTTP/1.1"]
    # It comes first, so that captures find it in the first segment.
    lines += [f"{TOKEN_HEADER}: {token.decode()}"] if token else []
    fields = (*wanted.fields, ("Connection", "close"))
    lines += (f"{name}: {value}" for name, value in fields)
    return "\r\n".join([*lines, "", ""]).encode()


def response(data: bytes, method: str, *, ended: bool) -> Response | None:
    """Return the response that these bytes are; None if they are none, or not yet all of one.
    `ended`: no more bytes follow."""
    head, end, body = data.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    status = _status(first)
    if not end or status is None:
        return None
    if status < 200:  # an interim response
        return response(body, method, ended=ended)
    fields = [line.partition(b":") for line in lines]
    headers = {name.lower(): value.strip() for name, _, value in fields}
    length = headers.get(b"content-length", b"")
    none = method == "HEAD" or status in (204, 304)
    if not (ended or none or (length.isdigit() and len(body) >= int(length[:9]))):
        return None
    location = headers.get(b"location", b"").decode("latin-1")
    return Response(status, location, *(_said(body) if status == 200 else (None, None)))


def _status(line: bytes) -> int | None:
    version, _, rest = line.partition(b" ")
    number = rest[:3]
    known = version in (b"HTTP/1.1", b"HTTP/1.0") and number.isdigit() and rest[3:4] in (b"", b" ")
    return int(number) if known else None


def _said(body: bytes) -> tuple[str | None, IPAddress | None]:
    """Return the server and the source that the body of an echo server names."""
    with suppress(ValueError, LookupError, TypeError):
        read = json.loads(body)
        return str(read["server"]), ip_address(read["source"])
    return None, None


class HttpTalk:
    """A request and its response. The attempt ends with the response."""

    def __init__(self, attempt: Attempt, wanted: HttpRequest, token: bytes = b"") -> None:
        self._attempt = attempt
        self._wanted = wanted
        self._request = request(wanted, token)
        self._received = b""
        self.certificate = b""  # in DER

    def begin(self) -> bytes:
        """Return what the client sends once it is connected."""
        return self._request

    def receive(self, data: bytes) -> bytes:
        """Return what the client sends after it has received these bytes; b"" ends them."""
        self._received += data
        found = response(self._received, self._wanted.method, ended=not data)
        if found is not None:
            attempt = self._attempt
            attempt.status, attempt.location = found.status, found.location
            attempt.certificate = self.certificate
            attempt.end(Verdict.OK, found.server, found.source)
        elif not data or len(self._received) > _LARGEST:
            self._attempt.end(Verdict.RESET)
        return b""


class TlsTalk:
    """A conversation inside TLS. The client accepts every certificate: the author of a probe looks
    at the routes of a lab, whose certificates no authority has signed."""

    def __init__(self, attempt: Attempt, inner: HttpTalk, server_name: str) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._attempt = attempt
        self._inner = inner
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=server_name or None
        )
        self._agreed = False

    def begin(self) -> bytes:
        """Return the client hello."""
        return self._go_on()

    def receive(self, data: bytes) -> bytes:
        """Return what the client sends after it has received these bytes; b"" ends them."""
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
        return self._go_on()

    def _go_on(self) -> bytes:
        try:
            if not self._agreed:
                self._tls.do_handshake()
                self._agreed = True
                self._inner.certificate = self._tls.getpeercert(binary_form=True) or b""
                self._tls.write(self._inner.begin())
            while data := self._tls.read(_CHUNK):
                self._inner.receive(data)
            self._inner.receive(b"")
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLEOFError:
            self._inner.receive(b"")
        except (ssl.SSLError, ValueError):
            self._attempt.end(Verdict.RESET)
        return self._outgoing.read()


def subject(certificate: bytes) -> str:
    """Return the subject of a certificate in DER; "" if there is none."""
    if not certificate:
        return ""
    from cryptography import x509  # takes 0.1 s

    try:
        return x509.load_der_x509_certificate(certificate).subject.rfc4514_string()
    except ValueError:
        return ""
