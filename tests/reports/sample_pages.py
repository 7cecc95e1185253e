"""A page of each kind that has charts, for the tests of what holds for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from sample_runs import full_record
from test_estimate_page import estimate
from toy_compression import FAST, MIDDLE, SLOW, toy_compression

from chipsmith.learn import Task
from chipsmith.learn.validation.answers import AnswerTable
from chipsmith.reports.comparison.compare import compare_records
from chipsmith.reports.comparison.page import render_comparison
from chipsmith.reports.comparison.result import ComparedRun, RunComparison
from chipsmith.reports.compression import render_compression
from chipsmith.reports.estimates.page import render_estimates
from chipsmith.reports.html import render_page
from chipsmith.studies.budget import Budget


@cache
def sample_comparison() -> RunComparison:
    """Two runs with answers to the same 40 examples, one of them worse."""
    names = ("first", "second")
    return compare_records([_run(name, wrong=wrong) for name, wrong in zip(names, (2, 9), strict=True)])


def _run(name: str, *, wrong: int) -> ComparedRun:
    target = np.zeros(40, np.int32)
    answers = AnswerTable(
        task=Task.CLASSIFICATION,
        examples=np.arange(40, dtype=np.int64),
        answer=(np.arange(40) < wrong).astype(np.int32),
        target=target,
        score=np.full(40, 0.9),
        loss=np.full(40, 0.1),
    )
    record = replace(full_record(), network=name)
    return ComparedRun(name=name, folder=Path(name), record=record, answers=answers, missing="")


PAGES: Mapping[str, Callable[[], str]] = {
    "run": lambda: render_page(full_record()),
    "estimate": lambda: render_estimates(estimate()),
    "compression": lambda: render_compression(toy_compression(SLOW, MIDDLE, FAST, budget=Budget(max_latency_us=50))),
    "comparison": lambda: render_comparison(sample_comparison()),
}
