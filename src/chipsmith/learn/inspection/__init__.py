"""Data looked at before they are trained on: every file decoded, duplicates, leakage, labels, columns."""

from chipsmith.learn.inspection.inspect import Inspected, inspect_data, inspect_recipe, load_inspected
from chipsmith.learn.inspection.report import DataReport, Finding, FindingKind, Severity

__all__ = [
    "DataReport",
    "Finding",
    "FindingKind",
    "Inspected",
    "Severity",
    "inspect_data",
    "inspect_recipe",
    "load_inspected",
]
