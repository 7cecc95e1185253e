"""What a trait of raw data is: a number that a person understands, and the words for too much and too little of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chipsmith.shown import Shown

TraitValues = Mapping[str, float]
"""The traits of one raw example by name."""


@dataclass(frozen=True, kw_only=True)
class Trait(Shown):
    """`more` and `less` end the sentence "it is unlike the training data: ..."; None where that side is no fault.

    In them {value}, {low} and {high} are the example's value and the range of nearly all training examples.
    `resolution` is the least difference that matters: a trait that no training example varied in is not judged finer.
    `rank` orders the traits of a warning, the most telling first. `never` stands for
    `more` where nearly no training example has any of it.
    """

    more: str | None
    less: str | None
    resolution: float
    form: str = ".2f"
    rank: int = 1
    never: str | None = None
