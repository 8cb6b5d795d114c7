"""The fields of a probe over HTTP. Nothing in them can end a line of the request, or start one."""

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, Tag

from nsnet.scenario.fields import SETTINGS, SWITCH, Boolean, Number, Strict, SwitchOrSettings
from nsnet.text import quoted

_HOST: Final = re.compile(r"(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9_.-]{1,253})(:[0-9]{1,5})?")
_SERVER_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,253}")
_PATH: Final = re.compile(
    r"/[!-~]{0,1023}"
)  # RFC 9112, section 3.2.1; short enough for one segment
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")  # RFC 9110, section 5.6.2
_VALUE: Final = re.compile(r"[!-~]([ -~\t]{0,4094}[!-~])?")
# They say where the request ends, or are fields of their own here.
_OURS: Final = frozenset({"host", "connection", "content-length", "transfer-encoding", "upgrade"})
MOST_HEADERS: Final = 50

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
Status = Annotated[Number, Field(ge=100, le=599)]


def _check_host(value: str) -> str:
    if value and not _HOST.fullmatch(value):
        raise ValueError(
            f"{quoted(value)} is not a host, such as shop.example or shop.example:8080"
        )
    return value


def _check_server_name(value: str) -> str:
    if not _SERVER_NAME.fullmatch(value):
        raise ValueError(f"{quoted(value)} is not the name of a server, such as shop.example")
    return value


def _check_path(value: str) -> str:
    if not _PATH.fullmatch(value) or "#" in value:
        raise ValueError(
            f"{quoted(value)} is not a path, such as /cart?item=1 (begin it with /, and write"
            " blanks and other characters as %20)"
        )
    return value


def _check_headers(value: dict[str, str]) -> dict[str, str]:
    for name, text in value.items():
        if not _TOKEN.fullmatch(name):
            raise ValueError(f"{quoted(name)} is not the name of a header, such as X-Version")
        if name.lower() == "host":
            raise ValueError("Host: write it as http.host")
        if name.lower() in _OURS:
            raise ValueError(f"{name}: a probe sends its own")
        if not _VALUE.fullmatch(text):
            raise ValueError(
                f"{name}: {quoted(text)} is not the value of a header: use printable ASCII"
            )
    if len({each.lower() for each in value}) < len(value):
        raise ValueError("a header is given twice: its name has no upper or lower case")
    return value


class TlsSpec(Strict):
    """How a probe speaks TLS. It accepts every certificate, and reports the subject."""

    server_name: Annotated[str, AfterValidator(_check_server_name)]


class HttpSpec(Strict):
    """The request of a probe over HTTP."""

    host: Annotated[
        str,
        AfterValidator(_check_host),
        Field(description="the Host header; default: the destination as it is written"),
    ] = ""
    path: Annotated[str, AfterValidator(_check_path)] = "/"
    method: Method = "GET"
    headers: Annotated[
        dict[str, str], Field(max_length=MOST_HEADERS), AfterValidator(_check_headers)
    ] = {}
    tls: Annotated[
        Annotated[Boolean, Tag(SWITCH)] | Annotated[TlsSpec, Tag(SETTINGS)],
        SwitchOrSettings,
        Field(description="true: the server name is the host"),
    ] = False
