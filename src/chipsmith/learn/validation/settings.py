"""How a trained network is judged."""

from __future__ import annotations

from pydantic import Field

from chipsmith.learn.limits import MOST_EXAMPLES, MOST_FOLDS, MOST_RESAMPLES
from chipsmith.learn.training.section import RecipeSection


class ValidationSettings(RecipeSection):
    """What is done beside the verdict: more of it costs time.

    `folds` trains as many further networks, each on other parts of the training and validation data. The chip executes
    the whole test part; `compared` says how many of its examples, the first, tosa_reference_model computes too.
    """

    folds: int = Field(default=0, ge=0, le=MOST_FOLDS, description="0 for none, otherwise 2 or more")
    bootstrap: int = Field(default=1000, ge=100, le=MOST_RESAMPLES, description="resamples of an interval")
    executed: int | None = Field(
        default=None, ge=1, le=MOST_EXAMPLES, description="test examples that int8 and chip see; default all"
    )
    compared: int = Field(
        default=200, ge=1, le=MOST_EXAMPLES, description="test examples compared with tosa_reference_model"
    )
    layer_errors: bool = Field(default=True, description="measure the quantisation error of each layer")
