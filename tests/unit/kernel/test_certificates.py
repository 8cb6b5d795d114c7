"""Certificates that are generated for a lab."""

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from nsnet.kernel.certificates import self_signed

LONG = ".".join(["a" * 60] * 4)


def subject(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string()


def test_a_certificate_has_its_names_and_its_key() -> None:
    text = self_signed((LONG, "a.example", "*.b.example")).encode()
    certificate = x509.load_pem_x509_certificate(text)
    assert load_pem_private_key(text, None).public_key() == certificate.public_key()
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [LONG, "a.example", "*.b.example"]
    assert subject(certificate) == "CN=a.example"


def test_a_certificate_without_names_is_for_all_others() -> None:
    certificate = x509.load_pem_x509_certificate(self_signed(()).encode())
    assert subject(certificate) == "CN=nsnet generated certificate"
