"""The noun Preprocessing: from a raw example to a network's input, the same in training and on the chip."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from chipsmith.learn.preprocessing.columns import ColumnsReader
from chipsmith.learn.preprocessing.components import PrincipalComponents
from chipsmith.learn.preprocessing.images import ImageReader
from chipsmith.learn.preprocessing.scaling import Standardise
from chipsmith.learn.preprocessing.series import Fill, SeriesReader
from chipsmith.learn.preprocessing.sound import LogMel, Mfcc, SoundReader
from chipsmith.learn.preprocessing.step import Values
from chipsmith.learn.preprocessing.text import BytesReader, CharactersReader, SubwordsReader
from chipsmith.shown import Shown

AnyReader = Annotated[
    ImageReader | SoundReader | BytesReader | CharactersReader | SubwordsReader | SeriesReader | ColumnsReader,
    Field(discriminator="kind"),
]
AnyStep = Annotated[Standardise | LogMel | Mfcc | Fill | PrincipalComponents, Field(discriminator="kind")]


class Preprocessing(Shown, BaseModel):
    """A reader, which makes one array of a raw example, then steps that reckon with it.

    JSON: `model_dump(mode="json")` and `model_validate`; nothing else is needed to repeat it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    reader: AnyReader
    steps: tuple[AnyStep, ...] = ()

    def apply(self, raw: Any) -> Values:
        """The network's input (*input_shape) of one raw example. Raises BadInput where it cannot be read."""
        (inputs,) = self.finish(self.reader.read(raw)[None])
        return np.asarray(inputs)

    def finish(self, values: Values) -> Values:
        """The network's inputs (n, *input_shape) of what the reader made of n examples (n, ...)."""
        for step in self.steps:
            values = step.apply(values)
        return np.require(values, requirements="C")

    @property
    def vocabulary_size(self) -> int | None:
        """Number of different tokens of the input; None where it is no text."""
        return self.reader.vocabulary_size
