"""The files of each class in a folder: the folder is not left, copies are left out, later changes are noticed."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from chipsmith.errors import BadInput
from chipsmith.learn.data.files import FEWEST, digest_file, require_ordinary
from chipsmith.learn.data.origin import Omitted
from chipsmith.learn.preprocessing.step import is_control, named

Links = Literal["within", "anywhere"]
"""Where the links in a folder of data may lead: to what is in the folder, or anywhere on this machine."""


@dataclass(frozen=True, kw_only=True, eq=False)
class DataFiles:
    """Files of a data set in a folder: `stamps` int64 (n, 2) are the size and time of change of each when listed."""

    folder: Path
    paths: tuple[Path, ...]
    stamps: NDArray[np.int64]

    @classmethod
    def listed(cls, folder: Path, paths: Sequence[Path]) -> DataFiles:
        """The files at these paths within `folder`, as they are now."""
        stamps = np.array([_stamp(path.stat()) for path in paths], np.int64).reshape(-1, 2)
        return cls(folder=folder, paths=tuple(paths), stamps=stamps)

    def __len__(self) -> int:
        return len(self.paths)

    def select(self, chosen: Sequence[int]) -> DataFiles:
        """The files at these indices."""
        paths = tuple(self.paths[index] for index in chosen)
        return DataFiles(folder=self.folder, paths=paths, stamps=self.stamps[np.asarray(chosen, np.int64)])

    def name(self, item: int) -> str:
        """How a message names a file: its path within the folder."""
        return named(self.paths[item].relative_to(self.folder))

    def path(self, item: int) -> Path:
        """The file of an item. Raises BadInput where it is no longer the file that was listed."""
        path = self.paths[item]
        try:
            now = _stamp(path.stat())
        except OSError as error:
            raise BadInput(f"cannot read {named(path)}: {error.strerror}") from error
        if now != tuple(self.stamps[item]):
            raise BadInput(f"{named(path)} was changed while its data set was in use; begin again")
        return path


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassFiles:
    """Files with their classes: `labels` int64 (n) number `class_names`; `omitted` counts copies."""

    files: DataFiles
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    omitted: Omitted


def find_class_files(folder: Path, suffixes: Sequence[str], *, what: str, links: Links = "within") -> ClassFiles:
    """The files with these suffixes (small letters) in the class folders within `folder`, in the order of their names.

    A class folder may have folders. Files with the same contents count once, and not at all where they stand in several
    classes. Raises BadInput for fewer than two classes, for a class without files, for a folder that may not be read,
    for a device or a pipe, and for a link that leads where `links` does not let it; `what` names the files.
    """
    root = folder.resolve()
    names = sorted(_class_names(folder, root, links))
    if len(names) < 2:
        raise BadInput(f"{folder} has {len(names)} class folders; put the {what} of each class in a folder of its own")
    by_class = [_files_of(folder / name, root, suffixes, what, links) for name in names]
    files = DataFiles.listed(folder, [path for paths in by_class for path in paths])
    labels = np.repeat(np.arange(len(names)), [len(paths) for paths in by_class])
    kept, omitted = _distinct(files, labels)
    _check_counts(folder, names, np.bincount(labels[kept], minlength=len(names)), what)
    return ClassFiles(files=files.select(kept), labels=labels[kept], class_names=tuple(names), omitted=omitted)


def list_files(folder: Path, within: Sequence[Path], suffixes: Sequence[str], links: Links) -> list[Path]:
    """The files with these suffixes in the folders `within` that there are, in the order of their paths.

    Raises BadInput as find_class_files.
    """
    root = folder.resolve()
    places = [place for place in within if place.is_dir()]
    for place in places:
        _check_link(place, root, links)
    paths = sorted(Path(entry.path) for place in places for entry in _entries(place))
    return _ordinary((path for path in paths if path.suffix.lower() in suffixes), root, links)


def _ordinary(paths: Iterable[Path], root: Path, links: Links) -> list[Path]:
    """The paths, each of which is a file, or a link to a file where it may lead there."""
    listed = list(paths)
    for path in listed:
        _check_link(path, root, links)
        require_ordinary(path)
    return listed


def _walk(folder: Path, root: Path, links: Links, above: frozenset[tuple[int, int]]) -> Iterator[Path]:
    status = folder.stat()
    here = (status.st_dev, status.st_ino)
    if here in above:
        raise BadInput(f"{named(folder)} is a link to a folder that it is in; remove it")
    for entry in _entries(folder):
        path = Path(entry.path)
        if not entry.is_dir():
            yield path
        elif not entry.name.startswith("."):
            _check_link(path, root, links)
            yield from _walk(path, root, links, above | {here})


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise BadInput(f"cannot read the folder {named(folder)}: {error.strerror}") from error


def _check_link(path: Path, root: Path, links: Links) -> None:
    """Raise BadInput for a link to nothing, and for one out of `root` where `links` keeps them within."""
    if not path.is_symlink() or path.resolve() == root:
        return
    if not path.exists():
        raise BadInput(f"{named(path)} is a link to nothing; remove it")
    if links == "within" and not path.resolve().is_relative_to(root):
        raise BadInput(
            f"{named(path)} is a link to {named(path.resolve())}, out of the data folder; copy the files in, "
            "or say in the recipe that links may lead out: data.links=anywhere"
        )


def _class_names(folder: Path, root: Path, links: Links) -> Iterator[str]:
    for entry in _entries(folder):
        if entry.name.startswith(".") or not entry.is_dir():
            continue
        _check_link(Path(entry.path), root, links)
        if any(map(is_control, entry.name)):
            raise BadInput(f"the name of class folder {named(entry.path)} cannot be printed; rename it")
        yield entry.name


def _files_of(folder: Path, root: Path, suffixes: Sequence[str], what: str, links: Links) -> list[Path]:
    paths = sorted(path for path in _walk(folder, root, links, frozenset()) if path.suffix.lower() in suffixes)
    if not paths:
        raise BadInput(f"class folder {named(folder)} has no {what} ({', '.join(suffixes)})")
    return _ordinary(paths, root, links)


def _stamp(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


def _check_counts(folder: Path, names: Sequence[str], counts: NDArray[np.int64], what: str) -> None:
    for name, count in zip(names, counts, strict=True):
        if count < FEWEST:
            raise BadInput(f"class folder {folder / name} has {count} different {what}; {FEWEST} or more are needed")


def _distinct(files: DataFiles, labels: NDArray[np.int64]) -> tuple[list[int], Omitted]:
    """The places of files that are kept: of files with the same contents the first, none where their classes differ.

    Only files of the same size are read.
    """
    groups = list(_groups(files))
    several = [group for group in groups if len(set(labels[group].tolist())) > 1]
    conflicts = sum(map(len, several))
    kept = sorted(group[0] for group in groups if len(set(labels[group].tolist())) == 1)
    examples = tuple(" = ".join(map(files.name, group)) for group in several[: Omitted.NAMED])
    return kept, Omitted(copies=len(files) - len(kept) - conflicts, conflicts=conflicts, examples=examples)


def _groups(files: DataFiles) -> Iterator[list[int]]:
    """The places of the files of each contents."""
    by_size: dict[int, list[int]] = defaultdict(list)
    for index, size in enumerate(files.stamps[:, 0].tolist()):
        by_size[size].append(index)
    for places in by_size.values():
        if len(places) == 1:
            yield places
        else:
            yield from _same_contents(files, places)


def _same_contents(files: DataFiles, places: Sequence[int]) -> Iterator[list[int]]:
    by_digest: dict[bytes, list[int]] = defaultdict(list)
    for index in places:
        by_digest[digest_file(files.path(index))].append(index)
    yield from by_digest.values()
