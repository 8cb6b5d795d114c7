"""Certificates of Secrets that haproxy would refuse.

Source: openssl, SSL_CTX_set_security_level(3).
"""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from nsnet.topology.certificates import read_certificate

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
START = datetime(2026, 1, 1, tzinfo=UTC)
SHA256 = hashes.SHA256()


def values(key: Key, digest: hashes.SHA256 | None = SHA256) -> dict[str, str]:
    """The values of a Secret with a certificate of this key."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shop.example")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(1)
    builder = builder.public_key(key.public_key()).not_valid_before(START)
    signed = builder.not_valid_after(START + timedelta(days=1)).sign(key, digest)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {"tls.crt": signed.public_bytes(Encoding.PEM).decode(), "tls.key": private.decode()}


EC = values(ec.generate_private_key(ec.SECP256R1()))
RSA = values(rsa.generate_private_key(65537, 2048))


@pytest.mark.parametrize("secret", [EC, RSA, {**EC, "tls.crt": EC["tls.crt"] + RSA["tls.crt"]}])
def test_a_strong_certificate_serves_with_its_chain(secret: dict[str, str]) -> None:
    found, mistake = read_certificate(secret)
    assert found is not None
    assert mistake == ""
    assert found.text.count("BEGIN CERTIFICATE") == secret["tls.crt"].count("BEGIN CERTIFICATE")
    assert found.text.count("BEGIN PRIVATE KEY") == 1


@pytest.mark.parametrize(
    ("secret", "mistake"),
    [
        ({}, "has no tls.crt"),
        ({"tls.crt": EC["tls.crt"], "tls.key": " "}, "has no tls.key"),
        ({**EC, "tls.crt": "x"}, "has no certificate in tls.crt"),
        ({**EC, "tls.key": "x"}, "has no private key in tls.key"),
        ({**EC, "tls.key": RSA["tls.key"]}, "has a tls.key that is not the key of its tls.crt"),
        (
            values(rsa.generate_private_key(65537, 1024)),
            "has a certificate that OpenSSL finds too weak",
        ),
        (
            values(ed25519.Ed25519PrivateKey.generate(), None),
            "has a certificate that OpenSSL finds too weak",
        ),
    ],
)
def test_what_is_wrong_with_others(secret: dict[str, str], mistake: str) -> None:
    assert read_certificate(secret) == (None, mistake)
