"""The words of which a parameter takes one, from the enum or the table in code that has them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from chipsmith.compiler.stage import CompilerStage

Words = Callable[[], tuple[str, ...]]
"""All words of a closed set, in its order."""


def words_in(module: str, name: str) -> Words:
    """Those of an enum, or the keys of a table, by its name in a module, imported when they are asked for."""

    def read() -> tuple[str, ...]:
        return tuple(str(word) for word in getattr(import_module(module), name))

    return read


def stage_words() -> tuple[str, ...]:
    """The stages after which `compile` prints."""
    return ("quantise", *CompilerStage)


def operator_words() -> tuple[str, ...]:
    """The operators of TOSA's integer profile."""
    from chipsmith.tosa.operators import OPERATORS

    return tuple(kind.lower() for kind in OPERATORS)


def target_words() -> tuple[str, ...]:
    """The targets that are installed here."""
    from chipsmith.targets.registry import target_names

    return target_names()
