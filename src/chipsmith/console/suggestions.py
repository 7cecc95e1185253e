"""What a shell offers for a word that is begun: names of chips and recipes, fields of both. Made when it is asked."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel

_DEEPEST = 3
"""Names in a field of a setting: data.features.kind."""


def suggest_chips() -> Iterator[str]:
    """The names of the catalogue."""
    from chipsmith.chip import catalogue

    yield from catalogue()


def suggest_recipes() -> Iterator[str]:
    """The names of the shipped recipes, without the learning that comes with reading one."""
    folder = resources.files("chipsmith") / "learn" / "recipes"
    yield from sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def suggest_chip_fields() -> Iterator[str]:
    """What --set takes of a chip, each with its sign: tensor.rows=."""
    from chipsmith.chip import Chip

    yield from (f"{name}=" for name in _list_fields(Chip))


def suggest_recipe_fields() -> Iterator[str]:
    """What --set takes of a recipe: training.epochs=."""
    from chipsmith.learn import Recipe

    yield from (f"{name}=" for name in _list_fields(Recipe))


def suggest_job_fields() -> Iterator[str]:
    """What --set takes of a recipe or its chip."""
    yield from dict.fromkeys((*suggest_recipe_fields(), *suggest_chip_fields()))


def _list_fields(form: type[BaseModel], *, deep: int = 1) -> Iterator[str]:
    names = dict.fromkeys(path for name, field in form.model_fields.items() for path in _paths(name, field, deep))
    yield from names


def _paths(name: str, field: Any, deep: int) -> Iterator[str]:
    """The field itself where it is a plain value, else the fields of the forms that it may have."""
    forms = list(_find_forms(field.annotation)) if deep < _DEEPEST else []
    if not forms:
        yield name
    for form in forms:
        yield from (f"{name}.{inner}" for inner in _list_fields(form, deep=deep + 1))


def _find_forms(annotation: Any) -> Iterator[type[BaseModel]]:
    from pydantic import BaseModel

    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _find_forms(part)
