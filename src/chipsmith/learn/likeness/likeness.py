"""The noun Likeness: what raw training data were like, and from where on another example is said to be unlike them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from chipsmith.learn.likeness.coarse import CoarseLikeness, coarse_pictures
from chipsmith.learn.likeness.image_traits import IMAGE_TRAITS, measure_image
from chipsmith.learn.likeness.number_traits import measure_row, measure_series, row_traits, series_traits
from chipsmith.learn.likeness.sound_traits import SOUND_TRAITS, measure_sound
from chipsmith.learn.likeness.text_traits import TEXT_TRAITS, KnownTexts
from chipsmith.learn.likeness.trait import Trait, TraitValues
from chipsmith.learn.preprocessing import ColumnsReader, ImageReader, SeriesReader, SoundReader
from chipsmith.learn.preprocessing.step import Reader
from chipsmith.schema import Json
from chipsmith.shown import Shown

COARSE = "coarse picture"
_COARSE = Trait(
    more="arranged otherwise than they are (its coarse picture is {value} deviations from the nearest class, in "
    "training {low} to {high})",
    less=None,
    resolution=0.1,
    rank=2,
)
_CLAUSES = 3
"""Most traits that a warning names."""


class TraitRange(Shown, BaseModel):
    """The range of a trait in training: 0.5 %, 50 % and 99.5 % of the examples are at or below these.

    `limit` is how far out an example may lie, in units of the distance from the median to the end of the range on that
    side: beyond all validation examples, whose voices or cameras may be others than those of training.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    low: float
    median: float
    high: float
    limit: float = Field(default=1.0, ge=1)


@dataclass(frozen=True, kw_only=True)
class UnlikeTrait(Shown):
    """One trait by which an example is unlike the training data: `says` in words, `excess` as in Likeness."""

    name: str
    value: float
    low: float
    high: float
    excess: float
    says: str


@dataclass(frozen=True, kw_only=True)
class Unlike(Shown):
    """Why an example is unlike the training data: its traits, the most telling first; `score` is the largest excess."""

    noun: str
    score: float
    traits: tuple[UnlikeTrait, ...]

    @property
    def sentence(self) -> str:
        """The warning in one sentence."""
        return f"unlike the training {self.noun}: {'; '.join(trait.says for trait in self.traits[:_CLAUSES])}"

    def to_json(self) -> Json:
        """The score, which is above 1, and the traits."""
        return {
            "score": self.score,
            "traits": [
                {"name": trait.name, "value": trait.value, "training_range": [trait.low, trait.high]}
                for trait in self.traits
            ],
        }


class Likeness(Shown, BaseModel):
    """Traits of raw training examples and of their coarse pictures, and how far out an example may lie; goes to JSON.

    The excess of a trait is its distance from the training median as a share of its limit (see TraitRange); an
    example with an excess above 1 is unlike. The ranges are of `measured_on` training examples, the limits of
    `chosen_on` validation examples. Of the run's own `tested` test examples `test_warned` are unlike: the rate of false
    alarms, measured on what nothing was chosen by.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ranges: dict[str, TraitRange]
    coarse: CoarseLikeness | None = None
    texts: KnownTexts | None = None
    measured_on: int
    chosen_on: int
    tested: int = 0
    test_warned: int = 0

    def examine(self, reader: Reader, raw: Any, inputs: NDArray[Any]) -> Unlike | None:
        """Why a raw example is unlike; None where it is like. `inputs` is the network's input of it.

        Raises BadInput where `raw` cannot be read.
        """
        values = measure(reader, raw, inputs, coarse=self.coarse, texts=self.texts)
        outside = self._outside(reader, values)
        if not outside:
            return None
        noun = noun_of(reader)
        return Unlike(noun=noun, score=max(trait.excess for trait in outside), traits=outside)

    def _outside(self, reader: Reader, values: TraitValues) -> tuple[UnlikeTrait, ...]:
        known = traits_of(reader)
        listed = []
        for name, excess in excesses(known, self.ranges, values).items():
            if excess > 1:
                listed.append(_unlike(name, known[name], self.ranges[name], values[name], excess))
        return tuple(sorted(listed, key=lambda trait: (known[trait.name].rank, -trait.excess)))


def _unlike(name: str, trait: Trait, within: TraitRange, value: float, excess: float) -> UnlikeTrait:
    words = trait.less
    if value > within.median:
        words = trait.more if trait.never is None or within.high > trait.resolution else trait.never
    assert words is not None
    shown = {key: format(x, trait.form) for key, x in (("value", value), ("low", within.low), ("high", within.high))}
    return UnlikeTrait(
        name=name, value=value, low=within.low, high=within.high, excess=excess, says=words.format(**shown)
    )


def excesses(known: Mapping[str, Trait], ranges: Mapping[str, TraitRange], values: TraitValues) -> dict[str, float]:
    """How far out each trait is: see Likeness. Traits without a range, or on a side that is no fault, are left out."""
    out: dict[str, float] = {}
    for name, value in values.items():
        if name not in ranges or name not in known:
            continue
        within, trait = ranges[name], known[name]
        above = value > within.median
        if (trait.more if above else trait.less) is None:
            continue
        reach = within.high - within.median if above else within.median - within.low
        out[name] = abs(value - within.median) / max(reach, trait.resolution) / within.limit
    return out


def measure(
    reader: Reader, raw: Any, inputs: NDArray[Any], *, coarse: CoarseLikeness | None, texts: KnownTexts | None
) -> dict[str, float]:
    """All traits of a raw example whose network's input is `inputs`. Raises BadInput."""
    values = dict(_measure_raw(reader, raw, texts))
    if coarse is not None:
        values[COARSE] = float(coarse.distances(coarse_pictures(inputs[None]))[0])
    return values


def _measure_raw(reader: Reader, raw: Any, texts: KnownTexts | None) -> TraitValues:
    match reader:
        case ImageReader():
            return measure_image(reader, raw)
        case SoundReader():
            return measure_sound(reader, raw)
        case ColumnsReader():
            return measure_row(reader, raw)
        case SeriesReader():
            return measure_series(reader, raw)
    return texts.measure(str(raw)) if texts is not None else {}


def traits_of(reader: Reader) -> dict[str, Trait]:
    """The traits that examples of a reader have."""
    match reader:
        case ImageReader():
            own = IMAGE_TRAITS
        case SoundReader():
            own = SOUND_TRAITS
        case ColumnsReader():
            own = row_traits(reader)
        case SeriesReader():
            own = series_traits(reader)
        case _:
            own = TEXT_TRAITS
    return {**own, COARSE: _COARSE}


def noun_of(reader: Reader) -> str:
    """What examples of a reader are, in the plural."""
    match reader:
        case ImageReader():
            return "images"
        case SoundReader():
            return "sounds"
        case ColumnsReader():
            return "rows"
        case SeriesReader():
            return "series"
    return "texts"


def range_of(values: NDArray[np.float64]) -> TraitRange:
    """The range of a trait's values in training."""
    low, median, high = (float(f"{share:.6g}") for share in np.quantile(values, (0.005, 0.5, 0.995)))
    return TraitRange(low=low, median=median, high=high)
