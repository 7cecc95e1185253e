"""The table of features: square micrometres by non-negative least squares of the relative errors, part by part."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

import chipsmith.chip.tables
from chipsmith.chip import Chip
from chipsmith.costs.logic_blocks import SIZES, LogicTerm, feature_value, logic_terms
from chipsmith.files import write_whole
from silicon_parts.gates import Row
from silicon_parts.tables import csv_text, table_path

TABLE = table_path("logic_blocks")
_SIZES = table_path("logic_sizes")
HONEST_CHIPS = 16
"""Chips that a fit must have to be more than a guess."""
_GAIN = 1e-6
"""A further feature must make the mean squared relative error of chips left out smaller by so much."""

_DECISIVE = 1 - 1e-9
"""The weight of a chip in its own estimate from which on the fit without it says nothing, and is the last choice."""

Floats = npt.NDArray[np.float64]


def fit_terms(chips: Sequence[Chip], rows: Sequence[Row]) -> Iterator[tuple[LogicTerm, float]]:
    """Every term of the table with its square micrometres, fitted to the rows of these chips.

    ValueError where a chip has a part that the table does not know.
    """
    _check_parts(rows)
    for (block, part), group in itertools.groupby(logic_terms(), key=lambda term: (term.block, term.part)):
        terms = list(group)
        areas = np.array([row["parts_um2"][block].get(part, 0.0) for row in rows])
        values = np.array([[feature_value(term.feature, chip) for term in terms] for chip in chips])
        yield from zip(terms, (float(area) for area in fit_part(values, areas)), strict=True)


def fit_part(values: Floats, areas: Floats) -> Floats:
    """Non-negative square micrometres for each feature (columns of `values`) that meet the areas of chips (rows) best.

    They are those of least squares of the relative errors over the set of features that errs least on chips which the
    fit leaves out, one at a time; of equally good sets the smallest. The other features get 0. Areas of 0 (a part that
    a chip does not have) are left out.
    """
    there = areas > 0
    relative = values[there] / areas[there, None]
    best, least = np.zeros(values.shape[1]), np.inf
    for count in range(1, values.shape[1] + 1):
        for chosen in itertools.combinations(range(values.shape[1]), count):
            solution, error = _solve(relative[:, chosen])
            if (solution >= 0).all() and error < least - _GAIN:
                best, least = np.zeros(values.shape[1]), error
                best[list(chosen)] = solution
    return best


def _solve(relative: Floats) -> tuple[Floats, float]:
    """The numbers whose sums are nearest to 1, and the mean squared error of each row by the fit without it."""
    inverse = np.linalg.pinv(relative)
    solution, own_weight = inverse.sum(axis=1), np.einsum("ij,ji->i", relative, inverse)
    errors = relative @ solution - 1
    if (own_weight > _DECISIVE).any():
        return solution, 1 + float(np.mean(errors**2))
    return solution, float(np.mean((errors / (1 - own_weight)) ** 2))


def _check_parts(rows: Sequence[Row]) -> None:
    known = {(term.block, term.part) for term in logic_terms()}
    there = {(block, part) for row in rows for block, parts in row["parts_um2"].items() for part in parts}
    if there - known:
        raise ValueError(f"{TABLE.name} has no features of {sorted(there - known)}")


def table_text(fitted: Mapping[LogicTerm, float], chips: int) -> str:
    """The table with fitted numbers; its status is ASSUMED where fewer than HONEST_CHIPS chips stand behind it."""
    status = "COMPUTED" if chips >= HONEST_CHIPS else "ASSUMED"
    source = f"least squares over {chips} chips of random parameters, mapped to SG13G2: benchmarks/silicon.py fit"
    return csv_text(
        {
            "block": term.block,
            "part": term.part,
            "feature": term.feature,
            "um2": f"{um2:.5g}",
            "status": status,
            "source": source,
        }
        for term, um2 in fitted.items()
    )


def sizes_text(chips: Sequence[Chip]) -> str:
    """The table of the least and the greatest that chips have of each size."""
    rows = ((name, [size(chip) for chip in chips]) for name, size in SIZES.items() if name != "constant")
    return "size,least,most\n" + "".join(f"{name},{min(sizes):g},{max(sizes):g}\n" for name, sizes in rows)


def write_table(chips: Sequence[Chip], rows: Sequence[Row]) -> None:
    """Fit, and put the result in the place of the tables."""
    write_whole(TABLE, table_text(dict(fit_terms(chips, rows)), len(rows)).encode())
    write_whole(_SIZES, sizes_text(chips).encode())
    logic_terms.cache_clear()
    chipsmith.chip.tables.read_table.cache_clear()
