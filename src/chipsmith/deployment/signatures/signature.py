"""Signs a file or a folder, and says whether what is there is what was signed: the very bytes that are then used."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chipsmith.deployment.signatures.bundle import MOST_SIGNATURE_BYTES, NotGenuine, open_signature, sign_contents
from chipsmith.deployment.signatures.contents import (
    FOLDER_SIGNATURE,
    WHOLE_FILE,
    Contents,
    contents_of,
    contents_of_bytes,
    describe_names,
    name_of,
)
from chipsmith.deployment.signatures.keys import PrivateKey, PublicKey
from chipsmith.errors import BadInput
from chipsmith.files import open_ordinary, write_whole
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.shown import Shown

_ENDING = ".sig"


@dataclass(frozen=True, kw_only=True)
class Signed(Shown):
    """What was signed, where its signature is, and by which key; `files` are those that it covers."""

    path: Path
    signature_path: Path
    files: int
    key_sha256: str

    def to_json(self) -> Json:
        """The object of `chipsmith sign --json`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "path": str(self.path),
            "signature": str(self.signature_path),
            "files": self.files,
            "key_sha256": self.key_sha256,
        }


@dataclass(frozen=True, kw_only=True)
class Verification(Shown):
    """Whether a file or folder is what the owner of a key signed; `reason` is '' where it is, `files` those covered."""

    path: Path
    files: int
    key_sha256: str
    reason: str

    @property
    def genuine(self) -> bool:
        """Whether every byte is vouched for."""
        return not self.reason

    @property
    def failure(self) -> str:
        """That it is not genuine, and why; empty where it is."""
        return "" if self.genuine else _not_genuine(self.path, self.reason)

    def to_json(self) -> Json:
        """The object of `chipsmith verify --json`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "path": str(self.path),
            "genuine": self.genuine,
            "reason": self.reason,
            "files": self.files,
            "key_sha256": self.key_sha256,
        }


def signature_path_of(path: Path) -> Path:
    """Where the signature stands: P.program.sig beside P.program, and FOLDER_SIGNATURE in a folder."""
    return path / FOLDER_SIGNATURE if path.is_dir() else path.with_name(path.name + _ENDING)


def sign_path(path: Path, key: PrivateKey) -> Signed:
    """Sign a file, or a folder with all that is in it; an earlier signature is replaced.

    Raises BadInput where there is nothing to sign or something that no signature covers; also where the key's own file
    is among what it signs, which would give it away.
    """
    _check_there(path)
    try:
        contents = contents_of(path)
    except BadInput as error:
        raise BadInput(f"{path} cannot be signed: {error}") from error
    if key.file_sha256 in contents.digests.values():
        raise BadInput(f"{path} holds the private key that is to sign it; move that elsewhere first")
    target = signature_path_of(path)
    write_whole(target, sign_contents(contents, key))
    return Signed(path=path, signature_path=target, files=len(contents.digests), key_sha256=key.public.sha256)


def verify_path(path: Path, key: PublicKey) -> Verification:
    """Whether a file or folder is what the owner of `key` signed. Raises BadInput where it is not there."""
    _check_there(path)
    try:
        signed = _open_signature(path, key)
        _check_same(signed, path)
    except NotGenuine as error:
        return Verification(path=path, files=0, key_sha256=key.sha256, reason=str(error))
    return Verification(path=path, files=len(signed.digests), key_sha256=key.sha256, reason="")


def read_genuine(path: Path, key: PublicKey) -> bytes:
    """The bytes of a signed file: those that were verified and no others.

    It is hashed as a stream first, so that no memory is spent on what is not genuine, then read and hashed again.

    Raises NotGenuine where they are not what the owner of `key` signed, BadInput where there is no such file.
    """
    _check_there(path)
    with _naming(path):
        signed = _open_signature(path, key)
        _check_same(signed, path)
        data = _read(path)
        _compare(signed, contents_of_bytes(path, data))
    return data


@contextmanager
def genuine_copy(path: Path, key: PublicKey) -> Iterator[Path]:
    """A private copy of a signed file or folder, by the same name: what is read there is what was verified.

    For readers that take a path and open it more than once. Raises as `read_genuine`.
    """
    with tempfile.TemporaryDirectory(prefix="chipsmith-") as folder:
        copy = Path(folder) / name_of(path)
        if path.is_dir():
            _copy_folder(path, copy, key)
        else:
            copy.write_bytes(read_genuine(path, key))
        yield copy


def _copy_folder(path: Path, copy: Path, key: PublicKey) -> None:
    with _naming(path):
        signed = _open_signature(path, key)
        _check_same(signed, path)  # so that nothing is copied that is a device, or endless
        try:
            shutil.copytree(path, copy, symlinks=True)
        except (OSError, shutil.Error, RecursionError) as error:
            raise BadInput(f"{path} cannot be copied to be verified: {error}") from error
        _check_same(signed, copy)


def _check_there(path: Path) -> None:
    if not path.exists():
        raise BadInput(f"there is no {path}; a file or the folder of a run is signed and verified")


def _open_signature(path: Path, key: PublicKey) -> Contents:
    """What the signature beside `path` vouches for, which has the name of `path`. Raises NotGenuine."""
    place = signature_path_of(path)
    if not place.exists():
        raise NotGenuine(f"it has no signature: there is no {place}, which `chipsmith sign` writes")
    signed = open_signature(_read(place, MOST_SIGNATURE_BYTES + 1), key)
    if signed.name != name_of(path):
        raise NotGenuine(f"it was signed under the name {describe_names([signed.name])}, which is not its own")
    return signed


def _read(path: Path, most_bytes: int = -1) -> bytes:
    try:
        with open_ordinary(path) as file:
            return file.read(most_bytes)
    except (OSError, BadInput) as error:
        why = error if isinstance(error, BadInput) else f"{path} cannot be read: {error.strerror}"
        raise NotGenuine(str(why)) from error


def _check_same(signed: Contents, path: Path) -> None:
    """Raise NotGenuine, which names what differs, unless a path has what was signed."""
    try:
        actual = contents_of(path)
    except BadInput as error:
        raise NotGenuine(str(error)) from error
    _compare(signed, actual)


def _compare(signed: Contents, actual: Contents) -> None:
    if (WHOLE_FILE in signed.digests) != (WHOLE_FILE in actual.digests):
        raise NotGenuine(f"its signature is that of a {'file' if WHOLE_FILE in signed.digests else 'folder'}")
    if signed.digests == actual.digests:
        return
    if WHOLE_FILE in signed.digests:
        raise NotGenuine("its content was changed after it was signed")
    raise NotGenuine(f"its files are not those that were signed; {'; '.join(_differences(signed, actual))}")


def _differences(signed: Contents, actual: Contents) -> Iterator[str]:
    """What became of files, in words; one that has another name now is told from those that went and came."""
    places = {digest: name for name, digest in actual.digests.items() if name not in signed.digests}
    gone = sorted(signed.digests.keys() - actual.digests.keys())
    renamed = {name: places[signed.digests[name]] for name in gone if signed.digests[name] in places}
    missing = [name for name in gone if name not in renamed]
    added = sorted(actual.digests.keys() - signed.digests.keys() - set(renamed.values()))
    common = sorted(signed.digests.keys() & actual.digests.keys())
    changed = [name for name in common if signed.digests[name] != actual.digests[name]]
    moves = [f"{name} to {place}" for name, place in renamed.items()]
    for what, names in (("changed", changed), ("renamed", moves), ("missing", missing), ("added", added)):
        if names:
            yield f"{what}: {describe_names(names)}"


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Says of which file or folder a failure is."""
    try:
        yield
    except NotGenuine as error:
        raise NotGenuine(_not_genuine(path, str(error))) from error


def _not_genuine(path: Path, reason: str) -> str:
    return f"{path} is not genuine: {reason}"
