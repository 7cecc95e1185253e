"""Training any module on any data set: steps, a measurement after each epoch, the best weights kept, resumable."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from chipsmith.errors import BadInput, CheckFailed
from chipsmith.learn.data.dataset import Dataset
from chipsmith.learn.reproducible import reproducible, require_torch
from chipsmith.learn.training.checkpoint import State, read_checkpoint, write_checkpoint
from chipsmith.learn.training.history import Epoch, History, OnEpoch, best_epoch, ignore
from chipsmith.learn.training.identity import TrainingIdentity, identify_training
from chipsmith.learn.training.losses import Loss, l1_penalty, task_loss
from chipsmith.learn.training.measure import measure_epoch, tensors
from chipsmith.learn.training.processes import Processes, joined, require_device, with_loss
from chipsmith.learn.training.schedules import Length
from chipsmith.learn.training.settings import TrainingSettings

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
    checkpoint: Path | None = None,
    work: Mapping[str, Any] = _NOTHING,
    on_epoch: OnEpoch = ignore,
) -> History:
    """Train `module` in place on `dataset.train`; it ends in evaluation mode with the weights of its best epoch.

    The best epoch is that with the lowest validation loss, always measured by the task's own loss; `loss` replaces what
    the steps make small. With `checkpoint` the state is written there after each epoch, and a training that finds the
    file goes on from it to the same bits as one that was never interrupted; the file stays. It goes on only where the
    content of training and validation part, settings, seed, network, first weights and versions are those it was begun
    with, and `work`: plain values by name that say what else the result depends on, such as a recipe. The test part is
    not touched. Under `torchrun` all processes train one network. With 0 epochs the module is measured as it is.

    Raises BadInput where network and data do not fit, a device is missing or the checkpoint is of another training, and
    CheckFailed where the loss is no longer a number.
    """
    require_torch(f"train on {dataset.name}")
    require_device(settings.device)
    with joined(settings.device) as together:
        stream = seed + _STREAM * (1 + together.rank)
        with reproducible(seed=stream, threads=settings.threads, deterministic=settings.device == "cpu"):
            if settings.epochs == 0:
                return History(epochs=(_measure(module.eval(), dataset, 0),))
            training = _TrainingLoop(module, dataset, settings, seed, loss, together)
            return training.run(checkpoint, on_epoch, work)


class _TrainingLoop:
    """A training between its epochs: module, optimiser, schedule, generator, curves and best weights."""

    def __init__(
        self,
        module: torch.nn.Module,
        dataset: Dataset,
        settings: TrainingSettings,
        seed: int,
        loss: Loss | None,
        together: Processes,
    ) -> None:
        import torch

        self._dataset, self._settings, self._seed, self._together = dataset, settings, seed, together
        self._module = module.to(settings.device)
        default = task_loss(dataset.task, label_smoothing=settings.label_smoothing, kl_weight=settings.kl_weight)
        self._loss = loss
        self._objective = with_loss(self._module, loss or default, together)
        self._optimizer = settings.optimizer.build(
            [parameter for parameter in module.parameters() if parameter.requires_grad]
        )
        self._schedule = settings.schedule.build(self._optimizer, self._length())
        self._generator = torch.Generator().manual_seed(seed)
        self._epochs: list[Epoch] = []
        self._best: State = copy.deepcopy(module.state_dict())

    def run(self, checkpoint: Path | None, on_epoch: OnEpoch, work: Mapping[str, Any]) -> History:
        """Train from the start or from the checkpoint to the end."""
        identity = None if checkpoint is None else self._identify(work)
        if checkpoint is not None and identity is not None and checkpoint.exists():
            self._restore(read_checkpoint(checkpoint, of=identity), checkpoint)
        for epoch in self._epochs:
            on_epoch(epoch)
        while not self._done():
            self._run_epoch()
            if checkpoint is not None and identity is not None and self._together.leads:
                write_checkpoint(checkpoint, self._state(), of=identity)
            on_epoch(self._epochs[-1])
        self._module.load_state_dict(self._best)
        self._module.to("cpu").eval()
        return History(epochs=tuple(self._epochs))

    def _length(self) -> Length:
        examples = len(self._dataset.train)
        return Length(
            epochs=self._settings.epochs,
            steps_per_epoch=math.ceil(examples / self._settings.batch(examples)),
            cycle_momentum=self._settings.optimizer.cycles_momentum,
        )

    def _done(self) -> bool:
        patience = self._settings.early_stopping
        if not self._epochs:
            return False
        waited = len(self._epochs) - best_epoch(self._epochs).number
        return len(self._epochs) >= self._settings.epochs or (patience is not None and waited >= patience)

    def _run_epoch(self) -> None:
        import torch

        number, examples = len(self._epochs) + 1, len(self._dataset.train)
        self._module.train()
        for chosen in torch.randperm(examples, generator=self._generator).split(self._settings.batch(examples)):
            _require_number(self._step(chosen), number)
        self._module.eval()
        self._epochs.append(_measure(self._module, self._dataset, number, device=self._settings.device))
        if self._epochs[-1] is best_epoch(self._epochs):
            self._best = copy.deepcopy(self._module.state_dict())

    def _step(self, chosen: torch.Tensor) -> float:
        import torch

        mine, weight = self._together.share(chosen)
        inputs, targets = self._examples(chosen, mine)
        with self._autocast():
            loss = self._objective(inputs, targets) * weight
            if self._settings.l1:
                loss = loss + self._settings.l1 * l1_penalty(self._module)
        self._optimizer.zero_grad()
        loss.backward()
        if self._settings.gradient_clip is not None:
            torch.nn.utils.clip_grad_norm_(self._module.parameters(), self._settings.gradient_clip)
        self._optimizer.step()
        self._schedule.step()
        return float(loss.item())

    def _examples(self, chosen: torch.Tensor, mine: slice) -> tuple[torch.Tensor, torch.Tensor]:
        """This process's examples of a step; what is drawn for them does not depend on how they are shared out."""
        augmentation, device = self._settings.augmentation, self._settings.device
        if augmentation is None:
            return tensors(self._dataset.train, chosen[mine].numpy(), device=device)
        inputs, targets = tensors(self._dataset.train, chosen.numpy())
        drawn = augmentation.draw(inputs, self._generator)
        inputs, targets = augmentation.apply(inputs[mine], drawn[mine]), targets[mine]
        return inputs.to(device), targets.to(device)

    def _autocast(self) -> AbstractContextManager[None]:
        import torch

        enabled = self._settings.mixed_precision
        autocast: AbstractContextManager[None] = torch.autocast(
            self._settings.device, dtype=torch.bfloat16, enabled=enabled
        )
        return autocast

    def _identify(self, work: Mapping[str, Any]) -> TrainingIdentity:
        """What must be the same for a training to go on; before the first step."""
        return identify_training(
            self._module, self._dataset, settings=self._settings, seed=self._seed, loss=self._loss, work=work
        )

    def _state(self) -> State:
        import torch

        return {
            "module": self._module.state_dict(),
            "best": self._best,
            "optimizer": self._optimizer.state_dict(),
            "schedule": self._schedule.state_dict(),
            "order": self._generator.get_state(),
            "draws": torch.random.get_rng_state(),
            "cuda_draws": torch.cuda.get_rng_state_all() if self._settings.device == "cuda" else [],
            "epochs": [asdict(epoch) for epoch in self._epochs],
        }

    def _restore(self, state: State, path: Path) -> None:
        import torch

        try:
            self._module.load_state_dict(state["module"])
            self._optimizer.load_state_dict(state["optimizer"])
            self._schedule.load_state_dict(state["schedule"])
            self._generator.set_state(state["order"])
            torch.random.set_rng_state(state["draws"])
            if state["cuda_draws"]:
                torch.cuda.set_rng_state_all(state["cuda_draws"])
            self._best = state["best"]
            self._epochs = [Epoch(**epoch) for epoch in state["epochs"]]
        except (RuntimeError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise BadInput(f"{path} holds no whole state of this training; train to another folder") from error


def _measure(module: torch.nn.Module, data: Dataset, number: int, *, device: str = "cpu") -> Epoch:
    epoch = measure_epoch(module, data, number, device=device)
    _require_number(epoch.train_loss + epoch.validation_loss, number)
    return epoch


def _require_number(loss: float, number: int) -> None:
    if not math.isfinite(loss):
        raise CheckFailed(
            f"training failed in epoch {number}: the loss is {loss}; lower training.optimizer.learning_rate "
            "or set training.gradient_clip"
        )
