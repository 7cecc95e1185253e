"""The table of streams names fields that the instructions have, and every base and bank group among them."""

from __future__ import annotations

import dataclasses

import pytest

from chipsmith.program.instructions import TensorInstruction, VectorInstruction
from chipsmith.program.stream_fields import (
    LANES,
    OUTER_LOOPS,
    REDUCED_LOOPS,
    STREAM_FIELDS,
    StreamName,
    read_fields,
    with_fields,
)


def names_of(instruction):
    return {field.name for field in dataclasses.fields(instruction)}


@pytest.mark.parametrize("instruction", [TensorInstruction, VectorInstruction])
def test_every_base_and_bank_group_belongs_to_one_stream(instruction):
    streams = STREAM_FIELDS[instruction].values()
    places = [name for fields in streams for name in (fields.base, fields.first_group, fields.last_group)]
    expected = {name for name in names_of(instruction) if name.endswith(("_base", "_group"))}
    assert sorted(places) == sorted(expected)


@pytest.mark.parametrize("instruction", [TensorInstruction, VectorInstruction])
def test_strides_are_fields(instruction):
    for fields in STREAM_FIELDS[instruction].values():
        assert set(fields.strides) <= names_of(instruction)


def test_every_stride_of_a_loop_is_one_of_its_stream():
    loops = (*OUTER_LOOPS, LANES, *REDUCED_LOOPS)
    assert {loop.count for loop in loops} <= names_of(VectorInstruction)
    for name, fields in STREAM_FIELDS[VectorInstruction].items():
        assert fields.strides == tuple(loop.strides[name] for loop in loops if name in loop.strides)


def test_fields_are_read_and_set_by_name():
    base = STREAM_FIELDS[TensorInstruction][StreamName.RESIDUAL].base
    moved = with_fields(TensorInstruction(), {base: 64})
    assert moved == TensorInstruction(res_base=64)
    assert read_fields(moved, [base]) == {"res_base": 64}
    with pytest.raises(TypeError):
        with_fields(VectorInstruction(), {base: 64})
