"""The sections of the page, in order."""

from __future__ import annotations

import math
from collections import Counter

from chipsmith.profile.kernels import REST
from chipsmith.profile.profile import CostRecord, Figure, Inference, PriceTable
from chipsmith.reports.charts import INSTRUCTIONS_SHOWN, roofline_points
from chipsmith.reports.headline import Headline, headlines, metric_text, percent, significant
from chipsmith.reports.layers import layers, short_name
from chipsmith.reports.markup import (
    Cell,
    badge,
    details,
    escape,
    how,
    number,
    paragraph,
    plot,
    section,
    table,
)
from chipsmith.reports.quality_sections import judgement
from chipsmith.reports.record import CHIP, RunRecord
from chipsmith.sim.cycle import DOORBELL

_CARDS = (
    "bit-exact",
    "latency",
    "energy an inference",
    "average power",
    "efficiency",
    "core area",
    "die cost",
)


def sections(record: RunRecord) -> str:
    """The body of the page."""
    parts = (
        _header(record),
        _verdict(record),
        _figures(record),
        _training(record),
        *judgement(record),
        _placement(record),
        _latency(record),
        _energy(record),
        _quantisation(record),
        _roofline(record),
        _memory(record),
        _timeline(record),
        _silicon(record),
        _run(record),
    )
    return f"<main>{''.join(parts)}</main>"


# --- verdict ----------------------------------------------------------------------------------------------------------


def _header(record: RunRecord) -> str:
    chip = record.chip
    subtitle = f"Chip {chip.name}, {chip.clock_mhz} MHz, {chip.memory_bytes // 1024} KiB of on-chip memory."
    links = {
        "figures": "all figures",
        **({"training": "training"} if record.training else {}),
        **({"confusion": "confusion"} if record.confusion else {}),
        **({"pictures": "pictures"} if record.pictures else {}),
        **({"texts": "texts"} if record.texts else {}),
        "placement": "placement",
        "latency": "latency",
        "energy": "energy",
        "memory": "memory",
        "timeline": "timeline",
        "silicon": "area and cost",
        "run": "this run",
    }
    anchors = "".join(f'<a href="#{name}">{text}</a>' for name, text in links.items())
    title = f"<h1>{escape(record.network)} on {escape(chip.name)}</h1>"
    return f"<header>{title}{paragraph(subtitle, kind='subtitle')}<nav>{anchors}</nav></header>"


def _verdict(record: RunRecord) -> str:
    rows = {row.label: row for row in headlines(record)}
    speed = f"{rows['latency in time'].text}; {rows['inferences a second'].text} inferences a second"
    metric = record.primary_metric(CHIP)
    labels = (*((f"test {metric.name}, {CHIP}",) if metric else ()), *_CARDS)
    cards = "".join(_card(rows[label], speed if label == "latency" else "") for label in labels if label in rows)
    exact = record.bit_exact
    kind = "" if exact is None else " good" if exact.exact else " bad"
    return f'<div class="verdict{kind}">{paragraph(verdict(record))}</div><div class="cards">{cards}</div>'


def verdict(record: RunRecord) -> str:
    """The outcome of a run in two or three sentences."""
    one, sentences = record.inference, []
    metric, exact = record.primary_metric(CHIP), record.bit_exact
    if metric is not None and record.task == "classification":
        sentences.append(f"The chip classifies {percent(metric.value)} of {metric.count:,} test examples right.")
    elif metric is not None:
        value = metric_text(metric.name, metric.value)
        sentences.append(f"On {metric.count:,} test examples the chip has {metric.name} {value}.")
    if exact is not None and exact.exact:
        sentences.append(f"✓ All {exact.compared:,} outputs equal those of {exact.reference}, bit for bit.")
    elif exact is not None:
        sentences.append(f"✗ {exact.mismatches:,} of {exact.compared:,} outputs differ from {exact.reference}.")
    sentences.append(
        f"An inference takes {one.latency.cold_cycles:,} cycles ({significant(one.latency.cold_us)} µs, simulated to "
        f"the cycle) and an estimated {significant(one.energy_uj)} µJ."
    )
    return " ".join((*sentences, *one.slow_memories))


def _card(row: Headline, note: str) -> str:
    value, _, remark = row.text.partition(": ") if row.label == "bit-exact" else row.text.partition(" (")
    text = escape(note or remark.rstrip(")"))
    return (
        f'<div class="card" title="{escape(_source(row.figure))}"><span class="label">{escape(row.label)}</span>'
        f'<span class="value">{escape(value)}</span><span class="note">{text}</span>{badge(row.figure.kind)}</div>'
    )


def _source(figure: Figure) -> str:
    status = f" [{figure.status}]" if figure.status else ""
    return f"{figure.kind}: {figure.source}{status}"


def _figures(record: RunRecord) -> str:
    rows = [
        (row.label, row.text, Cell(text=row.figure.status, badge=row.figure.kind), row.figure.source)
        for row in headlines(record)
    ]
    return section(
        "figures",
        "All figures and where they come from",
        how(
            "Measured: counted on real data or in a file. Simulated: computed to the cycle or to the bit from the "
            "compiled program. Estimated: counts times constants; the word behind it is the status of its weakest "
            "constant, ASSUMED being a modelling choice that docs/estimates.md states."
        ),
        table(("figure", "value", "how", "from"), rows, label="All figures", narrow="stack"),
    )


# --- training and placement -------------------------------------------------------------------------------------------


def _training(record: RunRecord) -> str:
    one = record.training
    if one is None:
        return ""
    return section(
        "training",
        "Training",
        paragraph(f"Verdict: {one.verdict}; {one.reason}."),
        how(
            f"{len(one.epochs)} epochs on {one.train_examples:,} examples; after each, {one.validation_examples:,} "
            "others are looked at. Curves that part, training falling and validation rising, mean overfitting; two "
            "that stay high together mean underfitting."
        ),
        f'<div class="pair">{plot("loss", "Loss by epoch")}{plot("score", f"{one.score} by epoch")}</div>',
    )


def _placement(record: RunRecord) -> str:
    steps, operators = record.host_steps, record.inference.operators
    before = [(one.name, "", "host", one.reason, "") for one in steps if one.when == "before"]
    after = [(one.name, "", "host", one.reason, "") for one in steps if one.when == "after"]
    rows = [(one.name, one.kind, one.placed, one.reason, one.kernel) for one in operators]
    counts = Counter(one.placed for one in operators)
    where = ", ".join(f"{count} {name}" for name, count in counts.most_common())
    return section(
        "placement",
        "Placement",
        paragraph(f"{len(operators)} operators: {where}; {len(steps)} steps on the host."),
        how(
            "Tensor and vector are engines of the chip. A view costs nothing: it is another way to read bytes that are "
            "there. What the host does stands outside of the chip's latency; its time is under “this run”."
        ),
        table(
            ("operator", "kind", "placed", "reason", "kernel"),
            (*before, *rows, *after),
            label="Placement",
            narrow="stack",
        ),
    )


# --- layers -----------------------------------------------------------------------------------------------------------


def _latency(record: RunRecord) -> str:
    one = record.inference
    rows = layers(one)
    added = [
        (
            row.label,
            number(row.added_cycles, f"{row.added_cycles:,}"),
            _share(row.added_cycles, one.latency.cold_cycles),
        )
        for row in rows
        if row.label != REST
    ]
    total = ("latency", number(one.latency.cold_cycles, f"{one.latency.cold_cycles:,}"), number(1, "100.0 %"))
    return section(
        "latency",
        "Latency, layer by layer",
        how(
            "A bar is the number of cycles by which a kernel moves the end of all that came before it. Bars sum to the "
            "latency; a kernel that runs beside another one adds little. “k3 CONV2D” is kernel 3, an anchor operator "
            "with all that is fused into it; small neighbours share a bar."
        ),
        plot("latency", "Cycles that each kernel adds to the latency"),
        details("Table", table(("kernel", "cycles added", "share"), added, total=total, label="Latency by kernel")),
        details("All kernels", _kernels(one)),
        details("What the sequencer waited for", _stalls(one)),
    )


def _share(part: float, whole: float) -> Cell:
    share = part / whole if whole else 0.0
    return number(share, percent(share, 1))


def _kernels(one: Inference) -> str:
    rows = [
        (
            Cell(text=short_name(row), title=", ".join(row.operators)),
            row.kind,
            number(row.first_start_cycle, f"{row.first_start_cycle:,}"),
            number(row.last_end_cycle, f"{row.last_end_cycle:,}"),
            number(row.busy_cycles, f"{row.busy_cycles:,}"),
            number(row.wait_cycles, f"{row.wait_cycles:,}"),
            row.wait_reason,
            number(row.macs, f"{row.macs:,}"),
            number(row.external_bytes, f"{row.external_bytes:,}"),
            number(row.total_pj / 1e3, f"{row.total_pj / 1e3:,.2f}"),
        )
        for row in one.kernels
        if row.name != REST
    ]
    columns = (
        "kernel",
        "engine",
        "start",
        "end",
        "engine held",
        "waited",
        "mostly for",
        "MACs",
        "external bytes",
        "energy in nJ",
    )
    return table(columns, rows, label="All kernels")


def _stalls(one: Inference) -> str:
    rows = [(name, number(cycles, f"{cycles:,}")) for name, cycles in one.latency.stall_cycles.items()]
    waited = sum(one.latency.stall_cycles.values())
    text = "Cycles between the earliest start that the issue distance allows and the start, over all instructions."
    total = ("all", number(waited, f"{waited:,}"))
    return how(text) + table(("waited for", "cycles"), rows, total=total, label="Waits")


def _energy(record: RunRecord) -> str:
    one = record.inference
    rows = [
        (row.label, number(row.total_pj, f"{row.total_pj / 1e3:,.2f}"), _share(row.total_pj, one.energy.total))
        for row in layers(one)
        if row.energy_pj
    ]
    total = ("energy of an inference", number(one.energy.total, f"{one.energy.total / 1e3:,.2f}"), number(1, "100.0 %"))
    return section(
        "energy",
        "Energy, layer by layer",
        how(
            "Estimated: every action of every instruction is counted and priced. The bytes that are loaded for a "
            f"kernel are priced with it; “{REST}” holds the fetch of instructions, countdowns and leakage."
        ),
        plot("energy", "Energy of each kernel by component"),
        details("Table", table(("kernel", "nJ", "share"), rows, total=total, label="Energy by kernel")),
        "<h3>By component</h3>",
        _components(one.energy, scale=1e-3, unit="nJ", digits=2),
        details("By action, with sources", _lines(one.energy, scale=1e-3, unit="nJ", each="pJ each")),
        paragraph(f"Left out: {'; '.join(one.energy.excluded)}.", kind="how"),
    )


def _components(prices: PriceTable, *, scale: float, unit: str, digits: int) -> str:
    rows = [
        (name, number(value, f"{value * scale:,.{digits}f}"), _share(value, prices.total))
        for name, value in prices.by_component().items()
    ]
    total = ("all", number(prices.total, f"{prices.total * scale:,.{digits}f}"), number(1, "100.0 %"))
    return table(("component", unit, "share"), rows, total=total, label=f"By component in {unit}")


def _lines(prices: PriceTable, *, scale: float, unit: str, each: str) -> str:
    rows = [
        (
            line.component,
            line.item,
            number(line.count, significant(line.count)),
            number(line.each, f"{line.each:.4g}"),
            number(line.value, f"{line.value * scale:,.4g}"),
            line.status,
            line.source,
        )
        for line in prices.lines
    ]
    value = math.fsum(line.value for line in prices.lines)
    total = ("all", "", "", "", number(value, f"{value * scale:,.4g}"), prices.status, "")
    columns = ("component", "what", "count", each, unit, "status", "source")
    return table(columns, rows, total=total, label=f"Lines in {unit}")


def _quantisation(record: RunRecord) -> str:
    rows = record.quantisation
    if not rows:
        return ""
    without = ", ".join(one.layer for one in rows if one.sqnr_db is None)
    drawn = any(one.sqnr_db is not None for one in rows)
    return section(
        "quantisation",
        "Quantisation error, layer by layer",
        how(
            f"{rows[0].obtained}. Ratio of signal to error power in decibels: 20 dB is an error of a "
            "tenth of the signal, 40 dB of a hundredth. A short bar is a layer that int8 hurts."
        ),
        plot("quantisation", "Signal to quantisation noise of each layer") if drawn else "",
        paragraph(f"Without a bar, for no error or no signal: {without}.") if without else "",
    )


# --- chip -------------------------------------------------------------------------------------------------------------


def _roofline(record: RunRecord) -> str:
    points, roof = roofline_points(record), record.inference.roof
    left = sum(row.name != REST for row in record.inference.kernels) - len(points)
    if not points:
        return ""
    return section(
        "roofline",
        "Roofline",
        how(
            f"A point is a kernel: how many multiply-accumulates it does a cycle against how many it does for a byte "
            f"that is loaded or stored for it. Under the flat roof the array ({roof.peak_macs_per_cycle} a cycle) is "
            f"the bound, under the slope the external memory ({roof.external_bytes_per_cycle} bytes a cycle each way). "
            "Loads run ahead of their kernel, so a point may stand above the slope. "
            f"{left} kernels without multiplications or external bytes are not shown."
        ),
        plot("roofline", "MACs a cycle over MACs an external byte"),
    )


def _memory(record: RunRecord) -> str:
    one = record.inference
    kept = f" {len(one.resident)} blocks of weights stay for the next inference." if one.resident else ""
    return section(
        "memory",
        "On-chip memory over time",
        paragraph(f"At most {one.memory_peak_bytes:,} of {record.chip.memory_bytes:,} bytes are in use at once.{kept}"),
        how(
            "A rectangle is a buffer: its bytes from bottom to top, from the start of its first use to the end of its "
            "last. Below, the bytes of all buffers that are in use."
        ),
        plot("memory", "Buffers by address and cycle, and the bytes in use"),
    )


def _timeline(record: RunRecord) -> str:
    count = len(record.inference.instructions)
    text = (
        "A bar is an instruction, as long as it holds its engine; shades change with the kernel. Waits are those of "
        "the sequencer, which starts instructions in order: hover to see for what. trace.json holds the same for the "
        "Perfetto viewer, where one can zoom."
    )
    shown = plot("timeline", "Instructions of each engine by cycle")
    if count > INSTRUCTIONS_SHOWN:
        shown = paragraph(f"{count:,} instructions are too many for this page: open trace.json in the Perfetto viewer.")
    return section("timeline", "Engines over time", paragraph(_busy(record.inference)), how(text), shown)


def _busy(one: Inference) -> str:
    shares = ", ".join(
        f"{row.name} {percent(row.busy_cycles / max(1, one.latency.cold_cycles), 1)}" for row in one.latency.engines
    )
    count = sum(row.index != DOORBELL for row in one.instructions)
    return f"{count:,} instructions. Share of the latency in which an engine is held: {shares}."


def _silicon(record: RunRecord) -> str:
    one = record.inference
    return section(
        "silicon",
        "Area and cost",
        how(f"Estimated. {one.area.caveat[:1].upper()}{one.area.caveat[1:]}."),
        "<h3>Area</h3>",
        _components(one.area, scale=1, unit="mm²", digits=4),
        details("By part, with sources", _lines(one.area, scale=1, unit="mm²", each="mm² each")),
        paragraph(f"Left out: {'; '.join(one.area.excluded)}.", kind="how"),
        "<h3>Cost</h3>",
        _cost(one.cost),
    )


def _cost(cost: CostRecord) -> str:
    parts = (
        ("wafer", cost.wafer_price_usd),
        ("dies a wafer", cost.dies_per_wafer),
        ("yield", cost.yield_fraction),
        ("good die = wafer / (dies x yield)", cost.die_usd),
        ("package, on top", cost.package_usd),
        ("assembly, on top", cost.assembly_usd),
        ("masks, once a design", cost.mask_set_usd),
    )
    rows = [(label, _amount(one), one.status, one.source) for label, one in parts]
    return table(("part", "value", "status", "source"), rows, label="Cost", narrow="stack")


def _amount(one: Figure) -> str:
    if one.unit == "1":
        return percent(one.value)
    return f"{significant(one.value)} {one.unit}"


def _run(record: RunRecord) -> str:
    rows = [
        *((f"version of {name}", value) for name, value in record.versions.items()),
        *((f"SHA-256 of {name}", value) for name, value in record.hashes.items()),
        ("SHA-256 of the chip", record.chip.sha256),
    ]
    if record.seed is not None:
        rows.insert(0, ("seed", str(record.seed)))
    times = [(name, number(seconds, f"{seconds:.2f}")) for name, seconds in record.host.items()]
    host = table(("step on the host", "seconds"), times, label="Times on the host") if times else ""
    return section(
        "run",
        "This run",
        how("Two runs with one seed give the same figures; only the wall times of the host differ."),
        table(("what", "value"), rows, label="Versions and hashes", narrow="stack"),
        host,
        details("Chip file", f"<pre>{escape(record.chip.yaml)}</pre>"),
    )
