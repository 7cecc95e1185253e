"""Signatures of programs: the `.sig` file beside a signed program."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path
from typing import Any

from chipsmith.deployment.signatures.bundle import _parse
from chipsmith.deployment.signatures.keys import create_keys, public_path_of, read_private_key, read_public_key
from chipsmith.deployment.signatures.signature import read_genuine, sign_path, signature_path_of, verify_path
from chipsmith.program.file import write_program
from mutations.kinds.networks import small_program
from mutations.mutators import mutate_bytes, mutate_json, mutate_json_text
from mutations.target import CodeExecuted, Target

_RESEALED = 0.7


def signature(folder: Path) -> Target:
    """The signature of a program, changed, in the form that its reader takes; none but the genuine may vouch."""
    path = folder / "p.program"
    write_program(small_program(), path)
    create_keys(folder / "k.pem", passphrase=None)
    sign_path(path, read_private_key(folder / "k.pem", passphrase=None))
    key = read_public_key(public_path_of(folder / "k.pem"))
    genuine = signature_path_of(path).read_bytes()

    def parse(file: Path) -> bytes:
        data = file.read_bytes()
        _parse(data)
        return data

    def use(data: bytes) -> None:
        accepted = verify_path(path, key).genuine
        if accepted and data != genuine:
            raise CodeExecuted("a signature that nobody made was accepted")
        read_genuine(path, key)

    return Target(file=signature_path_of(path).name, samples=[genuine], mutate=mutate_signature, parse=parse, use=use)


def mutate_signature(rng: random.Random, data: bytes) -> bytes:
    """The signed statement, the signature or the key's name changed and packed as the signer packs; or any change."""
    if rng.random() > _RESEALED:
        return (mutate_bytes if rng.random() < 0.5 else mutate_json_text)(rng, data)
    bundle = json.loads(data)
    envelope = bundle["dsseEnvelope"]
    kind = rng.random()
    if kind < 0.5:
        envelope["payload"] = _packed(_statement(rng, base64.b64decode(envelope["payload"])))
    elif kind < 0.8:
        signed = envelope["signatures"][0]
        signed["sig"] = _packed(mutate_bytes(rng, base64.b64decode(signed["sig"])))
    else:
        bundle["verificationMaterial"]["publicKey"]["hint"] = rng.choice(("", "0" * 64, "x" * 999))
    return json.dumps(bundle, separators=(",", ":")).encode()


def _statement(rng: random.Random, payload: bytes) -> bytes:
    if rng.random() < 0.3:
        return mutate_bytes(rng, payload)
    changed: Any = mutate_json(rng, json.loads(payload))
    return json.dumps(changed).encode()


def _packed(data: bytes) -> str:
    return base64.b64encode(data).decode()
