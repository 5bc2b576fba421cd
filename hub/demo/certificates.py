"""A small certificate authority for the loopback: one root, one server certificate, kept in a folder if there is one."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAMES = ("localhost",)
ADDRESSES = ("127.0.0.1", "::1")
LIFE = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """PEM texts: the root that clients trust, the server's certificate and its key."""

    ca: str
    certificate: str
    key: str


def papers_in(folder: Path | None, now: datetime | None = None) -> Papers:
    """The papers kept in `folder`, made anew when missing or about to expire."""
    moment = now or datetime.now(UTC)
    if folder is None:
        return new_papers(moment)
    kept = _kept(folder)
    if kept is not None and _good(kept, moment):
        return kept
    made = new_papers(moment)
    _keep(folder, made)
    return made


def server_context(papers: Papers) -> ssl.SSLContext:
    """A context for a server that shows these papers and asks clients for none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory() as folder:
        _keep(Path(folder), papers)
        context.load_cert_chain(Path(folder, "server.pem"), Path(folder, "server.key"))
    return context


def client_context(ca: str) -> ssl.SSLContext:
    """A context for a client that trusts this root alone."""
    return ssl.create_default_context(cadata=ca)


def new_papers(now: datetime) -> Papers:
    """A fresh root that signs a fresh server certificate, both for a year."""
    root_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = _name("Amends demo root")
    root = _root(root_name, root_key, now)
    server = _server(root_name, root_key, server_key, now)
    return Papers(ca=_pem(root), certificate=_pem(server), key=_key_pem(server_key))


def _root(name: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    public = key.public_key()
    return (
        _dated(now)
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )


def _server(
    issuer: x509.Name, root_key: ec.EllipticCurvePrivateKey, key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.Certificate:
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in NAMES]
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in ADDRESSES]
    return (
        _dated(now)
        .subject_name(_name("localhost"))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False
        )
        .sign(root_key, hashes.SHA256())
    )


def _dated(now: datetime) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + LIFE)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return secret.decode()


def _kept(folder: Path) -> Papers | None:
    try:
        texts = [Path(folder, name).read_text() for name in ("ca.pem", "server.pem", "server.key")]
    except OSError:
        return None
    return Papers(ca=texts[0], certificate=texts[1], key=texts[2])


def _good(papers: Papers, now: datetime) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(papers.certificate.encode())
    except ValueError:
        return False
    return certificate.not_valid_after_utc > now + timedelta(days=7)


def _keep(folder: Path, papers: Papers) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    key = Path(folder, "server.key")
    key.touch(mode=0o600)
    key.write_text(papers.key)
    Path(folder, "server.pem").write_text(papers.certificate)
    Path(folder, "ca.pem").write_text(papers.ca)
