"""Keys that sign and verify: elliptic curves in PEM files, the only kind that model-signing takes."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chipsmith.errors import BadInput
from chipsmith.extras import require_package
from chipsmith.files import open_ordinary
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.shown import Shown

if TYPE_CHECKING:
    from collections.abc import Callable

PASSPHRASE_VARIABLE = "CHIPSMITH_KEY_PASSPHRASE"
"""The environment variable with the passphrase of a private key."""
CURVES = ("secp256r1", "secp384r1", "secp521r1")
_MOST_KEY_BYTES = 1 << 16
_PUBLIC_ENDING = ".pub.pem"


@dataclass(frozen=True, kw_only=True)
class PublicKey:
    """A key that verifies; `pem` is its SubjectPublicKeyInfo in PEM form."""

    pem: bytes

    @property
    def sha256(self) -> str:
        """What tells it from others, and stands in each signature: the SHA-256 of `pem`, in hexadecimal digits."""
        return hashlib.sha256(self.pem).hexdigest()


@dataclass(frozen=True, kw_only=True)
class PrivateKey:
    """A key that signs, with the public key that verifies; `pem` is not encrypted and never printed.

    `file_sha256` is that of the file it was read from.
    """

    pem: bytes = field(repr=False)
    public: PublicKey
    file_sha256: bytes


@dataclass(frozen=True, kw_only=True)
class KeyPair(Shown):
    """Where a new key and its public key are; `encrypted` says whether a passphrase opens the private one."""

    private_path: Path
    public_path: Path
    sha256: str
    encrypted: bool

    def to_json(self) -> Json:
        """The object of `chipsmith keygen --json`; nothing of the key itself."""
        return {
            "schema_version": SCHEMA_VERSION,
            "private_key": str(self.private_path),
            "public_key": str(self.public_path),
            "key_sha256": self.sha256,
            "encrypted": self.encrypted,
        }


def require_signing(task: str) -> None:
    """Raise BadInput, which says that `task` cannot be done, where model-signing is not installed."""
    require_package("model_signing", extra="signing", task=task, distribution="model-signing")


def create_keys(path: Path, *, passphrase: str | None) -> KeyPair:
    """Write a new P-256 key for the owner's eyes alone (mode 0600), and its public key beside it, NAME.pub.pem.

    A `passphrase` encrypts it. Raises BadInput where either file exists or cannot be written; nothing is then left.
    """
    require_signing("make a key")
    if path.exists():
        raise BadInput(f"{path} exists, and a key is never overwritten; name another file")
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    encryption: Any = serialization.NoEncryption()
    if passphrase is not None:
        encryption = serialization.BestAvailableEncryption(_passphrase_bytes(passphrase))
    public, public_path = _public_key(key.public_key()), public_path_of(path)
    _write_new(public_path, public.pem, mode=0o644)
    try:
        _write_new(path, _private_pem(key, encryption), mode=0o600)
    except BadInput:
        public_path.unlink()
        raise
    return KeyPair(private_path=path, public_path=public_path, sha256=public.sha256, encrypted=passphrase is not None)


def public_path_of(path: Path) -> Path:
    """Where `create_keys` puts the public key of a private one: K.pub.pem beside K.pem."""
    return path.with_name(path.name.removesuffix(".pem") + _PUBLIC_ENDING)


def read_private_key(path: Path, *, passphrase: str | None) -> PrivateKey:
    """The key that signs. Raises BadInput for what is no private key on one of CURVES, or is not opened."""
    require_signing("sign")
    from cryptography.hazmat.primitives import serialization

    data = _read_key_file(path)
    if b"PRIVATE KEY" not in data:
        raise BadInput(f"{path} holds {_kind_of(data)}, and signing takes a private key; {_MAKE}")
    key = _load(path, lambda: serialization.load_pem_private_key(data, _opening(path, data, passphrase)))
    _check_curve(path, key)
    return PrivateKey(
        pem=_private_pem(key, serialization.NoEncryption()),
        public=_public_key(key.public_key()),
        file_sha256=hashlib.sha256(data).digest(),
    )


def read_public_key(path: Path) -> PublicKey:
    """The key that verifies. Raises BadInput for what is no public key on one of CURVES."""
    require_signing("verify")
    from cryptography.hazmat.primitives import serialization

    data = _read_key_file(path)
    if b"-----BEGIN PUBLIC KEY" not in data or b"PRIVATE KEY" in data:
        raise BadInput(
            f"{path} holds {_kind_of(data)}, and verifying takes the public key alone, "
            f"such as the {_PUBLIC_ENDING.removeprefix('.')} that `chipsmith keygen` leaves beside the private one"
        )
    key = _load(path, lambda: serialization.load_pem_public_key(data))
    _check_curve(path, key)
    return _public_key(key)


_MAKE = "`chipsmith keygen -o K.pem` makes one"


def _read_key_file(path: Path) -> bytes:
    try:
        with open_ordinary(path) as file:
            data = file.read(_MOST_KEY_BYTES + 1)
    except (OSError, ValueError) as error:
        raise BadInput(f"the key {path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(data) > _MOST_KEY_BYTES:
        raise BadInput(f"{path} is no key in PEM form: it has more than {_MOST_KEY_BYTES:,} bytes")
    return data


def _kind_of(data: bytes) -> str:
    """What a file holds that is not the key that is asked for, in words."""
    if b"PRIVATE KEY" in data:
        return "a private key"
    if b"CERTIFICATE" in data:
        return "a certificate"
    return "a public key" if b"PUBLIC KEY" in data else "no key in PEM form"


def _opening(path: Path, data: bytes, passphrase: str | None) -> bytes | None:
    """What opens the key of a file: nothing where it is not encrypted, whatever passphrase is set."""
    if b"ENCRYPTED" not in data:
        return None
    if passphrase is None:
        raise BadInput(f"{path} is encrypted: give its passphrase in the environment variable {PASSPHRASE_VARIABLE}")
    return _passphrase_bytes(passphrase)


def _passphrase_bytes(passphrase: str) -> bytes:
    data = passphrase.encode(errors="surrogateescape")
    if not 0 < len(data) < 1024:
        raise BadInput(f"the passphrase in {PASSPHRASE_VARIABLE} has {len(data)} bytes; 1 to 1,023 are taken")
    return data


def _load(path: Path, load: Callable[[], Any]) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        return load()
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadInput(f"{path} is damaged, of an unknown kind, or its passphrase is another; {_MAKE}") from error


def _check_curve(path: Path, key: Any) -> None:
    curve = getattr(key, "curve", None)
    if curve is None:
        kind = type(key).__name__.removesuffix("PrivateKey").removesuffix("PublicKey")
        raise BadInput(f"{path} is a key of the kind {kind}; model-signing takes elliptic curves alone: {_MAKE}")
    if curve.name not in CURVES:
        raise BadInput(f"{path} is a key on the curve {curve.name}; {', '.join(CURVES)} are taken: {_MAKE}")


def _private_pem(key: Any, encryption: Any) -> bytes:
    from cryptography.hazmat.primitives import serialization

    pem: bytes = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    return pem


def _public_key(key: Any) -> PublicKey:
    from cryptography.hazmat.primitives import serialization

    return PublicKey(pem=key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))


def _write_new(path: Path, data: bytes, *, mode: int) -> None:
    """Write a file that is not there yet, with these permissions from its first moment on."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError as error:
        raise BadInput(f"{path} exists, and a key is never overwritten; name another file") from error
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot write {path}: {getattr(error, 'strerror', None) or error}") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise BadInput(f"cannot write {path}: {error.strerror}") from error
