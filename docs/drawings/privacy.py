"""The study of private digits (docs/privacy.json): its table, and accuracy and advantage over epsilon as a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chipsmith.learn.privacy.audit_record import AttackFigures, AuditRecord, AuditRow, read_audit
from drawings.svg import SMALL_SIZE, SOFT_INK, Point, picture, text

STUDY = Path(__file__).parents[1] / "privacy.json"
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM, GAP = 660, 320, 56, 20, 44, 50, 76
CHIP, GRID = "#b4531f", "#e4e7eb"


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A half of the picture: what it shows, from where to where, and the ticks of its height."""

    title: str
    left: float
    right: float
    ticks: Sequence[float]
    shown: Callable[[float], str]

    def x(self, place: int, count: int) -> float:
        """Where the budget of that number stands."""
        return self.left + (self.right - self.left) * (place + 0.5) / count

    def y(self, value: float) -> float:
        """Where a value stands."""
        low, high = self.ticks[0], self.ticks[-1]
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low)


@cache
def _study() -> AuditRecord:
    return read_audit(STUDY)


def privacy_table() -> str:
    """A row for each budget, and the overfitted network, as a table in Markdown."""
    head = (
        "| epsilon | spent | float, test | chip, test (each seed) | attack on the chip | its advantage (95 %) | "
        "members told at 1 % false alarms | needs epsilon |\n|---|---|---|---|---|---|---|---|"
    )
    record = _study()
    control = max(record.control, key=lambda figures: figures.advantage)
    overfitted = f"| overfitted on purpose | | | | {_attack(control)} |"
    return "\n".join([head, *map(_row, sorted(record.rows, key=_order)), overfitted])


def _order(row: AuditRow) -> float:
    return row.epsilon or float("inf")


def _row(row: AuditRow) -> str:
    seeds = ", ".join(f"{100 * value:.1f}" for value in row.accuracies["npu"])
    spent = "" if row.spent is None else f"{row.spent:.2f}"
    accuracy = f"{100 * row.accuracy('source'):.1f} % | {100 * row.accuracy('npu'):.1f} % ({seeds})"
    return f"| {_name(row)} | {spent} | {accuracy} | {_attack(row.strongest('npu'))} |"


def _attack(figures: AttackFigures) -> str:
    low, high = figures.interval
    rates = f"{figures.advantage:.3f} ({low:.3f} to {high:.3f}) | {100 * figures.true_rate_rare:.1f} %"
    return f"{figures.attack} | {rates} | {figures.least_epsilon:.2f}"


def _name(row: AuditRow) -> str:
    return "without" if row.epsilon is None else f"{row.epsilon:g}"


def draw_privacy() -> str:
    """Accuracy on the chip, and the stronger attack's advantage, over epsilon."""
    rows = sorted(_study().rows, key=_order)
    half = (WIDTH - LEFT - RIGHT - GAP) / 2
    accuracy = Panel(
        title="accuracy on the chip, %",
        left=LEFT,
        right=LEFT + half,
        ticks=(86, 88, 90, 92, 94, 96, 98),
        shown=lambda value: f"{value:g}",
    )
    advantage = Panel(
        title="advantage of the attack",
        left=WIDTH - RIGHT - half,
        right=WIDTH - RIGHT,
        ticks=(-0.2, 0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
        shown=lambda value: f"{value:.1f}",
    )
    pieces = [
        *_axes(accuracy, rows),
        *_axes(advantage, rows),
        *_accuracies(accuracy, rows),
        *_advantages(advantage, rows),
    ]
    title = "Private digits: accuracy on the chip and the advantage of a membership attack over epsilon"
    return picture(WIDTH, HEIGHT, title=title, pieces=pieces)


def _axes(panel: Panel, rows: Sequence[AuditRow]) -> Iterator[str]:
    for tick in panel.ticks:
        yield _line([(panel.left, panel.y(tick)), (panel.right, panel.y(tick))], GRID)
        label = (panel.left - 8, panel.y(tick) + 5)
        yield text(panel.shown(tick), label, size=SMALL_SIZE, anchor="end", ink=SOFT_INK)
    for place, row in enumerate(rows):
        yield text(_name(row), (panel.x(place, len(rows)), HEIGHT - BOTTOM + 20), size=SMALL_SIZE, ink=SOFT_INK)
    yield text(panel.title, ((panel.left + panel.right) / 2, TOP - 18), size=SMALL_SIZE, bold=True)
    yield text("epsilon", ((panel.left + panel.right) / 2, HEIGHT - 10), size=SMALL_SIZE)


def _accuracies(panel: Panel, rows: Sequence[AuditRow]) -> Iterator[str]:
    yield _line([(panel.x(i, len(rows)), panel.y(100 * row.accuracy("npu"))) for i, row in enumerate(rows)], CHIP)
    for place, row in enumerate(rows):
        yield from (_dot((panel.x(place, len(rows)), panel.y(100 * value)), 2.5) for value in row.accuracies["npu"])
        yield _dot((panel.x(place, len(rows)), panel.y(100 * row.accuracy("npu"))), 4.5)


def _advantages(panel: Panel, rows: Sequence[AuditRow]) -> Iterator[str]:
    for place, row in enumerate(rows):
        figures, x = row.strongest("npu"), panel.x(place, len(rows))
        yield _line([(x, panel.y(figures.interval[0])), (x, panel.y(figures.interval[1]))], CHIP)
        yield _dot((x, panel.y(figures.advantage)), 4.5)
    control = max(figures.advantage for figures in _study().control)
    level = panel.y(control)
    yield _line([(panel.left, level), (panel.right, level)], SOFT_INK)
    yield text(
        "a network overfitted on purpose", (panel.right, level + 17), size=SMALL_SIZE, anchor="end", ink=SOFT_INK
    )


def _dot(place: Point, radius: float) -> str:
    return f'<circle cx="{place[0]:.1f}" cy="{place[1]:.1f}" r="{radius}" fill="{CHIP}"/>'


def _line(points: Sequence[Point], colour: str) -> str:
    corners = " ".join(f"L{x:.1f},{y:.1f}" for x, y in points)
    return f'<path d="M{corners[1:]}" stroke="{colour}" stroke-width="1.5" fill="none"/>'
