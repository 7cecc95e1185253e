"""A RunComparison in words: sentences and cells that terminal and page share."""

from __future__ import annotations

from collections.abc import Iterator

from chipsmith.reports.comparison.result import (
    DifferenceVerdict,
    FigureComparison,
    MetricComparison,
    MetricDifference,
    RunComparison,
)
from chipsmith.reports.headline import metric_text, significant

SENTENCE_FIGURES = ("latency in time", "energy an inference", "core area", "cost a chip")
"""The figures that sentences tell of."""
_EQUAL = 0.005
"""A ratio this near to 1 is told as no difference."""
_VERDICTS = {
    DifferenceVerdict.BETTER: "better",
    DifferenceVerdict.WORSE: "worse",
    DifferenceVerdict.NONE: "no difference to be told",
}


_GROUPS = {"run": "the network, the task, the chip's name and the seed", "data": "the data", "versions": "the versions"}
_GROUPS |= {"recipe": "the recipe", "chip": "all fields of the chip"}
"""What is in each group of fields, as a sentence says it."""


def same_words(result: RunComparison) -> str:
    """What is the same in all runs, in words."""
    return "; ".join(_GROUPS.get(group, group) for group in result.same)


def comparison_sentences(result: RunComparison) -> list[str]:
    """A sentence for each run but the first: how its answers and its figures are to those of the baseline."""
    return [_sentence(result, index) for index in range(1, len(result.runs))]


def _sentence(result: RunComparison, index: int) -> str:
    name, base = result.names[index], result.names[0]
    parts = [] if not result.metrics else [metric_words(result.metrics[0], index)]
    figures = [figure for figure in result.figures if figure.label in SENTENCE_FIGURES]
    words = [_ratio_words(figure, index) for figure in figures]
    told = ", ".join(filter(None, words))
    return f"{name} beside {base}: {'; '.join(filter(None, (*parts, told)))}."


def metric_words(metric: MetricComparison, index: int) -> str:
    """The difference of a run's metric to the baseline's in words, with its interval and the verdict."""
    difference = metric.differences[index - 1]
    if difference.value is None:
        return f"{metric.name} not comparable: {difference.reason}"
    how = "paired" if difference.paired else "unpaired"
    return f"{metric.name} {difference_text(metric.name, difference)}, {how}: {_VERDICTS[difference.verdict]}"


def difference_text(name: str, difference: MetricDifference) -> str:
    """A difference with its interval, such as '−2.20 points (−3.41 to −1.04)'; '-' where there is none."""
    return difference.text(name)


def interval_text(metric: MetricComparison, index: int) -> str:
    """A run's metric with its interval; '-' where it has none."""
    value = metric.values[index]
    if value is None:
        return "-"
    ends = (metric_text(metric.name, end).removesuffix(" %") for end in (value.low, value.high))
    return f"{metric_text(metric.name, value.value)} ({' to '.join(ends)})"


def reasons(metric: MetricComparison, names: tuple[str, ...]) -> Iterator[str]:
    """Why each difference is paired or not, on how many examples, and by which interval."""
    for name, difference in zip(names[1:], metric.differences, strict=True):
        if difference.value is None:
            yield f"{name}: no difference, for {difference.reason}"
            continue
        counts = ""
        if difference.gained is not None and difference.lost is not None and difference.p_value is not None:
            counts = (
                f"; right in {name} alone: {difference.gained:,}, in {names[0]} alone: {difference.lost:,}, "
                f"McNemar's exact p = {difference.p_value:.2g}"
            )
        yield f"{name}: {difference.how}; {difference.count:,} examples, {difference.reason}{counts}"


def figure_text(figure: FigureComparison, index: int) -> str:
    """A run's figure without its unit."""
    value = figure.values[index]
    return "-" if value is None else significant(value)


def ratio_text(figure: FigureComparison, index: int) -> str:
    """A run's figure over the baseline's, such as 'x0.64'."""
    ratio = figure.ratios[index]
    return "-" if ratio is None else f"x{ratio:.3g}" if ratio < 100 else f"x{ratio:,.0f}"


def _ratio_words(figure: FigureComparison, index: int) -> str:
    ratio = figure.ratios[index]
    if ratio is None:
        return ""
    what = figure.label if figure.label != "latency in time" else "latency"
    if abs(ratio - 1) < _EQUAL:
        return f"the same {what}"
    return f"{what} {ratio_text(figure, index)}"
