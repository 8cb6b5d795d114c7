"""Names and addresses of Kubernetes objects, with the API server's messages for wrong ones.

Source: k8s.io/apimachinery/pkg/util/validation/validation.go, and ValidateNonSpecialIP in
kubernetes/pkg/apis/core/validation/validation.go, v1.32.
"""

import re
from collections.abc import Callable
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator

from nsnet.ip import IPAddress
from nsnet.scenario.field_errors import invalid
from nsnet.scenario.fields import LABEL, SUBDOMAIN, parse_address

_LOWER: Final = "consist of lower case alphanumeric characters"
_ENDS: Final = "must start and end with an alphanumeric character"
# What no other host can reach: a property of an address, and the reason.
_SPECIAL: Final = {
    "is_unspecified": "may not be unspecified (0.0.0.0 or ::)",
    "is_loopback": "may not be in the loopback range (127.0.0.0/8, ::1/128)",
    "is_link_local": "may not be in the link-local range (169.254.0.0/16, fe80::/10)",
    "is_multicast": "may not be a multicast address",
}


def _check(pattern: str, longest: int, form: str) -> Callable[[str], str]:
    """Return a validator of names that match `pattern` and have at most `longest` characters."""

    def check(value: str) -> str:
        if len(value) > longest:
            raise ValueError(invalid(value, f"must be no more than {longest} characters"))
        if not re.fullmatch(pattern, value):
            raise ValueError(invalid(value, form))
        return value

    return check


_label = _check(
    LABEL,
    63,
    f"a lowercase RFC 1123 label must {_LOWER} or '-', and {_ENDS} (e.g. 'my-name', or '123-abc')",
)
_service_name = _check(
    f"(?![0-9]){LABEL}",
    63,
    f"a DNS-1035 label must {_LOWER} or '-', start with an alphabetic character, and end with an"
    " alphanumeric character (e.g. 'my-name', or 'abc-123')",
)
_subdomain = _check(
    SUBDOMAIN,
    253,
    f"a lowercase RFC 1123 subdomain must {_LOWER}, '-' or '.', and {_ENDS} (e.g. 'example.com')",
)


def _or_empty(check: Callable[[str], str]) -> AfterValidator:
    return AfterValidator(lambda value: value and check(value))


def decimal(value: object) -> object:
    """Return an IPv4 address without leading zeros, and any other value unchanged.

    Kubernetes reads 010.0.0.1 as 10.0.0.1, not as octal (CVE-2021-29923).
    """
    if isinstance(value, str) and "." in value and ":" not in value:
        return re.sub(r"\b0+(?=[0-9])", "", value)
    return value


def check_endpoint(value: IPAddress) -> IPAddress:
    """Return the address if other hosts can reach it. Raises ValueError."""
    for special, reason in _SPECIAL.items():
        if getattr(value, special):
            raise ValueError(invalid(str(value), reason))
    return value


def _address(value: object) -> IPAddress:
    try:
        return parse_address(decimal(value))
    except ValueError:
        reason = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
        raise ValueError(invalid(value, reason)) from None


def is_address(value: str) -> bool:
    """Return whether a text is an IP address, as the API server reads it."""
    try:
        _address(value)
    except ValueError:
        return False
    return True


def is_endpoint(value: str) -> bool:
    """Return whether a text is an IP address that other hosts can reach."""
    try:
        check_endpoint(_address(value))
    except ValueError:
        return False
    return True


def label_mistake(value: str) -> str:
    """Return the API server's message for a text that is no label, or ""."""
    return _mistake(_label, value)


def subdomain_mistake(value: str) -> str:
    """Return the API server's message for a text that is no subdomain, or ""."""
    return _mistake(_subdomain, value)


def service_name_mistake(value: str) -> str:
    """Return the API server's message for a text that is no name of a Service, or ""."""
    return _mistake(_service_name, value)


def _mistake(check: Callable[[str], str], value: str) -> str:
    try:
        check(value)
    except ValueError as error:
        return str(error)
    return ""


Label = Annotated[str, AfterValidator(_label)]
Subdomain = Annotated[str, AfterValidator(_subdomain)]
ServiceName = Annotated[str, AfterValidator(_service_name)]
PortName = Annotated[str, _or_empty(_label)]
NodeName = Annotated[str, _or_empty(_subdomain)]
EndpointAddress = Annotated[IPAddress, BeforeValidator(_address), AfterValidator(check_endpoint)]
