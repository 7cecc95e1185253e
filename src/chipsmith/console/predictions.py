"""What predict shows: the first answers, how good they are, what was wrong, unlike or skipped; a screen of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from chipsmith.console.answer_tables import prediction_table
from chipsmith.console.presentation import Presentation, print_tables
from chipsmith.units import count_things, format_time

if TYPE_CHECKING:
    from chipsmith.deployment.prediction import Predicted, Prediction

SHOWN = 20
"""Answers that a terminal shows; --json and --out have all."""
_NAMED = 5
"""Wrong, unlike and skipped inputs that are named."""


def present_predictions(result: Predicted) -> Presentation:
    """The answer for each example, and the chip's time for one."""
    return Presentation(
        to_json=result.to_json,
        print_text=partial(_print_predictions, result),
        print_wide=partial(_print_predictions, result, as_table=True),
    )


def _print_predictions(result: Predicted, *, as_table: bool = False) -> None:
    shown = result.predictions if len(result.predictions) <= SHOWN else result.predictions[: SHOWN // 2]
    if as_table:
        print_tables(prediction_table(shown))
    else:
        for prediction in shown:
            _print_answer(prediction)
    if len(shown) < len(result.predictions):
        print(f"... and {len(result.predictions) - len(shown):,} more: --out answers.csv or --json has all")
        _print_answers(result)
    _print_metrics(result)
    if len(shown) < len(result.predictions):
        _print_unlike(result)
    if result.skipped:
        print(f"{len(result.skipped):,} skipped, because they cannot be read:")
        _print_some([skipped.reason for skipped in result.skipped])
    _print_alarms(result)
    chip = result.program.chip
    print(
        f"{count_things(result.inferences, 'inference')} on {chip.name} (simulated), each "
        f"{result.latency_cycles:,} cycles, {format_time(result.latency_us)} at {chip.clock_mhz:g} MHz"
    )


def _print_answer(prediction: Prediction) -> None:
    wrong = f"; wrong, it is {prediction.label}" if prediction.right is False else ""
    print(f"{prediction.input}: {prediction.line}{wrong}")
    for warning in prediction.warnings:
        print(f"  warning: {warning}")


def _print_answers(result: Predicted) -> None:
    classes = Counter(
        str(prediction.answer["class"]) for prediction in result.predictions if "class" in prediction.answer
    )
    if classes:
        print("answers: " + ", ".join(f"{name} {count:,}" for name, count in classes.most_common(SHOWN)))


def _print_metrics(result: Predicted) -> None:
    if result.metrics is None:
        return
    from chipsmith.reports.headline import metric_text

    told = ", ".join(
        "{} {} ({} to {})".format(
            metric.name, *(metric_text(metric.name, x) for x in (metric.value, metric.low, metric.high))
        )
        for metric in result.metrics.metrics
    )
    count = result.metrics.primary_metric.count
    print(f"of {count:,} inputs the right answer is known (95 % interval): {told}")
    if result.wrong:
        pairs = ", ".join(f"{label} as {answer} ({times:,})" for label, answer, times in result.confused[:_NAMED])
        print(f"{len(result.wrong):,} wrong: {pairs}{', ...' if len(result.confused) > _NAMED else ''}")
        _print_some([f"{wrong.input}: {wrong.line}, is {wrong.label}" for wrong in result.wrong])


def _print_unlike(result: Predicted) -> None:
    if not result.warned:
        return
    why = Counter(trait.name for each in result.warned if each.unlike for trait in each.unlike.traits[:1])
    told = ", ".join(f"{name} {count:,}" for name, count in why.most_common(_NAMED))
    print(
        f"warning: {len(result.warned):,} of {len(result.predictions):,} inputs are unlike the training data ({told}):"
    )
    _print_some([f"{each.input}: {'; '.join(each.warnings)}" for each in result.warned])


def _print_alarms(result: Predicted) -> None:
    """How often what is like the training data is warned of: without it a warning says little."""
    known = result.likeness
    if result.warned and known is not None and known.tested:
        print(f"(such a warning came for {known.test_warned:,} of the run's own {known.tested:,} test examples)")


def _print_some(lines: Sequence[str]) -> None:
    for line in lines[:_NAMED]:
        print(f"  {line}")
    if len(lines) > _NAMED:
        print(f"  ... and {len(lines) - _NAMED:,} more")
