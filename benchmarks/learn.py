"""Shipped recipes from raw data to a chip: float, int8 and chip side by side, each beside its bar.

    python benchmarks/learn.py [--quick] [--task NAME ...] [--folder FOLDER] [--json]

Every task is trained and judged on its test part, which no choice looks at, and leaves its run folder in FOLDER
(runs/learn). `--quick` takes the weights that stand there and judges them again; what was never trained is trained.
A training or a compression that was interrupted goes on. Exit code 1 where a bar is missed. `points` are hundredths of
a share, or per cent of a figure of which less is wanted. Data: $CHIPSMITH_DATA; a task whose data are not there is
named and left out.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import fmean

from rich.box import SIMPLE_HEAD
from rich.table import Table

import chipsmith
from chipsmith.console.presentation import print_tables
from chipsmith.errors import BadInput
from chipsmith.flow.run_files import CHECKPOINT, TRAINED
from chipsmith.learn import load_recipe
from chipsmith.learn.data.files import find
from chipsmith.reports.record import MetricRecord, RunRecord
from chipsmith.studies.budget import Budget

Work = Callable[[], "tuple[list[Row], list[Bar]]"]

EXAMPLES = Path(__file__).parents[1] / "examples"
MOST_POINTS_LOST = 1.0
"""By int8 on the chip against float, for every task."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A recipe, the seeds it is trained with, and the bars.

    `least` is what the mean of the seeds on the chip must reach; `most_lost` the points between float and chip.
    """

    recipe: str
    seeds: tuple[int, ...] = (0,)
    least: float | None = None
    most_lost: float = MOST_POINTS_LOST

    def describe(self) -> str:
        """The bars in words."""
        lost = f"at most {self.most_lost} points lost from float to chip"
        return lost if self.least is None else f"at least {self.least} on the chip, {lost}"


@dataclass(frozen=True, kw_only=True)
class Smaller:
    """A recipe whose network is compressed for a chip: a share of the cycles at most, and few points lost."""

    recipe: str
    chip: str
    max_latency_us: float
    most_cycles: float = 0.5
    methods: tuple[str, ...] = ("channels",)

    def describe(self) -> str:
        """The bars in words."""
        return f"at most {self.most_cycles} of the cycles at at most {MOST_POINTS_LOST} points lost"


RECIPES = {
    "digits": Job(recipe="digits", seeds=(0, 1, 2, 3, 4), least=0.975),
    "cifar10_pretrained": Job(recipe="cifar10_pretrained", most_lost=0.5),
    "cifar10": Job(recipe="cifar10_short"),
    "spoken_digits": Job(recipe="spoken_digits", least=0.90),
    "digits_private": Job(recipe="digits_private", seeds=(0, 1, 2), least=0.92),
    "sentiment": Job(recipe="sentiment", least=0.74),
    "shakespeare": Job(recipe="shakespeare"),
    "vowels_gru": Job(recipe="vowels_gru"),
    "power_lstm": Job(recipe="power_lstm"),
    "diabetes": Job(recipe="diabetes"),
    "anomaly": Job(recipe="anomaly"),
    "vae": Job(recipe="vae"),
}
COMPRESSED = {
    "digits_smaller": Smaller(recipe="digits", chip="nano-64", max_latency_us=94),
    "power_smaller": Smaller(recipe=str(EXAMPLES / "power_perceptron.yaml"), chip="nano-64", max_latency_us=3),
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A task's figures for one seed beside its bar; `interval` is the chip's, by bootstrap at 95 %."""

    task: str
    bar: str
    seed: int
    chip: str
    metric: str
    metric_source: float
    metric_int8: float
    metric_npu: float
    interval: tuple[float, float]
    examples: int
    points_lost: float
    cold_cycles: int
    speedup: float | None
    bit_exact: bool | None
    wall_s: float


@dataclass(frozen=True, kw_only=True)
class Bar:
    """What a task must reach, what it reached, and whether that is enough."""

    task: str
    bar: str
    reached: float
    met: bool


def run_job(name: str, job: Job, folder: Path, *, again: bool) -> tuple[list[Row], list[Bar]]:
    """Train and judge a recipe with each of its seeds; `again` judges the weights that its folder holds."""
    rows = [run_seed(name, job, seed, folder / f"{name}-{seed}", again=again) for seed in job.seeds]
    bars = [lost_bar(name, job.most_lost, max(row.points_lost for row in rows))]
    if job.least is not None:
        mean = fmean(row.metric_npu for row in rows)
        bars.append(
            Bar(task=name, bar=f"chip, mean of seeds, at least {job.least}", reached=mean, met=mean >= job.least)
        )
    return rows, bars


def run_seed(name: str, job: Job, seed: int, folder: Path, *, again: bool) -> Row:
    settings = []
    trained = folder / TRAINED
    if again and trained.exists():
        settings = [f"weights={trained}", "training.epochs=0"]
        folder = folder.with_name(f"{folder.name}-again")
    begin = time.perf_counter()
    ran = chipsmith.run(job.recipe, seed=seed, settings=settings, out=folder, resume=(folder / CHECKPOINT).exists())
    return row_of(name, job, ran.record, time.perf_counter() - begin)


def row_of(name: str, job: Job, record: RunRecord, wall_s: float) -> Row:
    judged = {metric.target: metric for metric in reversed(record.metrics)}
    return Row(
        task=name,
        bar=job.describe(),
        seed=record.seed,
        chip=record.chip.name,
        metric=judged["npu"].name,
        metric_source=judged["source"].value,
        metric_int8=judged["int8"].value,
        metric_npu=judged["npu"].value,
        interval=(judged["npu"].low, judged["npu"].high),
        examples=judged["npu"].count,
        points_lost=points_lost(judged["source"], judged["npu"]),
        cold_cycles=record.inference.latency.cold_cycles,
        speedup=None,
        bit_exact=record.bit_exact is not None and record.bit_exact.exact,
        wall_s=wall_s,
    )


def points_lost(before: MetricRecord, after: MetricRecord) -> float:
    if before.better == "more":
        return 100 * (before.value - after.value)
    return 100 * (after.value / before.value - 1)


def run_smaller(name: str, job: Smaller, folder: Path) -> tuple[list[Row], list[Bar]]:
    """Compress a recipe's network; what the folder holds from before is taken from there."""
    begin = time.perf_counter()
    budget = Budget(max_latency_us=job.max_latency_us, max_accuracy_drop=MOST_POINTS_LOST)
    done = chipsmith.compress(job.recipe, chip=job.chip, budget=budget, methods=job.methods, out=folder / name)
    compression = done.result
    candidate = compression.chosen or compression.nearest
    on_chip = candidate.metrics["npu"]
    row = Row(
        task=name,
        bar=job.describe(),
        seed=compression.seed,
        chip=job.chip,
        metric=on_chip.name,
        metric_source=compression.start.test.value,
        metric_int8=candidate.metrics["int8"].value,
        metric_npu=on_chip.value,
        interval=(on_chip.low, on_chip.high),
        examples=on_chip.count,
        points_lost=compression.lost(candidate),
        cold_cycles=candidate.cost.cycles,
        speedup=compression.speedup(candidate),
        bit_exact=None,
        wall_s=time.perf_counter() - begin,
    )
    share = candidate.cost.cycles / compression.start.cost.cycles
    fewer = Bar(
        task=name,
        bar=f"share of the cycles, at most {job.most_cycles}",
        reached=share,
        met=share <= job.most_cycles,
    )
    return [row], [fewer, lost_bar(name, MOST_POINTS_LOST, row.points_lost)]


def lost_bar(name: str, most: float, lost: float) -> Bar:
    return Bar(task=name, bar=f"points lost by the chip against float, at most {most}", reached=lost, met=lost <= most)


def works(folder: Path, *, again: bool) -> Iterator[tuple[str, str, Work]]:
    """The tasks: name, recipe and what is to be done."""
    for name, job in RECIPES.items():
        yield name, job.recipe, partial(run_job, name, job, folder, again=again)
    for name, smaller in COMPRESSED.items():
        yield name, smaller.recipe, partial(run_smaller, name, smaller, folder)


def missing_data(recipe: str) -> str | None:
    """Why a recipe's data cannot be had here; None where they can, or come with a library."""
    path = getattr(load_recipe(recipe).data, "path", None)
    if path is None:
        return None
    try:
        find(str(path))
    except BadInput as error:
        return str(error)
    return None


def show(rows: Sequence[Row], bars: Sequence[Bar], missing: dict[str, str]) -> None:
    """Two tables, and what was left out."""
    figures = table("judged on the test part", "task", "seed", "source", "int8", "npu", "95 %", "cycles", "wall s")
    for row in rows:
        interval = f"{row.interval[0]:.3f} to {row.interval[1]:.3f}"
        values = (f"{value:.4f}" for value in (row.metric_source, row.metric_int8, row.metric_npu))
        name = f"{row.task}: {row.metric}, {row.chip}"
        figures.add_row(name, str(row.seed), *values, interval, f"{row.cold_cycles:,}", f"{row.wall_s:.0f}")
    verdicts = table("bars", "task", "bar", "reached", "")
    for bar in bars:
        verdicts.add_row(bar.task, bar.bar, f"{bar.reached:.4f}", "met" if bar.met else "MISSED")
    print_tables(figures, verdicts)
    for name, reason in missing.items():
        print(f"{name} left out: {reason}")


def table(title: str, first: str, *others: str) -> Table:
    rows = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    rows.add_column(first)
    for name in others:
        rows.add_column(name, justify="left" if name == "bar" else "right")
    return rows


def main() -> None:
    names = (*RECIPES, *COMPRESSED)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="judge again what was trained before")
    parser.add_argument("--task", action="append", choices=names, help="this task alone (repeatable)")
    parser.add_argument("--folder", type=Path, default=Path("runs/learn"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows: list[Row] = []
    bars: list[Bar] = []
    missing: dict[str, str] = {}
    for name, recipe, work in works(options.folder, again=options.quick):
        if options.task and name not in options.task:
            continue
        reason = missing_data(recipe)
        if reason is not None:
            missing[name] = reason
            continue
        new_rows, judged = work()
        rows += new_rows
        bars += judged
        print(
            f"{name}: {new_rows[0].metric} {fmean(row.metric_npu for row in new_rows):.4f} on the chip", file=sys.stderr
        )
    if options.json:
        tasks = [asdict(row) for row in rows]
        print(json.dumps({"tasks": tasks, "bars": [asdict(bar) for bar in bars], "left_out": missing}, indent=2))
    else:
        show(rows, bars, missing)
    raise SystemExit(0 if rows and all(bar.met for bar in bars) else 1)


if __name__ == "__main__":
    main()
