"""The page and the JSON of a compression: the front of accuracy, latency and energy, and every network on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chipsmith.learn.validation.evaluate import Metric
from chipsmith.reports.charts import BLUE, GREEN, GREY, ORANGE, Chart
from chipsmith.reports.headline import metric_text, significant
from chipsmith.reports.html import fill_page
from chipsmith.reports.markup import Cell, escape, how, number, paragraph, plot, section, table
from chipsmith.schema import SCHEMA_VERSION
from chipsmith.studies.record import Candidate, Compression
from chipsmith.studies.structure_search import Trial

_HEIGHT = 420


def compression_to_plain(result: Compression) -> dict[str, Any]:
    """The object of `compress --json` and of result.json: what scripts read at the top, the whole record beneath."""
    chosen = result.chosen
    return {
        "schema_version": SCHEMA_VERSION,
        "network": result.network,
        "chip": result.start.cost.chip,
        "seed": result.seed,
        "met": result.met,
        "shortfall": None if result.met else result.shortfall,
        "chosen": None if chosen is None else chosen.name,
        "nearest": result.nearest.name,
        "start": {"metric": result.start.test.name, "source": result.start.test.value, **_cost(result.start.cost)},
        "front": [one.name for one in result.front],
        "skipped": list(result.skipped),
        "candidates": [_candidate(result, one) for one in result.candidates],
        "record": result.model_dump(mode="json"),
    }


def _candidate(result: Compression, one: Candidate) -> dict[str, Any]:
    return {
        "name": one.name,
        "method": one.method,
        "how": one.how,
        "metric_source": one.float_.value,
        "metric_int8": one.int8.value,
        "metric_npu": one.chip.value,
        "metric_npu_interval": [one.chip.low, one.chip.high],
        "points_lost": result.lost(one),
        "points_lost_validation": result.lost_in_validation(one),
        "speedup": result.speedup(one),
        **_cost(one.cost),
        "zero_share": one.zero_share,
        "packed_weight_bytes": one.packed_weight_bytes,
    }


def _cost(cost: Any) -> dict[str, Any]:
    return {
        "latency_cycles": cost.cycles,
        "latency_warm_cycles": cost.warm_cycles,
        "latency_us": cost.latency_us,
        "energy_uj": cost.energy_uj,
        "weight_bytes": cost.weight_bytes,
    }


def render_compression(result: Compression) -> str:
    """The page as HTML."""
    parts = (_header(result), _front(), _table(result), _zeros(result), _search(result))
    drawn = {"front": _front_chart(result), **({"search": search_chart(result.trials)} if result.trials else {})}
    return fill_page(_title(result), body=f"<main>{''.join(parts)}</main>", drawn=drawn)


def verdict(result: Compression) -> str:
    """What came out, in one or two sentences."""
    if not result.met:
        return f"{result.shortfall}."
    one = result.chosen
    assert one is not None
    return (
        f"The budget of {result.budget.describe()} is met by '{one.name}': {one.cost.latency_us:.1f} us and "
        f"{one.cost.energy_uj:.2f} uJ, {result.speedup(one):.2f} times fewer cycles than the network it began with, "
        f"{result.lost(one):.2f} points lost on the test part."
    )


def _title(result: Compression) -> str:
    return f"{result.network} compressed for {result.start.cost.chip}"


def _header(result: Compression) -> str:
    start = result.start
    subtitle = (
        f"It began with {with_interval(start.test)} in float and {start.cost.cycles:,} cycles "
        f"({significant(start.cost.latency_us)} µs, {significant(start.cost.energy_uj)} µJ) quantised to int8."
    )
    kind = "good" if result.met else "bad"
    return (
        f"<header><h1>{escape(_title(result))}</h1>{paragraph(subtitle, kind='subtitle')}</header>"
        f'<div class="verdict {kind}">{paragraph(verdict(result))}</div>'
    )


def with_interval(metric: Metric) -> str:
    """A metric with its interval at 95 %."""
    value, low, high = (metric_text(metric.name, one) for one in (metric.value, metric.low, metric.high))
    return f"{metric.name} {value} ({low} to {high})"


def _front() -> str:
    text = (
        "Each point is a network on the chip: simulated latency of a cold inference against the metric of the chip on "
        "the test part, with its 95 % interval. Networks on the line are beaten by no other in all of metric, "
        "latency and energy. The choice was made on the validation part."
    )
    return section("front", "Accuracy against latency", how(text), plot("front", "accuracy against latency"))


def _front_chart(result: Compression) -> Chart:
    front = result.front
    chosen = [one for one in result.candidates if one is result.chosen]
    rest = [one for one in result.candidates if one not in front]
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
        "x": [start.cost.latency_us],
        "y": [start.test.value],
        "marker": {"color": GREEN, "symbol": "star", "size": 12},
    }
    return {
        "data": [*(one for one in traces if one["x"]), origin],
        "layout": {
            "height": _HEIGHT,
            "xaxis": {"title": {"text": "latency, µs"}, "rangemode": "tozero"},
            "yaxis": {"title": {"text": f"{start.test.name}, test part"}},
        },
    }


def _points(name: str, networks: Sequence[Candidate], colour: str, *, mode: str, size: int = 9) -> Chart:
    return {
        "type": "scatter",
        "name": name,
        "mode": mode,
        "x": [one.cost.latency_us for one in networks],
        "y": [one.chip.value for one in networks],
        "error_y": {
            "type": "data",
            "array": [one.chip.high - one.chip.value for one in networks],
            "arrayminus": [one.chip.value - one.chip.low for one in networks],
            "symmetric": False,
            "thickness": 1,
        },
        "text": [f"{escape(one.name)}: {one.cost.energy_uj:.2f} µJ" for one in networks],
        "marker": {"color": colour, "size": size},
        "line": {"color": colour},
    }


def _table(result: Compression) -> str:
    columns = (
        "network",
        "float",
        "int8",
        "chip",
        "points lost",
        "cycles",
        "latency, µs",
        "energy, µJ",
        "times fewer cycles",
        "how it was made",
    )
    rows = [_row(result, one) for one in sorted(result.candidates, key=lambda one: one.cost.cycles)]
    text = "Metrics are of the test part; points lost are hundredths against the float network before compression."
    skipped = (paragraph(f"Not done: {one}") for one in result.skipped)
    return section("networks", "All networks", how(text), table(columns, rows, label="all networks"), *skipped)


def _row(result: Compression, one: Candidate) -> list[str | Cell]:
    mark = " (chosen)" if one is result.chosen else ""
    return [
        f"{one.name}{mark}",
        *(number(metric.value, f"{metric.value:.4f}") for metric in (one.float_, one.int8, one.chip)),
        number(result.lost(one), f"{result.lost(one):.2f}"),
        number(one.cost.cycles, f"{one.cost.cycles:,}"),
        number(one.cost.latency_us, significant(one.cost.latency_us)),
        number(one.cost.energy_uj, significant(one.cost.energy_uj)),
        number(result.speedup(one), f"{result.speedup(one):.2f}"),
        one.how,
    ]


def _zeros(result: Compression) -> str:
    text = (
        "The machine does not skip zeros: weights at zero save no cycle and no energy. What they give is that the "
        "stored weights pack smaller (DEFLATE)."
    )
    rows: list[list[str | Cell]] = [
        [
            one.name,
            number(one.zero_share, f"{100 * one.zero_share:.1f} %"),
            number(one.cost.weight_bytes, f"{one.cost.weight_bytes:,}"),
            number(one.packed_weight_bytes, f"{one.packed_weight_bytes:,}"),
        ]
        for one in result.candidates
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
                **_best_so_far(trials, one),
            }
            for one, (text, colour) in names.items()
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
    for one in (trial for trial in trials if trial.sampler == sampler):
        best = max((score for score in (best, one.score) if score is not None), default=None)
        heights.append(best)
    return {"x": [float(at + 1) for at in range(len(heights))], "y": heights}
