"""The page of `chipsmith compare`: metrics with their differences, figures, layers, and what the runs differ in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from chipsmith.files import write_whole
from chipsmith.reports.charts import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PINK,
    PURPLE,
    Chart,
    Trace,
    bar_axis,
    bar_height,
    chart,
    error_bars,
)
from chipsmith.reports.comparison.result import (
    DifferenceVerdict,
    FigureComparison,
    LayerComparison,
    LayerFigures,
    MetricComparison,
    RunComparison,
)
from chipsmith.reports.comparison.words import (
    comparison_sentences,
    difference_text,
    figure_text,
    interval_text,
    ratio_text,
    reasons,
)
from chipsmith.reports.headline import significant
from chipsmith.reports.html import fill_page
from chipsmith.reports.markup import Cell, details, escape, how, number, paragraph, plot, section, table
from chipsmith.reports.verdict import draw_title

_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, PINK, GREY)
_PAGE = "report.html"
_NOTHING = Cell(text="-")


def render_comparison(result: RunComparison, *, folder: Path | None = None) -> str:
    """The page as HTML; it opens without a network. Its links lead from `folder` to the pages of the runs."""
    charts = {f"metric-{index}": _difference_chart(metric, result) for index, metric in _charted(result)}
    if result.layers:
        charts |= {
            "layer-cycles": _layer_chart(result, unit="cycles", scale=1.0),
            "layer-energy": _layer_chart(result, unit="µJ", scale=1e-6),
        }
    title = f"{', '.join(result.names[1:])} beside {result.names[0]}"
    body = (
        f"<main>{draw_title(title, f'{result.names[0]} is the baseline.')}"
        f'<div class="verdict">{"".join(map(paragraph, comparison_sentences(result)))}</div>'
        f"{_run_links(result, folder)}{''.join(map(paragraph, result.remarks))}"
        f"{_metric_section(result)}{_figure_section(result)}{_layer_section(result)}{_field_section(result)}</main>"
    )
    return fill_page(title, body=body, charts=charts)


def write_comparison_page(result: RunComparison, path: Path) -> None:
    """Write the page, whole or not at all; it links to the pages of the runs."""
    write_whole(path, render_comparison(result, folder=path.absolute().parent).encode())


def _run_links(result: RunComparison, folder: Path | None) -> str:
    links = [
        f'<a href="{escape(_reach(run.folder / _PAGE, folder))}">{escape(run.name)}</a>'
        for run in result.runs
        if folder is not None and (run.folder / _PAGE).is_file()
    ]
    return f"<p>The runs' own pages: {', '.join(links)}.</p>" if links else ""


def _reach(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path.absolute(), folder)).as_posix()


# --- metrics ----------------------------------------------------------------------------------------------------------


def _metric_section(result: RunComparison) -> str:
    text = (
        "Each metric on the test part with its own interval, and its difference to the baseline with the interval of "
        "the difference. In pairs, example by example, is sharper: what is hard for both does not count. A difference "
        "whose interval holds 0 is none."
    )
    charted = dict(_charted(result))
    parts = [
        f"<h3>{escape(metric.name)}</h3>"
        + _metric_table(metric, result)
        + (plot(f"metric-{index}", f"difference of {metric.name}") if index in charted else "")
        + "".join(map(how, reasons(metric, result.names)))
        for index, metric in enumerate(result.metrics)
    ]
    return section("metrics", "Metrics", how(text), *parts)


def _metric_table(metric: MetricComparison, result: RunComparison) -> str:
    rows = []
    for index, name in enumerate(result.names):
        value = metric.values[index]
        difference = metric.differences[index - 1] if index else None
        rows.append(
            (
                name if index else f"{name} (baseline)",
                _NOTHING if value is None else number(value.value, interval_text(metric, index)),
                _NOTHING if value is None else number(value.count, f"{value.count:,}"),
                "" if difference is None else difference_text(metric.name, difference),
                "" if difference is None else difference.verdict.value,
            )
        )
    wanted = f"{metric.name}, {metric.better} is better"
    columns = ("run", wanted, "examples", "difference to the baseline", "verdict")
    return table(columns, rows, label=metric.name)


def _charted(result: RunComparison) -> list[tuple[int, MetricComparison]]:
    return [
        (index, metric)
        for index, metric in enumerate(result.metrics)
        if any(difference.value is not None for difference in metric.differences)
    ]


def _difference_chart(metric: MetricComparison, result: RunComparison) -> Chart:
    """A point with its interval for each run, beside a line at no difference."""
    scale = 100.0 if metric.name == "accuracy" else 1.0
    known = [
        (name, row, scale * row.value, scale * row.low, scale * row.high)
        for name, row in zip(result.names[1:], metric.differences, strict=True)
        if row.value is not None and row.low is not None and row.high is not None
    ]
    points: Trace = {
        "type": "scatter",
        "mode": "markers",
        "x": [value for _, _, value, _, _ in known],
        "y": [name for name, *_ in known],
        "error_x": error_bars(
            [value for _, _, value, _, _ in known],
            [low for _, _, _, low, _ in known],
            [high for *_, high in known],
        ),
        "marker": {"size": 11, "color": [_verdict_colour(row.verdict) for _, row, *_ in known]},
        "hovertemplate": "%{y}: %{x:+.3g}<extra></extra>",
    }
    unit = "points" if scale > 1 else metric.name
    line = {"type": "line", "x0": 0, "x1": 0, "yref": "paper", "y0": 0, "y1": 1, "line": {"color": GREY, "dash": "dot"}}
    return chart(
        [points],
        height=bar_height(len(known)),
        x_title=f"{unit} beside the baseline, 95 %",
        y_title="",
        y_axis=bar_axis([name for name, *_ in known]),
        layout={"shapes": [line]},
    )


def _verdict_colour(verdict: DifferenceVerdict) -> str:
    return {DifferenceVerdict.BETTER: GREEN, DifferenceVerdict.WORSE: ORANGE}.get(verdict, GREY)


# --- figures ----------------------------------------------------------------------------------------------------------


def _figure_section(result: RunComparison) -> str:
    columns = ["figure", "how"]
    for index, name in enumerate(result.names):
        columns += [name] if index == 0 else [name, f"over {result.names[0]}"]
    rows = [_figure_row(figure) for figure in result.figures]
    text = "Ratios are those of a run over the baseline: x0.5 is half. Hovering over a word shows where it comes from."
    return section("figures", "Figures", how(text), table(columns, rows, label="figures"))


def _figure_row(figure: FigureComparison) -> list[str | Cell]:
    unit = "" if figure.unit == "1" or figure.label.endswith(figure.unit) else f", {figure.unit}"
    row: list[str | Cell] = [f"{figure.label}{unit}", Cell(text="", badge=figure.kind.value, title=figure.source)]
    for index, (value, ratio) in enumerate(zip(figure.values, figure.ratios, strict=True)):
        row.append(_NOTHING if value is None else number(value, figure_text(figure, index)))
        if index:
            row.append(_NOTHING if ratio is None else number(ratio, ratio_text(figure, index)))
    return row


# --- layers -----------------------------------------------------------------------------------------------------------


def _layer_section(result: RunComparison) -> str:
    if not result.layers:
        return ""
    text = (
        "Layers by the names of the network's author; what a run computes in one kernel and another in several stands "
        "in one row. Cycles are those by which a layer moves the end of an inference: they sum to its latency, and the "
        "energies to its energy. A dash: the run has no such layer."
    )
    unmatched = [layer.name for layer in result.layers if not layer.matched]
    lines = [paragraph(f"Not in all runs: {'; '.join(unmatched)}.")] if unmatched else []
    return section(
        "layers",
        "Layer by layer",
        how(text),
        *lines,
        "<h3>Cycles, simulated</h3>" + plot("layer-cycles", "cycles by layer"),
        "<h3>Energy, estimated</h3>" + plot("layer-energy", "energy by layer"),
        _layer_table(result),
    )


def _layer_table(result: RunComparison) -> str:
    columns = ["layer"]
    for index, name in enumerate(result.names):
        columns += [f"{name}: cycles", f"{name}: µJ"]
        columns += ["cycles over the baseline", "µJ over the baseline"] if index else []
    rows = [_layer_row(layer) for layer in result.layers]
    return table(columns, rows, label="layer by layer")


def _layer_row(layer: LayerComparison) -> list[str | Cell]:
    row: list[str | Cell] = [layer.name]
    base = layer.figures[0]
    for index, figures in enumerate(layer.figures):
        if figures is None:
            row += [_NOTHING, _NOTHING]
        else:
            kernels = ", ".join(figures.kernels)
            row += [
                Cell(text=f"{figures.cycles:,}", number=figures.cycles, title=kernels),
                number(figures.energy_pj, significant(figures.energy_pj / 1e6)),
            ]
        if index:
            row += _layer_ratios(figures, base)
    return row


def _layer_ratios(figures: LayerFigures | None, base: LayerFigures | None) -> list[Cell]:
    if figures is None or base is None:
        return [_NOTHING, _NOTHING]
    pairs = ((figures.cycles, base.cycles), (figures.energy_pj, base.energy_pj))
    return [number(mine / theirs, f"x{mine / theirs:.3g}") if theirs else _NOTHING for mine, theirs in pairs]


def _layer_chart(result: RunComparison, *, unit: str, scale: float) -> Chart:
    names = [layer.name for layer in result.layers]
    bars = [
        {
            "type": "bar",
            "orientation": "h",
            "name": name,
            "y": names,
            "x": [_amount(layer.figures[index], unit=unit, scale=scale) for layer in result.layers],
            "marker": {"color": _COLOURS[index % len(_COLOURS)]},
        }
        for index, name in enumerate(result.names)
    ]
    return chart(
        bars[::-1],  # plotly draws a group of horizontal bars from below
        height=bar_height(len(names) * max(1, len(bars))),
        x_title=unit,
        y_title="",
        y_axis=bar_axis(names),
        layout={"barmode": "group", "legend": {"traceorder": "reversed"}},
    )


def _amount(figures: LayerFigures | None, *, unit: str, scale: float) -> float | None:
    if figures is None:
        return None
    return scale * (figures.cycles if unit == "cycles" else figures.energy_pj)


# --- what they were made of -------------------------------------------------------------------------------------------


def _field_section(result: RunComparison) -> str:
    groups: dict[str, list[Sequence[str]]] = {}
    for row in result.differences:
        groups.setdefault(row.group, []).append((row.field, *(value or "-" for value in row.values)))
    tables = [
        f"<h3>{escape(group)}</h3>"
        + table(("field", *result.names), rows, label=f"differences of {group}", narrow="stack")
        for group, rows in groups.items()
        if group != "versions"
    ]
    versions = groups.get("versions", [])
    if versions:
        tables.append(
            details(f"versions: {len(versions)} differ", table(("package", *result.names), versions, label="versions"))
        )
    same = [paragraph(f"The same in all runs: {', '.join(result.same)}.")] if result.same else []
    return section("fields", "What the runs differ in", *same, *tables)
