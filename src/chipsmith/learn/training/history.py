"""What was measured after each epoch of a training."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chipsmith.errors import BadInput
from chipsmith.learn.privacy.budget import PrivacyBudget
from chipsmith.shown import Shown


@dataclass(frozen=True, kw_only=True)
class Epoch(Shown):
    """What was measured after one epoch (the first is 1; 0: before any, of a network that is not trained here).

    Losses are means over examples (nats for classes and tokens); scores are 1 at best: accuracy for classes and tokens,
    explained variance for values. Training figures are taken as the validation's are: without augmentation, dropout;
    those of a private training are None, for it tells nothing of its training examples.
    """

    number: int
    train_loss: float | None
    train_score: float | None
    validation_loss: float
    validation_score: float


class KeptWeights(enum.StrEnum):
    """Which epoch's weights a training ends with."""

    BEST = "best epoch"
    """That with the lowest validation loss."""
    LAST = "last epoch"
    """That at the end of the schedule, whatever the curves say."""


OnEpoch = Callable[[Epoch], None]


@dataclass(frozen=True, kw_only=True)
class History(Shown):
    """The epochs of a training in order, and what a private training spent. Raises BadInput where there are none."""

    epochs: tuple[Epoch, ...]
    budget: PrivacyBudget | None = None

    def _brief(self) -> str:
        best = self.best
        return f"{len(self.epochs)} epochs, kept {best.number}: validation loss {best.validation_loss:.4g}"

    def __post_init__(self) -> None:
        best_epoch(self.epochs)

    @property
    def best(self) -> Epoch:
        """The epoch whose weights are kept: that with the lowest validation loss; of a private training the last."""
        return best_epoch(self.epochs) if self.budget is None else self.last

    @property
    def last(self) -> Epoch:
        """The epoch at the end of the curves."""
        return self.epochs[-1]


def best_epoch(epochs: Sequence[Epoch]) -> Epoch:
    """The epoch with the lowest validation loss, the first of several. Raises BadInput for none."""
    if not epochs:
        raise BadInput("a training without epochs has no curves: train for one epoch or more")
    return min(epochs, key=lambda epoch: epoch.validation_loss)


def ignore(_: Epoch) -> None:
    """An OnEpoch that does nothing."""
