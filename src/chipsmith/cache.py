"""The folder of the cache and names for what is kept in it."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from chipsmith.errors import BadInput
from chipsmith.extras import installed_version

_VARIABLE = "CHIPSMITH_CACHE"


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


def keep_build(target: Path, build: Callable[[Path], Path], *, what: str) -> None:
    """Keep as `target` the file that `build` makes in a fresh folder and names: whole, or not at all.

    Raises BadInput, with `what` is built, where the folder of the cache cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as name:
            build(Path(name)).replace(target)
    except OSError as error:
        raise BadInput(f"cannot build {what} in {target.parent}: {error.strerror or error}") from error


def installed_versions(packages: Iterable[str]) -> bytes:
    """The versions of these distributions, as bytes for content_key; imports none of them."""
    return json.dumps({package: installed_version(package) for package in packages}).encode()
