"""The `data:` section of a recipe: one of the data sets, told apart by its `kind`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chipsmith.learn.data.cifar10 import Cifar10Data
from chipsmith.learn.data.images import DigitsData, ImageFolderData
from chipsmith.learn.data.series import SeriesTableData, UcrData
from chipsmith.learn.data.sound import SoundFolderData, SpokenDigitsData
from chipsmith.learn.data.tables import SklearnData, TableData
from chipsmith.learn.data.text import CharactersData, SentencesData, TextTableData
from chipsmith.learn.data.wake_word import WakeWordData

DataSettings = Annotated[
    CharactersData
    | Cifar10Data
    | DigitsData
    | ImageFolderData
    | SentencesData
    | SeriesTableData
    | SklearnData
    | SoundFolderData
    | SpokenDigitsData
    | TableData
    | TextTableData
    | UcrData
    | WakeWordData,
    Field(discriminator="kind"),
]
"""The settings of any data set; `load(seed=...)` gives the Dataset."""
