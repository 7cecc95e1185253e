"""The signature file: a Sigstore bundle as model-signing writes it, in its only accepted form.

A signature file has fields that nothing signs. Here each of them has a fixed value: a file that differs in one byte
from what the signer wrote is refused, and not only one whose signed part differs.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from chipsmith.deployment.signatures.contents import FOLDER_SIGNATURE, WHOLE_FILE, Contents
from chipsmith.deployment.signatures.keys import PrivateKey, PublicKey
from chipsmith.errors import BadInput, CheckFailed

MOST_SIGNATURE_BYTES = 4 << 20
"""A longer file is no signature; some 15,000 files fit."""
_BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
_PAYLOAD_TYPE = "application/vnd.in-toto+json"
_SERIALIZATION = {"method": "files", "hash_type": "sha256", "allow_symlinks": False}
_MALFORMED = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError)
"""What parsers raise for JSON of another structure."""


class NotGenuine(CheckFailed):
    """What is there is not what was signed, or nobody whose key is given signed it; the message says why."""


@dataclass(frozen=True, kw_only=True)
class _Bundle:
    """The parts of a signature file that differ from file to file."""

    payload: bytes
    signature: bytes
    key_sha256: str

    def to_bytes(self) -> bytes:
        """The whole file."""
        fields = {
            "mediaType": _BUNDLE_TYPE,
            "verificationMaterial": {"publicKey": {"hint": self.key_sha256}, "tlogEntries": []},
            "dsseEnvelope": {
                "payload": base64.b64encode(self.payload).decode(),
                "payloadType": _PAYLOAD_TYPE,
                "signatures": [{"sig": base64.b64encode(self.signature).decode(), "keyid": ""}],
            },
        }
        return json.dumps(fields, separators=(",", ":")).encode()


@dataclass(frozen=True, kw_only=True)
class _InMemory:
    """Bytes that were read already, where model-signing asks for the path of a file."""

    data: bytes

    def read_bytes(self) -> bytes:
        """As of a path."""
        return self.data

    def read_text(self, encoding: str) -> str:
        """As of a path."""
        return self.data.decode(encoding)


def sign_contents(contents: Contents, key: PrivateKey) -> bytes:
    """The signature file of these contents. Raises BadInput where they have too many files for one."""
    from model_signing._signing import sign_ec_key, signing

    signer = sign_ec_key.Signer(_InMemory(data=key.pem))
    signed: bytes = signer.sign(signing.Payload(_manifest(contents))).bundle.to_json().encode()
    if len(signed) > MOST_SIGNATURE_BYTES:
        raise BadInput(f"{contents.name} has {len(contents.digests):,} files, too many to sign; sign an archive of it")
    return signed


def _manifest(contents: Contents) -> Any:
    """The same contents as model-signing has them."""
    from model_signing import manifest
    from model_signing._hashing.hashing import Digest

    items = [
        manifest.FileManifestItem(path=PurePosixPath(name), digest=Digest("sha256", digest))
        for name, digest in contents.digests.items()
    ]
    left_out = {} if WHOLE_FILE in contents.digests else {"ignore_paths": [FOLDER_SIGNATURE]}
    form = manifest.SerializationType.from_args({**_SERIALIZATION, **left_out})
    return manifest.Manifest(contents.name, items, form)


def open_signature(data: bytes, key: PublicKey) -> Contents:
    """The contents that a signature file vouches for.

    Raises NotGenuine where it is damaged, has another form, or is not by the private key of `key`.
    """
    bundle = _parse(data)
    if bundle.key_sha256 != key.sha256:
        raise NotGenuine(f"it is signed by another key ({bundle.key_sha256[:12]}, and {key.sha256[:12]} is given)")
    return _contents(_verified_manifest(data, key))


def _parse(data: bytes) -> _Bundle:
    if len(data) > MOST_SIGNATURE_BYTES:
        raise NotGenuine(f"its signature file has more than {MOST_SIGNATURE_BYTES >> 20} MiB")
    try:
        fields = json.loads(data)
        bundle_type, payload_type = fields["mediaType"], fields["dsseEnvelope"]["payloadType"]
        bundle = _bundle(fields)
    except _MALFORMED as error:
        raise NotGenuine("its signature file is damaged or no signature of model-signing by a key") from error
    for stated, known in ((bundle_type, _BUNDLE_TYPE), (payload_type, _PAYLOAD_TYPE)):
        if stated != known:
            raise NotGenuine(f"its signature file has another version: {ascii(stated)[:80]}, where {known} is known")
    if bundle.to_bytes() != data:
        raise NotGenuine("its signature file was changed: it differs from what model-signing 1.1 writes")
    return bundle


def _bundle(fields: Mapping[str, Any]) -> _Bundle:
    envelope = fields["dsseEnvelope"]
    return _Bundle(
        payload=base64.b64decode(envelope["payload"]),
        signature=base64.b64decode(envelope["signatures"][0]["sig"]),
        key_sha256=fields["verificationMaterial"]["publicKey"]["hint"] + "",
    )


def _verified_manifest(data: bytes, key: PublicKey) -> Any:
    """What model-signing makes of a signature file once it has verified it."""
    from cryptography.exceptions import InvalidSignature
    from model_signing._signing import sign_ec_key
    from model_signing._signing.sign_sigstore_pb import Signature

    verifier = sign_ec_key.Verifier(_InMemory(data=key.pem))
    try:
        return verifier.verify(Signature.read(_InMemory(data=data)))
    except InvalidSignature as error:
        raise NotGenuine("its signature is not by this key: the signature file was changed") from error
    except _MALFORMED as error:
        raise NotGenuine("what its signature says has another version of model-signing's form") from error


def _contents(manifest: Any) -> Contents:
    """The contents of a manifest in the form that `sign_contents` gives it."""
    form = dict(manifest.serialization_type)
    left_out = set(form.pop("ignore_paths", ()))
    digests = {item.identifier: item.digest for item in manifest.resource_descriptors()}
    if form != _SERIALIZATION or any(digest.algorithm != "sha256" for digest in digests.values()):
        raise NotGenuine("its signature has another way to hash files than SHA-256 of each")
    if WHOLE_FILE not in digests and left_out - {FOLDER_SIGNATURE}:
        raise NotGenuine(f"its signature leaves files out: {ascii(sorted(left_out - {FOLDER_SIGNATURE}))[:80]}")
    return Contents(name=manifest.model_name, digests={name: digest.digest_value for name, digest in digests.items()})
