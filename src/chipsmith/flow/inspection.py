"""The look at a recipe's data before anything is trained on them."""

from __future__ import annotations

from chipsmith.data_report import FindingKind
from chipsmith.learn import Recipe
from chipsmith.learn.inspection import Inspected, load_inspected
from chipsmith.learn.progress import Progress


def load_for_training(recipe: Recipe, progress: Progress) -> Inspected:
    """The recipe's data, looked at; `progress` is told of each warning, and where a sample was looked at.

    Raises BadInput as load_inspected.
    """
    inspected = load_inspected(recipe)
    for finding in inspected.report.findings:
        if finding in inspected.report.warnings or finding.kind is FindingKind.SAMPLE:
            progress.tell(f"data: {finding.message}")
    return inspected
