"""Loops that numba compiles, and keeps where it can."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal


def compiled_loop(
    *, inline: Literal["never", "always"] = "never", fastmath: bool = False
) -> Callable[[Callable[..., Any]], Any]:
    """A decorator: numba compiles the function for the types of its first call, without Python's lock.

    What it compiled lies in `__pycache__` beside the source, else in the user's folder of caches; where neither can be
    written, as in a read-only container, each process compiles afresh.
    """
    import numba

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            return numba.njit(nogil=True, cache=True, inline=inline, fastmath=fastmath)(function)
        except RuntimeError:  # there is no folder to keep it in
            return numba.njit(nogil=True, inline=inline, fastmath=fastmath)(function)

    return decorate
