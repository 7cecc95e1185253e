"""What the curves of a training say: a good fit, overfitting or underfitting, with the evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from chipsmith.errors import BadInput
from chipsmith.learn.metrics import Accuracy

MAX_ACCURACY_GAP = 0.05
"""A larger lead of the training over the validation accuracy is overfitting, if chance cannot explain it."""
MAX_LOSS_RISE = 0.05
"""A larger rise of the validation loss after its minimum is overfitting; as a share of the loss of guessing."""
MIN_SKILL = 0.9
"""A network that gets less of the way from guessing to no error, on its own training images, is underfitted."""


class Fit(StrEnum):
    """How a network fits its data."""

    GOOD = "good"
    OVERFIT = "overfit"
    UNDERFIT = "underfit"


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """What was measured after one epoch (the first is 1): mean cross entropies in nats, accuracies from 0 to 1.

    The training figures are taken as the validation's are: without augmentation and dropout.
    """

    number: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The fit, and its evidence: one sentence with numbers for each thing that was looked at, the decisive first."""

    fit: Fit
    evidence: tuple[str, ...]

    @property
    def reason(self) -> str:
        """The evidence as one line."""
        return "; ".join(self.evidence)


@dataclass(frozen=True, kw_only=True)
class _Finding:
    fit: Fit
    sentence: str


def best_epoch(history: Sequence[Epoch]) -> Epoch:
    """The epoch with the lowest validation loss, the first of several. Raises BadInput for an empty history."""
    if not history:
        raise BadInput("a training without epochs has no curves: train for one epoch or more")
    return min(history, key=lambda epoch: epoch.validation_loss)


def judge(history: Sequence[Epoch], *, classes: int, validation_images: int) -> Verdict:
    """The verdict on a training for `classes` equally frequent classes. Raises BadInput for an empty history.

    Overfitting is looked for at the end of the curves and counts before underfitting: in a network that does both, the
    gap is the first thing to close. Three things are looked at: the lead of the training over the validation accuracy
    (more than MAX_ACCURACY_GAP, and outside of the validation's Wilson interval), the rise of the validation loss after
    its minimum (more than MAX_LOSS_RISE of ln(classes), the loss of guessing), and the training accuracy against chance
    (skill = (accuracy - chance) / (1 - chance) below MIN_SKILL at the best epoch).
    """
    best = best_epoch(history)
    findings = (
        _accuracy_gap(history[-1], validation_images),
        _loss_rise(history[-1], best, classes),
        _skill(best, classes),
    )
    bad = [finding for finding in findings if finding.fit is not Fit.GOOD]
    fine = [finding for finding in findings if finding.fit is Fit.GOOD]
    fit = bad[0].fit if bad else Fit.GOOD
    return Verdict(fit=fit, evidence=tuple(finding.sentence for finding in (*bad, *fine)))


def _accuracy_gap(last: Epoch, validation_images: int) -> _Finding:
    correct = round(last.validation_accuracy * validation_images)
    interval = Accuracy(correct=correct, total=validation_images).interval
    gap = last.train_accuracy - last.validation_accuracy
    overfit = gap > MAX_ACCURACY_GAP and last.train_accuracy not in interval
    sentence = (
        f"at the end training accuracy is {last.train_accuracy:.1%} and validation accuracy "
        f"{last.validation_accuracy:.1%} ({interval.low:.1%} to {interval.high:.1%} at 95 %), a gap of "
        f"{100 * gap:.1f} points where {100 * MAX_ACCURACY_GAP:.0f} are allowed"
    )
    return _Finding(fit=Fit.OVERFIT if overfit else Fit.GOOD, sentence=sentence)


def _loss_rise(last: Epoch, best: Epoch, classes: int) -> _Finding:
    rise = (last.validation_loss - best.validation_loss) / math.log(classes)
    sentence = (
        f"validation loss is lowest in epoch {best.number} ({best.validation_loss:.3f}) and {last.validation_loss:.3f} "
        f"at the end, a rise of {rise:.1%} of the loss of guessing where {MAX_LOSS_RISE:.0%} is allowed"
    )
    return _Finding(fit=Fit.OVERFIT if rise > MAX_LOSS_RISE else Fit.GOOD, sentence=sentence)


def _skill(best: Epoch, classes: int) -> _Finding:
    chance = 1 / classes
    skill = (best.train_accuracy - chance) / (1 - chance)
    sentence = (
        f"in epoch {best.number} the network gets {best.train_accuracy:.1%} of its training images right: {skill:.0%} "
        f"of the way from guessing ({chance:.0%}) to no error, where {MIN_SKILL:.0%} is asked for"
    )
    return _Finding(fit=Fit.UNDERFIT if skill < MIN_SKILL else Fit.GOOD, sentence=sentence)
