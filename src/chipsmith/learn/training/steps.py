"""How a training takes its steps: what a strategy is asked for, and the ordinary one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from chipsmith.learn.data.dataset import Dataset
from chipsmith.learn.privacy.budget import PrivacyBudget
from chipsmith.learn.training.checkpoint import State
from chipsmith.learn.training.history import Epoch, best_epoch
from chipsmith.learn.training.losses import Loss, l1_penalty, task_loss
from chipsmith.learn.training.measure import measure_epoch, tensors
from chipsmith.learn.training.processes import Processes, with_loss
from chipsmith.learn.training.schedules import Length
from chipsmith.learn.training.settings import TrainingSettings

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingTask:
    """What is trained, on what, how, and by whom; `loss` replaces the task's own where it is not None."""

    module: torch.nn.Module
    dataset: Dataset
    settings: TrainingSettings
    seed: int
    loss: Loss | None
    together: Processes

    @property
    def objective(self) -> Loss:
        """What the steps make small."""
        settings = self.settings
        return self.loss or task_loss(
            self.dataset.task, label_smoothing=settings.label_smoothing, kl_weight=settings.kl_weight
        )

    def parameters(self) -> list[torch.nn.Parameter]:
        """Those that are trained."""
        return [parameter for parameter in self.module.parameters() if parameter.requires_grad]

    def length(self) -> Length:
        """How long the training is."""
        examples = len(self.dataset.train)
        return Length(
            epochs=self.settings.epochs,
            steps_per_epoch=math.ceil(examples / self.settings.batch(examples)),
            cycle_momentum=self.settings.optimizer.cycles_momentum,
        )


class StepStrategy(Protocol):
    """A way to take steps: which examples each has, what is done with them, and what is told after an epoch."""

    def draw_epoch(self) -> Iterable[torch.Tensor]:
        """The numbers of the training examples of each step of an epoch, int64."""

    def take(self, chosen: torch.Tensor) -> float:
        """Change the module by these examples; gives their loss, or 0 where it may not be told."""

    def measure(self, number: int) -> Epoch:
        """What the module, in evaluation mode, does after epoch `number`."""

    def choose(self, epochs: Sequence[Epoch]) -> Epoch:
        """The epoch of these whose weights are kept."""

    def budget(self) -> PrivacyBudget | None:
        """What has been spent of the examples' privacy; None where nothing was promised."""

    def state(self) -> State:
        """What the next steps depend on beside the module."""

    def restore(self, state: State) -> None:
        """Go on from a state. Raises ValueError where it is of another network."""

    def close(self) -> None:
        """Leave the module as a plain one."""


class OrdinarySteps:
    """Every example once an epoch, in an order that the seed shuffles; the curves show both parts."""

    def __init__(self, task: TrainingTask) -> None:
        import torch

        self._task, self._settings = task, task.settings
        self._objective = with_loss(task.module, task.objective, task.together)
        self._optimizer = task.settings.optimizer.build(task.parameters())
        self._schedule = task.settings.schedule.build(self._optimizer, task.length())
        self._generator = torch.Generator().manual_seed(task.seed)

    def draw_epoch(self) -> Iterator[torch.Tensor]:
        """See StepStrategy.draw_epoch."""
        import torch

        examples = len(self._task.dataset.train)
        yield from torch.randperm(examples, generator=self._generator).split(self._settings.batch(examples))

    def take(self, chosen: torch.Tensor) -> float:
        """See StepStrategy.take."""
        import torch

        mine, weight = self._task.together.share(chosen)
        inputs, targets = self._examples(chosen, mine)
        with self._autocast():
            loss = self._objective(inputs, targets) * weight
            if self._settings.l1:
                loss = loss + self._settings.l1 * l1_penalty(self._task.module)
        self._optimizer.zero_grad()
        loss.backward()
        if self._settings.gradient_clip is not None:
            torch.nn.utils.clip_grad_norm_(self._task.module.parameters(), self._settings.gradient_clip)
        self._optimizer.step()
        self._schedule.step()
        return float(loss.item())

    def measure(self, number: int) -> Epoch:
        """See StepStrategy.measure."""
        return measure_epoch(self._task.module, self._task.dataset, number, device=self._settings.device)

    def choose(self, epochs: Sequence[Epoch]) -> Epoch:
        """That with the lowest validation loss."""
        return best_epoch(epochs)

    def budget(self) -> None:
        """Nothing is promised."""

    def state(self) -> State:
        """See StepStrategy.state."""
        return {
            "optimizer": self._optimizer.state_dict(),
            "schedule": self._schedule.state_dict(),
            "order": self._generator.get_state(),
        }

    def restore(self, state: State) -> None:
        """See StepStrategy.restore."""
        self._optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])
        self._generator.set_state(state["order"])

    def close(self) -> None:
        """The module is a plain one."""

    def _examples(self, chosen: torch.Tensor, mine: slice) -> tuple[torch.Tensor, torch.Tensor]:
        """This process's examples of a step; what is drawn for them does not depend on how they are shared out."""
        augmentation, device, train = self._settings.augmentation, self._settings.device, self._task.dataset.train
        if augmentation is None:
            return tensors(train, chosen[mine].numpy(), device=device)
        inputs, targets = tensors(train, chosen.numpy())
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
