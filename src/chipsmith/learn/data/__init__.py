"""Data sets: real data in three honest parts, as arrays that networks take."""

from chipsmith.learn.data.cifar10 import Cifar10Data
from chipsmith.learn.data.dataset import Dataset, TargetScaling
from chipsmith.learn.data.examples import (
    ArrayExamples,
    Batch,
    Decoder,
    Examples,
    GroupedExamples,
    InputsAsTargets,
    LazyExamples,
    WindowExamples,
)
from chipsmith.learn.data.images import DigitsData, ImageFolderData
from chipsmith.learn.data.section import DataSection
from chipsmith.learn.data.series import SeriesTableData, UcrData
from chipsmith.learn.data.settings import DataSettings
from chipsmith.learn.data.sound import Features, SoundFolderData, SpokenDigitsData
from chipsmith.learn.data.splits import Shares, Split
from chipsmith.learn.data.tables import SklearnData, TableData
from chipsmith.learn.data.task import Task
from chipsmith.learn.data.text import CharactersData, SentencesData, TextTableData

__all__ = [
    "ArrayExamples",
    "Batch",
    "CharactersData",
    "Cifar10Data",
    "DataSection",
    "DataSettings",
    "Dataset",
    "Decoder",
    "DigitsData",
    "Examples",
    "Features",
    "GroupedExamples",
    "ImageFolderData",
    "InputsAsTargets",
    "LazyExamples",
    "SentencesData",
    "SeriesTableData",
    "Shares",
    "SklearnData",
    "SoundFolderData",
    "Split",
    "SpokenDigitsData",
    "TableData",
    "TargetScaling",
    "Task",
    "TextTableData",
    "UcrData",
    "WindowExamples",
]
