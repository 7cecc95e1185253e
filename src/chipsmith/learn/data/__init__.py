"""Data sets: real data in three honest parts, as arrays that networks take."""

from chipsmith.learn.data.dataset import Dataset, TargetScaling
from chipsmith.learn.data.examples import (
    ArrayExamples,
    Batch,
    Decoder,
    Examples,
    InputsAsTargets,
    LazyExamples,
    WindowExamples,
)
from chipsmith.learn.data.images import DigitsData
from chipsmith.learn.data.section import DataSection
from chipsmith.learn.data.settings import DataSettings
from chipsmith.learn.data.splits import Shares, Split
from chipsmith.learn.data.task import Task

__all__ = [
    "ArrayExamples",
    "Batch",
    "DataSection",
    "DataSettings",
    "Dataset",
    "Decoder",
    "DigitsData",
    "Examples",
    "InputsAsTargets",
    "LazyExamples",
    "Shares",
    "Split",
    "TargetScaling",
    "Task",
    "WindowExamples",
]
