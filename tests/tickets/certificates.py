"""Certificates of this test run: an authority of its own, and what it signs."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


def named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass
class Authority:
    """Signs certificates of servers; `pem` is what those who trust it are given."""

    folder: Path

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self.signed(
            named("The tests' own"), self.key, x509.BasicConstraints(True, 0)
        )
        self.pem = self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def signed(self, subject, key, *extensions, days: int = 2) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(named("The tests' own"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 10 * DAY)
            .not_valid_after(now + days * DAY)
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def for_server(self, name: str, days: int = 2) -> Path:
        """Return a file with key and certificate of a server; negative days are over already."""
        key = ec.generate_private_key(ec.SECP256R1())
        try:
            written = x509.IPAddress(ip_address(name))
        except ValueError:
            written = x509.DNSName(name)
        names = x509.SubjectAlternativeName([written])
        made = self.signed(named(name), key, names, days=days)
        path = self.folder / f"{name}.{days}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + made.public_bytes(serialization.Encoding.PEM)
        )
        return path
