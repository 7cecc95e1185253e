"""What an audit of a recipe's privacy says: plain values that go to JSON and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from chipsmith.errors import BadInput
from chipsmith.files import read_ordinary
from chipsmith.learn.privacy.attacks import AttackResult
from chipsmith.shown import Shown

SCHEMA_VERSION = 1
SEEING = 0.2
"""An audit sees where the lower bound of its advantage over the overfitted network is above this."""
Target = Literal["source", "npu"]
"""The float network, and its int8 program on the simulated chip."""


class _AuditPart(Shown, BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AttackFigures(_AuditPart):
    """What an attack on a network obtained, with intervals at 95 % (Clopper and Pearson).

    `advantage` is of true minus false positives; `true_rate_rare` is the share of members that are told at a cut that
    on the shadows has 1 % false alarms, `false_rate_rare` those that it really had; `least_epsilon` what these need.
    """

    attack: str
    advantage: float
    interval: tuple[float, float]
    true_rate_rare: float
    true_interval_rare: tuple[float, float]
    false_rate_rare: float
    false_interval_rare: tuple[float, float]
    least_epsilon: float
    members: int
    others: int

    @classmethod
    def of(cls, result: AttackResult, *, delta: float) -> AttackFigures:
        """The figures of a result."""
        best, rare = result.best, result.rare
        return cls(
            attack=result.attack.value,
            advantage=best.advantage,
            interval=(best.interval.low, best.interval.high),
            true_rate_rare=rare.true_rate,
            true_interval_rare=(rare.true_interval.low, rare.true_interval.high),
            false_rate_rare=rare.false_rate,
            false_interval_rare=(rare.false_interval.low, rare.false_interval.high),
            least_epsilon=max(best.least_epsilon(delta), rare.least_epsilon(delta)),
            members=best.members,
            others=best.others,
        )


class AuditRow(_AuditPart):
    """A recipe at an epsilon (None: without privacy): its accuracy over seeds, and the attacks on the first seed's.

    `spent` is the epsilon that the accountant says; accuracies are on the test part, one for each seed.
    """

    epsilon: float | None
    spent: float | None
    delta: float
    accuracies: Mapping[Target, tuple[float, ...]]
    attacks: Mapping[Target, tuple[AttackFigures, ...]]

    def accuracy(self, target: Target) -> float:
        """The mean over the seeds."""
        values = self.accuracies[target]
        return sum(values) / len(values)

    def strongest(self, target: Target) -> AttackFigures:
        """The attack with the largest advantage on a target."""
        return max(self.attacks[target], key=lambda figures: figures.advantage)

    @property
    def contradiction(self) -> str:
        """What an attack obtained that the claimed epsilon forbids; empty where none did."""
        for target, attacks in self.attacks.items():
            for figures in attacks:
                if self.epsilon is not None and figures.least_epsilon > self.epsilon:
                    return (
                        f"at epsilon {self.epsilon:g} {figures.attack} on {target} obtains what needs epsilon "
                        f"{figures.least_epsilon:.2f}"
                    )
        return ""


class AuditRecord(_AuditPart):
    """An audit: how many shadows and seeds, what the attack sees of an overfitted network, and a row for each epsilon.

    `outside` names what the promise does not cover, in sentences.
    """

    schema_version: int = SCHEMA_VERSION
    network: str
    chip: str
    examples: int
    shadows: int
    seeds: tuple[int, ...]
    control: tuple[AttackFigures, ...]
    control_accuracy: float
    rows: tuple[AuditRow, ...]
    outside: tuple[str, ...]
    versions: Mapping[str, str]

    @property
    def control_bound(self) -> float:
        """The largest lower bound of an advantage over the overfitted network."""
        return max(figures.interval[0] for figures in self.control)

    @property
    def sees(self) -> bool:
        """Whether the attacks tell members of an overfitted network apart; else they say nothing of any other."""
        return self.control_bound > SEEING

    @property
    def failure(self) -> str:
        """Why the audit is not to be believed, or the promise; empty where nothing speaks against them."""
        if not self.sees:
            return (
                f"the audit is blind: of a network that is overfitted on purpose its advantage may be as low as "
                f"{self.control_bound:.2f}, where over {SEEING} is asked for; give it more --shadows"
            )
        return next((row.contradiction for row in self.rows if row.contradiction), "")

    def to_json(self) -> dict[str, Any]:
        """The object of `chipsmith audit --json` and of audit.json."""
        figures: dict[str, Any] = self.model_dump(mode="json")
        return {**figures, "sees": self.sees, "failure": self.failure}


def read_audit(path: Path) -> AuditRecord:
    """The record in an audit.json. Raises BadInput where the file is missing or holds none."""
    try:
        content = json.loads(read_ordinary(path))
        fields = {name: content[name] for name in AuditRecord.model_fields}
        return AuditRecord.model_validate(fields)
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput(f"{path} holds no audit; `chipsmith audit` writes one") from error


def figures_of(results: tuple[AttackResult, ...], *, delta: float) -> tuple[AttackFigures, ...]:
    """The figures of all attacks, the strongest first."""
    ordered = sorted(results, key=lambda result: -result.best.advantage)
    return tuple(AttackFigures.of(result, delta=delta) for result in ordered)
