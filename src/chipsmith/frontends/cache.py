"""A store of finished lowerings, found by what went into them; safe to read whatever the files hold."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from chipsmith.errors import BadInput
from chipsmith.files import write_whole

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


def installed_versions(packages: Iterable[str]) -> bytes:
    """The versions of these distributions, as bytes for content_key; imports none of them."""
    return json.dumps({package: _version(package) for package in packages}).encode()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def load_entry(key: str) -> dict[str, str] | None:
    """What store_entry kept under `key`, or None where there is nothing or it does not match its own checksum."""
    try:
        entry = json.loads(_file(key).read_text(encoding="utf-8"))
        fields = entry["fields"]
        intact = entry["sha256"] == _checksum(key, fields)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return fields if intact else None


def store_entry(key: str, fields: dict[str, str]) -> None:
    """Keep `fields` under `key`, in place of whatever is there; a folder that cannot be written keeps nothing."""
    entry = {"sha256": _checksum(key, fields), "fields": fields}
    file = _file(key)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, json.dumps(entry).encode())
    except (OSError, BadInput):
        return  # the cache saves time and is never needed


def _file(key: str) -> Path:
    return cache_folder() / f"{key}.json"


def _checksum(key: str, fields: dict[str, str]) -> str:
    if not all(isinstance(text, str) for item in fields.items() for text in item):
        raise TypeError("an entry of the cache maps text to text")
    pairs = (text.encode() for item in sorted(fields.items()) for text in item)
    return content_key([key.encode(), *pairs])
