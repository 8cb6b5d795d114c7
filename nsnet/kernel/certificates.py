"""Certificates that are generated for a lab, each signed by its own key."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

_NAME: Final = "nsnet generated certificate"
_LONGEST: Final = 64  # characters of a common name (RFC 5280, appendix A.1)
_VALID: Final = timedelta(days=3650)


def self_signed(names: Sequence[str]) -> str:
    """Return a new certificate for these names, and its private key, as PEM. Without names, it is
    for none."""
    from cryptography import x509  # takes 0.1 s, and few labs need it
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    key = ec.generate_private_key(ec.SECP256R1())
    common = next((each for each in names if len(each) <= _LONGEST), _NAME)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _VALID)
    )
    if names:
        every = x509.SubjectAlternativeName([x509.DNSName(each) for each in names])
        builder = builder.add_extension(every, critical=False)
    signed = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (signed + private).decode()
