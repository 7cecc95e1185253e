"""The headline figures of a run: the same list, in the same words, for the terminal and the page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chipsmith.profile.profile import (
    CostRecord,
    EngineRow,
    Evidence,
    Figure,
    Latency,
    RangedFigure,
    TimingRecord,
    Totals,
)
from chipsmith.units import format_energy, format_metric, format_time, significant_together
from chipsmith.units import percent as percent
from chipsmith.units import significant as significant

if TYPE_CHECKING:
    from chipsmith.reports.record import LearnedRecord, MetricRecord, RunRecord

SIMULATION = "cycle simulation of the Program"
ACTIONS = "actions counted in the Program x joules of each (docs/estimates.md)"
PRICES = "good die, package, assembly, test, and masks and design over the volume (docs/estimates.md)"
PATHS = "FO4 of the longest path of each block x FO4 of the node, slow corner (docs/estimates.md)"
_DIE = "die"
"""The part of a chip's cost that has a row of its own, without the losses at packaging."""
INVENTORY = "cells as synthesised chips have them, memories x area of each (docs/estimates.md)"


@dataclass(frozen=True, kw_only=True)
class Headline:
    """A figure with its `label` and the `text` that shows its value; `group` is what it speaks about."""

    group: str
    label: str
    text: str
    figure: Figure


def headlines(record: RunRecord) -> tuple[Headline, ...]:
    """All headline figures of a run, in order; those that the run did not make are left out."""
    return (*metric_headlines(record), *_exactness(record), *inference_headlines(record.inference))


def metric_headlines(record: LearnedRecord) -> list[Headline]:
    """Metric by metric, the targets of each side by side, so that a drop is seen at the target that causes it."""
    names = dict.fromkeys(metric.name for metric in record.metrics)
    metrics = (record.metric(target, name) for name in names for target in record.targets)
    return [_metric(metric) for metric in metrics if metric is not None]


def inference_headlines(totals: Totals) -> tuple[Headline, ...]:
    """The headline figures of a Program on its chip."""
    return (*_time(totals), *_energy(totals), *_bytes(totals), *_silicon(totals))


def cost_text(cost: CostRecord) -> str:
    """What a chip costs, with its range and the volume: '4.78 USD (2.60 to 54.9, of 1,000,000 chips)'."""
    chip = cost.chip_usd
    value, low, high = significant_together(chip.value, chip.low, chip.high)
    return f"{value} USD ({low} to {high}, of {cost.volume:,} chips)"


def _metric(metric: MetricRecord) -> Headline:
    return Headline(
        group="accuracy",
        label=f"test {metric.name}, {metric.target}",
        text=f"{metric_text(metric.name, metric.value)} ({_bare(metric.name, metric.low)} to "
        f"{_bare(metric.name, metric.high)})",
        figure=Figure(
            value=metric.value,
            unit="1",
            kind=metric.kind,
            source=f"{metric.obtained}; {metric.count:,} test examples; {metric.interval}",
        ),
    )


def metric_text(name: str, value: float) -> str:
    """A metric's value as text: accuracies in percent, others as numbers."""
    return format_metric(name, value)


def _bare(name: str, value: float) -> str:
    return metric_text(name, value).removesuffix(" %")


def _exactness(record: RunRecord) -> list[Headline]:
    exact = record.bit_exact
    if exact is None:
        return []
    verdict = "yes" if exact.exact else "NO"
    return [
        Headline(
            group="accuracy",
            label="bit-exact",
            text=f"{verdict}: {exact.mismatches:,} of {exact.compared:,} outputs differ",
            figure=Figure(
                value=float(exact.mismatches),
                unit="outputs",
                kind=Evidence.SIMULATED,
                source=f"chip against {exact.reference} {exact.reference_version} on {exact.images:,} inputs",
            ),
        )
    ]


def _simulated(group: str, label: str, text: str, value: float, unit: str, source: str = SIMULATION) -> Headline:
    figure = Figure(value=value, unit=unit, kind=Evidence.SIMULATED, source=source)
    return Headline(group=group, label=label, text=text, figure=figure)


def _time(totals: Totals) -> list[Headline]:
    time = totals.latency
    kept = f"{len(totals.resident)} blocks of weights" if totals.resident else "nothing"
    warm = f"{SIMULATION}; {kept} kept on the chip from the inference before"
    wiping = f"{time.wipe_cycles:,} cycles"
    wipe = [_simulated("time", "of which the wipe", wiping, time.wipe_cycles, "cycles")] if time.wipe_cycles else []
    rows = [
        _simulated("time", "latency", f"{time.cold_cycles:,} cycles", time.cold_cycles, "cycles"),
        *wipe,
        _simulated(
            "time",
            "latency in time",
            format_time(time.cold_us),
            time.cold_us,
            "µs",
            f"{SIMULATION} at {time.clock_mhz} MHz",
        ),
        _simulated("time", "latency, warm", f"{time.warm_cycles:,} cycles", time.warm_cycles, "cycles", warm),
        _simulated(
            "time",
            "inferences a second",
            significant(time.inferences_per_second),
            time.inferences_per_second,
            "1/s",
            "simulated latency, one inference after the other",
        ),
        _clock(totals.timing),
    ]
    return rows + [_busy(time, engine) for engine in time.engines]


def _clock(timing: TimingRecord) -> Headline:
    clock = timing.max_clock_mhz
    band = f"{clock.low:,.0f} to {clock.high:,.0f} by what sources say"
    figure = replace(clock.figure, source=f"{PATHS}; the longest is that of {timing.path}")
    return Headline(group="time", label="fastest clock", text=f"{figure.value:,.0f} MHz ({band})", figure=figure)


def _busy(time: Latency, engine: EngineRow) -> Headline:
    share = engine.busy_cycles / max(1, time.cold_cycles)
    text = f"{percent(share, 1)} ({engine.busy_cycles:,} cycles)"
    return _simulated("engines", f"{engine.name} engine busy", text, share, "1")


def _energy(totals: Totals) -> list[Headline]:
    energy, power = totals.energy_uj, totals.average_power_mw
    rows = (
        ("energy an inference", format_energy(energy), energy, "µJ", ACTIONS),
        ("average power", f"{significant(power)} mW", power, "mW", "energy of an inference over its simulated time"),
        (
            "efficiency",
            f"{significant(totals.tops_per_watt)} TOPS/W",
            totals.tops_per_watt,
            "TOPS/W",
            "operations of the array in an inference over its energy",
        ),
    )
    return [
        Headline(
            group="energy",
            label=label,
            text=text,
            figure=Figure(value=value, unit=unit, kind=Evidence.ESTIMATED, source=source, status=totals.energy.status),
        )
        for label, text, value, unit, source in rows
    ]


def _bytes(totals: Totals) -> list[Headline]:
    moved, weights, peak = totals.external_bytes, totals.weight_bytes, totals.memory_peak_bytes
    return [
        _simulated(
            "bytes", "external bytes", f"{moved:,} bytes an inference", moved, "bytes", "words of all transfers, cold"
        ),
        Headline(
            group="bytes",
            label="weight bytes",
            text=f"{weights:,} bytes",
            figure=Figure(
                value=weights,
                unit="bytes",
                kind=Evidence.MEASURED,
                source="counted in the Program, biases and tables included",
            ),
        ),
        _simulated(
            "bytes",
            "on-chip memory, peak",
            f"{peak:,} bytes",
            peak,
            "bytes",
            f"{SIMULATION}; most bytes in use in one cycle",
        ),
    ]


def _silicon(totals: Totals) -> list[Headline]:
    area, die = totals.area, totals.cost.die_usd
    chip, text = totals.cost.chip_usd, cost_text(totals.cost)
    parts = ", ".join(f"{name} {significant(part.value)}" for name, part in totals.cost.parts.items())
    cost = replace(chip.figure, source=f"{PRICES}: {parts}; {totals.cost.package}")
    figure = Figure(value=area.total, unit="mm²", kind=Evidence.ESTIMATED, source=INVENTORY, status=area.status)
    rows = [_part_cost(name, part) for name, part in totals.cost.parts.items() if name != _DIE]
    return [
        Headline(group="silicon", label="core area", text=f"{significant(area.total)} mm²", figure=figure),
        Headline(group="silicon", label="cost a chip", text=text, figure=cost),
        Headline(group="silicon", label="die cost", text=f"{significant(die.value)} USD", figure=die),
        *rows,
    ]


def _part_cost(name: str, part: RangedFigure) -> Headline:
    """What a chip bears of the package, or of what is paid once, with its range; by the first word of its name."""
    value, low, high = significant_together(part.value, part.low, part.high)
    text = f"{value} USD ({low} to {high})"
    return Headline(group="silicon", label=f"{name.partition(' ')[0]} cost", text=text, figure=part.figure)
