"""Answers of the solver, which take minutes, kept by the content of the sources and the method."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from chipsmith.cache import content_key, installed_versions, keep_bytes, read_entry


def kept_answer(
    kind: str, sources: Mapping[str, str], method: object, ask: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """What `ask` answered of these sources by this method, now or before; `kind` names the part of the cache."""
    parts = [f"{name}\n{text}" for name, text in sources.items()]
    key = content_key((*(part.encode() for part in (*parts, repr(method))), installed_versions(("pyosys",))))
    kept = read_entry(kind, f"{key}.json")
    if kept is not None:
        known: dict[str, Any] = json.loads(kept)
        return known
    answer = ask()
    keep_bytes(kind, f"{key}.json", json.dumps(answer).encode())
    return answer
