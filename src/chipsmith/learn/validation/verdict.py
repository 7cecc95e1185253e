"""What the curves of a training say: a good fit, overfitting or underfitting, with the evidence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from chipsmith.learn.data import Dataset, Task
from chipsmith.learn.training.history import Epoch, History
from chipsmith.learn.validation.interval import wilson_interval
from chipsmith.units import percent

MAX_ACCURACY_GAP = 0.05
"""A larger lead of the training over the validation accuracy is overfitting, if chance cannot explain it."""
MAX_EXPLAINED_GAP = 0.1
"""A larger lead of the training over the validation examples in explained variance is overfitting."""
MAX_LOSS_RISE = 0.05
"""A larger rise of the validation loss after its minimum is overfitting; as a share of the loss of guessing."""
MIN_SKILL = 0.9
"""A classifier that gets less of the way from guessing to no error, on its own training examples, is underfitted."""
MIN_GAIN = 0.25
"""For the other tasks: so much of the loss of guessing must be gone on the training examples."""
_GUESSED = 2000
"""Examples from which the loss of guessing is reckoned."""


class Fit(StrEnum):
    """How a network fits its data."""

    GOOD = "good"
    OVERFIT = "overfit"
    UNDERFIT = "underfit"
    NOT_TRAINED = "not trained here"


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


def judge(history: History, *, task: Task, outputs: int, validation_examples: int, guess_loss: float) -> Verdict:
    """The verdict on a training; `guess_loss` is that of the best answer that does not look at the input.

    Overfitting is looked for at the end of the curves and counts before underfitting: in a network that does both, the
    gap is the first thing to close. Three things are looked at: the lead of the training over the validation score
    (more than MAX_ACCURACY_GAP, and outside of the validation's Wilson interval; for values MAX_EXPLAINED_GAP), the
    rise of the validation loss after its minimum (more than MAX_LOSS_RISE of the loss of guessing), and what was
    learned on the training examples at the best epoch: for `outputs` classes the skill (accuracy - chance) /
    (1 - chance), at least MIN_SKILL, for other tasks the share of the loss of guessing that is gone, at least MIN_GAIN.
    A private training tells nothing of its training examples: their lead is not looked at, and what was learned is
    looked at on the validation's.
    """
    if history.last.number == 0:
        return Verdict(fit=Fit.NOT_TRAINED, evidence=("no epoch was trained: the weights are as they came",))
    if guess_loss <= 0:
        return Verdict(fit=Fit.NOT_TRAINED, evidence=("every training example has the same answer: nothing to learn",))
    findings = (
        _lead(history.last, task, validation_examples),
        _loss_rise(history, guess_loss),
        _skill(history.best, outputs) if task is Task.CLASSIFICATION else _gain(history.best, guess_loss),
    )
    bad = [finding for finding in findings if finding.fit is not Fit.GOOD]
    fine = [finding for finding in findings if finding.fit is Fit.GOOD]
    fit = bad[0].fit if bad else Fit.GOOD
    return Verdict(fit=fit, evidence=tuple(finding.sentence for finding in (*bad, *fine)))


def guess_loss(dataset: Dataset) -> float:
    """The task's loss of the best answer that does not look at the input, of the training part.

    ln(classes) for classes, which are taken as equally frequent; the entropy of the tokens' frequencies in nats; the
    mean variance of values; for generation the entropy of each value's mean as a Bernoulli variable, summed.
    """
    if dataset.task is Task.CLASSIFICATION:
        return math.log(dataset.outputs)
    targets = dataset.train.first(_GUESSED).whole().targets
    if dataset.task is Task.LANGUAGE:
        shares = np.bincount(targets.reshape(-1)) / targets.size
        return float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())
    wide = targets.reshape(len(targets), -1).astype(np.float64)
    if dataset.task is Task.GENERATION:
        means = wide.mean(axis=0).clip(1e-9, 1 - 1e-9)
        return float(-(means * np.log(means) + (1 - means) * np.log(1 - means)).sum())
    return float(wide.var(axis=0).mean())


def counts_right_answers(task: Task) -> bool:
    """Whether the score is a share of right answers."""
    return task in (Task.CLASSIFICATION, Task.LANGUAGE)


def _lead(last: Epoch, task: Task, validation_examples: int) -> _Finding:
    """Whether the training examples are answered better than others."""
    if last.train_score is None:
        sentence = "a private training tells nothing of its training examples, so their lead is not looked at"
        return _Finding(fit=Fit.GOOD, sentence=sentence)
    if counts_right_answers(task):
        return _accuracy_gap(last, last.train_score, validation_examples)
    return _explained_gap(last, last.train_score)


def _accuracy_gap(last: Epoch, train_score: float, validation_examples: int) -> _Finding:
    interval = wilson_interval(round(last.validation_score * validation_examples), validation_examples)
    gap = train_score - last.validation_score
    overfit = gap > MAX_ACCURACY_GAP and train_score not in interval
    sentence = (
        f"at the end training accuracy is {percent(train_score, 1)} and validation accuracy "
        f"{percent(last.validation_score, 1)} ({percent(interval.low, 1)} to {percent(interval.high, 1)} at 95 %), "
        f"a gap of {100 * gap:.1f} points where {100 * MAX_ACCURACY_GAP:.0f} are allowed"
    )
    return _Finding(fit=Fit.OVERFIT if overfit else Fit.GOOD, sentence=sentence)


def _explained_gap(last: Epoch, train_score: float) -> _Finding:
    gap = train_score - last.validation_score
    sentence = (
        f"at the end {percent(train_score, 1)} of the variance of the training examples is explained and "
        f"{percent(last.validation_score, 1)} of the validation's, a gap of {100 * gap:.1f} points where "
        f"{100 * MAX_EXPLAINED_GAP:.0f} are allowed"
    )
    return _Finding(fit=Fit.OVERFIT if gap > MAX_EXPLAINED_GAP else Fit.GOOD, sentence=sentence)


def _loss_rise(history: History, guess: float) -> _Finding:
    best, last = history.best, history.last
    rise = (last.validation_loss - best.validation_loss) / guess
    sentence = (
        f"validation loss is lowest in epoch {best.number} ({best.validation_loss:.3f}) and {last.validation_loss:.3f} "
        f"at the end, a rise of {percent(rise, 1)} of the loss of guessing where {percent(MAX_LOSS_RISE, 0)} is allowed"
    )
    return _Finding(fit=Fit.OVERFIT if rise > MAX_LOSS_RISE else Fit.GOOD, sentence=sentence)


def _skill(best: Epoch, classes: int) -> _Finding:
    chance = 1 / classes
    score = best.validation_score if best.train_score is None else best.train_score
    skill = (score - chance) / (1 - chance)
    sentence = (
        f"in epoch {best.number} the network gets {percent(score, 1)} of its {_seen(best)} examples right: "
        f"{percent(skill, 0)} of the way from guessing ({percent(chance, 0)}) to no error, where "
        f"{percent(MIN_SKILL, 0)} is asked for"
    )
    return _Finding(fit=Fit.UNDERFIT if skill < MIN_SKILL else Fit.GOOD, sentence=sentence)


def _gain(best: Epoch, guess: float) -> _Finding:
    loss = best.validation_loss if best.train_loss is None else best.train_loss
    gain = 1 - loss / guess
    sentence = (
        f"in epoch {best.number} the {_seen(best)} loss is {loss:.3f} where the best guess has {guess:.3f}: "
        f"{percent(gain, 0)} of it is gone, where {percent(MIN_GAIN, 0)} is asked for"
    )
    return _Finding(fit=Fit.UNDERFIT if gain < MIN_GAIN else Fit.GOOD, sentence=sentence)


def _seen(epoch: Epoch) -> str:
    """Of which examples an epoch tells what was learned."""
    return "validation" if epoch.train_score is None else "training"
