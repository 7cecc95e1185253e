"""The page and the JSON of a compression: the front of accuracy, latency and energy, and every network on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chipsmith.learn.validation.evaluate import Metric
from chipsmith.profile.cost import ChipCost
from chipsmith.reports.charts import BLUE, GREEN, GREY, ORANGE, Chart, Trace
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
        "front": [candidate.name for candidate in result.front],
        "skipped": list(result.skipped),
        "candidates": [_candidate(result, candidate) for candidate in result.candidates],
        "record": result.model_dump(mode="json"),
    }


def _candidate(result: Compression, candidate: Candidate) -> dict[str, Any]:
    return {
        "name": candidate.name,
        "method": candidate.method,
        "how": candidate.how,
        "metric_source": candidate.float_.value,
        "metric_int8": candidate.int8.value,
        "metric_npu": candidate.chip.value,
        "metric_npu_interval": [candidate.chip.low, candidate.chip.high],
        "points_lost": result.lost(candidate),
        "points_lost_validation": result.lost_in_validation(candidate),
        "speedup": result.speedup(candidate),
        **_cost(candidate.cost),
        "zero_share": candidate.zero_share,
        "packed_weight_bytes": candidate.packed_weight_bytes,
    }


def _cost(cost: ChipCost) -> dict[str, Any]:
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
    charts = {"front": _front_chart(result), **({"search": search_chart(result.trials)} if result.trials else {})}
    return fill_page(_title(result), body=f"<main>{''.join(parts)}</main>", charts=charts)


def verdict(result: Compression) -> str:
    """What came out, in one or two sentences."""
    if not result.met:
        return f"{result.shortfall}."
    chosen = result.chosen
    assert chosen is not None
    return (
        f"The budget of {result.budget.describe()} is met by '{chosen.name}': {chosen.cost.latency_us:.1f} us and "
        f"{chosen.cost.energy_uj:.2f} uJ, {result.speedup(chosen):.2f} times fewer cycles than the network it began "
        f"with, {result.lost(chosen):.2f} points lost on the test part."
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
    value, low, high = (metric_text(metric.name, bound) for bound in (metric.value, metric.low, metric.high))
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
        "x": [start.cost.latency_us],
        "y": [start.test.value],
        "marker": {"color": GREEN, "symbol": "star", "size": 12},
    }
    return {
        "data": [*(trace for trace in traces if trace["x"]), origin],
        "layout": {
            "height": _HEIGHT,
            "xaxis": {"title": {"text": "latency, µs"}, "rangemode": "tozero"},
            "yaxis": {"title": {"text": f"{start.test.name}, test part"}},
        },
    }


def _points(name: str, candidates: Sequence[Candidate], colour: str, *, mode: str, size: int = 9) -> Trace:
    return {
        "type": "scatter",
        "name": name,
        "mode": mode,
        "x": [candidate.cost.latency_us for candidate in candidates],
        "y": [candidate.chip.value for candidate in candidates],
        "error_y": {
            "type": "data",
            "array": [candidate.chip.high - candidate.chip.value for candidate in candidates],
            "arrayminus": [candidate.chip.value - candidate.chip.low for candidate in candidates],
            "symmetric": False,
            "thickness": 1,
        },
        "text": [f"{escape(candidate.name)}: {candidate.cost.energy_uj:.2f} µJ" for candidate in candidates],
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
    rows = [
        _row(result, candidate) for candidate in sorted(result.candidates, key=lambda candidate: candidate.cost.cycles)
    ]
    text = "Metrics are of the test part; points lost are hundredths against the float network before compression."
    skipped = (paragraph(f"Not done: {reason}") for reason in result.skipped)
    return section("networks", "All networks", how(text), table(columns, rows, label="all networks"), *skipped)


def _row(result: Compression, candidate: Candidate) -> list[str | Cell]:
    mark = " (chosen)" if candidate is result.chosen else ""
    return [
        f"{candidate.name}{mark}",
        *(number(metric.value, f"{metric.value:.4f}") for metric in (candidate.float_, candidate.int8, candidate.chip)),
        number(result.lost(candidate), f"{result.lost(candidate):.2f}"),
        number(candidate.cost.cycles, f"{candidate.cost.cycles:,}"),
        number(candidate.cost.latency_us, significant(candidate.cost.latency_us)),
        number(candidate.cost.energy_uj, significant(candidate.cost.energy_uj)),
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
    return {"x": [float(count) for count in range(1, len(heights) + 1)], "y": heights}
