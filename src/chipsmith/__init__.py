"""Chipsmith designs neural networks and the chips they run on together.

The verbs are functions of this package, found at first use: `chipsmith.run("digits")`. Each is a command of the same
name too. `chipsmith.api` has them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.2.0.dev0"

if TYPE_CHECKING:  # the verbs' signatures for type checkers, without a second list of names
    from chipsmith.api import *  # noqa: F403
else:

    def __getattr__(name: str) -> object:
        from chipsmith.api import VERBS
        from chipsmith.api.door import python_function

        if name == "__all__":
            return list(VERBS)
        if name in VERBS:
            return python_function(VERBS[name])
        raise AttributeError(f"module 'chipsmith' has no attribute '{name}'")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__getattr__("__all__")})
