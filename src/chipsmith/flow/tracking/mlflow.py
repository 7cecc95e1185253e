"""MLflow's store: one of its runs for each of ours, by its client, without its global state."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from chipsmith.errors import BadInput
from chipsmith.extras import require_package
from chipsmith.flow.tracking.tracker import TrackedEnd, TrackedStart, TrackerKind, epoch_figures
from chipsmith.learn import Epoch

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "chipsmith"
STORE = "mlflow.db"
"""Beside the run folders, where MLFLOW_TRACKING_URI names no other store: one for all runs."""
ARTIFACTS = "mlartifacts"
_LONGEST_PARAMETER = 6000
"""Letters of a parameter that MLflow takes."""
_SILENCED = {"MLFLOW_DISABLE_TELEMETRY": "true"}
"""Said to MLflow before it is imported: it would tell its makers of its use over the network."""


class MlflowTracker:
    """Tells MLflow's store of a run; raises BadInput at once where MLflow is not installed.

    The store is that of $MLFLOW_TRACKING_URI, else a SQLite file beside the run folder; the experiment that of
    $MLFLOW_EXPERIMENT_NAME, else "chipsmith".
    """

    kind = TrackerKind.MLFLOW

    def __init__(self) -> None:
        require_package("mlflow", extra="tracking", task="write to MLflow's store", distribution="mlflow-skinny")
        self._client: MlflowClient | None = None
        self._run = ""

    def begin(self, start: TrackedStart) -> None:
        """See RunTracker.begin. Raises BadInput where the store cannot be opened."""
        place = store_uri(start.folder)
        try:
            self._client = open_client(place)
            experiment = self._find_experiment(start.folder)
            tags = {"mlflow.runName": start.name, "chipsmith.folder": str(start.folder)}
            if start.command:
                tags["chipsmith.command"] = start.command
            self._run = self._client.create_run(experiment, tags=tags, run_name=start.name).info.run_id
        except Exception as error:  # of whichever store is named
            said = " ".join(str(error).split())[:200]
            raise BadInput(f"MLflow's store {place} cannot be opened: {said}; see MLFLOW_TRACKING_URI") from error
        for name, value in start.settings.items():
            self._client.log_param(self._run, name, str(value)[:_LONGEST_PARAMETER])

    def _find_experiment(self, folder: Path) -> str:
        assert self._client is not None
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", EXPERIMENT)
        known = self._client.get_experiment_by_name(name)
        if known is not None:
            return str(known.experiment_id)
        local = "MLFLOW_TRACKING_URI" not in os.environ
        artifacts = (folder.absolute().parent / ARTIFACTS).as_uri() if local else None
        return str(self._client.create_experiment(name, artifact_location=artifacts))

    def add_epoch(self, epoch: Epoch) -> None:
        """See RunTracker.add_epoch."""
        assert self._client is not None
        for name, value in epoch_figures(epoch).items():
            self._client.log_metric(self._run, name, value, step=epoch.number)

    def finish(self, end: TrackedEnd) -> None:
        """See RunTracker.finish."""
        assert self._client is not None
        for name, value in end.figures.items():
            self._client.log_metric(self._run, name, value)
        for file in end.files:
            self._client.log_artifact(self._run, str(file))
        if end.text:
            self._client.set_tag(self._run, "mlflow.note.content", end.text)
        self._client.set_terminated(self._run, "FINISHED")

    def abandon(self, *, interrupted: bool) -> None:
        """See RunTracker.abandon."""
        if self._client is not None and self._run:
            self._client.set_terminated(self._run, "KILLED" if interrupted else "FAILED")


def store_uri(folder: Path) -> str:
    """Where runs are told, for a run in this folder."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{folder.absolute().parent / STORE}"


def open_client(place: str) -> MlflowClient:
    """The client of a store, which tells nobody else."""
    for name, value in _SILENCED.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic"):  # what they do to make a store is no news
        logging.getLogger(name).setLevel(logging.WARNING)
    return MlflowClient(tracking_uri=place)
