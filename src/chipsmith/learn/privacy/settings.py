"""The section `training.privacy` of a recipe."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from chipsmith.learn.training.section import RecipeSection


class PrivacySettings(RecipeSection):
    """Differential privacy of each training example: (epsilon, delta) for adding or removing it.

    Each example's gradient is cut to the 2-norm `clip`, and normal noise is added to their sum: as much as spends
    `epsilon` over the whole training. `views` gradients of an example, each of an augmentation of its own, are averaged
    before they are cut. `noise` "fresh" is drawn from a key of the operating system that nobody is told, so that two
    trainings differ; "seeded" from the recipe's seed, which hides nothing from who knows that: for tests and studies on
    public data.
    """

    epsilon: float = Field(gt=0, le=1e4, description="the most that the training may tell of an example")
    delta: Annotated[float, Field(gt=0, lt=1)] | Literal["1/n"] = Field(
        default="1/n", description="probability that epsilon does not hold; 1/n: one over the training examples"
    )
    clip: float = Field(default=1.0, gt=0, le=1e6, description="largest 2-norm of an example's gradient")
    views: int = Field(default=1, ge=1, le=64, description="augmentations of an example that a gradient is a mean of")
    noise: Literal["fresh", "seeded"] = "fresh"

    def delta_of(self, examples: int) -> float:
        """The delta of so many training examples."""
        return 1 / examples if self.delta == "1/n" else self.delta
