"""Data looked at before they are trained on: every file decoded, duplicates, leakage, labels, columns."""

from chipsmith.learn.inspection.inspect import Inspected, inspect_data, inspect_recipe, load_inspected
from chipsmith.learn.inspection.report import DataFinding, DataReport, FindingKind, Severity

__all__ = [
    "DataFinding",
    "DataReport",
    "FindingKind",
    "Inspected",
    "Severity",
    "inspect_data",
    "inspect_recipe",
    "load_inspected",
]
