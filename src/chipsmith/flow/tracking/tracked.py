"""A run that is tracked: trackers are told of it, and none of them can stop it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from chipsmith.flow.results import QuantumRunResult, RunResult, TrainResult
from chipsmith.flow.run_files import CHIP_FILE, PAGE, RECIPE, RESULT, TRAINED
from chipsmith.flow.tracking.mlflow import MlflowTracker
from chipsmith.flow.tracking.tensorboard import TensorBoardTracker
from chipsmith.flow.tracking.tracker import RunTracker, Setting, TrackedEnd, TrackedStart, TrackerKind
from chipsmith.learn import Epoch, OnEpoch, Recipe
from chipsmith.learn.progress import Progress
from chipsmith.learn.training.processes import processes
from chipsmith.profile.profile import Profile
from chipsmith.reports.comparison.fields import plain_text
from chipsmith.reports.quantum.page import quantum_verdict
from chipsmith.reports.record import LearnedRecord, RunRecord
from chipsmith.reports.verdict import verdict

_TRACKERS: dict[TrackerKind, Callable[[], RunTracker]] = {
    TrackerKind.TENSORBOARD: TensorBoardTracker,
    TrackerKind.MLFLOW: MlflowTracker,
}
_FILES = (PAGE, RESULT, RECIPE, CHIP_FILE, TRAINED)
"""Files of a run folder that a store keeps beside the figures."""


class TrackedProgress(Progress):
    """Tells trackers of each epoch, and whoever watches of everything; a tracker that fails is told no more."""

    def __init__(self, watching: Progress, trackers: Sequence[RunTracker]) -> None:
        self._watching = watching
        self._trackers = list(trackers)

    def stage(self, name: str) -> None:
        """See Progress.stage."""
        self._watching.stage(name)

    def tell(self, text: str) -> None:
        """See Progress.tell."""
        self._watching.tell(text)

    def training(self, epochs: int) -> AbstractContextManager[OnEpoch]:
        """See Progress.training."""
        return self._training(epochs)

    @contextmanager
    def _training(self, epochs: int) -> Iterator[OnEpoch]:
        with self._watching.training(epochs) as watch:

            def on_epoch(epoch: Epoch) -> None:
                watch(epoch)
                self.each(lambda tracker: tracker.add_epoch(epoch))

            yield on_epoch

    def each(self, told: Callable[[RunTracker], None]) -> None:
        """Tell every tracker something."""
        for tracker in tuple(self._trackers):
            try:
                told(tracker)
            except Exception as error:  # a full disk, a server that went away: the run is worth more than its tracking
                self._trackers.remove(tracker)
                said = " ".join(str(error).split())[:200]
                self._watching.tell(f"{tracker.kind} is told no more of this run: {type(error).__name__}: {said}")

    def finish(self, result: RunResult | QuantumRunResult | TrainResult) -> None:
        """Tell of the figures at the end."""
        end = describe_end(result)
        self.each(lambda tracker: tracker.finish(end))


@contextmanager
def tracked(
    kinds: Sequence[TrackerKind], progress: Progress, *, folder: Path, recipe: Recipe, chip: str = "", command: str = ""
) -> Iterator[TrackedProgress]:
    """Tell these tools of what is done in the block; whoever does it calls `finish` of what this gives.

    `chip` is the name of the one that is run on. Raises BadInput where a tool is not installed, or its store cannot be
    opened.
    """
    trackers = [_TRACKERS[kind]() for kind in kinds] if processes().leads else []
    start = TrackedStart(folder=folder, name=folder.name, settings=recipe_settings(recipe, chip), command=command)
    for tracker in trackers:
        tracker.begin(start)
    telling = TrackedProgress(progress, trackers)
    try:
        yield telling
    except BaseException as error:
        interrupted = not isinstance(error, Exception)
        telling.each(lambda tracker: tracker.abandon(interrupted=interrupted))
        raise


def recipe_settings(recipe: Recipe, chip: str) -> dict[str, Setting]:
    """The fields of a recipe by their dotted names, and the chip that is run on: numbers stay numbers."""
    fields = recipe.model_dump(mode="json", exclude={"description", "chip", "name"})
    return {"recipe": recipe.name, **({"chip": chip} if chip else {}), **dict(_settings(fields, ""))}


def _settings(fields: dict[str, object], prefix: str) -> Iterator[tuple[str, Setting]]:
    for name, value in fields.items():
        if isinstance(value, dict):
            yield from _settings(value, f"{prefix}{name}.")
        elif isinstance(value, str | int | float | bool):
            yield f"{prefix}{name}", value
        elif value is not None and value != []:
            yield f"{prefix}{name}", plain_text(value)


def describe_end(result: RunResult | QuantumRunResult | TrainResult) -> TrackedEnd:
    """The figures of a run, its files, and its verdict."""
    if isinstance(result, TrainResult):
        figures = {f"{metric.name}/source": metric.value for metric in result.metrics.metrics}
        return TrackedEnd(figures=figures, files=(result.path,), text=result.training.verdict.reason)
    record = result.record
    files = [result.folder / name for name in _FILES if (result.folder / name).is_file()]
    if isinstance(record, RunRecord):
        figures = _metric_figures(record) | _inference_figures(record.inference)
        if record.bit_exact is not None:
            figures["chip/mismatches"] = float(record.bit_exact.mismatches)
        return TrackedEnd(figures=figures, files=files, text=verdict(record))
    return TrackedEnd(figures=_metric_figures(record), files=files, text=quantum_verdict(record))


def _metric_figures(record: LearnedRecord) -> dict[str, float]:
    figures = {f"{metric.name}/{metric.target}": metric.value for metric in record.metrics}
    return figures if record.parameters is None else {**figures, "parameters": float(record.parameters.total)}


def _inference_figures(profile: Profile) -> dict[str, float]:
    return {
        "chip/latency_cycles": float(profile.latency.cold_cycles),
        "chip/latency_warm_cycles": float(profile.latency.warm_cycles),
        "chip/latency_us": profile.latency.cold_us,
        "chip/energy_uj": profile.energy_uj,
        "chip/area_mm2": profile.area.total,
        "chip/cost_usd": profile.cost.chip_usd.value,
        "chip/external_bytes": float(profile.external_bytes),
        "chip/weight_bytes": float(profile.weight_bytes),
        "chip/memory_peak_bytes": float(profile.memory_peak_bytes),
    }
