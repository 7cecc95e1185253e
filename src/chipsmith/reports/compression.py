"""The page of a compression: the front of accuracy and costs, and every network on it."""

from __future__ import annotations

from collections.abc import Sequence

from chipsmith.learn.validation.evaluate import Metric
from chipsmith.profile.cost import ChipCost
from chipsmith.reports.charts import BLUE, GREEN, GREY, ORANGE, Chart, Trace, error_bars
from chipsmith.reports.headline import metric_text, significant
from chipsmith.reports.html import fill_page
from chipsmith.reports.markup import Cell, escape, how, number, paragraph, plot, section, table
from chipsmith.studies.objectives import COST_OBJECTIVES, CostObjective
from chipsmith.studies.result import Candidate, Compression, cost_words
from chipsmith.studies.structure_search import Trial
from chipsmith.targets import INT8, NPU, SOURCE

_HEIGHT = 420
_ACROSS, *_BESIDE = COST_OBJECTIVES
"""The objective along the chart of the front, and those that the text of a point names."""


def render_compression(result: Compression) -> str:
    """The page as HTML."""
    parts = (_header(result), _front(), _table(result), _zeros(result), _search(result))
    return fill_page(_title(result), body=f"<main>{''.join(parts)}</main>", charts=draw_compression_charts(result))


def draw_compression_charts(result: Compression) -> dict[str, Chart]:
    """The front, and the trials of a structure search where there was one."""
    return {"front": _front_chart(result), **({"search": search_chart(result.trials)} if result.trials else {})}


def verdict(result: Compression) -> str:
    """What came out, in one or two sentences."""
    if not result.met:
        return f"{result.shortfall}."
    chosen = result.chosen
    assert chosen is not None
    return (
        f"The budget of {result.budget.describe()} is met by '{chosen.name}': {' and '.join(cost_words(chosen.cost))}, "
        f"{result.speedup(chosen):.2f} times fewer cycles than the network it began with, "
        f"{result.lost(chosen):.2f} points lost on the test part."
    )


def terminal_rows(result: Compression) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The heads of a narrow table, and a row of texts for each network, fast ones first; `*` marks the chosen one."""
    heads = (
        "network",
        SOURCE,
        INT8,
        NPU,
        "lost",
        "cycles",
        *(objective.words for objective in COST_OBJECTIVES),
        "faster",
    )
    return heads, [_terminal_row(result, candidate) for candidate in _from_fast_to_slow(result)]


def _terminal_row(result: Compression, candidate: Candidate) -> tuple[str, ...]:
    cost, mark = candidate.cost, " *" if candidate is result.chosen else ""
    return (
        f"{candidate.name}{mark}",
        *(f"{candidate.metrics[target].value:.3f}" for target in (SOURCE, INT8, NPU)),
        f"{result.lost(candidate):.2f}",
        f"{cost.cycles:,}",
        *(objective.format(objective.read(cost)) for objective in COST_OBJECTIVES),
        f"{result.speedup(candidate):.2f}",
    )


def _from_fast_to_slow(result: Compression) -> list[Candidate]:
    return sorted(result.candidates, key=lambda candidate: candidate.cost.cycles)


def _title(result: Compression) -> str:
    return f"{result.network} compressed for {result.start.cost.chip}"


def _header(result: Compression) -> str:
    start = result.start
    subtitle = (
        f"It began with {with_interval(start.test)} in float and {start.cost.cycles:,} cycles "
        f"({', '.join(_cost_texts(start.cost))}) quantised to int8."
    )
    kind = "good" if result.met else "bad"
    return (
        f"<header><h1>{escape(_title(result))}</h1>{paragraph(subtitle, kind='subtitle')}</header>"
        f'<div class="verdict {kind}">{paragraph(verdict(result))}</div>'
    )


def with_interval(metric: Metric) -> str:
    """A metric with its interval at 95 %."""
    value, low, high = (metric_text(metric.name, figure) for figure in (metric.value, metric.low, metric.high))
    return f"{metric.name} {value} ({low} to {high})"


def _cost_texts(cost: ChipCost) -> list[str]:
    return [f"{significant(objective.read(cost))} {objective.unit}" for objective in COST_OBJECTIVES]


def _head(objective: CostObjective) -> str:
    return f"{objective.label}, {objective.unit}"


def _point_text(network: Candidate) -> str:
    costs = [f"{objective.format(objective.read(network.cost))} {objective.unit}" for objective in _BESIDE]
    return f"{escape(network.name)}: {', '.join(costs)}"


def _front() -> str:
    *others, last = (objective.label for objective in COST_OBJECTIVES)
    text = (
        f"Each point is a network on the chip: simulated {_ACROSS.label} of a cold inference against the metric of the "
        "chip on the test part, with its 95 % interval. Networks on the line are beaten by no other in all of "
        f"{', '.join(('metric', *others))} and {last}. The choice was made on the validation part."
    )
    title = f"Accuracy against {_ACROSS.label}"
    return section("front", title, how(text), plot("front", title.lower()))


def _front_chart(result: Compression) -> Chart:
    front = result.front
    chosen = [candidate for candidate in result.candidates if candidate is result.chosen]
    rest = [candidate for candidate in result.candidates if candidate not in front]
    traces = [
        _points("on the front", front, BLUE, mode="lines+markers"),
        _points("beaten", rest, GREY, mode="markers"),
        _points("chosen", chosen, ORANGE, mode="markers", size=15),
    ]
    start = result.start
    origin = {
        "type": "scatter",
        "name": "float, before compression",
        "mode": "markers",
        "x": [_ACROSS.read(start.cost)],
        "y": [start.test.value],
        "marker": {"color": GREEN, "symbol": "star", "size": 12},
    }
    return {
        "data": [*(trace for trace in traces if trace["x"]), origin],
        "layout": {
            "height": _HEIGHT,
            "xaxis": {"title": {"text": _head(_ACROSS)}, "rangemode": "tozero"},
            "yaxis": {"title": {"text": f"{start.test.name}, test part"}},
        },
    }


def _points(name: str, networks: Sequence[Candidate], colour: str, *, mode: str, size: int = 9) -> Trace:
    metrics = [network.metrics[NPU] for network in networks]
    return {
        "type": "scatter",
        "name": name,
        "mode": mode,
        "x": [_ACROSS.read(network.cost) for network in networks],
        "y": [metric.value for metric in metrics],
        "error_y": error_bars(
            [metric.value for metric in metrics],
            [metric.low for metric in metrics],
            [metric.high for metric in metrics],
            colour=colour,
            width=1,
        ),
        "text": [_point_text(network) for network in networks],
        "marker": {"color": colour, "size": size},
        "line": {"color": colour},
    }


def _table(result: Compression) -> str:
    columns = (
        "network",
        SOURCE,
        INT8,
        NPU,
        "points lost",
        "cycles",
        *map(_head, COST_OBJECTIVES),
        "times fewer cycles",
        "how it was made",
    )
    rows = [_row(result, candidate) for candidate in _from_fast_to_slow(result)]
    text = "Metrics are of the test part; points lost are hundredths against the float network before compression."
    skipped = (paragraph(f"Not done: {reason}") for reason in result.skipped)
    return section("networks", "All networks", how(text), table(columns, rows, label="all networks"), *skipped)


def _row(result: Compression, candidate: Candidate) -> list[str | Cell]:
    mark = " (chosen)" if candidate is result.chosen else ""
    metrics = (candidate.metrics[target] for target in (SOURCE, INT8, NPU))
    costs = (objective.read(candidate.cost) for objective in COST_OBJECTIVES)
    return [
        f"{candidate.name}{mark}",
        *(number(metric.value, f"{metric.value:.4f}") for metric in metrics),
        number(result.lost(candidate), f"{result.lost(candidate):.2f}"),
        number(candidate.cost.cycles, f"{candidate.cost.cycles:,}"),
        *(number(cost, significant(cost)) for cost in costs),
        number(result.speedup(candidate), f"{result.speedup(candidate):.2f}"),
        candidate.how,
    ]


def _zeros(result: Compression) -> str:
    text = (
        "The machine does not skip zeros: weights at zero save no cycle and no energy. What they give is that the "
        "stored weights pack smaller (DEFLATE)."
    )
    rows: list[list[str | Cell]] = [
        [
            candidate.name,
            number(candidate.zero_share, f"{100 * candidate.zero_share:.1f} %"),
            number(candidate.cost.weight_bytes, f"{candidate.cost.weight_bytes:,}"),
            number(candidate.packed_weight_bytes, f"{candidate.packed_weight_bytes:,}"),
        ]
        for candidate in result.candidates
    ]
    heads = ("network", "zero weights", "weights, bytes", "packed, bytes")
    return section("zeros", "Zeros and stored weights", how(text), table(heads, rows, label="zeros"))


def _search(result: Compression) -> str:
    if not result.trials:
        return ""
    text = (
        "The best validation score of a short training found so far, by the Parzen estimator and by random search with "
        "as many trials. A structure beyond the budget of cycles and energy is not trained and scores nothing."
    )
    return section("search", "Structure search", how(text), plot("search", "best score by trial"))


def search_chart(trials: tuple[Trial, ...]) -> Chart:
    """The best score so far over the trials of each sampler."""
    names = {"tpe": ("Parzen estimator", BLUE), "random": ("random search", ORANGE)}
    return {
        "data": [
            {
                "type": "scatter",
                "name": text,
                "mode": "lines+markers",
                "line": {"color": colour},
                **_best_so_far(trials, sampler),
            }
            for sampler, (text, colour) in names.items()
        ],
        "layout": {
            "height": 300,
            "xaxis": {"title": {"text": "trial"}},
            "yaxis": {"title": {"text": "best validation score so far"}},
        },
    }


def _best_so_far(trials: tuple[Trial, ...], sampler: str) -> dict[str, list[float | None]]:
    best: float | None = None
    heights: list[float | None] = []
    for trial in (trial for trial in trials if trial.sampler == sampler):
        best = max((score for score in (best, trial.score) if score is not None), default=None)
        heights.append(best)
    return {"x": [float(number) for number in range(1, len(heights) + 1)], "y": heights}
