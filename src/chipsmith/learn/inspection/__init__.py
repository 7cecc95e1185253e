"""Data looked at before they are trained on: every file decoded, duplicates, leakage, labels, columns."""

from chipsmith.learn.inspection.inspect import Inspected, inspect_data, inspect_recipe, load_inspected

__all__ = ["Inspected", "inspect_data", "inspect_recipe", "load_inspected"]
