"""The estimate of static memories held against a foundry's macros: area by the name's size, from the liberty files."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chipsmith.chip.sram import sram
from chipsmith.hardware.gates.liberty import read_liberty

_MACRO = re.compile(r"RM_IHPSG13_(?P<ports>[12])P_(?P<lines>\d+)x(?P<bits>\d+)_.*_typ_.*\.lib")
_NODE_NM = 130


def score_memories(folder: Path) -> dict[str, Any]:
    """Errors of the area of all macros whose typical liberty file lies in the folder, and means by number of ports."""
    rows = list(_rows(folder))
    return {
        "single_port": _summary([row for row in rows if row["ports"] == 1]),
        "two_ports": _summary([row for row in rows if row["ports"] == 2]),
        "macros": rows,
    }


def _rows(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.lib")):
        name = _MACRO.fullmatch(path.name)
        if name:
            ports, lines, bits = (int(name[key]) for key in ("ports", "lines", "bits"))
            yield _row(ports, lines, bits, _area_um2(path))


def _row(ports: int, lines: int, bits: int, macro_um2: float) -> dict[str, Any]:
    size_bytes = lines * bits // 8
    estimate_um2 = 1e6 * sram(size_bytes=size_bytes, width_bits=bits, node_nm=_NODE_NM).area_mm2.value
    return {
        "ports": ports,
        "lines": lines,
        "bits": bits,
        "bytes": size_bytes,
        "macro_um2": round(macro_um2, 1),
        "estimate_um2": round(estimate_um2, 1),
        "error": round(estimate_um2 / macro_um2 - 1, 4),
    }


def _area_um2(path: Path) -> float:
    (cell,) = read_liberty(path).inside("cell")
    return cell.number("area")


def _summary(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    errors = [abs(row["error"]) for row in rows]
    return {"macros": len(rows), "mean_error": round(statistics.fmean(errors), 4), "worst_error": max(errors)}
