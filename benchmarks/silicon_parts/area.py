"""The estimate of logic by block held against chips that were mapped and not fitted."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from chipsmith.chip import Chip
from chipsmith.costs.logic_blocks import estimate_logic_blocks
from silicon_parts.gates import Row


def score_area(chips: Sequence[Chip], rows: Sequence[Row]) -> dict[str, Any]:
    """Mean and worst |estimate / gates - 1| of the logic of chips at 130 nm, in total and by block, and a row each."""
    estimates = [estimate_logic_blocks(chip) for chip in chips]
    totals = [sum(own.values()) / row["logic_um2"] - 1 for own, row in zip(estimates, rows, strict=True)]
    return {
        "mean_error": statistics.fmean(map(abs, totals)),
        "worst_error": max(map(abs, totals)),
        "chips": len(rows),
        "large_chips": sum(row["macs"] > 128 for row in rows),
        "by_block": {block: _block_errors(block, estimates, rows) for block in estimates[0]},
        "cases": [_case(row, error) for row, error in zip(rows, totals, strict=True)],
    }


def _case(row: Row, error: float) -> dict[str, Any]:
    return {"chip": row["chip"], "macs": row["macs"], "gates_um2": row["logic_um2"], "error": error}


def _block_errors(block: str, estimates: Sequence[Mapping[str, float]], rows: Sequence[Row]) -> dict[str, float]:
    gates = [sum(row["parts_um2"][block].values()) for row in rows]
    errors = [abs(own[block] / area - 1) for own, area in zip(estimates, gates, strict=True)]
    share = sum(gates) / sum(row["logic_um2"] for row in rows)
    return {"share": share, "mean_error": statistics.fmean(errors), "worst_error": max(errors)}
