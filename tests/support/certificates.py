"""A certificate that no authority has signed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CERTIFICATE = "CN=shop.example"


@contextmanager
def certificate_file() -> Iterator[Path]:
    """Yield a file with a certificate for shop.example and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with TemporaryDirectory() as folder:
        file = Path(folder, "both.pem")
        file.write_bytes(private + made.public_bytes(pem))
        yield file


def secret(name: str, certificate: str, key: str) -> str:
    """Return a Secret with this certificate and key."""

    def block(text: str) -> str:
        return "".join(f"\n    {line}" for line in text.splitlines())

    return (
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}}}\ntype: kubernetes.io/tls\n"
        f"stringData:\n  tls.crt: |{block(certificate)}\n  tls.key: |{block(key)}"
    )


def pem() -> tuple[str, str]:
    """Return a certificate and its private key."""
    with certificate_file() as file:
        key, begin, rest = Path(file).read_text().partition("-----BEGIN CERTIFICATE")
    return begin + rest, key
