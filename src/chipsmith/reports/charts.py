"""The charts of the page as plotly's data and layout: plain values, without the look, which the page's script adds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chipsmith.profile.kernels import REST
from chipsmith.profile.profile import InstructionRow, KernelRow, MemorySpan
from chipsmith.reports.headline import significant
from chipsmith.reports.layers import Layer, layers, short_name
from chipsmith.reports.markup import escape
from chipsmith.reports.record import RunRecord
from chipsmith.reports.trace import memory_use
from chipsmith.sim.cycle import DOORBELL

Chart = dict[str, Any]

BLUE, ORANGE, GREEN, PURPLE, PINK, GOLD, GREY = (
    "#2f7ed8",
    "#d2691e",
    "#17936a",
    "#8f63d6",
    "#d0508c",
    "#a8800c",
    "#858b94",
)
"""Each has a contrast of at least 3 to the page's light and dark background."""

_ENGINE_COLOURS = {"tensor": BLUE, "vector": ORANGE, "load": GREEN, "store": PURPLE, "": GREY}
_ROLE_COLOURS = {"activation": BLUE, "constant": PURPLE, "input": GREEN, "output": GOLD}
_COMPONENTS_SHOWN = 5
CLASSES_WRITTEN = 20
"""With more classes the cells of a confusion matrix have no numbers written in them."""
INSTRUCTIONS_SHOWN = 4000
"""A timeline with more instructions is left to trace.json."""


def charts(record: RunRecord) -> dict[str, Chart]:
    """The charts that the record holds data for, by the id of their place in the page."""
    makers: dict[str, Callable[[RunRecord], Chart | None]] = {
        "loss": lambda one: _curves(one, "loss"),
        "score": lambda one: _curves(one, "score"),
        "confusion": _confusion,
        "reliability": _reliability,
        "latency": _latency,
        "energy": _energy,
        "quantisation": _quantisation,
        "roofline": _roofline,
        "memory": _memory,
        "timeline": _timeline,
    }
    made = {name: make(record) for name, make in makers.items()}
    return {name: chart for name, chart in made.items() if chart is not None}


def _chart(data: list[dict[str, Any]], height: int, x_title: str, y_title: str, **axes: Any) -> Chart:
    layout = {"height": height, "xaxis": {"title": {"text": x_title}}, "yaxis": {"title": {"text": y_title}}}
    for name, settings in axes.items():
        layout[name] = {**layout.get(name, {}), **settings} if isinstance(settings, dict) else settings  # type: ignore[dict-item]
    return {"data": data, "layout": layout}


# --- training ---------------------------------------------------------------------------------------------------------


def _curves(record: RunRecord, quantity: str) -> Chart | None:
    if record.training is None:
        return None
    epochs = record.training.epochs
    scale = 100 if quantity == "score" else 1
    lines = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": label,
            "x": [one.number for one in epochs],
            "y": [scale * getattr(one, f"{which}_{quantity}") for one in epochs],
            "line": {"color": colour, "dash": dash, "width": 2},
            "marker": {"size": 5},
        }
        for which, label, colour, dash in (
            ("train", "training", BLUE, "solid"),
            ("validation", "validation", ORANGE, "dot"),
        )
    ]
    title = f"{record.training.score} in %" if quantity == "score" else "loss"
    return _chart(lines, 300, "epoch", title)


def _confusion(record: RunRecord) -> Chart | None:
    one = record.confusion
    if one is None:
        return None
    names = _distinct(one.class_names)
    shares = [[count / max(1, sum(row)) for count in row] for row in one.counts]
    cells = {
        "type": "heatmap",
        "x": names,
        "y": names,
        "z": shares,
        "text": [[str(count) if count else "" for count in row] for row in one.counts],
        "texttemplate": "%{text}" if len(names) <= CLASSES_WRITTEN else "",
        "colorscale": [[0, "rgba(47,120,216,0)"], [1, BLUE]],
        "zmin": 0,
        "zmax": 1,
        "showscale": False,
        "hovertemplate": "%{y} answered as %{x}: %{text}<extra></extra>",
    }
    size = 160 + max(160, 28 * len(names)) if len(names) <= CLASSES_WRITTEN else 640
    answered, true = {"type": "category"}, {"type": "category", "autorange": "reversed", "automargin": True}
    return _chart([cells], size, "the chip's answer", "true class", xaxis=answered, yaxis=true)


def _reliability(record: RunRecord) -> Chart | None:
    if not record.calibration:
        return None
    ideal = {
        "type": "scatter",
        "mode": "lines",
        "name": "as sure as right",
        "x": [0, 100],
        "y": [0, 100],
        "line": {"color": GREY, "dash": "dot", "width": 2},
        "hoverinfo": "skip",
    }
    lines = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": one.target,
            "x": [100 * bar.confidence for bar in one.bins],
            "y": [100 * bar.accuracy for bar in one.bins],
            "line": {"color": colour, "width": 2},
            "hovertext": [f"{bar.count:,} answers" for bar in one.bins],
        }
        for one, colour in zip(record.calibration, (BLUE, GREEN, ORANGE), strict=False)
    ]
    return _chart([ideal, *lines], 340, "confidence in %", "accuracy in %")


# --- layers -----------------------------------------------------------------------------------------------------------


def _bar_height(rows: int) -> int:
    return 110 + 22 * rows


def _layer_axis(labels: Sequence[str]) -> dict[str, Any]:
    return {"type": "category", "categoryarray": list(reversed(labels)), "automargin": True, "ticksuffix": " "}


def _latency(record: RunRecord) -> Chart:
    rows = [row for row in layers(record.inference) if row.label != REST]
    labels = [row.label for row in rows]
    bars = [
        {
            "type": "bar",
            "orientation": "h",
            "name": f"{engine} engine" if engine else "loading and storing",
            "y": [row.label for row in rows if row.engine == engine],
            "x": [row.added_cycles for row in rows if row.engine == engine],
            "marker": {"color": _ENGINE_COLOURS[engine]},
            "hovertext": [_latency_hover(row, record) for row in rows if row.engine == engine],
            "hoverinfo": "text",
        }
        for engine in ("tensor", "vector", "")
        if any(row.engine == engine for row in rows)
    ]
    return _chart(bars, _bar_height(len(rows)), "cycles", "", yaxis=_layer_axis(labels), barmode="stack")


def _latency_hover(row: Layer, record: RunRecord) -> str:
    latency = record.inference.latency
    text = f"<b>{row.label}</b><br>adds {row.added_cycles:,} of {latency.cold_cycles:,} cycles"
    if not row.kernels:
        return text
    busy = sum(one.busy_cycles for one in row.kernels)
    return f"{text}<br>engine held {busy:,} cycles" + "".join(f"<br>{_operators(one)}" for one in row.kernels[:4])


def _operators(row: KernelRow) -> str:
    shown = escape(", ".join(row.operators[:3]) or row.name)
    more = len(row.operators) - 3
    return f"{shown} and {more} more" if more > 0 else shown


def _energy(record: RunRecord) -> Chart:
    rows = [row for row in layers(record.inference) if row.energy_pj]
    totals = record.inference.energy.by_component()
    shown = sorted(totals, key=lambda name: -totals[name])[:_COMPONENTS_SHOWN]
    others = [name for name in totals if name not in shown]
    series = [(name, [name]) for name in shown] + ([("others", others)] if others else [])
    labels = [row.label for row in rows]
    bars = [
        {
            "type": "bar",
            "orientation": "h",
            "name": name,
            "y": labels,
            "x": [sum(row.energy_pj.get(part, 0.0) for part in parts) / 1e3 for row in rows],
            "marker": {"color": colour},
            "hovertemplate": "%{y}<br>%{fullData.name}: %{x:.4~g} nJ<extra></extra>",
        }
        for (name, parts), colour in zip(series, (BLUE, ORANGE, GREEN, PURPLE, PINK, GREY), strict=False)
    ]
    return _chart(bars, _bar_height(len(rows)) + 20, "nJ", "", yaxis=_layer_axis(labels), barmode="stack")


def _quantisation(record: RunRecord) -> Chart | None:
    rows = [one for one in record.quantisation if one.sqnr_db is not None]
    if not rows:
        return None
    labels = _distinct([one.layer for one in rows])
    bar = {
        "type": "bar",
        "orientation": "h",
        "y": labels,
        "x": [one.sqnr_db for one in rows],
        "marker": {"color": BLUE},
        "hovertext": [f"<b>{escape(one.layer)}</b><br>{one.sqnr_db:.1f} dB<br>{one.obtained}" for one in rows],
        "hoverinfo": "text",
    }
    return _chart([bar], _bar_height(len(rows)), "signal to quantisation noise in dB", "", yaxis=_layer_axis(labels))


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, the second and later uses of one numbered: a category of a chart has one bar."""
    return [
        name if name not in names[:at] else f"{name} ({names[: at + 1].count(name)})" for at, name in enumerate(names)
    ]


# --- roofline ---------------------------------------------------------------------------------------------------------


def roofline_points(record: RunRecord) -> list[KernelRow]:
    """The kernels that multiply and whose work moves external bytes: those that have a place in the roofline."""
    return [one for one in record.inference.kernels if one.macs and one.external_bytes and one.busy_cycles]


def _roofline(record: RunRecord) -> Chart | None:
    points = roofline_points(record)
    if not points:
        return None
    roof = record.inference.roof
    ridge = roof.peak_macs_per_cycle / roof.external_bytes_per_cycle
    intensities = [one.macs / one.external_bytes for one in points]
    low, high = min(*intensities, ridge) / 2, max(*intensities, ridge) * 2
    line = {
        "type": "scatter",
        "mode": "lines",
        "name": "roof",
        "x": [low, ridge, high],
        "y": [low * roof.external_bytes_per_cycle, roof.peak_macs_per_cycle, roof.peak_macs_per_cycle],
        "line": {"color": GREY, "width": 2},
        "hoverinfo": "skip",
    }
    kernels = {
        "type": "scatter",
        "mode": "markers",
        "name": "kernels",
        "x": intensities,
        "y": [one.macs / one.busy_cycles for one in points],
        "marker": {"color": BLUE, "size": 10, "opacity": 0.85},
        "hovertext": [_roofline_hover(one) for one in points],
        "hoverinfo": "text",
    }
    logarithmic = {"type": "log", "dtick": 1, "minor": {"ticks": "outside", "dtick": "D1"}}
    titles = ("MACs an external byte", "MACs a cycle")
    return _chart([line, kernels], 380, *titles, xaxis=logarithmic, yaxis=logarithmic)


def _roofline_hover(one: KernelRow) -> str:
    return (
        f"<b>{short_name(one)}</b><br>{significant(one.macs / one.busy_cycles)} MACs a cycle<br>"
        f"{significant(one.macs / one.external_bytes)} MACs an external byte<br>{_operators(one)}"
    )


# --- memory and time --------------------------------------------------------------------------------------------------


def _memory(record: RunRecord) -> Chart:
    spans = record.inference.memory
    bars = [
        _buffers(role, colour, mine)
        for role, colour in _ROLE_COLOURS.items()
        if (mine := [one for one in spans if one.role == role])
    ]
    cycles = {"range": [0, record.inference.latency.cold_cycles], "anchor": "y2"}
    address = {"range": [0, record.chip.memory_bytes / 1024], "domain": [0.36, 1]}
    use = {"title": {"text": "KiB in use"}, "rangemode": "tozero", "domain": [0, 0.26]}
    data = [*bars, _memory_use(record)]
    return _chart(data, 560, "cycle", "address in KiB", xaxis=cycles, yaxis=address, yaxis2=use, barmode="overlay")


def _buffers(role: str, colour: str, spans: Sequence[MemorySpan]) -> dict[str, Any]:
    return {
        "type": "bar",
        "orientation": "h",
        "name": role,
        "base": [one.first_cycle for one in spans],
        "x": [one.last_cycle - one.first_cycle for one in spans],
        "y": [(one.address + one.size_bytes / 2) / 1024 for one in spans],
        "width": [one.size_bytes / 1024 for one in spans],
        "marker": {"color": f"{colour}a0", "line": {"width": 1, "color": colour}},
        "hovertext": [
            f"<b>{escape(one.name)}</b><br>{one.size_bytes:,} bytes at {one.address:,}<br>"
            f"cycles {one.first_cycle:,} to {one.last_cycle:,}"
            for one in spans
        ],
        "hoverinfo": "text",
    }


def _memory_use(record: RunRecord) -> dict[str, Any]:
    steps = [(0, 0), *memory_use(record)]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "in use",
        "showlegend": False,
        "yaxis": "y2",
        "line": {"shape": "hv", "color": GREY, "width": 2},
        "fill": "tozeroy",
        "x": [cycle for cycle, _ in steps],
        "y": [used / 1024 for _, used in steps],
        "hovertemplate": "cycle %{x:,}: %{y:.1f} KiB<extra></extra>",
    }


def _timeline(record: RunRecord) -> Chart | None:
    rows = record.inference.instructions
    if len(rows) > INSTRUCTIONS_SHOWN:
        return None
    engines = [name for name in ("tensor", "vector", "load", "store") if any(one.engine == name for one in rows)]
    bars = [_engine_bars(name, [one for one in rows if one.engine == name], record) for name in engines]
    waits = [one for one in rows if one.wait_cycles]
    bars.append(
        {
            "type": "bar",
            "orientation": "h",
            "base": [one.start_cycle - one.wait_cycles for one in waits],
            "x": [one.wait_cycles for one in waits],
            "y": ["waits"] * len(waits),
            "marker": {"color": [GREY if at % 2 else "#a9afb8" for at in range(len(waits))]},
            "hovertext": [
                f"instruction {one.index} waits {one.wait_cycles:,} cycles<br>for {escape(one.wait_reason)}"
                for one in waits
            ],
            "hoverinfo": "text",
        }
    )
    cycles = {"range": [0, record.inference.latency.cold_cycles]}
    order = {"type": "category", "categoryarray": ["waits", *reversed(engines)], "ticksuffix": " "}
    return _chart(bars, 300, "cycle", "", xaxis=cycles, yaxis=order, barmode="overlay", showlegend=False)


def _engine_bars(engine: str, rows: Sequence[InstructionRow], record: RunRecord) -> dict[str, Any]:
    turns = _alternation([one.name for one in rows])
    clock = record.chip.clock_mhz
    return {
        "type": "bar",
        "orientation": "h",
        "base": [one.start_cycle for one in rows],
        "x": [one.engine_end_cycle - one.start_cycle for one in rows],
        "y": [engine] * len(rows),
        "marker": {"color": _ENGINE_COLOURS[engine], "opacity": [0.95 if turn else 0.6 for turn in turns]},
        "hovertext": [
            f"<b>{escape(one.name)}</b><br>{_title(one)}<br>cycles {one.start_cycle:,} to "
            f"{one.engine_end_cycle:,} ({significant((one.engine_end_cycle - one.start_cycle) / clock)} µs)<br>"
            f"decided by {escape(one.wait_reason)}"
            for one in rows
        ],
        "hoverinfo": "text",
    }


def _title(one: InstructionRow) -> str:
    return one.opcode if one.index == DOORBELL else f"instruction {one.index}, {one.opcode}"


def _alternation(names: Sequence[str]) -> list[bool]:
    """Changes with every change of name, so that neighbours can be told apart."""
    turn, turns, last = False, [], None
    for name in names:
        turn = turn if name == last else not turn
        last = name
        turns.append(turn)
    return turns
