"""Making a RunComparison of runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chipsmith.reports.comparison.fields import compare_fields
from chipsmith.reports.comparison.figures import compare_figures
from chipsmith.reports.comparison.layers import compare_layers
from chipsmith.reports.comparison.metrics import compare_metrics
from chipsmith.reports.comparison.result import ComparedRun, RunComparison
from chipsmith.reports.record import RunRecord


def compare_records(runs: Sequence[ComparedRun]) -> RunComparison:
    """Two runs or more side by side; the first is the baseline."""
    profiles = [run.record.inference if isinstance(run.record, RunRecord) else None for run in runs]
    differences, same = compare_fields(runs)
    return RunComparison(
        runs=tuple(runs),
        metrics=compare_metrics(runs),
        figures=compare_figures(runs),
        layers=compare_layers(profiles) if any(profiles) else (),
        differences=differences,
        same=same,
        remarks=tuple(_remarks(runs)),
    )


def _remarks(runs: Sequence[ComparedRun]) -> Iterator[str]:
    """What is to be known before the figures are believed."""
    for run in runs:
        record = run.record
        if isinstance(record, RunRecord) and record.bit_exact is not None and not record.bit_exact.exact:
            yield f"the chip of {run.name} differs from its witness: its figures are of a faulty run"
    warned: dict[str, list[str]] = {}
    for run in runs:
        for finding in run.record.data.warnings if run.record.data is not None else ():
            warned.setdefault(finding.message, []).append(run.name)
    for message, names in warned.items():
        yield f"{', '.join(names)}: {message}"
    nodes = {chip.inference.energy.caveat for chip in (run.record for run in runs) if isinstance(chip, RunRecord)}
    if len(nodes) > 1:
        yield "the energies are of other technologies: their ratio holds no better than the weaker estimate"
    if len(runs) > 2:
        yield "each interval stands alone: of twenty differences that are none, one is shown as one by chance"
