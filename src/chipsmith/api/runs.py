"""The verbs of what runs left: runs, compare."""

from typing import TYPE_CHECKING, Annotated

from chipsmith.api.forms import AnyPath
from chipsmith.api.parameter import Argument, Option
from chipsmith.api.verb import Verb
from chipsmith.console import runs as console

if TYPE_CHECKING:
    from chipsmith.flow.run_list import RunList


def runs(
    folder: Annotated[AnyPath, Argument(metavar="FOLDER", help="The folder that the runs are in.")] = "runs",
    *,
    sort: Annotated[str, Option(help="time (the latest first), name, metric, cycles, us, uj, mm2 or usd.")] = "time",
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


RUNS_VERBS = (Verb(function=runs, present=console.present_runs),)
