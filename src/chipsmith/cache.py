"""The cache: finished work under a name of all that went into it, sealed by a checksum, in a folder of one's own.

Whatever is kept goes through this module. An entry is written whole or not at all, by a single process at a time, and
is believed only where its checksum is right; a damaged entry counts as absent. The folder must be one that nobody else
can write to, for compiled code is loaded from it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from chipsmith.checksums import Damaged, check_seal, seal_file, unseal
from chipsmith.errors import BadInput
from chipsmith.extras import installed_version
from chipsmith.locks import waiting_lock
from chipsmith.private_folders import belongs_here, find_intruder

_VARIABLE = "CHIPSMITH_CACHE"
_OWN = 0o700
BUILDING = ".building-"
"""How folders of builds in the cache begin: those that a killed process left are removed after a day."""
_STALE_S = 86_400


def cache_folder() -> Path:
    """The folder of the cache: $CHIPSMITH_CACHE, or `chipsmith` in the platform's folder for caches of the user."""
    chosen = os.environ.get(_VARIABLE)
    return Path(chosen) if chosen else _user_caches() / "chipsmith"


def _user_caches() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def content_key(parts: Iterable[bytes]) -> str:
    """A name for contents: the SHA-256, in hexadecimal, of the parts and of where one ends and the next begins."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()


def installed_versions(packages: Iterable[str]) -> bytes:
    """The versions of these distributions, as bytes for content_key; imports none of them."""
    return json.dumps({package: installed_version(package) for package in packages}).encode()


def find_entry(kind: str, name: str) -> Path | None:
    """The file of an entry, of which every byte was just checked; None where it is absent or damaged.

    Its contents come first and the seal of `chipsmith.checksums` behind them. `kind` is the folder in the cache. Raises
    BadInput where others may write to the cache.
    """
    entry = _own_folder(kind) / name
    return _check(entry, lambda: check_seal(entry, name=name))


def read_entry(kind: str, name: str) -> bytes | None:
    """The contents of an entry; None where it is absent or damaged. Raises BadInput as find_entry."""
    entry = _own_folder(kind) / name
    contents: list[bytes] = []
    _check(entry, lambda: contents.append(unseal(entry.read_bytes(), name=name)))
    return contents[0] if contents else None


def keep_entry(kind: str, name: str, write: Callable[[Path], object]) -> None:
    """Keep what `write` puts into a file, in place of what is there; a cache that cannot be written keeps nothing.

    Raises BadInput where others may write to the cache, and what `write` raises beside OSError.
    """
    with suppress(OSError):
        folder = _make_own_folder(kind)
        with _sole_writer(folder, name):
            _write(folder, name, lambda place: _write_contents(place, write))


def keep_bytes(kind: str, name: str, contents: bytes) -> None:
    """As keep_entry, of contents that are in memory."""
    keep_entry(kind, name, lambda file: file.write_bytes(contents))


def _write_contents(place: Path, write: Callable[[Path], object]) -> Path:
    write(place / "contents")
    return place / "contents"


def build_entry(kind: str, name: str, build: Callable[[Path], Path], *, what: str) -> Path:
    """The checked file of an entry, as find_entry; where it is absent, of the file that `build` makes and names.

    `build` is given a fresh folder. Of several processes a single one builds, and the others wait for it. Raises
    BadInput, with `what` is built, where the cache cannot be written, and as find_entry.
    """
    ready = find_entry(kind, name)
    if ready is not None:
        return ready
    try:
        folder = _make_own_folder(kind)
        with _sole_writer(folder, name):
            return find_entry(kind, name) or _write(folder, name, build)
    except OSError as error:
        place = cache_folder() / kind
        raise BadInput(
            f"cannot build {what} in {place}: {error.strerror or error}; name another folder in ${_VARIABLE}"
        ) from error


@contextmanager
def working_on(kind: str, name: str) -> Iterator[None]:
    """Let no other process work on this entry during the block: it waits, and then finds the entry.

    Where the cache cannot be written, nobody waits. Raises BadInput as find_entry.
    """
    with ExitStack() as stack:
        with suppress(OSError):
            stack.enter_context(_sole_writer(_make_own_folder(kind), f"{name}.work"))
        yield


# --- files -----------------------------------------------------------------------------------------------------------


def _check(entry: Path, check: Callable[[], object]) -> Path | None:
    """The entry, where it is one's own and `check` passes; a damaged one is told of."""
    try:
        if not belongs_here(entry.stat()):
            _tell(f"{entry} may be written by others and is not used; it is made again")
            return None
        check()
    except Damaged:
        _tell(f"{entry} is damaged and is made again")
        return None
    except OSError:
        return None
    return entry


def _write(folder: Path, name: str, build: Callable[[Path], Path]) -> Path:
    """Build in a fresh folder, seal, and give the name at once. Raises OSError."""
    _remove_stale(folder)
    with TemporaryDirectory(dir=folder, prefix=BUILDING) as place:
        built = build(Path(place))
        built.chmod(0o600)
        seal_file(built, name=name)
        return built.replace(folder / name)


def _remove_stale(folder: Path) -> None:
    for place in folder.glob(f"{BUILDING}*"):
        with suppress(OSError):
            if time.time() - place.stat().st_mtime > _STALE_S:
                shutil.rmtree(place)


@contextmanager
def _sole_writer(folder: Path, name: str) -> Iterator[None]:
    with waiting_lock(folder / f".{name}.lock", on_wait=lambda: _tell(f"another process works on {folder / name}")):
        yield


def own_folder(kind: str) -> Path:
    """The folder of a kind, for work in it. Raises BadInput where it cannot be made, or others may write to it."""
    try:
        return _make_own_folder(kind)
    except OSError as error:
        place = cache_folder() / kind
        raise BadInput(
            f"cannot make {place}: {error.strerror or error}; name another folder in ${_VARIABLE}"
        ) from error


def _own_folder(kind: str) -> Path:
    """The folder of a kind, which need not be there. Raises BadInput where others may write to it."""
    folder = cache_folder() / kind
    for place in (folder.parent, folder):
        _require_own(place)
    return folder


def _make_own_folder(kind: str) -> Path:
    """As _own_folder, made where it is missing, for this user alone. Raises OSError."""
    folder = cache_folder() / kind
    for place in (folder.parent, folder):
        place.mkdir(mode=_OWN, parents=True, exist_ok=True)
    return _own_folder(kind)


def _require_own(folder: Path) -> None:
    try:
        intruder = find_intruder(folder)
    except OSError:  # it is not there
        return
    if intruder is not None:
        raise BadInput(
            f"the cache {folder} is not used, for {intruder}, and compiled code is loaded from it: "
            f"chmod go-w {folder}, or name a folder of your own in ${_VARIABLE}"
        )


def _tell(message: str) -> None:
    import logging

    logging.getLogger("chipsmith.cache").warning(message)
