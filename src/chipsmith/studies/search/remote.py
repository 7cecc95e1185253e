"""What runs on a worker: it takes a scorer, once, if its software is that of the search, and scores tasks with it."""

from __future__ import annotations

import pickle
import platform
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol, TypeVar

import chipsmith
from chipsmith.cache import content_key
from chipsmith.extras import installed_version

Task_contra = TypeVar("Task_contra", contravariant=True)
Outcome_co = TypeVar("Outcome_co", covariant=True)

Software = Mapping[str, str]
"""Versions by name."""

_KEPT = 4
"""Scorers that a worker keeps, the newest: a search that was killed cannot take its own away."""
_PLACE = "chipsmith_scorers"
"""The attribute of dask's worker that holds them, by search."""


class Scoring(Protocol[Task_contra, Outcome_co]):
    """Gives a task its outcome, which depends on nothing but the task."""

    def score(self, task: Task_contra, /) -> Outcome_co:
        """The outcome."""
        ...


def describe_software() -> Software:
    """What outcomes depend on beside the scorer. Chipsmith's version has a hash of its files: sources may be edited."""
    root = Path(str(files(chipsmith)))
    sources = sorted(path for path in root.rglob("*") if path.suffix in (".py", ".yaml"))
    digest = content_key(part for path in sources for part in (str(path.relative_to(root)).encode(), path.read_bytes()))
    return {
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "Chipsmith": f"{chipsmith.__version__} ({digest[:12]})",
        **{name: installed_version(name) or "missing" for name in ("numpy", "distributed")},
    }


def install_scorer(search: str, scorer: bytes, wanted: Software) -> Software:
    """Take a pickled scorer for a search, unless this worker's software is another; gives this software."""
    own = describe_software()
    if own == wanted:
        scorers = _scorers()
        scorers[search] = pickle.loads(scorer)
        for old in list(scorers)[:-_KEPT]:
            del scorers[old]
    return own


def score_tasks(search: str, tasks: Sequence[object]) -> list[object]:
    """The outcomes of tasks by the scorer of a search, which was installed here before."""
    scorer = _scorers()[search]
    return [scorer.score(task) for task in tasks]


def remove_scorer(search: str) -> None:
    """Forget the scorer of a search."""
    _scorers().pop(search, None)


def _scorers() -> dict[str, Scoring[Any, Any]]:
    from distributed import get_worker

    worker = get_worker()
    if not hasattr(worker, _PLACE):
        setattr(worker, _PLACE, {})
    scorers: dict[str, Scoring[Any, Any]] = getattr(worker, _PLACE)
    return scorers
