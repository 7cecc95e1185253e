"""Keys and signed things that the tests of signatures share."""

from __future__ import annotations

from pathlib import Path

from chipsmith.deployment.signatures.keys import PublicKey, create_keys, read_private_key, read_public_key
from chipsmith.deployment.signatures.signature import sign_path, verify_path


def new_key(folder: Path, name: str = "K") -> Path:
    """The private key of a new pair."""
    return create_keys(folder / f"{name}.pem", passphrase=None).private_path


def public_key(private: Path) -> PublicKey:
    return read_public_key(private.with_name(f"{private.stem}.pub.pem"))


def sign(path: Path, private: Path) -> Path:
    """Signs and gives the signature's path."""
    return sign_path(path, read_private_key(private, passphrase=None)).signature_path


def reason(path: Path, private: Path) -> str:
    """Why a path is not genuine; '' where it is."""
    return verify_path(path, public_key(private)).reason
