"""What private training costs and what an attacker obtains: the committed study of the digits, docs/privacy.json.

`retrain` renews it: three trainings at each of epsilon 1, 2, 4, 8 and without, sixteen shadow networks of each for the
attacks, and those of a network that is overfitted on purpose. About a quarter of an hour of one core; what is finished
stays in `runs/audit-privacy`, so that it goes on after an interruption. The noise is seeded, for the figures are to be
the same again; MNIST is public.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chipsmith.files import write_whole

STUDY = Path(__file__).parents[2] / "docs" / "privacy.json"
FOLDER = Path("runs") / "audit-privacy"
EPSILONS = ("1", "2", "4", "8", "none")
SHADOWS, SEEDS = 16, 3
_SEEDED = ("training.privacy.noise=seeded",)


def measure() -> dict[str, Any]:
    """A row for each budget, by the stronger attack on the chip, and the same of the overfitted network."""
    from chipsmith.learn.privacy.audit_record import read_audit

    record = read_audit(STUDY)
    control = max(record.control, key=lambda figures: figures.advantage)
    return {
        "privacy": [_row(row, record.seeds) for row in record.rows],
        "privacy_control": {"attack_advantage": control.advantage, "interval": control.interval, "sees": record.sees},
    }


def _row(row: Any, seeds: tuple[int, ...]) -> Mapping[str, Any]:
    figures = row.strongest("npu")
    return {
        "epsilon": row.epsilon,
        "spent": row.spent,
        "delta": row.delta,
        "accuracy_chip": row.accuracy("npu"),
        "accuracy_source": row.accuracy("source"),
        "attack": figures.attack,
        "attack_advantage": figures.advantage,
        "interval": figures.interval,
        "true_rate_at_1_percent": figures.true_rate_rare,
        "needs_epsilon": figures.least_epsilon,
        "seeds": len(seeds),
    }


def retrain() -> None:
    """Train and attack again, and renew docs/privacy.json."""
    import chipsmith
    from chipsmith.console.progress import terminal_progress
    from chipsmith.flow.audit import AUDIT

    result = chipsmith.audit(
        "digits_private",
        epsilons=EPSILONS,
        shadows=SHADOWS,
        seeds=SEEDS,
        settings=_SEEDED,
        out=FOLDER,
        progress=terminal_progress(),
    )
    write_whole(STUDY, (result.folder / AUDIT).read_bytes())
