"""Features of files, kept in the cache: the same files and the same preprocessing are reckoned once."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chipsmith.cache import cache_folder, content_key, installed_versions
from chipsmith.errors import BadInput
from chipsmith.files import read_arrays, write_whole
from chipsmith.learn.data.unreadable import read_each
from chipsmith.learn.preprocessing import Preprocessing

_RESULT_DEPENDS_ON = ("numpy", "scipy", "librosa", "soundfile", "soxr")


def cached_features(files: Sequence[Path], preprocessing: Preprocessing) -> NDArray[np.float32]:
    """What `preprocessing` makes of each file: float32 (n, ...). Raises BadInput, naming the file.

    The cache's key is the contents of the files, the preprocessing and the versions of the libraries; an entry that
    cannot be read is made again, and one that cannot be written is done without.
    """
    entry = cache_folder() / "features" / f"{content_key(_key_parts(files, preprocessing))}.npy"
    known = _read(entry, len(files))
    if known is not None:
        return known
    features = np.stack(read_each(files, preprocessing.apply))
    _write(entry, features)
    return features


def _key_parts(files: Sequence[Path], preprocessing: Preprocessing) -> Iterator[bytes]:
    yield preprocessing.model_dump_json().encode()
    yield installed_versions(_RESULT_DEPENDS_ON)
    for file in files:
        try:
            yield hashlib.sha256(file.read_bytes()).digest()
        except OSError as error:
            raise BadInput(f"cannot read {file}: {error.strerror}") from error


def _read(entry: Path, count: int) -> NDArray[np.float32] | None:
    try:
        known = read_arrays(entry)
    except BadInput:
        return None
    if isinstance(known, np.ndarray) and known.dtype == np.float32 and len(known) == count:
        return known.astype(np.float32, copy=False)
    return None


def _write(entry: Path, features: NDArray[np.float32]) -> None:
    buffer = io.BytesIO()
    np.save(buffer, features)
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        write_whole(entry, buffer.getvalue())
    except (OSError, BadInput):
        return
