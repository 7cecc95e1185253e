"""Loops that numba compiles, and keeps where it can."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal


def compiled_loop(
    *, inline: Literal["never", "always"] = "never", fastmath: bool = False, allocates: bool = True
) -> Callable[[Callable[..., Any]], Any]:
    """A decorator: numba compiles the function for the types of its first call, without Python's lock.

    A function that takes arrays out of tuples in its innermost loop and makes none says so by `allocates`: no
    references are counted then, which would take most of its time. What is compiled lies in `__pycache__` beside the
    source, else in the user's folder of caches; where neither can be written, as in a read-only container, each process
    compiles afresh.
    """
    import numba

    options: dict[str, Any] = {"nogil": True, "inline": inline, "fastmath": fastmath, "_nrt": allocates}

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            return numba.njit(cache=True, **options)(function)
        except RuntimeError:  # there is no folder to keep it in
            return numba.njit(**options)(function)

    return decorate
