"""The headline figures of a run: the same list, in the same words, for the terminal and the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chipsmith.profile.profile import Figure, Inference

if TYPE_CHECKING:
    from chipsmith.reports.record import Metric, RunRecord, Stage

SIMULATION = "cycle simulation of the Program"
ACTIONS = "actions counted in the Program x joules of each (docs/estimates.md)"
INVENTORY = "cells and memories counted from the chip file x area of each (docs/estimates.md)"
_STAGES: tuple[Stage, ...] = ("float", "int8", "chip")


@dataclass(frozen=True, kw_only=True)
class Headline:
    """A figure with its `label` and the `text` that shows its value; `group` is what it speaks about."""

    group: str
    label: str
    text: str
    figure: Figure


def headlines(record: RunRecord) -> tuple[Headline, ...]:
    """All headline figures of a run, in order; those that the run did not make are left out."""
    return (*_metrics(record), *_exactness(record), *inference_headlines(record.inference))


def inference_headlines(one: Inference) -> tuple[Headline, ...]:
    """The headline figures of a Program on its chip."""
    return (*_time(one), *_energy(one), *_bytes(one), *_silicon(one))


def percent(share: float, digits: int = 2) -> str:
    """A share from 0 to 1 as text, such as '97.90 %'."""
    return f"{100 * share:.{digits}f} %"


def significant(value: float) -> str:
    """A number as text with three significant digits, whole ones with all theirs: 12,345 and 0.0123."""
    if value == round(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    digits = max(0, 2 - _exponent(value))
    return f"{value:.{digits}f}"


def _exponent(value: float) -> int:
    return int(f"{value:e}".rpartition("e")[2])


def _metrics(record: RunRecord) -> list[Headline]:
    """Metric by metric, the stages of each side by side, so that a drop is seen at the stage that causes it."""
    names = dict.fromkeys(one.name for one in record.metrics)
    found = (record.metric(stage, name) for name in names for stage in _STAGES)
    return [_metric(one) for one in found if one is not None]


def _metric(one: Metric) -> Headline:
    return Headline(
        group="accuracy",
        label=f"test {one.name}, {one.stage}",
        text=f"{metric_text(one.name, one.value)} ({_bare(one.name, one.low)} to {_bare(one.name, one.high)})",
        figure=Figure(
            value=one.value,
            unit="1",
            kind="simulated" if one.stage == "chip" else "measured",
            source=f"{one.obtained}; {one.count:,} test examples; {one.interval}",
        ),
    )


def metric_text(name: str, value: float) -> str:
    """A metric's value as text: accuracies in percent, others as numbers."""
    return percent(value) if name == "accuracy" else f"{value:.4g}"


def _bare(name: str, value: float) -> str:
    return metric_text(name, value).removesuffix(" %")


def _exactness(record: RunRecord) -> list[Headline]:
    one = record.bit_exact
    if one is None:
        return []
    verdict = "yes" if one.exact else "NO"
    return [
        Headline(
            group="accuracy",
            label="bit-exact",
            text=f"{verdict}: {one.mismatches:,} of {one.compared:,} outputs differ",
            figure=Figure(
                value=float(one.mismatches),
                unit="outputs",
                kind="simulated",
                source=f"chip against {one.reference} {one.reference_version} on {one.images:,} inputs",
            ),
        )
    ]


def _simulated(group: str, label: str, text: str, value: float, unit: str, source: str = SIMULATION) -> Headline:
    figure = Figure(value=value, unit=unit, kind="simulated", source=source)
    return Headline(group=group, label=label, text=text, figure=figure)


def _time(one: Inference) -> list[Headline]:
    time = one.latency
    kept = f"{len(one.resident)} blocks of weights" if one.resident else "nothing"
    warm = f"{SIMULATION}; {kept} kept on the chip from the inference before"
    rows = [
        _simulated("time", "latency", f"{time.cold_cycles:,} cycles", time.cold_cycles, "cycles"),
        _simulated(
            "time",
            "latency in time",
            f"{significant(time.cold_us)} µs",
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
    ]
    return rows + [_busy(one, engine.name, engine.busy_cycles) for engine in time.engines]


def _busy(one: Inference, engine: str, busy_cycles: int) -> Headline:
    share = busy_cycles / max(1, one.latency.cold_cycles)
    text = f"{percent(share, 1)} ({busy_cycles:,} cycles)"
    return _simulated("engines", f"{engine} engine busy", text, share, "1")


def _energy(one: Inference) -> list[Headline]:
    rows = (
        ("energy an inference", one.energy_uj, "µJ", ACTIONS),
        ("average power", one.average_power_mw, "mW", "energy of an inference over its simulated time"),
        ("efficiency", one.tops_per_watt, "TOPS/W", "operations of the array in an inference over its energy"),
    )
    return [
        Headline(
            group="energy",
            label=label,
            text=f"{significant(value)} {unit}",
            figure=Figure(value=value, unit=unit, kind="estimated", source=source, status=one.energy.status),
        )
        for label, value, unit, source in rows
    ]


def _bytes(one: Inference) -> list[Headline]:
    moved, weights, peak = one.external_bytes, one.weight_bytes, one.memory_peak_bytes
    counted = "counted in the Program"
    return [
        _simulated(
            "bytes", "external bytes", f"{moved:,} an inference", moved, "bytes", "words of all transfers, cold"
        ),
        Headline(
            group="bytes",
            label="weight bytes",
            text=f"{weights:,}",
            figure=Figure(
                value=weights, unit="bytes", kind="measured", source=f"{counted}, biases and tables included"
            ),
        ),
        Headline(
            group="bytes",
            label="on-chip memory, peak",
            text=f"{peak:,} bytes",
            figure=Figure(value=peak, unit="bytes", kind="measured", source=f"{counted}: most bytes that live at once"),
        ),
    ]


def _silicon(one: Inference) -> list[Headline]:
    area = Figure(value=one.area.total, unit="mm²", kind="estimated", source=INVENTORY, status=one.area.status)
    return [
        Headline(group="silicon", label="core area", text=f"{one.area.total:.3f} mm²", figure=area),
        Headline(
            group="silicon",
            label="die cost",
            text=f"{one.cost.die_usd.value:.3f} USD",
            figure=one.cost.die_usd,
        ),
    ]
