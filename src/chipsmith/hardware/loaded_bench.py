"""A bench in a shared library of `build_machine`, which Python calls."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

Signatures = Mapping[str, tuple[Any, Sequence[Any]]]
"""Function to the ctypes of its result and of its arguments."""

HANDLE = POINTER = ctypes.c_void_p
UINT32, UINT64 = ctypes.c_uint32, ctypes.c_uint64


_VIOLATIONS: Signatures = {"bench_violation": (ctypes.c_char_p, ()), "bench_forget_violation": (None, ())}
"""Every library has these (violations.cpp)."""


class LoadedBench:
    """A model and its bench in a library; a context manager, which destroys both."""

    _library: ctypes.CDLL
    _handle: ctypes.c_void_p

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._library.bench_destroy(self._handle)


@cache
def open_library(library: Path) -> ctypes.CDLL:
    """The library of a build, loaded once."""
    return ctypes.CDLL(str(library))


def load_bench(library: Path, signatures: Signatures) -> ctypes.CDLL:
    """The library of a build, whose functions have these signatures; those that it does not have are left out."""
    loaded = open_library(library)
    for name, (result, arguments) in {**_VIOLATIONS, **signatures}.items():
        if hasattr(loaded, name):
            function = getattr(loaded, name)
            function.restype, function.argtypes = result, arguments
    return loaded
