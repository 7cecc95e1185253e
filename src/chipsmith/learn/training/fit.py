"""Training any module on any data set: steps, a measurement after each epoch, the best weights kept, resumable."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from chipsmith.errors import BadInput, CheckFailed
from chipsmith.learn.data.dataset import Dataset
from chipsmith.learn.privacy.steps import PrivateSteps
from chipsmith.learn.reproducible import reproducible, require_torch
from chipsmith.learn.training.checkpoint import State, read_checkpoint, write_checkpoint
from chipsmith.learn.training.fixed import split_fixed
from chipsmith.learn.training.history import Epoch, History, KeptWeights, OnEpoch, best_epoch, ignore
from chipsmith.learn.training.identity import TrainingIdentity, identify_training
from chipsmith.learn.training.losses import Loss
from chipsmith.learn.training.measure import measure_epoch, measure_validation
from chipsmith.learn.training.processes import joined, require_device
from chipsmith.learn.training.settings import TrainingSettings
from chipsmith.learn.training.steps import OrdinarySteps, StepStrategy, TrainingTask

if TYPE_CHECKING:
    import torch

_STREAM = 1 << 32
"""Dropout draws from seeds from here on: other numbers than the order of the examples and the first weights."""
_NOTHING: Mapping[str, Any] = MappingProxyType({})


def fit(
    module: torch.nn.Module,
    dataset: Dataset,
    *,
    settings: TrainingSettings,
    seed: int,
    loss: Loss | None = None,
    kept: KeptWeights = KeptWeights.BEST,
    checkpoint: Path | None = None,
    work: Mapping[str, Any] = _NOTHING,
    on_epoch: OnEpoch = ignore,
) -> History:
    """Train `module` in place on `dataset.train`; it ends in evaluation mode with the weights of its best epoch.

    The best epoch is that with the lowest validation loss, always measured by the task's own loss; with `kept` as LAST,
    and of a private training, it is the last. `loss` replaces what the steps make small. With `checkpoint` the state is
    written there after each epoch, and a training that finds the file goes on from it to the same bits as one that was
    never interrupted; the file stays. It goes on only where the content of training and validation part, settings,
    seed, network, first weights and versions are those it was begun with, and `work`: plain values by name that say
    what else the result depends on, such as a recipe. The test part is not touched. Under `torchrun` all processes
    train one network. With 0 epochs the module is measured as it is.

    Raises BadInput where network and data do not fit, a device is missing or the checkpoint is of another training, and
    CheckFailed where the loss is no longer a number.
    """
    require_torch(f"train on {dataset.name}")
    require_device(settings.device)
    with joined(settings.device) as together:
        stream = seed + _STREAM * (1 + together.rank)
        with reproducible(seed=stream, threads=settings.threads, deterministic=settings.device == "cpu"):
            if settings.epochs == 0:
                look = measure_epoch if settings.privacy is None else measure_validation
                return History(epochs=(_checked(look(module.eval(), dataset, 0)),))
            whole = module.to(settings.device)
            learning, seen = (whole, dataset) if loss is not None else split_fixed(whole, dataset, settings=settings)
            task = TrainingTask(
                module=learning, dataset=seen, settings=settings, seed=seed, loss=loss, together=together
            )
            history = _TrainingLoop(task, _choose_steps(task), kept).run(checkpoint, on_epoch, work)
            module.to("cpu").eval()
            return history


def _choose_steps(task: TrainingTask) -> StepStrategy:
    """The strategy that the settings ask for."""
    if task.settings.privacy is None:
        return OrdinarySteps(task)
    return PrivateSteps(task, task.settings.privacy)


_FAULTS_OF_STATE = (RuntimeError, ArithmeticError, ValueError, LookupError, TypeError, AttributeError)
"""What PyTorch raises for states of other sizes, types and numbers of steps."""


class _TrainingLoop:
    """A training between its epochs: its steps, curves and best weights."""

    def __init__(self, task: TrainingTask, steps: StepStrategy, kept: KeptWeights) -> None:
        self._task, self._steps, self._settings, self._kept = task, steps, task.settings, kept
        self._module = task.module
        self._epochs: list[Epoch] = []
        self._best: State = copy.deepcopy(task.module.state_dict())

    def run(self, checkpoint: Path | None, on_epoch: OnEpoch, work: Mapping[str, Any]) -> History:
        """Train from the start or from the checkpoint to the end."""
        try:
            self._train(checkpoint, on_epoch, work)
        finally:
            self._steps.close()
        self._module.load_state_dict(self._best)
        return History(epochs=tuple(self._epochs), budget=self._steps.budget())

    def _train(self, checkpoint: Path | None, on_epoch: OnEpoch, work: Mapping[str, Any]) -> None:
        identity = None if checkpoint is None else self._identify(work)
        step_context: Callable[[], AbstractContextManager[None]] = nullcontext
        if checkpoint is not None and identity is not None and checkpoint.exists():
            self._restore(read_checkpoint(checkpoint, of=identity), checkpoint)
            step_context = partial(_naming_checkpoint, checkpoint)
        for epoch in self._epochs:
            on_epoch(epoch)
        while not self._done():
            with step_context():
                self._run_epoch()
            if checkpoint is not None and identity is not None and self._task.together.leads:
                write_checkpoint(checkpoint, self._state(), of=identity)
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
        if self._kept is KeptWeights.LAST or self._epochs[-1] is self._steps.choose(self._epochs):
            self._best = copy.deepcopy(self._module.state_dict())

    def _identify(self, work: Mapping[str, Any]) -> TrainingIdentity:
        """What must be the same for a training to go on; before the first step."""
        task = self._task
        if self._kept is not KeptWeights.BEST:
            work = {**work, "kept": self._kept.value}
        return identify_training(
            task.module, task.dataset, settings=task.settings, seed=task.seed, loss=task.loss, work=work
        )

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
            torch.random.set_rng_state(state["draws"])
            if state["cuda_draws"]:
                torch.cuda.set_rng_state_all(state["cuda_draws"])
            self._best = state["best"]
            self._epochs = [Epoch(**epoch) for epoch in state["epochs"]]
        except _FAULTS_OF_STATE as error:
            raise BadInput(f"{path} holds no whole state of this training; train to another folder") from error


@contextmanager
def _naming_checkpoint(path: Path) -> Iterator[None]:
    """Name the checkpoint where a step fails on what an optimiser or a schedule took from it."""
    try:
        yield
    except _FAULTS_OF_STATE as error:
        said = " ".join(str(error).split())[:100]
        raise BadInput(f"the training cannot go on from {path} ({said}); train to another folder") from error


def _checked(epoch: Epoch) -> Epoch:
    _require_number((epoch.train_loss or 0.0) + epoch.validation_loss, epoch.number)
    return epoch


def _require_number(loss: float, number: int) -> None:
    if not math.isfinite(loss):
        raise CheckFailed(
            f"training failed in epoch {number}: the loss is {loss}; lower training.optimizer.learning_rate "
            "or set training.gradient_clip"
        )
