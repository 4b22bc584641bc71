"""Certificates for a server that lives as long as a measurement."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def make_certificates(folder: Path, host: str) -> None:
    """Write root.crt, and server.crt with server.key for an IP address, all good for a day."""
    root, server = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Guanjian bench")])
    root_cert = _begin(name, name, root.public_key()).add_extension(x509.BasicConstraints(True, 0), True)
    server_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    named = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
    server_cert = _begin(server_name, name, server.public_key()).add_extension(named, False)
    (folder / "root.crt").write_bytes(root_cert.sign(root, hashes.SHA256()).public_bytes(Encoding.PEM))
    (folder / "server.crt").write_bytes(server_cert.sign(root, hashes.SHA256()).public_bytes(Encoding.PEM))
    key = folder / "server.key"
    key.touch(0o600)
    key.write_bytes(server.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _begin(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
