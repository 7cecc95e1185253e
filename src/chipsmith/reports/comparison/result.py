"""The noun RunComparison: two runs or more, the first of which is the baseline, side by side."""

from __future__ import annotations

import enum
from dataclasses import asdict, dataclass
from pathlib import Path

from chipsmith.learn.validation.answers import AnswerTable
from chipsmith.profile.profile import Evidence
from chipsmith.reports.quantum.record import EXACT, QuantumRunRecord
from chipsmith.reports.record import CHIP, MetricRecord, RunRecord
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.shown import Pictured, Shown
from chipsmith.units import signed, with_minus

SHARES = ("accuracy",)
"""Metrics whose differences are told in points, hundredths of a whole."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ComparedRun(Shown):
    """A run that is compared: what it is called, its record, and its answers to single examples.

    `recipe` is its recipe as YAML, empty where none is known. Without `answers`, `missing` says why.
    """

    name: str
    folder: Path
    record: RunRecord | QuantumRunRecord
    recipe: str = ""
    answers: AnswerTable | None = None
    missing: str = ""

    @property
    def target(self) -> str:
        """The target whose answers count: the chip, or the circuit without any error."""
        return CHIP if isinstance(self.record, RunRecord) else EXACT

    @property
    def metrics(self) -> dict[str, MetricRecord]:
        """The metrics of that target by name, the primary one first."""
        return {metric.name: metric for metric in self.record.metrics if metric.target == self.target}


class DifferenceVerdict(enum.StrEnum):
    """What a difference says of a run beside the baseline; none where its interval holds 0."""

    BETTER = "better"
    WORSE = "worse"
    NONE = "none"
    UNKNOWN = "not comparable"


@dataclass(frozen=True, kw_only=True)
class MetricDifference(Shown):
    """A run's metric minus the baseline's, on `count` examples, with its interval at 95 %.

    `how` names the interval, `reason` says why it is paired or not, or why there is no difference at all. Of classes,
    `gained` examples are right in the run alone and `lost` ones in the baseline alone; `p_value` is McNemar's.
    """

    verdict: DifferenceVerdict
    reason: str
    how: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    count: int = 0
    paired: bool = False
    gained: int | None = None
    lost: int | None = None
    p_value: float | None = None

    def _brief(self) -> str:
        return self.words("")

    def words(self, name: str) -> str:
        """The difference of the metric of that name, with what it says: −2.00 points (−3.19 to −0.80): worse."""
        return f"{self.verdict}: {self.reason}" if self.value is None else f"{self.text(name)}: {self.verdict}"

    def text(self, name: str) -> str:
        """The difference with its interval, such as '−2.20 points (−3.41 to −1.04)'; '-' where there is none."""
        if self.value is None or self.low is None or self.high is None:
            return "-"
        if name in SHARES:
            value, low, high = (signed(100 * share, 2) for share in (self.value, self.low, self.high))
            return f"{value} points ({low} to {high})"
        value, low, high = (with_minus(f"{each:+.3g}") for each in (self.value, self.low, self.high))
        return f"{value} ({low} to {high})"


@dataclass(frozen=True, kw_only=True)
class MetricComparison(Shown):
    """A metric by its name, in each run (None where it was not measured), and the difference of each to the first."""

    name: str
    better: str
    values: tuple[MetricRecord | None, ...]
    differences: tuple[MetricDifference, ...]


@dataclass(frozen=True, kw_only=True)
class FigureComparison(Shown):
    """A figure in each run, None where it has none (a quantum network has no cycles)."""

    label: str
    unit: str
    kind: Evidence
    source: str
    values: tuple[float | None, ...]

    @property
    def ratios(self) -> tuple[float | None, ...]:
        """Each value over the baseline's."""
        base = self.values[0]
        return tuple(None if value is None or not base else value / base for value in self.values)


@dataclass(frozen=True, kw_only=True)
class LayerFigures(Shown):
    """A layer in a run: cycles by which it moves the end of an inference, its energy, its multiply-accumulates."""

    cycles: int
    energy_pj: float
    macs: int
    kernels: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class LayerComparison(Shown):
    """A layer, or those that some run computes together, in each run; None where a run has no such layer."""

    name: str
    figures: tuple[LayerFigures | None, ...]

    @property
    def matched(self) -> bool:
        """Whether all runs have it."""
        return all(figures is not None for figures in self.figures)


@dataclass(frozen=True, kw_only=True)
class FieldDifference(Shown):
    """A field of a `group` that is not the same in all runs, as text; None where a run has no such field."""

    group: str
    field: str
    values: tuple[str | None, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class RunComparison(Pictured):
    """Two runs or more side by side; the first is the baseline.

    `same` names what could differ and does not, `remarks` what is to be known before the figures are believed.
    """

    runs: tuple[ComparedRun, ...]
    metrics: tuple[MetricComparison, ...]
    figures: tuple[FigureComparison, ...]
    layers: tuple[LayerComparison, ...]
    differences: tuple[FieldDifference, ...]
    same: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    def _brief(self) -> str:
        told = (
            f"{name}: {metric.name} {difference.words(metric.name)}"
            for metric in self.metrics[:1]
            for name, difference in zip(self.names[1:], metric.differences, strict=True)
        )
        return "; ".join([f"{', '.join(self.names[1:])} beside {self.names[0]}", *told])

    @property
    def names(self) -> tuple[str, ...]:
        """What the runs are called."""
        return tuple(run.name for run in self.runs)

    def to_json(self) -> Json:
        """The object of `chipsmith compare --json`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "baseline": self.names[0],
            "runs": [{"name": run.name, "folder": str(run.folder), "network": run.record.network} for run in self.runs],
            "metrics": [self._metric_json(metric) for metric in self.metrics],
            "figures": [
                {**asdict(figure), "kind": figure.kind.value, "ratios": list(figure.ratios)} for figure in self.figures
            ],
            "layers": [asdict(layer) for layer in self.layers],
            "differences": [asdict(difference) for difference in self.differences],
            "same": list(self.same),
            "remarks": list(self.remarks),
        }

    def _metric_json(self, metric: MetricComparison) -> Json:
        values = [
            None
            if value is None
            else {
                "target": value.target,
                "value": value.value,
                "interval": [value.low, value.high],
                "count": value.count,
            }
            for value in metric.values
        ]
        differences = [
            {"run": name, **asdict(difference), "verdict": difference.verdict.value}
            for name, difference in zip(self.names[1:], metric.differences, strict=True)
        ]
        return {"name": metric.name, "better": metric.better, "values": values, "differences": differences}
