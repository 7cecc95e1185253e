"""The verbs of what runs left: runs, compare."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Union

from chipsmith.api.adopt import adopt_runs
from chipsmith.api.choices import words_in
from chipsmith.api.forms import AnyPath
from chipsmith.api.parameter import Argument, Option, Supplied
from chipsmith.api.values import as_path
from chipsmith.api.verb import Verb
from chipsmith.console import runs as console
from chipsmith.console.suggestions import suggest_runs

if TYPE_CHECKING:
    from chipsmith.flow.results import QuantumRunResult, RunResult
    from chipsmith.flow.run_list import RunList
    from chipsmith.reports.comparison.result import RunComparison


def runs(
    folder: Annotated[AnyPath, Argument(metavar="FOLDER", help="The folder that the runs are in.")] = "runs",
    *,
    sort: Annotated[
        str,
        Option(
            help="time (the latest first), name, metric, cycles, latency, energy, area or cost.",
            choices=words_in("chipsmith.flow.run_list", "RunOrder"),
        ),
    ] = "time",
) -> "RunList":
    """The runs in a folder: their figures side by side, and what is unfinished or damaged.

    Looks into `folder` and three folders deep. Each finished run has its recipe, chip, seed, metric with interval,
    cycles, microseconds, microjoules, area, and whether the chip was exact; trainings, compressions, searches, what was
    interrupted and what cannot be read stand there too, each with a note. Sorted by `sort`. Raises BadInput where there
    is no such folder.
    """
    from pathlib import Path

    from chipsmith.flow.run_list import list_runs, parse_order

    return list_runs(Path(folder), parse_order(sort))


def compare(
    runs: Annotated[
        Sequence[Union[AnyPath, "RunResult", "QuantumRunResult"]],
        Argument(
            metavar="RUN...",
            help="Folders or names of runs, two or more; the first is the baseline.",
            suggest=suggest_runs,
            adopt=adopt_runs,
        ),
    ],
    *others: Annotated[Union[AnyPath, "RunResult", "QuantumRunResult"], Supplied(supply=lambda: None)],
    html: Annotated[AnyPath | None, Option(metavar="PAGE", help="The page to write.")] = None,
) -> "RunComparison":
    """Put runs side by side: is one better than another, by how much, how surely, and what differs.

    `runs` are folders that `run` left, names of runs in ./runs, or what `run` returned, as a list or one by one; the
    first is the baseline. Each metric has the interval
    of its difference to the baseline, in pairs over the test examples that both answered where these are the same ones;
    otherwise unpaired, and it says why. Metrics of other tasks, data sets or classes are shown and not subtracted.
    Figures have ratios, layers are matched by their author's names, and what differs in recipe, chip, data and versions
    stands field by field. A page goes to `html`, if given. Raises BadInput where a folder holds no run.
    """
    from pathlib import Path

    from chipsmith.flow.arrays import check_folder
    from chipsmith.flow.comparison import compare_runs
    from chipsmith.flow.results import QuantumRunResult, RunResult
    from chipsmith.reports.comparison.page import write_comparison_page

    page = as_path(html)
    if page is not None:
        check_folder(page)
    result = compare_runs(
        [run if isinstance(run, RunResult | QuantumRunResult) else Path(run) for run in (*runs, *adopt_runs(others))]
    )
    if page is not None:
        write_comparison_page(result, page)
    return result


RUNS_VERBS = (
    Verb(function=runs, present=console.present_runs),
    Verb(function=compare, present=console.present_comparison),
)
