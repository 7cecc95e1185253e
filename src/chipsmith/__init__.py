"""Chipsmith designs neural networks and the chips they run on together.

The verbs are functions of this package, found at first use: `chipsmith.run("digits")`. Each is a command of the same
name too. `chipsmith.flow` tells what they do.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chipsmith.flow import (
        chips,
        compile,
        compress,
        conformance,
        cosim,
        diff,
        doctor,
        estimate,
        ops,
        predict,
        recipes,
        report,
        rtl,
        run,
        simulate,
        train,
    )

__version__ = "0.1.0"
__all__ = [
    "chips",
    "compile",
    "compress",
    "conformance",
    "cosim",
    "diff",
    "doctor",
    "estimate",
    "ops",
    "predict",
    "recipes",
    "report",
    "rtl",
    "run",
    "simulate",
    "train",
]


class _Package(ModuleType):
    """This package: a verb keeps its name where a subpackage has the same one (estimate, report, rtl).

    The import system stores a subpackage as an attribute of its parent; that alone is left out for the verbs, and
    `from chipsmith.reports import ...` works as ever.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if name not in __all__ or not isinstance(value, ModuleType):
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module 'chipsmith' has no attribute '{name}'")
        from chipsmith import flow

        return getattr(flow, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *__all__})


sys.modules[__name__].__class__ = _Package
