"""Membership inference: who was trained on, told from a network's answers alone.

Both attacks see how sure the network is of an example's true class, as log p / (1 - p). The loss threshold says
"member" where it is sure (S. Yeom and others, CSF 2018). LiRA asks whether it is as sure as networks that were trained
with this very example, or as those that were not (N. Carlini and others: Membership inference attacks from first
principles, IEEE S&P 2022): the online attack, with two means for each example and two deviations for all. Where to cut
is learned from the shadow networks, whose members the attacker knows; the attacked network's examples are only scored.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsmith.learn.validation.interval import Interval, clopper_pearson_interval

Confidences = NDArray[np.float64]
"""log p / (1 - p) of the true class: (examples), or (networks, examples)."""
Members = NDArray[np.bool_]
"""Whether an example was trained on, of the same shape."""

RARE = 0.01
"""The share of false alarms at which true ones are counted, beside the best cut."""
_JOINT = 0.975
"""Confidence of each of two shares, so that both hold at 95 %."""
_SMALLEST_DEVIATION = 1e-3


class Attack(StrEnum):
    """How a member is told."""

    THRESHOLD = "loss threshold"
    LIRA = "LiRA"


@dataclass(frozen=True, kw_only=True)
class AttackRates:
    """How often an attack said "member" of members and of others, at a cut that was chosen elsewhere."""

    true_positives: int
    members: int
    false_positives: int
    others: int

    @property
    def true_rate(self) -> float:
        """Share of the members that are told as such."""
        return self.true_positives / self.members

    @property
    def false_rate(self) -> float:
        """Share of the others that are taken for members."""
        return self.false_positives / self.others

    @property
    def advantage(self) -> float:
        """True minus false positives: 0 for guessing, 1 for an attack that knows."""
        return self.true_rate - self.false_rate

    @property
    def true_interval(self) -> Interval:
        """Clopper and Pearson's of the true rate."""
        return clopper_pearson_interval(self.true_positives, self.members, confidence=_JOINT)

    @property
    def false_interval(self) -> Interval:
        """Clopper and Pearson's of the false rate."""
        return clopper_pearson_interval(self.false_positives, self.others, confidence=_JOINT)

    @property
    def interval(self) -> Interval:
        """Of the advantage, at 95 %: both rates lie in theirs."""
        true, false = self.true_interval, self.false_interval
        return Interval(low=true.low - false.high, high=true.high - false.low)

    def least_epsilon(self, delta: float) -> float:
        """The epsilon that these rates need at 95 %: a smaller one forbids them (P. Kairouz and others, ICML 2015).

        Examples of a single network are no independent trials, so it is an estimate and no proof.
        """
        true, false = self.true_interval, self.false_interval
        ratios = ((true.low - delta, false.high), (1 - false.high - delta, 1 - true.low))
        return max(0.0, *(math.log(over / under) for over, under in ratios if over > 0 and under > 0), 0.0)


@dataclass(frozen=True, kw_only=True)
class AttackResult:
    """An attack on a network: at the cut of the largest advantage, and at that of RARE false alarms, on the shadows."""

    attack: Attack
    best: AttackRates
    rare: AttackRates


def confidences(logits: NDArray[Any], targets: NDArray[np.int64]) -> Confidences:
    """log p / (1 - p) of the true class, from logits (n, classes) and classes (n)."""
    wide = logits.astype(np.float64)
    own = wide[np.arange(len(wide)), targets]
    rest = wide.copy()
    rest[np.arange(len(wide)), targets] = -np.inf
    most = rest.max(axis=1)
    total: Confidences = own - most - np.log(np.exp(rest - most[:, None]).sum(axis=1))
    return total


def attack_network(
    confidence: Confidences, members: Members, *, shadows: Confidences, shadow_members: Members
) -> tuple[AttackResult, ...]:
    """Both attacks on a network by its confidence (n) of examples, of which `members` (n) says the truth.

    `shadows` (networks, n) and `shadow_members` are the attacker's own networks.
    """
    own = _lira_of_each(shadows, shadow_members)
    scores = {
        Attack.THRESHOLD: (confidence, shadows),
        Attack.LIRA: (lira(confidence, shadows, shadow_members), own),
    }
    return tuple(
        AttackResult(
            attack=attack,
            best=_rates(score, members, cut=best_cut(known, shadow_members)),
            rare=_rates(score, members, cut=rare_cut(known, shadow_members)),
        )
        for attack, (score, known) in scores.items()
    )


def lira(confidence: Confidences, shadows: Confidences, members: Members) -> Confidences:
    """The log likelihood ratio of "member" of each example; 0 where no shadow knows, or none does not know it."""
    inside, outside = _mean(shadows, members), _mean(shadows, ~members)
    deviations = [_deviation(shadows, known) for known in (members, ~members)]
    ratio = _log_density(confidence, inside, deviations[0]) - _log_density(confidence, outside, deviations[1])
    return np.nan_to_num(ratio, nan=0.0)


def _lira_of_each(shadows: Confidences, members: Members) -> Confidences:
    """The ratio of each shadow's examples by the other shadows."""
    rows = range(len(shadows))
    return np.stack(
        [lira(shadows[row], np.delete(shadows, row, axis=0), np.delete(members, row, axis=0)) for row in rows]
    )


def _mean(shadows: Confidences, chosen: Members) -> Confidences:
    counts = chosen.sum(axis=0)
    with np.errstate(invalid="ignore"):
        means: Confidences = np.where(chosen, shadows, 0.0).sum(axis=0) / counts
    return means


def _deviation(shadows: Confidences, chosen: Members) -> float:
    """Of all examples together, each around its own mean."""
    rest = (shadows - _mean(shadows, chosen))[chosen]
    free = chosen.sum() - (chosen.sum(axis=0) > 0).sum()
    return max(_SMALLEST_DEVIATION, math.sqrt(float((rest**2).sum()) / max(1, int(free))))


def _log_density(values: Confidences, means: Confidences, deviation: float) -> Confidences:
    density: Confidences = -((values - means) ** 2) / (2 * deviation**2) - math.log(deviation)
    return density


def best_cut(scores: Confidences, members: Members) -> float:
    """The cut with the largest advantage: at it and above is a member."""
    order = np.argsort(-scores, axis=None)
    known, sorted_scores = members.reshape(-1)[order], scores.reshape(-1)[order]
    advantage = np.cumsum(known) / known.sum() - np.cumsum(~known) / (~known).sum()
    last_of_equals = np.append(sorted_scores[1:] != sorted_scores[:-1], True)
    return float(sorted_scores[np.argmax(np.where(last_of_equals, advantage, -1.0))])


def rare_cut(scores: Confidences, members: Members, *, share: float = RARE) -> float:
    """The least cut with at most this share of false alarms."""
    others = np.sort(scores[~members])[::-1]
    allowed = int(share * len(others))
    return float(np.nextafter(others[allowed], np.inf)) if allowed < len(others) else float(others[-1])


def _rates(scores: Confidences, members: Members, *, cut: float) -> AttackRates:
    said = scores >= cut
    return AttackRates(
        true_positives=int((said & members).sum()),
        members=int(members.sum()),
        false_positives=int((said & ~members).sum()),
        others=int((~members).sum()),
    )
