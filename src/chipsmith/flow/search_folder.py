"""The files that a search leaves in its folder. It replaces and removes what a search wrote there, and nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from chipsmith.errors import BadInput
from chipsmith.files import write_whole
from chipsmith.flow.run_files import RESULT

CHIP = "chip.yaml"
"""The winner's chip."""
_CHIPS = "chips"
"""The folder of the chips of the front, a YAML file each."""
_FRONT = re.compile(r"front-[0-9]+\.yaml")
_HASH = re.compile("[0-9a-f]{64}")
_WRITTEN = "files.json"
"""SHA-256 of each file that a search wrote, by path; while files are replaced, those of the old and of the new one."""

Written = Mapping[str, list[str]]


def front_file(index: int) -> str:
    """The path of a chip of the front in the folder."""
    return f"{_CHIPS}/front-{index}.yaml"


def check_own_files(folder: Path, *, beside: Iterable[str] = ()) -> None:
    """Raises BadInput where what has the name of a file of a search is not as a search wrote it.

    `beside` are paths that this search may write beside those that every search has.
    """
    written = _read_written(folder)
    chips = folder / _CHIPS
    if os.path.lexists(chips) and not chips.is_dir():
        raise BadInput(f"{chips} is no folder: move it away, or name another folder with --out")
    for path in _present(folder, {*written, *beside}):
        if not _is_own(folder / path, written.get(path, [])):
            raise BadInput(
                f"{folder / path} is not as a search wrote it, and is not overwritten: move it away, or name another "
                "folder with --out"
            )


def replace_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write these files by path, and remove those of an earlier search that are not among them.

    Raises BadInput as check_own_files, before anything is written.
    """
    check_own_files(folder, beside=files)
    old, new = _read_written(folder), {path: [_hash(content)] for path, content in files.items()}
    _note(folder, {path: [*old.get(path, []), *new.get(path, [])] for path in {**old, **new}})
    stale = [path for path in _present(folder, old) if path not in files]
    for path, content in files.items():
        (folder / path).parent.mkdir(exist_ok=True)
        write_whole(folder / path, content)
    for path in stale:
        (folder / path).unlink()
    _note(folder, new)
    chips = folder / _CHIPS
    if chips.is_dir() and not any(chips.iterdir()):
        chips.rmdir()


def _present(folder: Path, others: Iterable[str]) -> list[str]:
    """The paths in a folder that a search would write or remove, `others` among them."""
    chips = folder / _CHIPS
    names = sorted(path.name for path in chips.iterdir()) if chips.is_dir() else []
    front = [f"{_CHIPS}/{name}" for name in names if _FRONT.fullmatch(name)]
    paths = dict.fromkeys((RESULT, CHIP, *front, *sorted(others)))
    return [path for path in paths if os.path.lexists(folder / path)]


def _is_own(path: Path, hashes: list[str]) -> bool:
    return path.is_file() and not path.is_symlink() and _hash(path.read_bytes()) in hashes


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _note(folder: Path, written: Written) -> None:
    write_whole(folder / _WRITTEN, (json.dumps(written, indent=1) + "\n").encode())


def _read_written(folder: Path) -> Written:
    path = folder / _WRITTEN
    if not os.path.lexists(path):
        return {}
    try:
        written = json.loads(path.read_bytes())
        if all(_HASH.fullmatch(each) for hashes in written.values() for each in hashes):
            return dict(written)
        raise ValueError("no hashes")
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise BadInput(f"{path} is no list of a search's files: name another folder with --out") from error
