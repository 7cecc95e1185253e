"""What verify.sh says of designs that searches handed over: each claim beside what was derived again."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from chipsmith.flow.handover.compare import AREA_BAR, ENERGY_BAR, Row, compare, exit_code
from chipsmith.schema import Json

LEAST_STUDIES = 3
_BITS, _CYCLES = ("bits that differ",), ("cycles", "cycles, cold", "cycles, warm")


def verify_design(folder: Path, *, liberty: Path, sram: Path) -> Mapping[str, Json]:
    """Run the verify.sh of a folder, and sum up its rows: see `sum_up`."""
    environment = {**os.environ, "LIBERTY": str(liberty.resolve()), "SRAM": str(sram.resolve())}
    subprocess.run(["sh", str(folder / "verify.sh")], env=environment, check=False)
    return sum_up(compare(folder))


def sum_up(rows: Sequence[Row]) -> Mapping[str, Json]:
    """The figures of docs/search.json: bits and cycles that differ, and the errors of the estimates at the gates.

    `energy_error` has the largest of several networks; an error is None where it was not derived. `met`: all is within
    its bar, and nothing was left out.
    """
    energies = [row.difference for row in rows if row.bar == ENERGY_BAR]
    areas = [row.difference for row in rows if row.bar == AREA_BAR]
    return {
        "claims": len(rows),
        "mismatching_bits": sum(_number(row) for row in rows if row.what.endswith(_BITS)),
        "cycle_difference": sum(_apart(row) for row in rows if row.what.endswith(_CYCLES)),
        "area_error": areas[0] if areas else None,
        "energy_error": max(energies, key=lambda error: abs(error or 0), default=None),
        "energy_errors": energies,
        "beyond": [row.what for row in rows if row.verdict.startswith(("BEYOND", "NOT RUN"))],
        "met": exit_code(rows) == 0,
    }


def _number(row: Row) -> int:
    """A derived count; what was not derived counts as one."""
    return row.derived if isinstance(row.derived, int) else 1


def _apart(row: Row) -> int:
    if isinstance(row.derived, int | float) and isinstance(row.claimed, int | float):
        return abs(int(row.derived) - int(row.claimed))
    return 1
