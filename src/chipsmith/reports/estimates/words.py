"""A network on chips in sentences: which chip is best in what, and what bounds each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from chipsmith.profile.roofline import Limit
from chipsmith.reports.estimates.record import ChipEstimate, EstimateRecord
from chipsmith.units import format_energy, format_time, percent, significant


@dataclass(frozen=True, kw_only=True)
class ComparedFigure:
    """A figure that chips are compared by, the less the better: what the best is called, its value, and its text."""

    best: str
    read: Callable[[ChipEstimate], float]
    show: Callable[[float], str]


LATENCY = ComparedFigure(
    best="fastest", read=lambda row: row.inference.latency.cold_us, show=lambda value: format_time(value)
)
ENERGY = ComparedFigure(
    best="least energy", read=lambda row: row.inference.energy_uj, show=lambda value: format_energy(value)
)
AREA = ComparedFigure(
    best="smallest", read=lambda row: row.inference.area.total, show=lambda value: f"{significant(value)} mm²"
)
COST = ComparedFigure(
    best="cheapest", read=lambda row: row.inference.cost.chip_usd.value, show=lambda value: f"{significant(value)} USD"
)
COMPARED = (LATENCY, ENERGY, AREA, COST)

_ENGINES = {
    Limit.ARRAY: "the array",
    Limit.VECTOR: "the vector lanes",
    Limit.EXTERNAL: "the external memory",
}


def verdict_sentences(record: EstimateRecord) -> Iterator[str]:
    """The outcome: of one chip its figures, of several which is best in what, and which are beaten."""
    if len(record.chips) == 1:
        yield _single(record.chips[0])
        yield bound_sentence(record.chips[0])
        return
    yield "; ".join(_best(record.chips, figure) for figure in COMPARED) + "."
    beaten = [(row, other) for row in record.chips for other in record.chips if _beats(other, row)]
    for row in dict.fromkeys(row.name for row, _ in beaten):
        winner = next(other.name for lower, other in beaten if lower.name == row)
        yield f"{row} is in nothing better than {winner}, and in some of it worse."
    if not beaten:
        yield "Each chip is better than each other one in something: latency, energy, area or cost."


def bound_sentence(row: ChipEstimate) -> str:
    """What an inference on a chip mostly waits for, and how near its roof it comes."""
    place, name = row.cold, row.name
    if place.limit is Limit.STEPS:
        what = (
            f"no engine of {name} is busy half of the time (the {place.busiest} engine, the busiest, "
            f"{percent(place.busy_share, 0)}): instructions wait for one another"
        )
    else:
        what = (
            f"{_ENGINES[place.limit]} bounds {name}: its {place.busiest} engine is busy {percent(place.busy_share, 0)} "
            "of the latency"
        )
    sentence = f"{what[0].upper()}{what[1:]}" if not what.startswith(name) else what
    waits = f"for {percent(row.external_cycles / place.cycles, 0)} of it nothing computes until a transfer ends"
    if not place.macs:
        return f"{sentence}; {waits}."
    return (
        f"{sentence}; {waits}. It does {percent(place.utilisation, 1)} of the multiply-accumulates that its array "
        f"could, and the roof allows {percent(place.attainable_macs_per_cycle / place.roof.peak_macs_per_cycle, 1)}."
    )


def _single(row: ChipEstimate) -> str:
    profile = row.inference
    time = profile.latency
    return (
        f"An inference takes {time.cold_cycles:,} cycles ({format_time(time.cold_us)}, simulated) "
        f"and an estimated {format_energy(profile.energy_uj)}; a chip has an estimated "
        f"{significant(profile.area.total)} mm² and costs {significant(profile.cost.chip_usd.value)} USD."
    )


def _best(rows: Sequence[ChipEstimate], figure: ComparedFigure) -> str:
    best = min(rows, key=figure.read)
    return f"{figure.best[0].upper()}{figure.best[1:]}: {best.name} ({figure.show(figure.read(best))})"


def _beats(row: ChipEstimate, other: ChipEstimate) -> bool:
    """Whether a chip is as good in all that is compared, and better in some."""
    pairs = [(figure.read(row), figure.read(other)) for figure in COMPARED]
    return all(own <= its for own, its in pairs) and any(own < its for own, its in pairs)
