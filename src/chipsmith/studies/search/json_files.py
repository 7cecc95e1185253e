"""Small JSON files of a study's folder, written whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chipsmith.errors import BadInput
from chipsmith.files import write_whole


def read_json(file: Path) -> Any:
    """A file of the folder. Raises BadInput where it is no JSON."""
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise BadInput(f"{file} is damaged; remove {file.parent}, and what it is of is made again") from error


def write_json(file: Path, fields: Mapping[str, Any]) -> None:
    """Write a file of the folder, whole or not at all."""
    write_whole(file, (json.dumps(fields, indent=1) + "\n").encode())
