"""Validation: the figures of merit of each task with their intervals, what is confused, calibration, verdict."""

from chipsmith.learn.validation.classes import Bin, Calibration, confusion_matrix
from chipsmith.learn.validation.evaluate import Metric, Metrics, evaluate, evaluate_outputs
from chipsmith.learn.validation.interval import Interval, wilson_interval
from chipsmith.learn.validation.settings import ValidationSettings
from chipsmith.learn.validation.verdict import Fit, Verdict, judge

__all__ = [
    "Bin",
    "Calibration",
    "Fit",
    "Interval",
    "Metric",
    "Metrics",
    "ValidationSettings",
    "Verdict",
    "confusion_matrix",
    "evaluate",
    "evaluate_outputs",
    "judge",
    "wilson_interval",
]
