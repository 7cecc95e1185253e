"""The page of `chipsmith estimate`: chips side by side, what bounds each, and where its figures come from."""

from __future__ import annotations

from pathlib import Path

from chipsmith.chip import read_chip
from chipsmith.files import write_whole
from chipsmith.reports.estimates.charts import draw_layers, draw_parts, draw_roofline, draw_trades
from chipsmith.reports.estimates.record import ChipEstimate, EstimateRecord
from chipsmith.reports.estimates.words import COMPARED, bound_sentence, verdict_sentences
from chipsmith.reports.headline import Headline, inference_headlines
from chipsmith.reports.html import fill_page
from chipsmith.reports.layer_times import LayerTimes, compare_layers
from chipsmith.reports.markup import Cell, details, escape, how, number, paragraph, plot, section, table
from chipsmith.reports.memory_words import summarise_memories
from chipsmith.reports.sections.figures import headline_table
from chipsmith.reports.sections.section import Drawing
from chipsmith.reports.verdict import draw_card, draw_title
from chipsmith.units import significant

_CARDS = ("latency in time", "energy an inference", "average power", "efficiency", "core area", "cost a chip")


def render_estimates(record: EstimateRecord) -> str:
    """The page as HTML; it opens without a network."""
    body = draw_estimates(record)
    return fill_page(_title(record), body=body.html, charts=body.charts)


def write_estimates_page(record: EstimateRecord, path: Path) -> None:
    """Write the page, whole or not at all."""
    write_whole(path, render_estimates(record).encode())


def draw_estimates(record: EstimateRecord) -> Drawing:
    """The body of the page."""
    layers = compare_layers([row.inference for row in record.chips])
    parts = (_chips(record), _trades(record), _bounds(record), _components(record), _layers(record, layers))
    html = f"{_header(record)}{_verdict(record)}{''.join(part.html for part in parts)}{_sources(record)}"
    charts = {name: drawn for part in parts for name, drawn in part.charts.items()}
    return Drawing(html=f"<main>{html}</main>", charts=charts)


def _title(record: EstimateRecord) -> str:
    chips = record.chips
    return f"{record.network} on {chips[0].name if len(chips) == 1 else f'{len(chips)} chips'}"


def _header(record: EstimateRecord) -> str:
    chips = "; ".join(
        f"{row.name}, {row.chip.clock_mhz:,} MHz, {summarise_memories(read_chip(row.chip.yaml))}"
        for row in record.chips
    )
    return draw_title(_title(record), f"{chips}. Of cold inferences, one after the other.")


def _verdict(record: EstimateRecord) -> str:
    from chipsmith.witness.check.text import describe_check

    check = record.check
    kind = "" if check is None else " good" if check.right else " bad"
    line = [] if check is None else [f"{describe_check(check)}."]
    doubts = [f"{row.name}: {row.inference.timing.doubt}." for row in record.chips if row.inference.timing.doubt]
    sentences = "".join(map(paragraph, (*verdict_sentences(record), *line, *doubts)))
    cards = f'<div class="cards">{_cards(record.chips[0])}</div>' if len(record.chips) == 1 else ""
    return f'<div class="verdict{kind}">{sentences}</div>{cards}'


def _cards(row: ChipEstimate) -> str:
    rows: dict[str, Headline] = {headline.label: headline for headline in inference_headlines(row.inference)}
    notes = {"latency in time": rows["latency"].text}
    return "".join(draw_card(rows[label], note=notes.get(label, "")) for label in _CARDS)


def _chips(record: EstimateRecord) -> Drawing:
    columns = (
        "chip",
        "cycles",
        "latency, µs",
        "warm, µs",
        "energy, µJ",
        "power, mW",
        "TOPS/W",
        "mm²",
        "USD",
        "USD from, to",
        "MHz at most",
        "external bytes",
        "memory peak, bytes",
    )
    volume = record.chips[0].inference.cost.volume
    text = how(
        "Cycles, time, bytes and memory are simulated; energy, power, area, cost and the fastest clock are estimated. "
        f"The cost is that of one of {volume:,} chips. The least of a column is marked ◂."
    )
    marked = {figure.best: min(map(figure.read, record.chips)) for figure in COMPARED}
    rows = [_row(row, marked) for row in record.chips]
    return Drawing(html=section("chips", "Chips", text, table(columns, rows, label="figures of each chip")))


def _row(row: ChipEstimate, marked: dict[str, float]) -> list[str | Cell]:
    profile, cost = row.inference, row.inference.cost.chip_usd
    latency, energy, area, usd = (
        number(value, f"{significant(value)}{' ◂' * (value == marked[figure.best] and len(marked) > 1)}")
        for figure, value in ((figure, figure.read(row)) for figure in COMPARED)
    )
    clock = profile.timing.max_clock_mhz.value
    return [
        row.name,
        number(profile.latency.cold_cycles, f"{profile.latency.cold_cycles:,}"),
        latency,
        _figure(profile.latency.warm_cycles / profile.latency.clock_mhz),
        energy,
        _figure(profile.average_power_mw),
        _figure(profile.tops_per_watt),
        area,
        usd,
        f"{significant(cost.low)} to {significant(cost.high)}",
        number(clock, f"{clock:,.0f}"),
        number(profile.external_bytes, f"{profile.external_bytes:,}"),
        number(profile.memory_peak_bytes, f"{profile.memory_peak_bytes:,}"),
    ]


def _figure(value: float) -> Cell:
    return number(value, significant(value))


def _trades(record: EstimateRecord) -> Drawing:
    if len(record.chips) == 1:
        return Drawing(html="")
    charts = draw_trades(record.chips)
    places = "".join(plot(name, name.replace("-", " over ")) for name in charts)
    text = how(
        "Down and to the left is better. Bars of the cost reach from all low ends of its parts to all high ends."
    )
    html = section("trades", "Latency against energy, area and cost", text, _pair(places), link="trades")
    return Drawing(html=html, charts=charts)


def _bounds(record: EstimateRecord) -> Drawing:
    text = (
        "Lines are the roofs of the chips at their clocks: flat where the array is the bound, a slope where the "
        "external memory is. A full point is a cold inference, a hollow one a warm inference, whose resident weights "
        "are on the chip and cost no bytes. Bytes are those of the busier of the two channels. Simulated."
    )
    time = draw_parts(record.chips)["time"]
    parts = [
        *(paragraph(bound_sentence(row)) for row in record.chips),
        "<h3>Where the time goes</h3>",
        plot("time", "time of an inference by what it is spent on"),
    ]
    charts = {"time": time}
    if all(row.cold.macs for row in record.chips):
        parts += ["<h3>Roofline</h3>", how(text), plot("roofline", "operations a second over operations a byte")]
        charts["roofline"] = draw_roofline(record.chips)
    return Drawing(html=section("bounds", "What bounds each chip", *parts, link="what bounds"), charts=charts)


def _components(record: EstimateRecord) -> Drawing:
    charts = {name: drawn for name, drawn in draw_parts(record.chips).items() if name != "time"}
    titles = {"energy": "Energy of an inference", "area": "Core area", "cost": "Cost of a chip"}
    text = how("Estimated: counts times constants (docs/estimates.md). Area is before layout.")
    places = "".join(f"<h3>{escape(titles[name])}</h3>{plot(name, f'{titles[name]} by part')}" for name in charts)
    return Drawing(html=section("parts", "Energy, area and cost by part", text, places, link="parts"), charts=charts)


def _layers(record: EstimateRecord, layers: tuple[LayerTimes, ...]) -> Drawing:
    names = [row.name for row in record.chips]
    columns = ("layer", *(f"{name}, µs" for name in names), *(f"{name}, µJ" for name in names))
    rows: list[list[str | Cell]] = [
        [layer.label, *map(_figure, layer.times_us), *map(_figure, layer.energies_uj)] for layer in layers
    ]
    text = how(
        "A layer is a kernel, an operator with all that is fused into it: what it moves the end of all that came "
        "before it by, simulated, and the energy of its instructions and of the bytes that are moved for it, "
        "estimated. The chart has those with most of the time; a chip that fuses otherwise has other layers. A number "
        "such as k4 is that of the first chip that has the kernel."
    )
    whole = details("All layers", table(columns, rows, label="all layers"))
    html = section("layers", "Layer by layer", text, plot("layers", "time that each layer adds"), whole, link="layers")
    return Drawing(html=html, charts={"layers": draw_layers(record.chips, layers)})


def _sources(record: EstimateRecord) -> str:
    text = how(
        "Simulated: computed to the cycle from the compiled program. Estimated: counts times constants; the word "
        "behind it is the status of its weakest constant, ASSUMED being a modelling choice (docs/estimates.md)."
    )
    shown = [(row.name, headline_table(inference_headlines(row.inference))) for row in record.chips]
    parts = (figures if len(shown) == 1 else details(name, figures) for name, figures in shown)
    files = (details(f"Chip file of {row.name}", f"<pre>{escape(row.chip.yaml)}</pre>") for row in record.chips)
    return section("figures", "All figures and where they come from", text, *parts, *files, link="all figures")


def _pair(html: str) -> str:
    return f'<div class="pair">{html}</div>'
