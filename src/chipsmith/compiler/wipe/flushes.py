"""Instructions over bytes that do not depend on the inputs, which fill the registers that did."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from chipsmith.chip.description import Chip
from chipsmith.compiler.wipe.places import WipePlaces, line_bytes
from chipsmith.program.instructions import (
    ChannelRecord,
    Load,
    Op,
    Reduce,
    Rounding,
    Source,
    Table,
    TensorInstruction,
    Type,
    VectorInstruction,
)
from chipsmith.program.registers import ACCUMULATOR_TILES, RECORD_SETS, ROWS_ON_THEIR_WAY, DataRegister

_IDENTITY = (1 << 30, 30)
"""A multiplier and a shift that scale by 1."""
_DRAIN = {DataRegister.DRAIN, DataRegister.RESIDUAL, DataRegister.RECORDS}
_SCALES = {DataRegister.SCALED_OPERANDS, DataRegister.PRODUCTS}


def flush_load(places: WipePlaces, chip: Chip) -> Load:
    """A LOAD of the first word of the image, which is an instruction."""
    group = places.target // chip.memory.group_bytes
    return Load(
        external_address=0,
        local_address=places.target,
        run_bytes=chip.external.bytes_per_cycle,
        first_group=group,
        last_group=group,
    )


def flush_tensor(registers: Collection[DataRegister], places: WipePlaces, chip: Chip) -> Iterator[TensorInstruction]:
    """TENSORs that fill those of the registers that are the tensor engine's."""
    if {DataRegister.ACCUMULATORS, DataRegister.ARRAY} & set(registers):
        yield _pixels(ACCUMULATOR_TILES * chip.tensor.tile_pixels, places, chip)
    if _DRAIN & set(registers):
        yield _channels(registers, places, chip)


def _pixels(count: int, places: WipePlaces, chip: Chip) -> TensorInstruction:
    """So many pixels of a channel, each the product of the same two bytes."""
    target, source = places.target // chip.memory.group_bytes, places.source // chip.memory.group_bytes
    return TensorInstruction(
        output_width=count,
        stride_x=0,
        a_base=places.source,
        pixel_pitch=1,
        w_base=places.source,
        o_base=places.target,
        o_stride_x=1,
        a_first_group=source,
        a_last_group=source,
        w_first_group=source,
        w_last_group=source,
        o_first_group=target,
        o_last_group=target,
    )


def _channels(registers: Collection[DataRegister], places: WipePlaces, chip: Chip) -> TensorInstruction:
    """A pixel of all channels through all stages of the drain that the registers are of."""
    records = DataRegister.RECORDS in registers
    multiplier, shift = _IDENTITY
    pixel = replace(
        _pixels(1, places, chip),
        output_channels=chip.tensor.columns * (RECORD_SETS if records else 1),
        requantise=Rounding.SINGLE,
        multiplier=multiplier,
        shift=shift,
    )
    if records:
        parameters = ChannelRecord.PER_CHANNEL
        first, last = _source_groups(places, pixel.output_channels * parameters.record_bytes, chip)
        pixel = replace(
            pixel, parameters=parameters, param_base=places.source, param_first_group=first, param_last_group=last
        )
    return _with_residual(pixel, places) if DataRegister.RESIDUAL in registers else pixel


def _with_residual(pixel: TensorInstruction, places: WipePlaces) -> TensorInstruction:
    multiplier, shift = _IDENTITY
    return replace(
        pixel,
        residual=1,
        res_base=places.source,
        res_first_group=pixel.a_first_group,
        res_last_group=pixel.a_first_group,
        acc_rounding=Rounding.SINGLE,
        acc_multiplier=multiplier,
        acc_shift=shift,
        res_rounding=Rounding.SINGLE,
        res_multiplier=multiplier,
        res_shift=shift,
        sum_rounding=Rounding.SINGLE,
        sum_multiplier=multiplier,
        sum_shift=shift,
    )


def flush_vector(registers: Collection[DataRegister], places: WipePlaces, chip: Chip) -> Iterator[VectorInstruction]:
    """VECTORs that read two lines of every bank group, and fill those of the registers that are the engine's."""
    yield _every_group(registers, places, chip)
    if DataRegister.DIVIDER in registers:
        yield replace(_element(places, chip), op=Op.DIV, b_source=Source.IMMEDIATE, b_immediate=1)
    if DataRegister.ROWS in registers:
        yield _gather(places, chip)
    if DataRegister.LANE_TREE in registers:
        yield replace(_element(places, chip), reduce=Reduce.SUM, lane_reduce=1)


def _element(places: WipePlaces, chip: Chip) -> VectorInstruction:
    """A byte from the source to the target."""
    target, source = places.target // chip.memory.group_bytes, places.source // chip.memory.group_bytes
    return VectorInstruction(
        a_base=places.source,
        o_base=places.target,
        a_first_group=source,
        a_last_group=source,
        o_first_group=target,
        o_last_group=target,
    )


def _gather(places: WipePlaces, chip: Chip) -> VectorInstruction:
    element = _element(places, chip)
    return replace(
        element,
        o0=ROWS_ON_THEIR_WAY,
        op=Op.GATHER,
        b_source=Source.STREAM,
        b_base=places.source,
        b_first_group=element.a_first_group,
        b_last_group=element.a_last_group,
        rows=1,
        o_stride_0=1,
    )


def _every_group(registers: Collection[DataRegister], places: WipePlaces, chip: Chip) -> VectorInstruction:
    """The sum of two lines of every bank group, as zeros, through the stages that the registers are of."""
    lines = replace(
        _element(places, chip),
        lanes=line_bytes(chip),
        r0=chip.memory.groups,
        reduce=Reduce.SUM,
        a_base=places.lines,
        a_lane_stride=1,
        a_reduce_0=chip.memory.group_bytes,
        a_first_group=0,
        a_last_group=chip.memory.groups - 1,
        clamp_min=0,
        clamp_max=0,
        o_type=Type.INT8,
        o_lane_stride=1,
    )
    if _SCALES & set(registers):
        multiplier, shift = _IDENTITY
        lines = replace(lines, a_rounding=Rounding.SINGLE, a_multiplier=multiplier, a_shift=shift)
    if DataRegister.SECOND_OPERAND in registers:
        lines = replace(lines, op=Op.ADD, b_source=Source.STREAM, b_base=places.lines, b_lane_stride=1)
    return _with_table(lines, registers, places, chip)


def _with_table(
    lines: VectorInstruction, registers: Collection[DataRegister], places: WipePlaces, chip: Chip
) -> VectorInstruction:
    if not {DataRegister.LOOKUPS, DataRegister.TABLE} & set(registers):
        return lines
    table = Table.TABLE16 if DataRegister.TABLE in registers else Table.TABLE8
    first, last = _source_groups(places, table.size_bytes, chip)
    return replace(lines, table=table, t_base=places.source, t_first_group=first, t_last_group=last)


def _source_groups(places: WipePlaces, size: int, chip: Chip) -> tuple[int, int]:
    """The first and the last group of so many bytes from the source."""
    return places.source // chip.memory.group_bytes, (places.source + size - 1) // chip.memory.group_bytes
