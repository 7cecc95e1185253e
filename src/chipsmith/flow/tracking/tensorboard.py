"""TensorBoard's event files in the folder of a run: curves as they happen, settings and figures as its HPARAMS tab."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chipsmith.extras import require_package
from chipsmith.flow.tracking.tracker import TrackedEnd, TrackedStart, TrackerKind, epoch_figures
from chipsmith.learn import Epoch

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

EVENTS = "tensorboard"
"""The folder of the event files in that of the run: `tensorboard --logdir runs` finds those of all runs."""


class TensorBoardTracker:
    """Writes event files with PyTorch's writer; raises BadInput at once where TensorBoard is not installed."""

    kind = TrackerKind.TENSORBOARD

    def __init__(self) -> None:
        require_package("tensorboard", extra="tracking", task="write TensorBoard's files")
        self._writer: SummaryWriter | None = None
        self._settings: dict[str, str | int | float | bool] = {}
        self._last_epoch = 0

    def begin(self, start: TrackedStart) -> None:
        """See RunTracker.begin. The events of an earlier training in this folder go: all epochs are told anew."""
        from torch.utils.tensorboard import SummaryWriter

        folder = start.folder / EVENTS
        _remove_events(folder)
        self._settings = dict(start.settings)
        self._writer = SummaryWriter(str(folder))
        if start.command:
            self._writer.add_text("command", f"`{start.command}`")
        self._writer.flush()

    def add_epoch(self, epoch: Epoch) -> None:
        """See RunTracker.add_epoch."""
        assert self._writer is not None
        for name, value in epoch_figures(epoch).items():
            self._writer.add_scalar(name, value, epoch.number)
        self._last_epoch = epoch.number
        self._writer.flush()

    def finish(self, end: TrackedEnd) -> None:
        """See RunTracker.finish."""
        assert self._writer is not None
        if end.text:
            self._writer.add_text("result", end.text)
        self._writer.add_hparams(self._settings, dict(end.figures), run_name=".", global_step=self._last_epoch)
        self._writer.close()

    def abandon(self, *, interrupted: bool) -> None:
        """See RunTracker.abandon: what was written stays."""
        del interrupted
        if self._writer is not None:
            self._writer.close()


def _remove_events(folder: Path) -> None:
    for path in folder.glob("events.out.tfevents.*"):
        path.unlink(missing_ok=True)
