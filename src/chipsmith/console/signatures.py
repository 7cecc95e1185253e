"""What keygen, sign and verify show."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from chipsmith.console.presentation import Presentation

if TYPE_CHECKING:
    from chipsmith.deployment.signatures.keys import KeyPair
    from chipsmith.deployment.signatures.signature import Signed, Verification


def present_keys(result: KeyPair) -> Presentation:
    """Where the two keys are; nothing of the private one."""
    return Presentation(to_json=result.to_json, print_text=partial(_print_keys, result))


def present_signed(result: Signed) -> Presentation:
    """Where the signature is, and what it covers."""
    return Presentation(to_json=result.to_json, print_text=partial(_print_signed, result))


def present_verification(result: Verification) -> Presentation:
    """That it is genuine; that it is not is the command's failure."""
    return Presentation(to_json=result.to_json, print_text=partial(_print_verification, result), failure=result.failure)


def _print_keys(result: KeyPair) -> None:
    print(
        f"private key: {result.private_path} ({'encrypted' if result.encrypted else 'not encrypted'}; keep it secret)"
    )
    print(f"public key: {result.public_path} (give it to who verifies), SHA-256 {result.sha256}")


def _print_signed(result: Signed) -> None:
    print(f"signed: {result.path}, {_count(result.files)}, by the key {result.key_sha256[:12]}")
    print(f"signature: {result.signature_path}")


def _print_verification(result: Verification) -> None:
    if result.genuine:
        print(f"genuine: {result.path}, {_count(result.files)}, signed by the key {result.key_sha256[:12]}")


def _count(files: int) -> str:
    return "1 file" if files == 1 else f"{files:,} files"
