"""A certificate authority of our own and a server certificate under it, for devices that reach us by TLS."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_DAYS: Final = 3650
SERVER_DAYS: Final = 800  # phones refuse a server's certificate of more than 825 days
RENEW_DAYS: Final = 60  # before its end
_EARLIER: Final = timedelta(days=1)  # a device whose clock is behind must not find it not yet valid


class Pair(NamedTuple):
    """A certificate and its private key, both PEM."""

    certificate: bytes
    key: bytes


def authority(now: datetime) -> Pair:
    """A new authority; devices trust its certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"Ronda broker CA {now:%Y-%m-%d}")
    usage = _usage(key_cert_sign=True, crl_sign=True)
    builder = _builder(name, name, key.public_key(), now, CA_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(usage, critical=True)
    return Pair(_pem(builder.sign(key, hashes.SHA256())), _key_pem(key))


def server(ca: Pair, hosts: Sequence[str], now: datetime) -> Pair:
    """A server's certificate for these names and addresses."""
    issuer, issuer_key = x509.load_pem_x509_certificate(ca.certificate), _load_key(ca.key)
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_name(hosts[0][:64]), issuer.subject, key.public_key(), now, SERVER_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.SubjectAlternativeName([_alternative(host) for host in hosts]), critical=False)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    builder = builder.add_extension(_usage(digital_signature=True), critical=True)
    known_as = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = builder.add_extension(known_as, critical=False)
    return Pair(_pem(builder.sign(issuer_key, hashes.SHA256())), _key_pem(key))


def serves(certificate: bytes, ca: bytes, hosts: Sequence[str], now: datetime) -> bool:
    """Whether this certificate is by this authority, for just these names, and good for a while yet."""
    try:
        found, issuer = x509.load_pem_x509_certificate(certificate), x509.load_pem_x509_certificate(ca)
        found.verify_directly_issued_by(issuer)
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    lasts = found.not_valid_after_utc - now > timedelta(days=RENEW_DAYS)
    return lasts and set(names) == {_alternative(host) for host in hosts}


def names(certificate: bytes) -> list[str]:
    """The names and addresses that a certificate is for; none when it cannot be read."""
    try:
        found = x509.load_pem_x509_certificate(certificate).extensions
        named = found.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return []
    return [str(name.value) for name in named]


def readable(pair: Pair) -> bool:
    """Whether both parts can be read and belong together."""
    try:
        return x509.load_pem_x509_certificate(pair.certificate).public_key() == _load_key(pair.key).public_key()
    except (ValueError, TypeError):
        return False


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - _EARLIER).not_valid_after(now + timedelta(days=days))
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _load_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("not a key of ours")
    return key


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
