"""Files: written so that a reader meets the old contents or the new, never a part; arrays read without pickles."""

from __future__ import annotations

import errno
import io
import os
import stat
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING

from chipsmith.errors import BadInput

if TYPE_CHECKING:  # numpy is imported by who has arrays to read: a command that lists chips has none
    import numpy as np
    import numpy.typing as npt

UNFOLDED_BYTES, UNFOLDED_TIMES = 1 << 30, 20
"""An archive may unfold to so many bytes, or to so many times its own size."""


_UNFINISHED = ".unfinished"
"""Ends the name of a file that is being written."""


def write_whole(path: str | os.PathLike[str], data: bytes) -> None:
    """Write `data` to `path` at once: to a temporary file in the same folder, which then takes its name.

    A link is followed. Raises BadInput where the folder is missing or may not be written, or where a folder or a device
    has the name; what was there is then untouched.
    """
    try:
        target = Path(path).resolve()
        if target.exists() and not target.is_file():
            raise BadInput(f"cannot write {path}: it is a {'folder' if target.is_dir() else 'device'}")
        _replace(target, data)
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot write {path}: {getattr(error, 'strerror', None) or error}") from error


def remove_unfinished(folder: Path) -> None:
    """Remove what writers that were killed have left in a folder and those below it; nobody else may work there."""
    for path in folder.rglob(f".*{_UNFINISHED}"):
        with suppress(OSError):
            path.unlink()


def make_folder(folder: Path) -> None:
    """Make a run folder where it is missing. Raises BadInput."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"cannot make the run folder {folder}: {error.strerror}; name another with --out") from error


def write_texts(folder: Path, texts: Mapping[str, str]) -> None:
    """Write texts by their paths in a folder, which is made where it is missing. Raises OSError."""
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def read_arrays(path: str | os.PathLike[str]) -> npt.NDArray[np.generic] | dict[str, npt.NDArray[np.generic]]:
    """The one array of an `.npy` file, or the arrays of an `.npz` file by name; nothing is unpickled.

    Raises BadInput where the file is missing, damaged, too large for this machine's memory, or holds objects.
    """
    import numpy as np

    with _naming_damage(path), open_ordinary(Path(path)) as file:
        loaded = np.load(file, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return loaded
        _check_unfolding(path, loaded.zip)
        return {name: _member(loaded, name) for name in loaded.files}


def open_ordinary(path: Path, *, follow: bool = True) -> BufferedReader:
    """A file to read; a pipe or a device is not waited for, and a link not taken unless `follow`.

    Raises OSError, BadInput for what is no ordinary file: a pipe may never end, and a device fill the memory.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags | (0 if follow else os.O_NOFOLLOW))
    except ValueError as error:  # a character that no name of a file has
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path)) from error
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise BadInput(f"{path} is no ordinary file, but a pipe or a device; put what it gives into a file")


def read_ordinary(path: Path) -> bytes:
    """The bytes of a file. Raises as open_ordinary."""
    with open_ordinary(path) as file:
        return file.read()


def read_ordinary_text(path: Path) -> str:
    """The text of a file in UTF-8, its lines ended by newlines. Raises as open_ordinary, and UnicodeDecodeError."""
    with open_ordinary(path) as file, io.TextIOWrapper(file, encoding="utf-8") as text:
        return text.read()


def map_array(path: str | os.PathLike[str]) -> npt.NDArray[np.generic]:
    """The array of an `.npy` file, mapped where it lies and read-only. Raises BadInput as read_arrays."""
    import numpy as np

    with _naming_damage(path):
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        if not isinstance(mapped, np.ndarray):
            raise ValueError("an archive is not mapped")
        return np.asarray(mapped)


@contextmanager
def _naming_damage(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn whatever numpy raises within it into one message."""
    try:
        yield
    except BadInput:
        raise
    except FileNotFoundError as error:
        raise BadInput(f"cannot read {path}: no such file") from error
    except MemoryError as error:
        raise BadInput(f"{path} is too large for the memory of this machine") from error
    except Exception as error:  # of the tokenizer, the unzipper and the parser behind numpy.load
        raise BadInput(f"{path} is not a whole .npy or .npz file of numbers; write it with numpy.save") from error


def _check_unfolding(path: str | os.PathLike[str], archive: zipfile.ZipFile) -> None:
    """Refuse an archive that was written to fill the memory: no member unfolds to more than it says here."""
    members = archive.infolist()
    folded, unfolded = (sum(sizes) for sizes in zip(*((m.compress_size, m.file_size) for m in members), strict=True))
    if unfolded > UNFOLDED_BYTES and unfolded > UNFOLDED_TIMES * folded:
        raise BadInput(
            f"{path} unfolds {folded:,} bytes to {unfolded:,}, as numbers hardly do; write it with numpy.savez"
        )


def _member(archive: Mapping[str, object], name: str) -> npt.NDArray[np.generic]:
    """An array of an `.npz` file; numpy gives what is none as bytes."""
    import numpy as np

    array = archive[name]
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{name} is no array")
    return array


def write_arrays(path: str | os.PathLike[str], arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
    """Write arrays by name to an `.npz` file, whole or not at all, as write_whole; equal arrays give equal bytes.

    Any text is a name: numpy.savez itself takes some, such as `file`, for its own arguments.
    """
    import numpy as np

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.save(member, array, allow_pickle=False)
    write_whole(path, buffer.getvalue())


def _replace(target: Path, data: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=f".{target.name}{_UNFINISHED}")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(temporary).chmod(_new_file_mode())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _new_file_mode() -> int:
    """The permissions that an ordinary new file gets (mkstemp's are for the owner alone)."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
