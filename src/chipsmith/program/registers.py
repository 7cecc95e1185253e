"""Registers of the machine that hold data on their way, and which instructions fill them (docs/wipe.md)."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterator

from chipsmith.chip.description import Chip
from chipsmith.program.arithmetic import ceil_div
from chipsmith.program.cycles import uses_multipliers
from chipsmith.program.instructions import (
    INDIRECT_OPS,
    ChannelRecord,
    Instruction,
    Load,
    Mode,
    Op,
    Rounding,
    Source,
    Table,
    TensorInstruction,
    VectorInstruction,
)
from chipsmith.program.stream_fields import StreamName

ACCUMULATOR_TILES = 2
RECORD_SETS = 3
ROWS_ON_THEIR_WAY = 18
"""Places of rows that GATHER and SCATTER keep between the read and the write of a beat: with a beat in each cycle the
cycles of the pipe and of two more stages."""


class DataRegister(enum.StrEnum):
    """A set of registers that the data of some instructions pass through, by what it holds."""

    LOADED_WORD = "word that the load engine took last"
    ARRAY = "operands, weights and sums of the tensor array"
    ACCUMULATORS = "accumulators of the tensor engine"
    RECORDS = "drain registers: biases, multipliers and shifts"
    DRAIN = "values between the scales of the drain"
    RESIDUAL = "residual of the drain and its sum"
    PRODUCTS = "products of the shared multipliers"
    LANES = "elements, sums and results of the vector engine"
    LANE_TREE = "sums of the vector engine's lanes on their way to one"
    SECOND_OPERAND = "elements of the vector engine's operand B"
    SCALED_OPERANDS = "operands of the vector engine that are scaled"
    LOOKUPS = "look-ups in the table of the vector engine"
    TABLE = "table of the vector engine"
    DIVIDER = "divider of the vector engine"
    ROWS = "rows of GATHER and SCATTER"


def registers_used(instruction: Instruction, dependent: Collection[str]) -> frozenset[DataRegister]:
    """The registers that hold something of the inputs after an instruction whose streams `dependent` do."""
    match instruction:
        case Load():
            return frozenset({DataRegister.LOADED_WORD})
        case TensorInstruction():
            return frozenset(_tensor_uses(instruction, dependent))
        case VectorInstruction():
            return frozenset(_vector_uses(instruction, dependent))
    return frozenset()


def _tensor_uses(instruction: TensorInstruction, dependent: Collection[str]) -> Iterator[DataRegister]:
    yield from (DataRegister.ARRAY, DataRegister.ACCUMULATORS)
    if StreamName.PARAMETERS in dependent:
        yield DataRegister.RECORDS
    if instruction.requantise is not Rounding.OFF:
        yield from (DataRegister.DRAIN, DataRegister.PRODUCTS)
    if instruction.residual:
        yield DataRegister.RESIDUAL


def _vector_uses(instruction: VectorInstruction, dependent: Collection[str]) -> Iterator[DataRegister]:
    yield DataRegister.LANES
    if instruction.lane_reduce:
        yield DataRegister.LANE_TREE
    if StreamName.B in dependent:
        yield DataRegister.SECOND_OPERAND
    if StreamName.B in dependent and instruction.op in INDIRECT_OPS:
        yield DataRegister.ROWS
    if StreamName.TABLE in dependent:
        yield DataRegister.TABLE
    yield from _stages(instruction)


def _stages(instruction: VectorInstruction) -> Iterator[DataRegister]:
    """The registers of the stages that not every VECTOR has."""
    if Rounding.OFF is not instruction.a_rounding or instruction.b_rounding is not Rounding.OFF:
        yield DataRegister.SCALED_OPERANDS
    if uses_multipliers(instruction):
        yield DataRegister.PRODUCTS
    if instruction.table is not Table.NONE:
        yield DataRegister.LOOKUPS
    if instruction.op is Op.DIV:
        yield DataRegister.DIVIDER


def registers_filled(instruction: Instruction, chip: Chip) -> frozenset[DataRegister]:
    """The registers that hold nothing but an instruction's own data after it, in a cold and in a warm inference."""
    match instruction:
        case Load():
            return frozenset() if instruction.once else frozenset({DataRegister.LOADED_WORD})
        case TensorInstruction():
            return frozenset(_tensor_fills(instruction, chip))
        case VectorInstruction():
            return frozenset(_vector_fills(instruction, chip))
    return frozenset()


def _tensor_fills(instruction: TensorInstruction, chip: Chip) -> Iterator[DataRegister]:
    columns = chip.tensor.columns
    if instruction.mode is Mode.CONV:
        yield DataRegister.ARRAY
        if instruction.output_pixels >= ACCUMULATOR_TILES * chip.tensor.tile_pixels:
            yield DataRegister.ACCUMULATORS
    per_channel = instruction.parameters is ChannelRecord.PER_CHANNEL
    if per_channel and instruction.output_channels >= RECORD_SETS * columns:
        yield DataRegister.RECORDS
    if instruction.requantise is not Rounding.OFF:
        yield DataRegister.PRODUCTS
        if instruction.output_channels >= columns:
            yield DataRegister.DRAIN
    if instruction.residual:
        yield DataRegister.RESIDUAL


def _vector_fills(instruction: VectorInstruction, chip: Chip) -> Iterator[DataRegister]:
    if instruction.op in INDIRECT_OPS:
        if instruction.outer_steps >= ROWS_ON_THEIR_WAY:
            yield DataRegister.ROWS
        return
    if instruction.op is Op.DIV:
        yield DataRegister.DIVIDER
    if instruction.lane_reduce:  # lanes that a beat does not have count as the reduction's neutral value
        yield DataRegister.LANE_TREE
    if instruction.lanes < chip.vector.lanes:
        return
    results = instruction.outer_steps * ceil_div(instruction.lanes, chip.vector.lanes)
    if results > 1 and not instruction.lane_reduce:
        yield DataRegister.LANES
    if instruction.b_source is Source.STREAM:
        yield DataRegister.SECOND_OPERAND
    if instruction.table is Table.TABLE16:
        yield DataRegister.TABLE
    partly = {DataRegister.DIVIDER} | ({DataRegister.LOOKUPS} if instruction.lane_reduce else set())
    yield from (register for register in _stages(instruction) if register not in partly)
