"""The base of every part of a training's settings."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from chipsmith.shown import Shown


class RecipeSection(Shown, BaseModel):
    """A part of a recipe: frozen, and without keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
