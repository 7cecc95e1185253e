"""Locks between processes, which die with the process that has them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from chipsmith.errors import BadInput


@contextmanager
def waiting_lock(path: Path, *, on_wait: Callable[[], None]) -> Iterator[None]:
    """Have the lock file `path` for the block; where another process has it, call `on_wait` and wait for it.

    The file is removed at the end. The folder must be there. Raises OSError where the file cannot be written.
    """
    descriptor = _take(path, wait=False)
    if descriptor is None:
        on_wait()
        descriptor = _take(path, wait=True)
    assert descriptor is not None
    with _release(path, descriptor):
        yield


@contextmanager
def sole_lock(path: Path, *, refusal: str) -> Iterator[None]:
    """As waiting_lock, but raises BadInput(`refusal`) where another process has the lock."""
    descriptor = _take(path, wait=False)
    if descriptor is None:
        raise BadInput(refusal)
    with _release(path, descriptor):
        yield


@contextmanager
def _release(path: Path, descriptor: int) -> Iterator[None]:
    """Remove the file first: who waits for it then sees that it is another and takes the new."""
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()
        os.close(descriptor)


def _take(path: Path, *, wait: bool) -> int | None:
    """The open lock file, or None where another process has it and nobody waits."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not _lock(descriptor, wait=wait):
                os.close(descriptor)
                return None
            if _is_current(path, descriptor):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _is_current(path: Path, descriptor: int) -> bool:
    """Whether the path still names the open file: who had the lock before removed it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _lock(descriptor: int, *, wait: bool) -> bool:
    """Whether the lock was taken; also where the platform or the file system has none to give."""
    try:
        import fcntl
    except ImportError:  # Windows
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a network file system without locks
        return True
    return True
