"""The page of `chipsmith search`: the trials of both samplers, the front with each chip's file, the winner and why."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from chipsmith.files import write_whole
from chipsmith.reports.charts import (
    BLUE,
    GREY,
    ORANGE,
    PURPLE,
    Chart,
    Settings,
    Trace,
    bar_axis,
    bar_height,
    chart,
    log_axis,
)
from chipsmith.reports.html import fill_page
from chipsmith.reports.markup import details, escape, how, paragraph, plot, section, table
from chipsmith.reports.search_figures import UNITS
from chipsmith.reports.search_text import (
    budget_sentences,
    change_rows,
    change_sentences,
    comparison_sentences,
    final_sentences,
    front_rows,
    long_values,
    node_sentences,
    rtl_sentences,
    training_sentences,
    winner_sentences,
)
from chipsmith.studies.search.figures import PairFigure
from chipsmith.studies.search.finalists import NOISE_RULE
from chipsmith.studies.search.parameters import Value
from chipsmith.studies.search.result import SamplerRuns, SearchResult
from chipsmith.studies.search.study_file import SamplerKind
from chipsmith.studies.search.trials import DesignTrial
from chipsmith.units import count_things

_HEIGHT = 420
_TRIALS, _ACCURACIES, _VOLUMES, _SHARES = "trials", "accuracies", "hypervolume", "importance"


def render_search(result: SearchResult, *, folder: str = "") -> str:
    """The page as HTML; it opens without a network. `folder` is the study's, as the page's links reach it."""
    title = f"{result.name}: {', '.join(network.name for network in result.networks)} on {result.space.base.name}"
    charts = draw_search_charts(result)
    parts = (_header(title, result), _trial_section(charts), _front_section(result, folder), _why_section(result))
    rest = f"{_final_section(result)}{_volume_section(result)}{_share_section(result)}"
    body = f"<main>{''.join(parts)}{rest}</main>"
    return fill_page(title, body=body, charts=charts)


def draw_search_charts(result: SearchResult) -> dict[str, Chart]:
    """The charts of a search by name: its trials with the front, the hypervolume, and what else is known."""
    charts = {_TRIALS: _trial_chart(result, *_shown_axes(result)), _VOLUMES: _volume_chart(result)}
    if result.trained is not None and PairFigure.ACCURACY in _figures_known(result):
        charts[_ACCURACIES] = _trial_chart(result, _shown_axes(result)[0], PairFigure.ACCURACY)
    if result.importance:
        charts[_SHARES] = _share_chart(result.importance)
    return charts


def write_search_page(result: SearchResult, path: Path, *, folder: Path) -> None:
    """Write the page, whole or not at all; it links to the files in the study's folder."""
    reached = os.path.relpath(folder.absolute(), path.absolute().parent)
    write_whole(path, render_search(result, folder=reached).encode())


def _header(title: str, result: SearchResult) -> str:
    trials = count_things(len(result.trials), "trial")
    seeds = count_things(len(result.random.by_seed), "seed")
    pairs = count_things(result.pairs, "pair")
    subtitle = (
        f"Space: {result.size}. {trials} of {seeds}, {pairs} compiled and "
        f"simulated to the cycle; {result.cpu_s / 3600:.3f} hours of a processor."
    )
    kind = "bad" if result.winner is None else "good"
    first = next(winner_sentences(result), result.failure)
    return (
        f"<header><h1>{escape(title)}</h1>{paragraph(subtitle, kind='subtitle')}</header>"
        f'<div class="verdict {kind}">{paragraph(first)}</div>'
    )


def _shown_axes(result: SearchResult) -> tuple[PairFigure, PairFigure | None]:
    """The first objective, and the second one or a budget's figure; an accuracy has a picture of its own."""
    names = [figure for figure in result.goal.directions if figure is not PairFigure.ACCURACY]
    names += [each.figure for each in result.goal.constraints if each.figure is not PairFigure.ACCURACY]
    distinct = list(dict.fromkeys(names)) or [PairFigure.ENERGY_J]
    return distinct[0], distinct[1] if len(distinct) > 1 else None


def _figures_known(result: SearchResult) -> frozenset[PairFigure]:
    return frozenset(figure for trial in result.trials for figure in trial.figures or {})


def _trial_section(charts: Mapping[str, Chart]) -> str:
    text = (
        "Each point is a design, compiled, simulated and priced; orange is the front: no other design within the "
        "budgets is as good in all objectives. Grey designs break a budget."
    )
    pictures = [plot(_TRIALS, "trials of both samplers")]
    pictures += [plot(_ACCURACIES, "accuracy of the trials")] if _ACCURACIES in charts else []
    return section(_TRIALS, "Designs", how(text), *pictures)


def _trial_chart(result: SearchResult, across: PairFigure, upward: PairFigure | None) -> Chart:
    names = list(result.goal.directions)
    runs = [result.random] if result.sampled is result.random else [result.random, result.sampled]
    colours = {SamplerKind.RANDOM: PURPLE}
    within = [
        _points(run.sampler.value, _kept(run, result), across, upward, colours.get(run.sampler, BLUE)) for run in runs
    ]
    broken = [trial for trial in result.trials if trial.figures and not result.goal.meets(trial.figures)]
    line = len(names) == 2 and {across, upward} == set(names)
    front = _points("front", result.front, across, upward, ORANGE, line=line)
    return chart(
        [_points("breaks a budget", broken, across, upward, GREY), *within, front],
        height=_HEIGHT,
        x_title=UNITS[across].head,
        y_title="trial" if upward is None else UNITS[upward].head,
        x_axis=_axis(result, across),
        y_axis=_axis(result, upward),
    )


def _axis(result: SearchResult, figure: PairFigure | None) -> Settings:
    """The axis of a figure: logarithmic, but of an accuracy and of the trials' numbers."""
    if figure is None or figure is PairFigure.ACCURACY:
        return {}
    return log_axis([_figure(trial, figure) for trial in result.trials if trial.figures])


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
        **_told(trials),
        "marker": {"color": colour, "size": 9 if name == "front" else 6},
        "line": {"color": colour, "shape": "hv"},
    }


def _figure(trial: DesignTrial, figure: PairFigure | None) -> float:
    """The figure, or the trial's number where no second one is known of the study."""
    if figure is None or trial.figures is None:
        return trial.number + 1
    return trial.figures[figure] * UNITS[figure].scale


def _told(trials: Sequence[DesignTrial]) -> Trace:
    """What hovering shows of trials: the names of the parameters once, and their values trial by trial."""
    if not trials:
        return {}
    names = list(trials[0].values)
    settings = "<br>".join(f"{escape(name)}=%{{customdata[{index}]}}" for index, name in enumerate(names))
    values = [[_plain(trial.values[name]) for name in names] for trial in trials]
    return {"customdata": values, "hovertemplate": f"%{{x:.4~g}}, %{{y:.4~g}}<br>{settings}<extra></extra>"}


def _plain(value: Value) -> Value:
    return escape(value) if isinstance(value, str) else value


def _front_section(result: SearchResult, folder: str) -> str:
    if not result.front:
        return section("front", "No design within the budgets", *map(paragraph, budget_sentences(result)))
    heads, rows = front_rows(result)
    files = "".join(
        details(
            f"{row[0]}: {long_values(trial.values)}",
            _links(result, index, trial, folder),
            f"<pre>{escape(result.space.chip(trial.values).to_yaml())}</pre>",
        )
        for index, (row, trial) in enumerate(zip(rows, result.front, strict=True))
    )
    text = "Every design of the front is a chip file: unfold it, save it, and give it to any verb as --chip."
    if result.trained is not None and result.trained.elastic is not None:
        text += (
            " The accuracies are those of the supernet's parts, beside those of finalists that were trained in full."
        )
    sentences = map(paragraph, (*node_sentences(result), *rtl_sentences(result)))
    return section("front", "The front", how(text), *sentences, table(heads, rows, label="front"), files)


def _links(result: SearchResult, index: int, trial: DesignTrial, folder: str) -> str:
    """Links to a design's files, where the page knows their folder."""
    if not folder:
        return ""
    files = [f"chips/front-{index}.yaml", *_network_files(result, trial)]
    return "<p>" + ", ".join(f'<a href="{escape(f"{folder}/{file}")}">{escape(file)}</a>' for file in files) + "</p>"


def _network_files(result: SearchResult, trial: DesignTrial) -> Iterator[str]:
    if result.trained is not None:
        for index in range(len(result.trained.networks)):
            network = result.trained.network_json(index, trial)
            if network:
                yield network["file"]


def _final_section(result: SearchResult) -> str:
    sentences = [*final_sentences(result), *training_sentences(result)]
    if not sentences:
        return ""
    rule = how(f"Noise: {NOISE_RULE}.")
    return section("finals", "The networks, trained in full", rule, *map(paragraph, sentences))


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
        *map(paragraph, change_sentences(result)),
    )


def _volume_section(result: SearchResult) -> str:
    text = (
        "The hypervolume is that of the designs within the budgets, below the reference point, on a logarithmic scale: "
        "each objective counts in decades. Lines are means over seeds, bands their intervals at 95 %, "
        "which end at 0: no volume is less."
    )
    sentences = map(paragraph, comparison_sentences(result))
    return section(_VOLUMES, "Beside random search", how(text), plot(_VOLUMES, "hypervolume over trials"), *sentences)


def _volume_chart(result: SearchResult) -> Chart:
    runs = [result.random] if result.sampled is result.random else [result.random, result.sampled]
    traces = [trace for run, colour in zip(runs, (PURPLE, BLUE), strict=False) for trace in _volume_traces(run, colour)]
    return chart(traces, height=_HEIGHT, x_title="trials of a seed", y_title="hypervolume, decades")


def _volume_traces(run: SamplerRuns, colour: str) -> list[Trace]:
    means = run.mean_volumes
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
        "y": [*(each.high for each in means), *(max(0.0, each.low or 0.0) for each in reversed(means))],
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
