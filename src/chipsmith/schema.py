"""The form of the JSON objects that commands print."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

SCHEMA_VERSION = 1
"""Version of the objects; it grows by one whenever a field changes its meaning or goes."""
