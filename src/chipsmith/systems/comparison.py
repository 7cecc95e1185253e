"""The noun Comparison: the same networks on many systems, the roofs of those that have any, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from chipsmith.profile.profile import Evidence
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.shown import Shown
from chipsmith.systems.row import LeftOut, SystemRow


@dataclass(frozen=True, kw_only=True)
class NetworkSize:
    """What one inference of a network asks for at least: operations (a multiply-accumulate is two), and bytes.

    `bytes_moved` are its weights, inputs and outputs, each once.
    """

    network: str
    operations: int
    bytes_moved: int


@dataclass(frozen=True, kw_only=True)
class MachineRoof(Shown):
    """What a machine does at best: operations a second in one precision, and bytes a second of its memory.

    `how` both were obtained: measured by `obtained`, or simulated from the chip's own description.
    """

    machine: str
    precision: str
    operations_per_s: float
    bytes_per_s: float
    measured: bool
    obtained: str


@dataclass(frozen=True, kw_only=True)
class RoofPoint(Shown):
    """A network under the roof of a machine: what it reached there, and how many bytes it moved for that."""

    machine: str
    precision: str
    network: str
    operations_per_s: float
    operations_per_byte: float


@dataclass(frozen=True, kw_only=True)
class Collected(Shown):
    """What a search for rows gave: the rows, and what it left out."""

    rows: tuple[SystemRow, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    roofs: tuple[MachineRoof, ...] = ()
    points: tuple[RoofPoint, ...] = ()


def join(parts: Iterable[Collected]) -> Collected:
    """All of several, in their order; the same thing left out for the same reason stands once."""
    parts = tuple(parts)
    return Collected(
        rows=tuple(row for part in parts for row in part.rows),
        left_out=tuple(dict.fromkeys(item for part in parts for item in part.left_out)),
        roofs=tuple(roof for part in parts for roof in part.roofs),
        points=tuple(point for part in parts for point in part.points),
    )


@dataclass(frozen=True, kw_only=True)
class Comparison(Shown):
    """Networks on systems.

    `other_tasks` counts published rows that are of none of the networks, by their own word for the task; `computer`
    names the one that measured, with its libraries.
    """

    networks: tuple[str, ...]
    collected: Collected
    other_tasks: Mapping[str, int] = field(default_factory=dict)
    computer: str = ""

    def _brief(self) -> str:
        return f"{', '.join(self.networks)}: {len(self.rows)} rows"

    @property
    def rows(self) -> tuple[SystemRow, ...]:
        """All rows."""
        return self.collected.rows

    @property
    def judged(self) -> tuple[SystemRow, ...]:
        """Those of them whose answers alone are compared."""
        return tuple(row for row in self.rows if row.is_judged)

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """What is not among them, and why."""
        return self.collected.left_out

    @property
    def reasons(self) -> dict[str, list[str]]:
        """Why things are left out, each reason with all that it holds for."""
        reasons: dict[str, list[str]] = {}
        for item in self.left_out:
            reasons.setdefault(item.reason, []).append(item.what)
        return reasons

    @property
    def systems(self) -> frozenset[str]:
        """The systems of the rows; a computer that measured is one in whatever form it ran networks."""
        measured = Evidence.MEASURED
        return frozenset(row.organisation if row.how is measured else row.full_name for row in self.rows)

    @property
    def published_systems(self) -> frozenset[str]:
        """Those of them that others published."""
        return frozenset(row.full_name for row in self.rows if row.how is Evidence.PUBLISHED)

    def to_json(self) -> Json:
        """As `chipsmith generations --json` prints it."""
        return {
            "schema_version": SCHEMA_VERSION,
            "networks": list(self.networks),
            "computer": self.computer,
            "rows": [row.to_json() for row in self.rows],
            "left_out": [vars(item) for item in self.left_out],
            "other_tasks": dict(self.other_tasks),
            "roofs": [vars(roof) for roof in self.collected.roofs],
            "points": [vars(point) for point in self.collected.points],
        }
