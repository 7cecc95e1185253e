"""Features of files, kept in the cache: the same files and the same preprocessing are reckoned once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chipsmith.cache import content_key, find_entry, installed_versions, keep_entry, working_on
from chipsmith.errors import BadInput
from chipsmith.files import map_array
from chipsmith.learn.data.files import digest_file
from chipsmith.learn.data.unreadable import read_each
from chipsmith.learn.preprocessing import Preprocessing

_KIND = "features"
_RESULT_DEPENDS_ON = ("numpy", "scipy", "librosa", "soundfile", "soxr")


def cached_features(files: Sequence[Path], preprocessing: Preprocessing) -> NDArray[np.float32]:
    """What `preprocessing` makes of each file: float32 (n, ...), read-only. Raises BadInput, naming the file.

    The cache's key is the contents of the files, the preprocessing and the versions of the libraries. An entry is read
    once for its checksum and then mapped, not copied; a damaged one is made again, and where none can be written it is
    done without. Of several processes a single one reckons.
    """
    name = f"{content_key(_key_parts(files, preprocessing))}.npy"
    with working_on(_KIND, name):
        known = _map(find_entry(_KIND, name), len(files))
        if known is not None:
            return known
        features = np.stack(read_each(files, preprocessing.apply))
        keep_entry(_KIND, name, lambda file: _save(file, features))
        return features


def _map(entry: Path | None, count: int) -> NDArray[np.float32] | None:
    if entry is None:
        return None
    try:
        known = map_array(entry)
    except BadInput:
        return None
    return known.astype(np.float32, copy=False) if known.dtype == np.float32 and known.shape[:1] == (count,) else None


def _save(file: Path, features: NDArray[np.float32]) -> None:
    with file.open("wb") as opened:  # numpy would add its suffix to a path
        np.save(opened, features)


def _key_parts(files: Sequence[Path], preprocessing: Preprocessing) -> Iterator[bytes]:
    yield preprocessing.model_dump_json().encode()
    yield installed_versions(_RESULT_DEPENDS_ON)
    for file in files:
        yield digest_file(file)
