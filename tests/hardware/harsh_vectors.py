"""Random legal VECTORs that crowd the engine: full pipelines, groups that meet, values outside of what tables take."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from random_instructions import DIRECT_OPS, random_row_move, random_vector

from chipsmith.chip import Chip
from chipsmith.errors import BadInput
from chipsmith.program.instructions import Op, Rounding, Source, Table, Type, VectorInstruction
from chipsmith.program.verify import check_instruction

Change = Callable[[VectorInstruction, Chip, np.random.Generator], VectorInstruction]

INT32 = -(1 << 31), (1 << 31) - 1


def harsh_vector(chip: Chip, rng: np.random.Generator) -> VectorInstruction:
    """A legal VECTOR, mostly with several changes that random_vector makes seldom or never."""
    return _changed(random_vector(chip, rng), chip, rng, (_scaled, _other_op, _dense, _wide_clamp, _tabled, _meeting))


def harsh_row_move(chip: Chip, rng: np.random.Generator) -> VectorInstruction:
    """A legal GATHER or SCATTER, changed in the same way; half of them are one access to a beat and stream."""
    vector = random_row_move(chip, rng)
    if rng.random() < 0.5:
        vector = _with_single_access(vector)
    return _changed(vector, chip, rng, (_scaled, _wide_clamp, _tabled, _meeting))


def any_vector(chip: Chip, rng: np.random.Generator) -> VectorInstruction:
    """One of all kinds, so that each comes after each other."""
    draws = (random_vector, harsh_vector, random_row_move, harsh_row_move)
    return draws[rng.integers(len(draws))](chip, rng)


def _with_single_access(vector: VectorInstruction) -> VectorInstruction:
    """A beat each cycle where the groups of the streams do not meet."""
    fields = {"lanes": 1, "a_lane_stride": vector.a_type.size_bytes, "o_lane_stride": vector.o_type.size_bytes}
    return dataclasses.replace(vector, **fields)


def _changed(
    vector: VectorInstruction, chip: Chip, rng: np.random.Generator, changes: tuple[Change, ...]
) -> VectorInstruction:
    for change in changes:
        changed = change(vector, chip, rng) if rng.random() < 0.5 else vector
        try:
            check_instruction(chip, changed)
        except BadInput:
            continue
        vector = changed
    return vector


def _scaled(vector: VectorInstruction, _chip: Chip, rng: np.random.Generator) -> VectorInstruction:
    names = rng.permutation(["a_rounding", "b_rounding", "o_rounding"])[: rng.integers(1, 4)]
    return dataclasses.replace(vector, **{name: Rounding(rng.integers(1, 3)) for name in names})


def _other_op(vector: VectorInstruction, _chip: Chip, rng: np.random.Generator) -> VectorInstruction:
    """Streamed shift amounts and divisors, operands that are read and ignored, products before another scale."""
    source = Source.STREAM if vector.b_source is Source.STREAM else vector.b_source
    op = Op.MUL if rng.random() < 0.5 else Op(rng.choice(DIRECT_OPS))
    return dataclasses.replace(vector, op=op, op_argument=int(rng.integers(2)), b_source=source)


def _dense(vector: VectorInstruction, _chip: Chip, rng: np.random.Generator) -> VectorInstruction:
    """Few accesses, so that beats follow each other closely."""
    strides = {
        "a_lane_stride": vector.a_type.size_bytes,
        "b_lane_stride": int(rng.integers(2)) * vector.b_type.size_bytes,
    }
    if rng.random() < 0.5:
        strides["o_lane_stride"] = vector.o_type.size_bytes
    return dataclasses.replace(vector, **strides)


def _wide_clamp(vector: VectorInstruction, _chip: Chip, _rng: np.random.Generator) -> VectorInstruction:
    return dataclasses.replace(vector, clamp_min=INT32[0], clamp_max=INT32[1])


def _tabled(vector: VectorInstruction, chip: Chip, rng: np.random.Generator) -> VectorInstruction:
    table = Table(rng.integers(1, 3))
    base = int(rng.integers(0, chip.memory_bytes - table.size_bytes)) // 2 * 2
    size = chip.memory.group_bytes
    groups = {"t_first_group": base // size, "t_last_group": (base + table.size_bytes - 1) // size}
    o_type = Type.INT32 if rng.random() < 0.3 else vector.o_type
    return dataclasses.replace(vector, table=table, t_base=base, o_type=o_type, **groups)


def _meeting(vector: VectorInstruction, chip: Chip, rng: np.random.Generator) -> VectorInstruction:
    """Ranges of groups that are wider than need be."""
    groups = {}
    for name in rng.permutation(list("abo"))[: rng.integers(1, 4)]:
        first, last = getattr(vector, f"{name}_first_group"), getattr(vector, f"{name}_last_group")
        groups[f"{name}_first_group"] = int(rng.integers(first + 1))
        groups[f"{name}_last_group"] = int(rng.integers(last, chip.memory.groups))
    return dataclasses.replace(vector, **groups)
