"""Training any module on any data set: steps, a measurement after each epoch, the best weights kept, resumable."""

from __future__ import annotations

import copy
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from chipsmith.errors import BadInput, CheckFailed
from chipsmith.learn.data.dataset import Dataset
from chipsmith.learn.privacy.steps import PrivateSteps
from chipsmith.learn.reproducible import reproducible, require_torch
from chipsmith.learn.training.checkpoint import State, read_checkpoint, write_checkpoint
from chipsmith.learn.training.history import Epoch, History, OnEpoch, best_epoch, ignore
from chipsmith.learn.training.losses import Loss
from chipsmith.learn.training.measure import measure_epoch
from chipsmith.learn.training.processes import joined, require_device
from chipsmith.learn.training.settings import TrainingSettings
from chipsmith.learn.training.steps import OrdinarySteps, Steps, TrainingTask

if TYPE_CHECKING:
    import torch

_STREAM = 1 << 32
"""Dropout draws from seeds from here on: other numbers than the order of the examples and the first weights."""


def fit(
    module: torch.nn.Module,
    dataset: Dataset,
    *,
    settings: TrainingSettings,
    seed: int,
    loss: Loss | None = None,
    checkpoint: Path | None = None,
    on_epoch: OnEpoch = ignore,
) -> History:
    """Train `module` in place on `dataset.train`; it ends in evaluation mode with the weights of its best epoch.

    The best epoch is that with the lowest validation loss, always measured by the task's own loss; of a private
    training it is the last. `loss` replaces what the steps make small. With `checkpoint` the state is written there after each epoch, and a training that finds the
    file goes on from it to the same bits as one that was never interrupted; the file stays. The test part is not
    touched. Under `torchrun` all processes train one network. With 0 epochs the module is measured as it is.

    Raises BadInput where network and data do not fit, a device is missing or the checkpoint is of another training, and
    CheckFailed where the loss is no longer a number.
    """
    require_torch(f"train on {dataset.name}")
    require_device(settings.device)
    with joined(settings.device) as together:
        stream = seed + _STREAM * (1 + together.rank)
        with reproducible(seed=stream, threads=settings.threads, deterministic=settings.device == "cpu"):
            if settings.epochs == 0:
                return History(epochs=(_checked(measure_epoch(module.eval(), dataset, 0)),))
            task = TrainingTask(
                module=module.to(settings.device),
                dataset=dataset,
                settings=settings,
                seed=seed,
                loss=loss,
                together=together,
            )
            return _TrainingLoop(task, _choose_steps(task)).run(checkpoint, on_epoch)


def _choose_steps(task: TrainingTask) -> Steps:
    """The strategy that the settings ask for."""
    if task.settings.privacy is None:
        return OrdinarySteps(task)
    return PrivateSteps(task, task.settings.privacy)


class _TrainingLoop:
    """A training between its epochs: its steps, curves and best weights."""

    def __init__(self, task: TrainingTask, steps: Steps) -> None:
        self._task, self._steps, self._settings = task, steps, task.settings
        self._module, self._dataset, self._seed = task.module, task.dataset, task.seed
        self._epochs: list[Epoch] = []
        self._best: State = copy.deepcopy(task.module.state_dict())

    def run(self, checkpoint: Path | None, on_epoch: OnEpoch) -> History:
        """Train from the start or from the checkpoint to the end."""
        try:
            self._train(checkpoint, on_epoch)
        finally:
            self._steps.close()
        self._module.load_state_dict(self._best)
        self._module.to("cpu").eval()
        return History(epochs=tuple(self._epochs), budget=self._steps.budget())

    def _train(self, checkpoint: Path | None, on_epoch: OnEpoch) -> None:
        if checkpoint is not None and checkpoint.exists():
            self._restore(read_checkpoint(checkpoint, of=self._identity()), checkpoint)
        for epoch in self._epochs:
            on_epoch(epoch)
        while not self._done():
            self._run_epoch()
            if checkpoint is not None and self._task.together.leads:
                write_checkpoint(checkpoint, self._state(), of=self._identity())
            on_epoch(self._epochs[-1])

    def _done(self) -> bool:
        patience = self._settings.early_stopping
        if not self._epochs:
            return False
        waited = len(self._epochs) - best_epoch(self._epochs).number
        return len(self._epochs) >= self._settings.epochs or (patience is not None and waited >= patience)

    def _run_epoch(self) -> None:
        number = len(self._epochs) + 1
        self._module.train()
        for chosen in self._steps.draw_epoch():
            _require_number(self._steps.take(chosen), number)
        self._module.eval()
        self._epochs.append(_checked(self._steps.measure(number)))
        if self._epochs[-1] is self._steps.choose(self._epochs):
            self._best = copy.deepcopy(self._module.state_dict())

    def _identity(self) -> State:
        """What must be the same for a training to go on."""
        settings = self._settings.model_dump(mode="json")
        parameters = {name: list(tensor.shape) for name, tensor in self._module.state_dict().items()}
        data = {"data set": self._dataset.name, "number of training examples": len(self._dataset.train)}
        return {**data, "seed": self._seed, "network": parameters, **settings}

    def _state(self) -> State:
        import torch

        return {
            "module": self._module.state_dict(),
            "best": self._best,
            **self._steps.state(),
            "draws": torch.random.get_rng_state(),
            "cuda_draws": torch.cuda.get_rng_state_all() if self._settings.device == "cuda" else [],
            "epochs": [asdict(epoch) for epoch in self._epochs],
        }

    def _restore(self, state: State, path: Path) -> None:
        import torch

        try:
            self._module.load_state_dict(state["module"])
            self._steps.restore(state)
        except (RuntimeError, ValueError) as error:
            raise BadInput(f"{path} is of another network; train to another folder") from error
        torch.random.set_rng_state(state["draws"])
        if state["cuda_draws"]:
            torch.cuda.set_rng_state_all(state["cuda_draws"])
        self._best = state["best"]
        self._epochs = [Epoch(**epoch) for epoch in state["epochs"]]


def _checked(epoch: Epoch) -> Epoch:
    _require_number((epoch.train_loss or 0.0) + epoch.validation_loss, epoch.number)
    return epoch


def _require_number(loss: float, number: int) -> None:
    if not math.isfinite(loss):
        raise CheckFailed(
            f"training failed in epoch {number}: the loss is {loss}; lower training.optimizer.learning_rate "
            "or set training.gradient_clip"
        )
