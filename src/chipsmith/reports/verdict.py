"""The top of the page: its title and links, the outcome of the run in words, and the figures most asked for."""

from __future__ import annotations

from chipsmith.chip import read_chip
from chipsmith.profile.profile import CostRecord, Figure
from chipsmith.reports.headline import Headline, headlines, metric_text, percent, significant
from chipsmith.reports.markup import badge, escape, paragraph
from chipsmith.reports.memory_words import describe_memories
from chipsmith.reports.record import CHIP, RunRecord
from chipsmith.units import format_energy, format_time

_CARDS = (
    "bit-exact",
    "latency",
    "energy an inference",
    "average power",
    "efficiency",
    "core area",
    "cost a chip",
)


def draw_header(record: RunRecord) -> str:
    """The title of a run's page."""
    chip = record.chip
    subtitle = f"Chip {chip.name}, {chip.clock_mhz:,} MHz, {describe_memories(read_chip(chip.yaml))}."
    return draw_title(f"{record.network} on {chip.name}", subtitle)


def draw_title(title: str, subtitle: str) -> str:
    """The head of a page: its title, and a line below it."""
    return f"<header><h1>{escape(title)}</h1>{paragraph(subtitle, kind='subtitle')}</header>"


def draw_verdict(record: RunRecord) -> str:
    """The outcome of a run in words, and a card for each of its main figures."""
    rows = {row.label: row for row in headlines(record)}
    speed = f"{rows['latency in time'].text}; {rows['inferences a second'].text} inferences a second"
    metric = record.primary_metric(CHIP)
    labels = (*((f"test {metric.name}, {CHIP}",) if metric else ()), *_CARDS)
    notes = {"latency": speed, "cost a chip": _cost_note(record.inference.cost)}
    cards = "".join(draw_card(rows[label], note=notes.get(label, "")) for label in labels if label in rows)
    exact = record.bit_exact
    kind = "" if exact is None else " good" if exact.exact else " bad"
    return f'<div class="verdict{kind}">{paragraph(verdict(record))}</div><div class="cards">{cards}</div>'


def _cost_note(cost: CostRecord) -> str:
    """The range of a chip's cost, the volume, and its parts, each by the first word of its name."""
    chip = cost.chip_usd
    parts = ", ".join(f"{name.partition(' ')[0]} {part.value:,.2f}" for name, part in cost.parts.items())
    return f"{significant(chip.low)} to {significant(chip.high)}, of {cost.volume:,} chips: {parts}"


def verdict(record: RunRecord) -> str:
    """The outcome of a run in two or three sentences."""
    profile = record.inference
    cost = (
        f"An inference takes {profile.latency.cold_cycles:,} cycles ({format_time(profile.latency.cold_us)}, "
        f"simulated to the cycle) and an estimated {format_energy(profile.energy_uj)}."
    )
    doubt = profile.timing.doubt
    clock = [f"Its {doubt}."] if doubt else []
    return " ".join((*_accuracy(record), *_exactness(record), cost, *clock))


def _accuracy(record: RunRecord) -> list[str]:
    metric = record.primary_metric(CHIP)
    if metric is None:
        return []
    if record.task == "classification":
        return [f"The chip classifies {percent(metric.value)} of {metric.count:,} test examples right."]
    return [f"On {metric.count:,} test examples the chip has {metric.name} {metric_text(metric.name, metric.value)}."]


def _exactness(record: RunRecord) -> list[str]:
    exact = record.bit_exact
    if exact is None:
        return []
    if exact.exact:
        return [f"✓ All {exact.compared:,} outputs equal those of {exact.reference}, bit for bit."]
    return [f"✗ {exact.mismatches:,} of {exact.compared:,} outputs differ from {exact.reference}."]


def draw_card(row: Headline, *, note: str = "") -> str:
    """A card of a headline figure; below the value stands `note`, or what the figure's text has in brackets."""
    value, _, remark = row.text.partition(": ") if row.label == "bit-exact" else row.text.partition(" (")
    text = escape(note or remark.rstrip(")"))
    return (
        f'<div class="card" title="{escape(_source(row.figure))}"><span class="label">{escape(row.label)}</span>'
        f'<span class="value">{escape(value)}</span><span class="note">{text}</span>{badge(row.figure.kind)}</div>'
    )


def _source(figure: Figure) -> str:
    status = f" [{figure.status}]" if figure.status else ""
    return f"{figure.kind}: {figure.source}{status}"
