"""Whose a study's folder is: what its finished work depends on, in a file of its own."""

from __future__ import annotations

import json
from pathlib import Path

from chipsmith.errors import BadInput
from chipsmith.files import make_folder, write_whole
from chipsmith.learn.training.identity import compare_fields, flatten_fields
from chipsmith.schema import Json

_MEND = "name another folder with --out, or remove it"


def hold_identity(file: Path, identity: Json, *, what: str) -> None:
    """Write in `file`, whose folder is made, which study the folder is of, or find that it is the same.

    Raises BadInput where it is another one's; `what` it is, in a word.
    """
    make_folder(file.parent)
    fields = json.loads(json.dumps(dict(flatten_fields(identity))))
    if not file.exists():
        write_whole(file, (json.dumps(fields, indent=1) + "\n").encode())
    different = next(compare_fields(_read(file), fields), None)
    if different is not None:
        raise BadInput(f"{file.parent} holds another {what}: {different}; {_MEND}")


def _read(file: Path) -> Json:
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise BadInput(f"{file} is damaged; {_MEND}") from error
    return content if isinstance(content, dict) else {}
