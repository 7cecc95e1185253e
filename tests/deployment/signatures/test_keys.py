"""Keys: private ones for their owner alone, and of every other kind of file a message that says what it is."""

from __future__ import annotations

import datetime
import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from chipsmith.deployment.signatures.keys import create_keys, read_private_key, read_public_key
from chipsmith.errors import BadInput

PEM = serialization.Encoding.PEM


def private_pem(key) -> bytes:
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def public_pem(key) -> bytes:
    return key.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def certificate_pem(key) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "somebody")])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + datetime.timedelta(days=1))
    return builder.sign(key, hashes.SHA256()).public_bytes(PEM)


def test_a_new_key_is_its_owners_alone_and_what_others_read_is_its_public_key(tmp_path):
    pair = create_keys(tmp_path / "K.pem", passphrase=None)
    assert stat.S_IMODE(pair.private_path.stat().st_mode) == 0o600
    assert pair.public_path == tmp_path / "K.pub.pem"
    key = serialization.load_pem_private_key(pair.private_path.read_bytes(), None)
    assert key.curve.name == "secp256r1"
    assert pair.public_path.read_bytes() == public_pem(key)
    assert pair.sha256 == read_public_key(pair.public_path).sha256
    assert pair.sha256 == read_private_key(pair.private_path, passphrase=None).public.sha256


@pytest.mark.parametrize("existing", ["K.pem", "K.pub.pem"])
def test_a_key_is_never_overwritten(tmp_path, existing):
    (tmp_path / existing).write_text("mine")
    with pytest.raises(BadInput, match=f"{existing} exists"):
        create_keys(tmp_path / "K.pem", passphrase=None)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {existing: "mine"}


def test_where_a_key_cannot_be_written_nothing_is_left(tmp_path):
    with pytest.raises(BadInput, match="cannot write"):
        create_keys(tmp_path / "none" / "K.pem", passphrase=None)
    assert list(tmp_path.iterdir()) == []


def test_a_passphrase_opens_an_encrypted_key_and_nothing_else_does(tmp_path):
    path = create_keys(tmp_path / "K.pem", passphrase="open sesame").private_path
    with pytest.raises(BadInput, match="CHIPSMITH_KEY_PASSPHRASE"):
        read_private_key(path, passphrase=None)
    with pytest.raises(BadInput, match="passphrase is another"):
        read_private_key(path, passphrase="open barley")
    assert read_private_key(path, passphrase="open sesame").public == read_public_key(tmp_path / "K.pub.pem")


def test_a_passphrase_that_is_set_does_not_close_a_key_without(tmp_path):
    path = create_keys(tmp_path / "K.pem", passphrase=None).private_path
    assert read_private_key(path, passphrase="unused").public == read_public_key(tmp_path / "K.pub.pem")


def test_a_private_key_is_not_shown(tmp_path):
    key = read_private_key(create_keys(tmp_path / "K.pem", passphrase=None).private_path, passphrase=None)
    assert "PRIVATE" not in repr(key)


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name)
def test_the_longer_curves_are_taken_too(tmp_path, curve):
    key = ec.generate_private_key(curve)
    (tmp_path / "K.pem").write_bytes(private_pem(key))
    assert read_private_key(tmp_path / "K.pem", passphrase=None).public.pem == public_pem(key)


def test_openssls_own_form_of_a_private_key_is_taken(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    form = serialization.PrivateFormat.TraditionalOpenSSL
    (tmp_path / "K.pem").write_bytes(key.private_bytes(PEM, form, serialization.NoEncryption()))
    assert read_private_key(tmp_path / "K.pem", passphrase=None).public.pem == public_pem(key)


RSA, ED25519 = rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate()
FOREIGN, OWN = ec.generate_private_key(ec.SECP256K1()), ec.generate_private_key(ec.SECP256R1())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (private_pem(RSA), "kind RSA; model-signing takes elliptic curves"),
        (private_pem(ED25519), "kind Ed25519; model-signing takes elliptic curves"),
        (private_pem(FOREIGN), "curve secp256k1; secp256r1, secp384r1, secp521r1 are taken"),
        (public_pem(OWN), "holds a public key, and signing takes a private key"),
        (certificate_pem(OWN), "holds a certificate, and signing takes a private key"),
        (b"", "holds no key in PEM form"),
        (private_pem(OWN)[:100], "is damaged"),
        (b"x" * 100_000, "no key in PEM form"),
    ],
    ids=["RSA", "Ed25519", "curve", "public", "certificate", "empty", "cut", "long"],
)
def test_what_does_not_sign_is_named(tmp_path, data, said):
    (tmp_path / "K.pem").write_bytes(data)
    with pytest.raises(BadInput, match=said):
        read_private_key(tmp_path / "K.pem", passphrase=None)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (public_pem(RSA), "kind RSA"),
        (public_pem(ED25519), "kind Ed25519"),
        (public_pem(FOREIGN), "curve secp256k1"),
        (private_pem(OWN), "holds a private key, and verifying takes the public key"),
        (certificate_pem(OWN), "holds a certificate, and verifying takes the public key"),
        (b"", "holds no key in PEM form"),
        (public_pem(OWN)[:100], "is damaged"),
    ],
    ids=["RSA", "Ed25519", "curve", "private", "certificate", "empty", "cut"],
)
def test_what_does_not_verify_is_named(tmp_path, data, said):
    (tmp_path / "PUB.pem").write_bytes(data)
    with pytest.raises(BadInput, match=said):
        read_public_key(tmp_path / "PUB.pem")


def test_a_key_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"none\.pem cannot be read: No such file"):
        read_public_key(tmp_path / "none.pem")
