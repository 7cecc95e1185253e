"""The closing output of a run on a terminal: what matters, on one screen; the long tables are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from chipsmith.learn import Fit
from chipsmith.profile.profile import Totals
from chipsmith.reports.headline import Headline, headlines, metric_text, significant
from chipsmith.reports.privacy import privacy_lines
from chipsmith.reports.record import CHIP, LearnedRecord, RunRecord
from chipsmith.reports.terminal import add_texts, mark_evidence, new_plain_table
from chipsmith.units import significant_together

if TYPE_CHECKING:
    from rich.console import RenderableType

_LEFT_OUT = (
    "latency in time",
    "latency, warm",
    "inferences a second",
    "efficiency",
    "external bytes",
    "on-chip memory, peak",
    "of which the wipe",
    "fastest clock",
    "average power",
    "weight bytes",
    "die cost",
    "package cost",
    "test cost",
    "masks cost",
    "design cost",
)
"""Figures that another row of the short table tells, or that are looked up rather than read."""
_ENGINES = "engines"


def verdict_line(record: RunRecord) -> str:
    """The outcome of a run in a line: how right, how exact, how fast, for how much energy."""
    metric, exact, totals = record.primary_metric(CHIP), record.bit_exact, record.inference
    parts = [
        *([] if metric is None else [f"{metric.name} {metric_text(metric.name, metric.value)}"]),
        *([] if exact is None else ["bit-exact" if exact.exact else "NOT bit-exact"]),
        f"{significant(totals.latency.cold_us)} µs",
        f"{significant(totals.energy_uj)} µJ an inference",
    ]
    return f"{record.network} on {record.chip.name}: {', '.join(parts)}"


def closing_rows(record: RunRecord) -> tuple[Headline, ...]:
    """The headline figures that a screen has room for: of metrics the primary one, no engine, latency in one row."""
    metric = record.primary_metric(CHIP)
    wanted = "" if metric is None else f"test {metric.name}, "
    rows = [row for row in headlines(record) if row.group != _ENGINES and row.label not in _LEFT_OUT]
    return tuple(
        _shorten(row, record.inference)
        for row in rows
        if not row.label.startswith("test ") or row.label.startswith(wanted)
    )


def short_table(rows: Sequence[Headline]) -> RenderableType:
    """Each figure, its value and how it was obtained; from what, the long table says."""
    table = new_plain_table("")
    table.title, table.show_edge = None, False
    for column in ("figure", "value", "how"):
        table.add_column(column)
    for row in rows:
        add_texts(table, row.label, row.text, mark_evidence(row))
    return table


def closing_notes(record: LearnedRecord) -> Iterator[str]:
    """What has to be read beside the figures: the training's verdict, a promise of privacy, a doubtful clock."""
    training = record.training
    if training is not None:
        reason = "" if training.verdict == Fit.GOOD else f"; {training.reason}"
        yield f"training: {training.verdict}{reason}"
        if training.privacy is not None:
            yield from privacy_lines(training.privacy.budget, training.privacy.outside)
    if isinstance(record, RunRecord) and record.inference.timing.doubt:
        yield f"{record.chip.name}: {record.inference.timing.doubt}"


def _shorten(row: Headline, totals: Totals) -> Headline:
    """A row whose text fits a line of 80 columns, with what the rows that are left out would say."""
    time, cost = totals.latency, totals.cost
    chip = cost.chip_usd
    usd, low, high = significant_together(chip.value, chip.low, chip.high)
    texts = {
        "latency": f"{time.cold_cycles:,} cycles, {significant(time.cold_us)} µs; warm {time.warm_cycles:,}",
        "cost a chip": f"{usd} USD ({low} to {high})",
        "energy an inference": f"{significant(totals.energy_uj)} µJ ({significant(totals.average_power_mw)} mW)",
    }
    labels = {"cost a chip": f"cost, {cost.volume:,} chips"}
    return replace(row, text=texts.get(row.label, row.text), label=labels.get(row.label, row.label))
