"""How much better one run answers than another, and how surely: in pairs where both answered the same examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chipsmith.learn.validation.answers import AnswerTable
from chipsmith.learn.validation.differences import (
    Discordance,
    mcnemar_p_value,
    paired_interval,
    score_interval,
    unpaired_interval,
)
from chipsmith.learn.validation.interval import Interval, wilson_interval
from chipsmith.reports.comparison.result import ComparedRun, DifferenceVerdict, MetricComparison, MetricDifference
from chipsmith.reports.record import MetricRecord
from chipsmith.shown import Shown

RESAMPLES = 1000
"""Drawings of a paired bootstrap."""
_ACCURACY = "accuracy"
_SCORE = "paired score interval (Tango), 95 %"
_BOOTSTRAP = "paired bootstrap, 95 %"
_APART = "of two independent intervals (Newcombe; Zou and Donner), 95 %"
_WIDER = "the interval is wider than a paired one"

Indices = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Pairing(Shown):
    """The rows of two tables that are of the same examples, in the same order; or why the tables are not paired."""

    first: Indices
    second: Indices
    reason: str
    paired: bool


def compare_metrics(runs: Sequence[ComparedRun]) -> tuple[MetricComparison, ...]:
    """Every metric that a run has, the baseline's primary one first, with the difference of each run to that one."""
    names = dict.fromkeys(name for run in runs for name in run.metrics)
    return tuple(_compare_metric(name, runs) for name in names)


def _compare_metric(name: str, runs: Sequence[ComparedRun]) -> MetricComparison:
    values = tuple(run.metrics.get(name) for run in runs)
    better = next(value.better for value in values if value is not None)
    differences = tuple(_difference(name, run, runs[0]) for run in runs[1:])
    return MetricComparison(name=name, better=better, values=values, differences=differences)


def _difference(name: str, run: ComparedRun, base: ComparedRun) -> MetricDifference:
    mine, theirs = run.metrics.get(name), base.metrics.get(name)
    if mine is None or theirs is None:
        lacking = run if mine is None else base
        return _unknown(f"{lacking.name} has no {name}")
    reason = next(_obstacles(run, base), "")
    if reason:
        return _unknown(reason)
    pairing = pair_runs(run, base)
    if pairing.paired and run.answers is not None and base.answers is not None:
        first, second = run.answers.select(pairing.first), base.answers.select(pairing.second)
        return _paired(name, mine.better, first, second, pairing.reason)
    return _unpaired(mine, theirs, pairing.reason)


def _unknown(reason: str) -> MetricDifference:
    return MetricDifference(verdict=DifferenceVerdict.UNKNOWN, reason=reason)


def _obstacles(run: ComparedRun, base: ComparedRun) -> Iterator[str]:
    """Why the metrics of two runs say nothing of each other, though they have one name."""
    mine, theirs = run.record, base.record
    if mine.task != theirs.task:
        yield f"the tasks differ: {theirs.task or 'unknown'} and {mine.task or 'unknown'}"
    if mine.data is None or theirs.data is None:
        return
    if mine.data.dataset != theirs.data.dataset:
        yield f"the data sets differ: {theirs.data.dataset} and {mine.data.dataset}"
    if mine.data.class_names != theirs.data.class_names:
        yield f"the classes differ: {_few(theirs.data.class_names)} and {_few(mine.data.class_names)}"


def _few(names: Sequence[str]) -> str:
    return f"{len(names)} ({', '.join(names[:4])}{', ...' if len(names) > 4 else ''})"


def pair_runs(run: ComparedRun, base: ComparedRun) -> Pairing:
    """The examples that both answered, where these are all that one of them answered."""
    for each in (run, base):
        if each.answers is None:
            return _apart(f"{each.name} {each.missing}; {_WIDER}")
    assert run.answers is not None
    assert base.answers is not None
    return pair_answers(run.answers, base.answers)


def pair_answers(first: AnswerTable, second: AnswerTable) -> Pairing:
    """The rows of the same examples: by the hash of each, the n-th of equal ones with the n-th."""
    places = {key: index for index, key in enumerate(_keys(second))}
    matches = [(index, places[key]) for index, key in enumerate(_keys(first)) if key in places]
    common, fewest = len(matches), min(len(first), len(second))
    if common < fewest:
        share = f"{common:,} of {fewest:,} test examples are" if common else "no test example is"
        return _apart(f"{share} the same by hash: another seed splits, and scales by its own training part; {_WIDER}")
    chosen = np.array(matches, np.int64).T
    if first.task is not second.task or not np.array_equal(first.target[chosen[0]], second.target[chosen[1]]):
        return _apart(f"the same inputs have other targets; {_WIDER}")
    whole = "the same test examples in both" if len(first) == len(second) else "the test examples that both answered"
    return Pairing(first=chosen[0], second=chosen[1], reason=f"{whole}, by their hashes", paired=True)


def _keys(table: AnswerTable) -> Iterator[tuple[int, int]]:
    seen: Counter[int] = Counter()
    for digest in table.examples.tolist():
        yield digest, seen[digest]
        seen[digest] += 1


def _apart(reason: str) -> Pairing:
    return Pairing(first=np.zeros(0, np.int64), second=np.zeros(0, np.int64), reason=reason, paired=False)


def _paired(name: str, better: str, first: AnswerTable, second: AnswerTable, reason: str) -> MetricDifference:
    if name == _ACCURACY and first.right is not None and second.right is not None:
        pairs = Discordance.of(first.right, second.right)
        interval = score_interval(pairs)
        return MetricDifference(
            verdict=_judge(interval, better),
            reason=reason,
            how=_SCORE,
            value=pairs.difference,
            low=interval.low,
            high=interval.high,
            count=pairs.count,
            paired=True,
            gained=pairs.gained,
            lost=pairs.lost,
            p_value=mcnemar_p_value(pairs),
        )
    mine, theirs = first.metric(name), second.metric(name)
    if mine is None or theirs is None:
        return _unknown(f"the answers that are kept say nothing of {name}")
    (rows, statistic), (others, _) = mine, theirs
    interval = paired_interval(rows, others, statistic, resamples=RESAMPLES)
    return MetricDifference(
        verdict=_judge(interval, better),
        reason=reason,
        how=_BOOTSTRAP,
        value=statistic(rows) - statistic(others),
        low=interval.low,
        high=interval.high,
        count=len(rows),
        paired=True,
    )


def _unpaired(mine: MetricRecord, theirs: MetricRecord, reason: str) -> MetricDifference:
    interval = unpaired_interval(mine.value, _interval(mine), theirs.value, _interval(theirs))
    return MetricDifference(
        verdict=_judge(interval, mine.better),
        reason=reason,
        how=_APART,
        value=mine.value - theirs.value,
        low=interval.low,
        high=interval.high,
        count=min(mine.count, theirs.count),
    )


def _interval(metric: MetricRecord) -> Interval:
    """Of a share of examples that are right Wilson's; of another metric the run's own."""
    right = metric.value * metric.count
    if metric.name == _ACCURACY and abs(right - round(right)) < 1e-6:
        return wilson_interval(round(right), metric.count)
    return Interval(low=metric.low, high=metric.high)


def _judge(interval: Interval, better: str) -> DifferenceVerdict:
    if 0.0 in interval:
        return DifferenceVerdict.NONE
    more = interval.low > 0
    return DifferenceVerdict.BETTER if more == (better == "more") else DifferenceVerdict.WORSE
