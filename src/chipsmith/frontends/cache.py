"""A store of finished work, by what went into it: texts by name."""

from __future__ import annotations

import json

from chipsmith.cache import keep_bytes, read_entry

_KIND = "frontends"


def load_entry(key: str) -> dict[str, str] | None:
    """What store_entry kept under `key`, or None where there is nothing, or nothing whole."""
    try:
        fields = json.loads(read_entry(_KIND, _name(key)) or b"null")
    except (ValueError, RecursionError):
        return None
    whole = isinstance(fields, dict) and all(isinstance(text, str) for text in fields.values())
    return fields if whole else None


def store_entry(key: str, fields: dict[str, str]) -> None:
    """Keep `fields` under `key`, in place of whatever is there; a folder that cannot be written keeps nothing."""
    keep_bytes(_KIND, _name(key), json.dumps(fields).encode())


def _name(key: str) -> str:
    return f"{key}.json"
