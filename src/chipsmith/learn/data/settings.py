"""The `data:` section of a recipe: one of the data sets, told apart by its `kind`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chipsmith.learn.data.images import DigitsData

DataSettings = Annotated[DigitsData, Field()]
"""The settings of any data set; `load(seed=...)` gives the Dataset."""
