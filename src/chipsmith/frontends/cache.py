"""A store of finished work, found by what went into them; safe to read whatever the files hold."""

from __future__ import annotations

import json
from pathlib import Path

from chipsmith.cache import cache_folder, content_key
from chipsmith.errors import BadInput
from chipsmith.files import write_whole


def load_entry(key: str) -> dict[str, str] | None:
    """What store_entry kept under `key`, or None where there is nothing or it does not match its own checksum."""
    try:
        entry = json.loads(_locate(key).read_text(encoding="utf-8"))
        fields = entry["fields"]
        intact = entry["sha256"] == _compute_checksum(key, fields)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return fields if intact else None


def store_entry(key: str, fields: dict[str, str]) -> None:
    """Keep `fields` under `key`, in place of whatever is there; a folder that cannot be written keeps nothing."""
    entry = {"sha256": _compute_checksum(key, fields), "fields": fields}
    file = _locate(key)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, json.dumps(entry).encode())
    except (OSError, BadInput):
        return  # the cache saves time and is never needed


def _locate(key: str) -> Path:
    return cache_folder() / f"{key}.json"


def _compute_checksum(key: str, fields: dict[str, str]) -> str:
    if not all(isinstance(text, str) for item in fields.items() for text in item):
        raise TypeError("an entry of the cache maps text to text")
    pairs = (text.encode() for item in sorted(fields.items()) for text in item)
    return content_key([key.encode(), *pairs])
