"""Certificates of Secrets, as far as a proxy can present them to clients."""

from collections.abc import Mapping
from typing import Final

from nsnet.state.http import Pem

CERTIFICATE, KEY = "tls.crt", "tls.key"  # of a Secret of type kubernetes.io/tls
# What OpenSSL accepts on security level 2 (SSL_CTX_set_security_level(3)).
_SHORTEST_RSA: Final = 2048  # bits
_CURVES: Final = ("secp256r1", "secp384r1", "secp521r1")
_HASHES: Final = ("sha224", "sha256", "sha384", "sha512")


def read_certificate(secret: Mapping[str, str]) -> tuple[Pem | None, str]:
    """Return the certificate chain and the key of a Secret's values, and "". If they do not serve,
    return None and what is wrong, which completes "Secret default/shop …"."""
    from cryptography import x509  # takes 0.1 s, and few labs need it
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        load_pem_private_key,
    )

    if missing := [each for each in (CERTIFICATE, KEY) if not secret.get(each, "").strip()]:
        return None, f"has no {missing[0]}"
    try:
        chain = x509.load_pem_x509_certificates(secret[CERTIFICATE].encode())
        hashes = [each.signature_hash_algorithm for each in chain]
        public = chain[0].public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None, f"has no certificate in {CERTIFICATE}"
    try:
        key = load_pem_private_key(secret[KEY].encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None, f"has no private key in {KEY}"
    if key.public_key() != public:
        return None, f"has a {KEY} that is not the key of its {CERTIFICATE}"
    strong = (isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _SHORTEST_RSA) or (
        isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES
    )
    if not strong or any(each is None or each.name not in _HASHES for each in hashes):
        return None, "has a certificate that OpenSSL finds too weak"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    parts = (*(each.public_bytes(Encoding.PEM) for each in chain), private)
    return Pem(b"".join(parts).decode()), ""
