"""What run, train, recipes, compress, judge and report show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from chipsmith.console.advice import print_closing
from chipsmith.console.data import print_warnings
from chipsmith.console.machines import print_cosimulation
from chipsmith.console.presentation import Presentation, new_table, print_hint, print_sentence, print_tables
from chipsmith.schema import SCHEMA_VERSION, Json

if TYPE_CHECKING:
    from chipsmith.flow.compress import Compressed
    from chipsmith.flow.judging import JudgedProgram
    from chipsmith.flow.results import QuantumRunResult, RunResult, TrainResult
    from chipsmith.learn import Recipe


WHOLE_RUN = "Show all figures with their sources, where each operator runs, and when each kernel."
"""What --verbose shows of a run."""


def present_run(result: RunResult | QuantumRunResult) -> Presentation:
    """The closing table of a run, where its files are, and its co-simulation, if it has one."""
    return replace(present_report(result), failure=result.failure)


def present_report(result: RunResult | QuantumRunResult) -> Presentation:
    """As of the run; what the run found is no failure of drawing it."""
    return Presentation(
        to_json=result.to_json,
        print_text=partial(_print_run, result),
        print_verbose=partial(_print_whole_run, result),
    )


def present_training(result: TrainResult) -> Presentation | None:
    """The verdict of a training and its metrics on the test part; None where another process shows them."""
    from chipsmith.learn.training.processes import processes

    if not processes().leads:
        return None
    return Presentation(to_json=result.to_json, print_text=partial(_print_training, result))


def present_recipes(recipes: Sequence[Recipe]) -> Presentation:
    """One row a recipe."""
    return Presentation(to_json=partial(_recipes_json, recipes), print_text=partial(_print_recipes, recipes))


def present_compression(result: Compressed) -> Presentation:
    """All networks of a compression, fast ones first, and the one chosen."""
    return Presentation(to_json=result.to_json, print_text=partial(_print_compression, result), failure=result.failure)


def present_judged(result: JudgedProgram) -> Presentation:
    """The metrics on the examples, with their intervals."""
    return Presentation(to_json=result.to_json, print_text=partial(_print_judged, result))


def _print_judged(result: JudgedProgram) -> None:
    manifest, first = result.program.manifest, result.metrics.primary_metric
    title = f"{manifest.network} on {first.count:,} examples of the {result.part} part of {result.recipe}"
    table = new_table(title, "metric", "chip", "95 %")
    for metric in result.metrics.metrics:
        table.add_row(metric.name, f"{metric.value:.4f}", f"{metric.low:.4f} to {metric.high:.4f}")
    print_tables(table)


def _print_run(result: RunResult | QuantumRunResult) -> None:
    """What fits a screen: the outcome in a line, the figures that matter, notes, and where the files are."""
    from chipsmith.flow.results import RunResult
    from chipsmith.reports.closing import closing_notes, closing_rows, short_table, verdict_line
    from chipsmith.reports.quantum.headline import quantum_headlines
    from chipsmith.reports.quantum.page import quantum_verdict

    record = result.record
    if isinstance(result, RunResult):
        print_sentence(verdict_line(result.record))
        print_tables(short_table(closing_rows(result.record)))
    else:
        print_sentence(f"{record.network}: {result.record.model}, simulated. {quantum_verdict(result.record)}")
        print_tables(short_table(quantum_headlines(result.record)))
    for note in closing_notes(record):
        print_sentence(note)
    _print_end(result)
    print_hint("--verbose has all figures with their sources, and where each operator runs")


def _print_whole_run(result: RunResult | QuantumRunResult) -> None:
    """All tables."""
    from chipsmith.flow.results import RunResult
    from chipsmith.reports.quantum.terminal import print_quantum_report
    from chipsmith.reports.terminal import print_report

    if isinstance(result, RunResult):
        print_report(result.record)
    else:
        print_quantum_report(result.record)
    _print_end(result)


def _print_end(result: RunResult | QuantumRunResult) -> None:
    """Warnings of the data, the files, and the co-simulation where there was one."""
    from chipsmith.flow.results import RunResult

    print_warnings(result.record.data)
    if isinstance(result, RunResult):
        print_closing(result.record.advice, folder=str(result.folder))
        print_sentence(f"files: {result.folder}/ report.html (the page), trace.json (for the Perfetto viewer)")
        if result.cosim is not None:
            print_cosimulation(result.cosim)
    else:
        print_sentence(f"files: {result.folder}/ report.html (the page), circuit.qasm (OpenQASM 3)")


def _print_training(result: TrainResult) -> None:
    from chipsmith.reports.headline import metric_text
    from chipsmith.reports.privacy import privacy_lines

    verdict = result.training.verdict
    print_sentence(f"training: {verdict.fit.value}; {verdict.reason}")
    for line in privacy_lines(result.training.history.budget, result.training.outside_of_promise):
        print(line)
    for metric in result.metrics.metrics:
        value, low, high = (metric_text(metric.name, figure) for figure in (metric.value, metric.low, metric.high))
        print(f"test {metric.name}, float: {value} ({low} to {high}), {metric.count:,} examples")
    print_warnings(result.data)
    print(f"weights: {result.path}")


def _recipes_json(recipes: Sequence[Recipe]) -> Json:
    return {"schema_version": SCHEMA_VERSION, "recipes": [recipe.model_dump(mode="json") for recipe in recipes]}


def _print_recipes(recipes: Sequence[Recipe]) -> None:
    table = new_table("recipes", "name", "task", "network", "what")
    for recipe in recipes:
        table.add_row(recipe.name, recipe.task.value, recipe.network.kind, recipe.description)
    print_tables(table)


def _print_compression(result: Compressed) -> None:
    from chipsmith.reports.compression import terminal_rows, verdict, with_interval

    compression = result.result
    heads, rows = terminal_rows(compression)
    table = new_table(f"{compression.network} compressed for {compression.start.cost.chip}", *heads)
    table.collapse_padding = True
    for column in table.columns[1:]:  # names are folded where the line is short, figures never cut
        column.no_wrap = True
    for row in rows:
        table.add_row(*row)
    table.caption = (
        f"before: {with_interval(compression.start.test)} in float; lost: points against it; faster: times fewer "
        "cycles; * chosen on the validation part"
    )
    print_tables(table)
    for reason in compression.skipped:
        print_sentence(f"not done: {reason}")
    if compression.met:
        print_sentence(verdict(compression))
    print(f"run folder: {result.folder} (report.html shows the front)")
