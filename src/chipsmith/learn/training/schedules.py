"""The learning rate over a training, changed after each step; the optimiser's own rate is its largest value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import Field

from chipsmith.learn.limits import MOST_EPOCHS
from chipsmith.learn.training.section import RecipeSection

if TYPE_CHECKING:
    import torch
    from torch.optim.lr_scheduler import LRScheduler

Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, kw_only=True)
class Length:
    """How long a training is, and whether its optimiser has a momentum to cycle."""

    epochs: int
    steps_per_epoch: int
    cycle_momentum: bool

    @property
    def steps(self) -> int:
        """Steps of the whole training."""
        return self.epochs * self.steps_per_epoch


class ConstantRate(RecipeSection):
    """The rate stays."""

    kind: Literal["constant"] = "constant"

    def build(self, optimizer: torch.optim.Optimizer, _: Length) -> LRScheduler:
        """A factor of 1."""
        from torch.optim.lr_scheduler import LambdaLR

        return LambdaLR(optimizer, lambda _: 1.0)


class Cosine(RecipeSection):
    """Half a cosine from the rate to `final` of it.

    Source: I. Loshchilov, F. Hutter: SGDR: stochastic gradient descent with warm restarts, ICLR 2017, without restarts.
    """

    kind: Literal["cosine"]
    final: Share = 0.0

    def build(self, optimizer: torch.optim.Optimizer, length: Length) -> LRScheduler:
        """torch's CosineAnnealingLR over all steps."""
        from torch.optim.lr_scheduler import CosineAnnealingLR

        floor = self.final * float(optimizer.param_groups[0]["lr"])
        return CosineAnnealingLR(optimizer, T_max=length.steps, eta_min=floor)


class OneCycle(RecipeSection):
    """From a 25th of the rate up to it within `rise` of the steps, then down to almost zero; momentum goes against it.

    Source: L. Smith, N. Topin: Super-convergence, 2018, with PyTorch's cosine arcs.
    """

    kind: Literal["one_cycle"]
    rise: float = Field(default=0.3, gt=0, lt=1)

    def build(self, optimizer: torch.optim.Optimizer, length: Length) -> LRScheduler:
        """torch's OneCycleLR over all steps."""
        from torch.optim.lr_scheduler import OneCycleLR

        return OneCycleLR(
            optimizer,
            max_lr=float(optimizer.param_groups[0]["lr"]),
            total_steps=length.steps,
            pct_start=self.rise,
            cycle_momentum=length.cycle_momentum,
        )


class StepDecay(RecipeSection):
    """The rate times `factor` after each `epochs`."""

    kind: Literal["step"]
    epochs: int = Field(ge=1, le=MOST_EPOCHS)
    factor: float = Field(default=0.1, gt=0, le=1)

    def build(self, optimizer: torch.optim.Optimizer, length: Length) -> LRScheduler:
        """torch's StepLR."""
        from torch.optim.lr_scheduler import StepLR

        return StepLR(optimizer, step_size=self.epochs * length.steps_per_epoch, gamma=self.factor)


class Warmup(RecipeSection):
    """A straight rise to the rate over the first `epochs`, then half a cosine down to `final` of it (1: it stays).

    Source of the rise: P. Goyal and others: Accurate, large minibatch SGD, 2017, section 2.2.
    """

    kind: Literal["warmup"]
    epochs: int = Field(ge=1, le=MOST_EPOCHS)
    final: Share = 0.0

    def build(self, optimizer: torch.optim.Optimizer, length: Length) -> LRScheduler:
        """torch's LambdaLR with the factor of each step."""
        from torch.optim.lr_scheduler import LambdaLR

        rise, total = self.epochs * length.steps_per_epoch, length.steps
        return LambdaLR(optimizer, lambda step: self._factor(step, rise, total))

    def _factor(self, step: int, rise: int, total: int) -> float:
        if step < rise:
            return (step + 1) / rise
        done = min(1.0, (step - rise) / max(1, total - rise))
        return self.final + (1 - self.final) * (1 + math.cos(math.pi * done)) / 2


Schedule: TypeAlias = ConstantRate | Cosine | OneCycle | StepDecay | Warmup
ScheduleSettings = Annotated[Schedule, Field(discriminator="kind")]
