"""Which fields of TENSOR and VECTOR say where a stream stands and how it steps: a table of their names."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from chipsmith.program.instructions import Instruction, TensorInstruction, VectorInstruction

Computing = TypeVar("Computing", bound=Instruction)


class StreamName(enum.StrEnum):
    """The streams of TENSOR and VECTOR in on-chip memory, by their names in docs/machine.md."""

    A = "A"
    B = "B"
    WEIGHTS = "W"
    PARAMETERS = "P"
    OUTPUT = "O"
    RESIDUAL = "RES"
    TABLE = "TABLE"


@dataclass(frozen=True, kw_only=True)
class StreamFields:
    """The fields of one stream: its first byte, its first and last bank group, and all its strides in bytes."""

    base: str
    first_group: str
    last_group: str
    strides: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LoopFields:
    """The fields of one loop of VECTOR: its count, and the stride in bytes of each stream that it moves."""

    count: str
    strides: Mapping[StreamName, str]


OUTER_LOOPS: tuple[LoopFields, ...] = tuple(
    LoopFields(count=count, strides={StreamName.A: a, StreamName.B: b, StreamName.OUTPUT: o})
    for count, a, b, o in (
        ("o0", "a_stride_0", "b_stride_0", "o_stride_0"),
        ("o1", "a_stride_1", "b_stride_1", "o_stride_1"),
        ("o2", "a_stride_2", "b_stride_2", "o_stride_2"),
        ("o3", "a_stride_3", "b_stride_3", "o_stride_3"),
    )
)
"""The counters of VECTOR around its lanes."""
LANES = LoopFields(
    count="lanes",
    strides={StreamName.A: "a_lane_stride", StreamName.B: "b_lane_stride", StreamName.OUTPUT: "o_lane_stride"},
)
REDUCED_LOOPS: tuple[LoopFields, ...] = (
    LoopFields(count="r0", strides={StreamName.A: "a_reduce_0"}),
    LoopFields(count="r1", strides={StreamName.A: "a_reduce_1"}),
)
"""The counters of VECTOR over which A alone steps, and one result is made."""


def _vector_stream(name: StreamName, *, base: str, first_group: str, last_group: str) -> StreamFields:
    """The fields of a stream of VECTOR, whose strides are those of the loops that move it."""
    loops = (*OUTER_LOOPS, LANES, *REDUCED_LOOPS)
    strides = tuple(loop.strides[name] for loop in loops if name in loop.strides)
    return StreamFields(base=base, first_group=first_group, last_group=last_group, strides=strides)


STREAM_FIELDS: Mapping[type[Instruction], Mapping[StreamName, StreamFields]] = {
    TensorInstruction: {
        StreamName.A: StreamFields(
            base="a_base",
            first_group="a_first_group",
            last_group="a_last_group",
            strides=("a_pitch_z", "row_pitch", "pixel_pitch"),
        ),
        StreamName.WEIGHTS: StreamFields(
            base="w_base",
            first_group="w_first_group",
            last_group="w_last_group",
            strides=("w_stride_z", "w_stride_y", "w_stride_x", "w_stride"),
        ),
        StreamName.PARAMETERS: StreamFields(
            base="param_base", first_group="param_first_group", last_group="param_last_group"
        ),
        StreamName.OUTPUT: StreamFields(
            base="o_base",
            first_group="o_first_group",
            last_group="o_last_group",
            strides=("o_stride_y", "o_stride_x"),
        ),
        StreamName.RESIDUAL: StreamFields(
            base="res_base",
            first_group="res_first_group",
            last_group="res_last_group",
            strides=("res_stride_y", "res_stride_x"),
        ),
    },
    VectorInstruction: {
        StreamName.A: _vector_stream(
            StreamName.A, base="a_base", first_group="a_first_group", last_group="a_last_group"
        ),
        StreamName.B: _vector_stream(
            StreamName.B, base="b_base", first_group="b_first_group", last_group="b_last_group"
        ),
        StreamName.OUTPUT: _vector_stream(
            StreamName.OUTPUT, base="o_base", first_group="o_first_group", last_group="o_last_group"
        ),
        StreamName.TABLE: StreamFields(base="t_base", first_group="t_first_group", last_group="t_last_group"),
    },
}
"""For each instruction that computes, its streams. A loop's strides are among those of each stream that it moves."""


def read_fields(instruction: Instruction, names: Iterable[str]) -> dict[str, int]:
    """The values of some of an instruction's fields, by name; AttributeError where it has no such field."""
    return {name: int(getattr(instruction, name)) for name in names}


def with_fields(instruction: Computing, values: Mapping[str, int]) -> Computing:
    """The instruction with other values in some of its fields; TypeError where it has no such field."""
    if not values.keys() <= vars(instruction).keys():
        unknown = ", ".join(sorted(values.keys() - vars(instruction).keys()))
        raise TypeError(f"{type(instruction).__name__} has no field {unknown}")
    changed: Computing = object.__new__(type(instruction))
    vars(changed).update(vars(instruction))  # dataclasses.replace would assign each of the fields by a call
    vars(changed).update(values)
    return changed


def without_places(instruction: Computing) -> Computing:
    """The instruction as if its streams stood nowhere: what stays is all that counts of its actions depend on.

    The bank groups of output and residual stay where both are there: a drain takes longer where they share one.
    """
    keeps_groups = isinstance(instruction, TensorInstruction) and instruction.residual
    places = _BASES if keeps_groups else _PLACES
    return with_fields(instruction, places[type(instruction)])


def _zeros(names: Callable[[StreamFields], Iterable[str]]) -> Mapping[type[Instruction], Mapping[str, int]]:
    return {
        row: {name: 0 for fields in by_stream.values() for name in names(fields)}
        for row, by_stream in STREAM_FIELDS.items()
    }


_BASES = _zeros(lambda fields: (fields.base,))
_PLACES = _zeros(lambda fields: (fields.base, fields.first_group, fields.last_group))
