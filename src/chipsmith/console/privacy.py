"""What audit shows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from chipsmith.console.presentation import Presentation, new_table, print_sentence, print_tables

if TYPE_CHECKING:
    from chipsmith.flow.audit import Audited
    from chipsmith.learn.privacy.audit_record import AttackFigures, AuditRow


def present_audit(result: Audited) -> Presentation:
    """A row for each budget and attack, what the attacks see of an overfitted network, what is outside."""
    return Presentation(to_json=result.to_json, print_text=partial(_print_audit, result), failure=result.failure)


def _print_audit(result: Audited) -> None:
    record = result.record
    columns = ("epsilon", "network", "accuracy", "attack", "advantage (95 %)", "true at 1 % false", "needs epsilon")
    table = new_table(f"{record.network} attacked by {record.shadows} shadow networks", *columns)
    for figures in record.control:
        table.add_row("overfitted", "source", f"{100 * record.control_accuracy:.1f} %", *_cells(figures))
    for row in record.rows:
        for target, attacks in row.attacks.items():
            for figures in attacks:
                table.add_row(_epsilon(row), target, f"{100 * row.accuracy(target):.1f} %", *_cells(figures))
    table.caption = (
        f"accuracy on test examples, mean of {len(record.seeds)} seeds; of the overfitted network on its own examples; "
        "source: float, measured; npu: the program on the chip, simulated"
    )
    print_tables(table)
    for sentence in record.outside:
        print_sentence(f"outside of the promise: {sentence}")
    print(f"folder: {result.folder} (audit.html is the page)")


def _epsilon(row: AuditRow) -> str:
    return "none" if row.epsilon is None else f"{row.epsilon:g}"


def _cells(figures: AttackFigures) -> tuple[str, ...]:
    low, high = figures.interval
    return (
        figures.attack,
        f"{figures.advantage:.3f} ({low:.3f} to {high:.3f})",
        f"{100 * figures.true_rate_rare:.1f} %",
        f"{figures.least_epsilon:.2f}",
    )
