"""Programs for tests of time: bare instructions turned into a Program, and random ones whose addresses mean nothing.

The random instructions reach what legal addresses seldom do: every way in which the streams' groups may meet,
blocks of channels and tiles with a rest, drains that are longer than the computing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from chipsmith.chip import Chip
from chipsmith.program.instructions import (
    ChannelRecord,
    End,
    Instruction,
    Load,
    Mode,
    Op,
    Reduce,
    Rounding,
    Source,
    Space,
    Store,
    Table,
    TensorInstruction,
    Type,
    VectorInstruction,
    WeightsBy,
)
from chipsmith.program.program import Manifest, Program, encode_pages, page_bytes

_NOTHING = Manifest(
    network="test",
    inputs=(),
    outputs=(),
    external_bytes=0,
    memory_peak_bytes=0,
    weight_bytes=0,
    resident=(),
    operators=(),
    kernels=(),
    buffers=(),
)


def program_of(chip: Chip, payload: Sequence[Instruction]) -> Program:
    """The payload and END, with the LOAD of the next page first in each page but the last."""
    size, left, paged = chip.instructions.page_instructions, [*payload, End()], []
    while len(left) > size:
        paged += [page_load(chip, len(paged) // size + 1), *left[: size - 1]]
        left = left[size - 1 :]
    instructions = (*paged, *left)
    return Program(chip=chip, instructions=instructions, constants=encode_pages(chip, instructions), manifest=_NOTHING)


def page_load(chip: Chip, page: int) -> Load:
    size = page_bytes(chip)
    return Load(space=Space.PAGE, external_address=page * size, local_address=page % 2, run_bytes=size)


def random_timed_program(chip: Chip, seed: int, instructions: int) -> Program:
    rng = np.random.default_rng(seed)
    draws = (_load, _store, _tensor, _tensor, _vector, _vector, _row_move)
    return program_of(chip, [draws[rng.integers(len(draws))](chip, rng) for _ in range(instructions)])


def _some(rng: np.random.Generator, most: int) -> int:
    """From 1 to `most`, small numbers more often."""
    return int(min(most, 1 + rng.geometric(min(1.0, 3 / most))))


def _groups(chip: Chip, rng: np.random.Generator, *names: str) -> dict[str, int]:
    """A range of groups for each name: few groups in play, so that ranges meet often."""
    groups: dict[str, int] = {}
    for name in names:
        first = int(rng.integers(min(chip.memory.groups, 6)))
        groups[f"{name}first_group"] = first
        groups[f"{name}last_group"] = min(chip.memory.groups - 1, first + int(rng.random() < 0.2))
    return groups


def _runs(chip: Chip, rng: np.random.Generator) -> dict[str, int]:
    return {
        "external_address": int(rng.integers(1 << 16)) + (1 << 16),
        "outer_count": _some(rng, 4),
        "inner_count": _some(rng, 4),
        "run_bytes": _some(rng, 300),
        "external_outer_stride": int(rng.integers(-999, 999)),
        "external_inner_stride": int(rng.integers(-99, 99)),
        "external_locks": int(rng.integers(64)) if rng.random() < 0.4 else 0,
        **_groups(chip, rng, ""),
    }


def _load(chip: Chip, rng: np.random.Generator) -> Load:
    return Load(once=int(rng.random() < 0.3), **_runs(chip, rng))


def _store(chip: Chip, rng: np.random.Generator) -> Store:
    return Store(**_runs(chip, rng))


def _rounding(rng: np.random.Generator) -> Rounding:
    return Rounding(int(rng.integers(3)))


def _tensor(chip: Chip, rng: np.random.Generator) -> TensorInstruction:
    rows, columns, limit = chip.tensor.rows, chip.tensor.columns, chip.tensor.tile_pixels
    mode = Mode(int(rng.integers(2)))
    dilation = _some(rng, 2)
    reach = (rows - 1) // dilation + 1
    residual = int(rng.random() < 0.3)
    o_type = Type.INT8 if residual else Type(int(rng.integers(3)))
    width = _some(rng, 2 * limit if rng.random() < 0.3 else 9)
    return TensorInstruction(
        mode=mode,
        output_height=_some(rng, 6),
        output_width=width,
        output_channels=_some(rng, 3 * columns),
        kernel_z=_some(rng, 2),
        kernel_y=_some(rng, 3),
        kernel_x=_some(rng, 3) if mode is Mode.CONV else 1,
        run=_some(rng, 3 * rows if mode is Mode.CONV else reach),
        stride_x=_some(rng, 3),
        dilation_x=dilation,
        weights_by=WeightsBy(int(rng.integers(2))),
        parameters=ChannelRecord(int(rng.integers(3))),
        requantise=Rounding.SINGLE if residual else _rounding(rng),
        o_type=o_type,
        residual=residual,
        acc_rounding=_rounding(rng),
        res_rounding=_rounding(rng),
        sum_rounding=Rounding(int(rng.integers(1, 3))),
        **_groups(chip, rng, "a_", "w_", "param_", "o_", "res_"),
    )


def _vector(chip: Chip, rng: np.random.Generator) -> VectorInstruction:
    reduce = Reduce(int(rng.integers(6))) if rng.random() < 0.4 else Reduce.NONE
    op = Op(int(rng.integers(19))) if rng.random() < 0.7 else Op.MUL
    source = Source(int(rng.integers(3)))
    types = [Type(int(rng.integers(5))) for _ in range(3)]
    strides = [_lane_stride(rng, element) for element in types]
    lanes = _some(rng, 3 * chip.vector.lanes)
    reduces = reduce is not Reduce.NONE
    return VectorInstruction(
        o0=_some(rng, 3),
        o1=_some(rng, 3),
        o2=_some(rng, 3) if op is not Op.DIV else 1,
        o3=1,
        lanes=lanes,
        r0=_some(rng, 3) if reduces else 1,
        r1=_some(rng, 3) if reduces else 1,
        reduce=reduce,
        lane_reduce=int(reduces and rng.random() < 0.5),
        op=op,
        a_type=types[0],
        a_lane_stride=strides[0],
        a_rounding=_rounding(rng),
        b_source=source,
        b_type=types[1],
        b_lane_stride=strides[1],
        b_rounding=_rounding(rng) if source is Source.STREAM else Rounding.OFF,
        o_rounding=_rounding(rng),
        table=Table(int(rng.integers(3))),
        o_type=types[2],
        o_lane_stride=strides[2] or types[2].size_bytes,
        **_groups(chip, rng, "a_", "b_", "o_", "t_"),
    )


def _row_move(chip: Chip, rng: np.random.Generator) -> VectorInstruction:
    return dataclasses.replace(
        _vector(chip, rng),
        op=Op(int(rng.integers(19, 21))),
        reduce=Reduce.NONE,
        lane_reduce=0,
        r0=1,
        r1=1,
        b_source=Source.STREAM,
        b_lane_stride=0,
        b_rounding=Rounding.OFF,
        rows=1,
    )


def _lane_stride(rng: np.random.Generator, kind: Type) -> int:
    return int(rng.choice([0, 1, 1, 1, -1, 3])) * kind.size_bytes
