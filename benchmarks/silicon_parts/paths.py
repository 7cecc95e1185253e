"""The table of paths: FO4 of each block over features of the chip, and its errors on chips that were not fitted.

A block's numbers are those of the non-negative least squares of relative errors, times the greatest ratio of the gates
to the fit, so that no chip of the fit is slower than its estimate; the low end has the least ratio.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

import chipsmith.chip.tables
from chipsmith.chip import Chip
from chipsmith.chip.timing import TimingFeature, estimate_timing, rows_by_block, timing_features
from chipsmith.files import write_whole
from chipsmith.hardware.gates.blocks import MachineBlock
from silicon_parts.fit import HONEST_CHIPS, fit_part
from silicon_parts.gates import Row
from silicon_parts.tables import csv_text, table_path

_TABLE = table_path("timing_paths")
_HIGH = 1.1
"""The high end over the estimate: as far as a chip may be slower than its estimate."""

_F = TimingFeature
FEATURES: Mapping[str, tuple[TimingFeature, ...]] = {
    "array": (_F.LOG2_ROWS, _F.LOG2_COLUMNS),
    "rest of tensor engine": (_F.LOG2_ROWS, _F.LOG2_COLUMNS, _F.LOG2_TILE_PIXELS, _F.LOG2_MULTIPLIER_LANES),
    "accumulators": (_F.LOG2_ROWS, _F.LOG2_COLUMNS, _F.LOG2_TILE_PIXELS),
    "multipliers": (_F.LOG2_MULTIPLIER_LANES,),
    "vector engine": (_F.LOG2_LANES, _F.LOG2_ROWS, _F.LOG2_MULTIPLIER_LANES, _F.LOG2_TABLE_LANES),
    "memory ports": (_F.LOG2_ROWS, _F.LOG2_GROUPS, _F.LOG2_GROUP_BYTES),
    "load engine": (_F.LOG2_BYTES_PER_CYCLE, _F.LOG2_ROWS),
    "store engine": (_F.LOG2_BYTES_PER_CYCLE, _F.LOG2_ROWS),
    "instructions": (_F.LOG2_BYTES_PER_CYCLE, _F.LOG2_PAGE_INSTRUCTIONS),
    "sequencer": (_F.LOG2_GROUPS, _F.LOG2_PAGE_INSTRUCTIONS),
    "rest": (_F.LOG2_GROUPS, _F.LOG2_MULTIPLIER_LANES),
    "reads of the on-chip memory": (_F.MEMORY_ACCESS, _F.LOG2_ROWS, _F.LOG2_GROUPS),
    "reads of accumulators": (_F.ACCUMULATOR_ACCESS, _F.LOG2_ROWS, _F.LOG2_COLUMNS),
    "reads of tables": (_F.TABLE_ACCESS, _F.LOG2_ROWS, _F.LOG2_TABLE_LANES),
    "reads of instructions": (_F.INSTRUCTION_ACCESS, _F.LOG2_BYTES_PER_CYCLE),
}
"""What the paths of a block may depend on, beside a constant."""

_READS: Mapping[str, str] = {
    MachineBlock.MEMORY.value: "reads of the on-chip memory",
    MachineBlock.ACCUMULATORS.value: "reads of accumulators",
    MachineBlock.TABLES.value: "reads of tables",
    MachineBlock.INSTRUCTIONS.value: "reads of instructions",
}


def measured_paths(row: Row) -> Mapping[str, float]:
    """FO4 by block of a chip at the gates; the paths that leave a memory are blocks of their own."""
    return {**row["logic_fo4"], **{_READS[block]: fo4 for block, fo4 in row["memory_fo4"].items()}}


def fit_paths(chips: Sequence[Chip], rows: Sequence[Row]) -> Iterator[dict[str, str]]:
    """The rows of the table. ValueError where a chip has a block without features."""
    measured = [measured_paths(row) for row in rows]
    unknown = {block for own in measured for block in own} - set(FEATURES)
    if unknown:
        raise ValueError(f"{_TABLE.name} has no features of {sorted(unknown)}")
    for block, own in FEATURES.items():
        features = (TimingFeature.CONSTANT, *own)
        values = np.array([[timing_features(chip)[feature] for feature in features] for chip in chips])
        fo4 = np.array([paths.get(block, 0.0) for paths in measured])
        there = fo4 > 0
        if not there.any():
            continue
        numbers = fit_part(values, fo4)
        ratios = fo4[there] / (values[there] @ numbers)
        for feature, number in zip(features, numbers, strict=True):
            if number > 0:
                yield _table_row(block, feature, float(number), ratios.min(), ratios.max(), len(rows))


def _table_row(block: str, feature: str, number: float, least: float, most: float, chips: int) -> dict[str, str]:
    return {
        "block": block,
        "feature": feature,
        "fo4": f"{number * most:.5g}",
        "fo4_low": f"{number * least:.5g}",
        "fo4_high": f"{number * most * _HIGH:.5g}",
        "status": "COMPUTED" if chips >= HONEST_CHIPS else "ASSUMED",
        "source": f"{chips} chips of random parameters, mapped to SG13G2 in its slow corner: benchmarks/silicon.py fit",
    }


def write_paths(chips: Sequence[Chip], rows: Sequence[Row]) -> None:
    """Fit, and put the result in the place of the table."""
    write_whole(_TABLE, csv_text(fit_paths(chips, rows)).encode())
    chipsmith.chip.tables.read_table.cache_clear()
    rows_by_block.cache_clear()


def score_paths(chips: Sequence[Chip], rows: Sequence[Row]) -> dict[str, Any]:
    """Errors of the longest path of chips, in total and by block; below 0 an estimate is optimistic."""
    estimates = [estimate_timing(chip) for chip in chips]
    pairs = list(zip(estimates, rows, strict=True))
    totals = [timing.longest.fo4.value / row["fo4"] - 1 for timing, row in pairs]
    by_block: dict[str, list[float]] = {}
    for timing, row in pairs:
        measured = measured_paths(row)
        for path in timing.paths:
            if path.block in measured:
                by_block.setdefault(path.block, []).append(path.fo4.value / measured[path.block] - 1)
    return {
        **_summary(totals),
        "by_block": {block: _summary(errors) for block, errors in by_block.items()},
        "cases": [
            {"chip": row["chip"], "fo4": row["fo4"], "block": timing.longest.block, "error": round(error, 4)}
            for (timing, row), error in zip(pairs, totals, strict=True)
        ],
    }


def _summary(errors: Sequence[float]) -> dict[str, float]:
    return {
        "mean_error": round(statistics.fmean(map(abs, errors)), 4),
        "most_optimistic": round(min(errors), 4),
        "most_pessimistic": round(max(errors), 4),
    }
