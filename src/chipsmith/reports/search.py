"""The page of `chipsmith search`: the trials of both samplers, the front with each chip's file, the winner and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from chipsmith.files import write_whole
from chipsmith.reports.charts import BLUE, GREY, ORANGE, PURPLE, Chart, Settings, Trace, bar_axis, bar_height, chart
from chipsmith.reports.html import fill_page
from chipsmith.reports.markup import details, escape, how, paragraph, plot, section, table
from chipsmith.reports.search_text import (
    budget_sentences,
    change_rows,
    comparison_sentences,
    front_rows,
    long_values,
    node_sentences,
    winner_sentences,
)
from chipsmith.studies.search.figures import PairFigure
from chipsmith.studies.search.result import SamplerRuns, SearchResult
from chipsmith.studies.search.study_file import SamplerKind
from chipsmith.studies.search.trials import DesignTrial

_HEIGHT = 420
_AXIS: Settings = {"type": "log", "exponentformat": "e", "nticks": 6}
"""Designs of a space often lie within one decade."""
_TRIALS, _VOLUMES, _SHARES = "trials", "hypervolume", "importance"


def render_search(result: SearchResult) -> str:
    """The page as HTML; it opens without a network."""
    title = f"{result.name}: {', '.join(network.name for network in result.networks)} on {result.space.base.name}"
    charts = {_TRIALS: _trial_chart(result), _VOLUMES: _volume_chart(result)}
    if result.importance:
        charts[_SHARES] = _share_chart(result.importance)
    parts = (_header(title, result), _trial_section(), _front_section(result), _why_section(result))
    body = f"<main>{''.join(parts)}{_volume_section(result)}{_share_section(result)}</main>"
    return fill_page(title, body=body, charts=charts)


def write_search_page(result: SearchResult, path: Path) -> None:
    """Write the page, whole or not at all."""
    write_whole(path, render_search(result).encode())


def _header(title: str, result: SearchResult) -> str:
    trials, seeds = result.trials, len(result.random.by_seed)
    subtitle = (
        f"Space: {result.size}. {len(trials):,} trials of {seeds} seeds, {result.pairs:,} pairs compiled and "
        f"simulated to the cycle; {result.cpu_s / 3600:.3f} hours of a processor."
    )
    kind = "bad" if result.winner is None else "good"
    first = next(winner_sentences(result), result.failure)
    return (
        f"<header><h1>{escape(title)}</h1>{paragraph(subtitle, kind='subtitle')}</header>"
        f'<div class="verdict {kind}">{paragraph(first)}</div>'
    )


def _trial_section() -> str:
    text = (
        "Each point is a chip, compiled for, simulated and priced; the line is the front: no other design within the "
        "budgets is as good in all objectives. Grey designs break a budget."
    )
    return section(_TRIALS, "Designs", how(text), plot(_TRIALS, "trials of both samplers"))


def _trial_chart(result: SearchResult) -> Chart:
    names = list(result.goal.directions)
    across = names[0]
    upward = names[1] if len(names) > 1 else next((each.figure for each in result.goal.constraints), None)
    runs = [result.random] if result.sampled is result.random else [result.random, result.sampled]
    colours = {SamplerKind.RANDOM: PURPLE}
    within = [
        _points(run.sampler.value, _kept(run, result), across, upward, colours.get(run.sampler, BLUE)) for run in runs
    ]
    broken = [trial for trial in result.trials if trial.figures and not result.goal.meets(trial.figures)]
    front = _points("front", result.front, across, upward, ORANGE, line=len(names) > 1)
    return chart(
        [_points("breaks a budget", broken, across, upward, GREY), *within, front],
        height=_HEIGHT,
        x_title=across,
        y_title=upward or "trial",
        x_axis=_AXIS,
        y_axis=_AXIS,
    )


def _kept(run: SamplerRuns, result: SearchResult) -> list[DesignTrial]:
    return [trial for trial in run.trials if trial.figures and result.goal.meets(trial.figures)]


def _points(
    name: str,
    trials: Sequence[DesignTrial],
    across: PairFigure,
    upward: PairFigure | None,
    colour: str,
    *,
    line: bool = False,
) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines+markers" if line else "markers",
        "name": name,
        "x": [_figure(trial, across) for trial in trials],
        "y": [_figure(trial, upward) for trial in trials],
        "text": [escape(long_values(trial.values)) for trial in trials],
        "marker": {"color": colour, "size": 9 if name == "front" else 6},
        "line": {"color": colour, "shape": "hv"},
    }


def _figure(trial: DesignTrial, figure: PairFigure | None) -> float:
    """The figure, or the trial's number where no second one is known of the study."""
    return trial.number + 1 if figure is None or trial.figures is None else trial.figures[figure]


def _front_section(result: SearchResult) -> str:
    if not result.front:
        return section("front", "No design within the budgets", *map(paragraph, budget_sentences(result)))
    heads, rows = front_rows(result)
    files = "".join(
        details(
            f"{row[0]}: {long_values(trial.values)}", f"<pre>{escape(result.space.chip(trial.values).to_yaml())}</pre>"
        )
        for row, trial in zip(rows, result.front, strict=True)
    )
    text = "Every design of the front is a chip file: unfold it, save it, and give it to any verb as --chip."
    cautions = map(paragraph, node_sentences(result))
    return section("front", "The front", how(text), *cautions, table(heads, rows, label="front"), files)


def _why_section(result: SearchResult) -> str:
    if result.winner is None:
        return ""
    heads, rows = change_rows(result)
    return section(
        "why",
        "Why this design won",
        *map(paragraph, winner_sentences(result)),
        *map(paragraph, budget_sentences(result)),
        how("The winner with one parameter changed by a step, each simulated."),
        table(heads, rows, label="changes around the winner"),
    )


def _volume_section(result: SearchResult) -> str:
    text = (
        "The hypervolume is that of the designs within the budgets, below the reference point, on a logarithmic scale: "
        "each objective counts in decades. Lines are means over seeds, bands their intervals at 95 %."
    )
    sentences = map(paragraph, comparison_sentences(result))
    return section(_VOLUMES, "Beside random search", how(text), plot(_VOLUMES, "hypervolume over trials"), *sentences)


def _volume_chart(result: SearchResult) -> Chart:
    runs = [result.random] if result.sampled is result.random else [result.random, result.sampled]
    traces = [trace for run, colour in zip(runs, (PURPLE, BLUE), strict=False) for trace in _volume_traces(run, colour)]
    return chart(traces, height=_HEIGHT, x_title="trials of a seed", y_title="hypervolume, decades")


def _volume_traces(run: SamplerRuns, colour: str) -> list[Trace]:
    means = run.mean_volumes()
    numbers = list(range(1, len(means) + 1))
    mean = {
        "type": "scatter",
        "mode": "lines",
        "name": run.sampler.value,
        "x": numbers,
        "y": [each.mean for each in means],
        "line": {"color": colour},
    }
    if means[0].low is None:
        return [mean]
    band = {
        "type": "scatter",
        "mode": "lines",
        "showlegend": False,
        "hoverinfo": "skip",
        "x": [*numbers, *reversed(numbers)],
        "y": [*(each.high for each in means), *(each.low for each in reversed(means))],
        "fill": "toself",
        "opacity": 0.25,
        "fillcolor": colour,
        "line": {"width": 0},
    }
    return [band, mean]


def _share_section(result: SearchResult) -> str:
    if not result.importance:
        return ""
    text = (
        "The share of each parameter in a design's being within the budgets and among the best tenth, by PED-ANOVA "
        "over the trials of random search."
    )
    return section(_SHARES, "What decides", how(text), plot(_SHARES, "importance of each parameter"))


def _share_chart(importance: Mapping[str, float]) -> Chart:
    names = list(importance)
    bars = {"type": "bar", "orientation": "h", "x": list(importance.values()), "y": names, "marker": {"color": BLUE}}
    return chart(
        [bars],
        height=bar_height(len(names)),
        x_title="share",
        y_title="",
        x_axis={"tickformat": ".0%"},
        y_axis=bar_axis(names),
    )
