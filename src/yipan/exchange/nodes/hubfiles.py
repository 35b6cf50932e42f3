"""The files of a hub: its configuration, its own authority of certificates, and a certificate for each node that may connect.

A node writes into any box, takes from its own alone, and may make or look at no other: who it is, its certificate says. The boxes
are made beforehand, by whoever keeps the hub.
"""

from __future__ import annotations

import ipaddress
import json
import ssl
import tempfile
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from yipan.exchange.envelope import LARGEST
from yipan.exchange.faults import HubFilesError
from yipan.exchange.nodes.own import is_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

#: Who makes the boxes, and nothing else.
KEEPER: Final = "hub-keeper"
_YEARS: Final = timedelta(days=3650)
_CONFIG: Final = """\
# Written by `yipan node hub`. nats-server -c hub.conf
listen: "0.0.0.0:{port}"
server_name: "yipan-hub"
max_payload: {largest}
jetstream {{ store_dir: "./store" }}
tls {{
  cert_file: "./hub.pem"
  key_file: "./hub.key"
  ca_file: "./authority.pem"
  verify_and_map: true
  timeout: 5
}}
authorization {{
  users = [
{users}
  ]
}}
"""


def write_hub(folder: Path, address: str, port: int, names: Sequence[str], now: datetime) -> list[Path]:
    """Write what a hub needs, and return the files that go to the nodes; with more names later, the authority stays.

    Raises:
        HubFilesError: a name cannot be a node's.
    """
    for each in names:
        if not is_name(each) or each == KEEPER:
            raise HubFilesError(name=each)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "nodes").mkdir(mode=0o700, exist_ok=True)
    authority, key = _authority(folder, now)
    if not (folder / "hub.key").exists():
        _write_pair(
            folder / "hub.pem",
            folder / "hub.key",
            _issued(authority, key, "yipan-hub", _names_of(address), now),
        )
    known = {each.stem for each in (folder / "nodes").glob("*.pem")}
    made = []
    for each in (*names, KEEPER):
        path = folder / "nodes" / f"{each}.pem"
        if not path.exists():
            made_key, certificate = _issued(authority, key, each, [x509.DNSName(_user(each))], now)
            text = _of_key(made_key) + _of(certificate) + _of(authority)
            _write(path, text)
            made.append(path)
    users = ",\n".join(_said(each) for each in sorted({*known, *names, KEEPER}))
    _write(folder / "hub.conf", _CONFIG.format(port=port, users=users, largest=LARGEST).encode())
    return [each for each in made if each.stem != KEEPER]


def _user(name: str) -> str:
    return f"{name}.node.yipan"


def _said(name: str) -> str:
    """Return what a node may, as the server reads it."""
    publish = (
        ["$JS.API.STREAM.>", "$JS.API.CONSUMER.>"]
        if name == KEEPER
        else [
            "yipan.node.*",
            f"yipan.counts.{name}.*",
            "$JS.API.STREAM.INFO.YIPAN",
            "$JS.API.STREAM.INFO.YIPAN-DAILY",
            "$JS.API.DIRECT.GET.YIPAN-DAILY.>",
            f"$JS.API.CONSUMER.INFO.YIPAN.{name}",
            f"$JS.API.CONSUMER.MSG.NEXT.YIPAN.{name}",
            f"$JS.ACK.YIPAN.{name}.>",
        ]
    )
    may = {"publish": {"allow": publish}, "subscribe": {"allow": [f"{inbox(name)}.>"]}}
    return f"    {{ user: {json.dumps(_user(name))}, permissions: {json.dumps(may)} }}"


def inbox(name: str) -> str:
    """Return the subject under which a node hears answers: nobody else may listen there."""
    return f"_INBOX_{name}"


def _names_of(address: str) -> list[x509.GeneralName]:
    try:
        return [x509.IPAddress(ipaddress.ip_address(address))]
    except ValueError:
        return [x509.DNSName(address)]


def _authority(folder: Path, now: datetime) -> tuple[x509.Certificate, EllipticCurvePrivateKey]:
    """Return the authority of this hub, made where there is none."""
    certificate, kept = folder / "authority.pem", folder / "authority.key"
    if kept.exists():
        key = serialization.load_pem_private_key(kept.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise HubFilesError(name=kept.name)
        return x509.load_pem_x509_certificate(certificate.read_bytes()), key
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "yipan-hub authority")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + _YEARS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_pair(certificate, kept, (key, made))
    return made, key


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs, key_cert_sign=signs, crl_sign=signs, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _issued(
    authority: x509.Certificate,
    key: EllipticCurvePrivateKey,
    name: str,
    names: Sequence[x509.GeneralName],
    now: datetime,
) -> tuple[EllipticCurvePrivateKey, x509.Certificate]:
    own = ec.generate_private_key(ec.SECP256R1())
    uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(authority.subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + _YEARS)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return own, made


def _of(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _of_key(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_pair(certificate: Path, key: Path, made: tuple[EllipticCurvePrivateKey, x509.Certificate]) -> None:
    _write(key, _of_key(made[0]))
    _write(certificate, _of(made[1]))


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)


def context_of(credentials: bytes) -> ssl.SSLContext:
    """Return how to connect with the certificate that a hub issued to a node; that hub, and no other, is believed.

    Raises:
        HubFilesError: these are no credentials.
    """
    text = credentials.decode("ascii", errors="replace")
    begins = "-----BEGIN CERTIFICATE-----"
    if text.count(begins) != 2:  # noqa: PLR2004  # its own and the authority's
        raise HubFilesError(name="credentials")
    context = ssl.create_default_context(cadata=text[text.rindex(begins) :])
    # A certificate is read from a file alone: one that nobody else may open, for as long as that takes.
    with tempfile.NamedTemporaryFile() as file:
        file.write(credentials)
        file.flush()
        try:
            context.load_cert_chain(file.name)
        except ssl.SSLError as error:
            raise HubFilesError(name="credentials") from error
    return context


def connecting(name: str, credentials: bytes | None) -> Mapping[str, object]:
    """Return the words with which a node connects."""
    if credentials is None:
        return {}
    return {"tls": context_of(credentials), "inbox_prefix": inbox(name).encode()}
