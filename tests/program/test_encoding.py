"""Instructions as 128 bytes: fields from the low bits up behind the opcode, and nothing that is not declared."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from random_instructions import random_row_move, random_tensor, random_vector

from chipsmith.chip import load_chip
from chipsmith.chip.description import INSTRUCTION_BYTES
from chipsmith.errors import BadInput
from chipsmith.program.encoding import field_range
from chipsmith.program.instructions import INSTRUCTIONS, Load, Space, Store, TensorInstruction, Type, decode_instruction

CHIP = load_chip("nano-64")


def all_fields_at(row, end):
    """An instruction whose fields all hold their least (end 0) or greatest (end 1) value."""
    return row(**{field.name: extreme(field, end) for field in dataclasses.fields(row)})


def extreme(field, end):
    members = field.metadata.get("enum")
    return list(members)[-end] if members else field_range(field)[end]


@pytest.mark.parametrize("row", INSTRUCTIONS)
@pytest.mark.parametrize("end", [0, 1])
def test_the_extremes_of_all_fields_survive_together(row, end):
    instruction = all_fields_at(row, end)
    data = instruction.encode()
    assert len(data) == INSTRUCTION_BYTES
    assert decode_instruction(data) == instruction


@pytest.mark.parametrize("draw", [random_tensor, random_vector, random_row_move])
def test_random_instructions_survive(draw):
    rng = np.random.default_rng(0)
    for _ in range(20):
        instruction = draw(CHIP, rng)
        assert decode_instruction(instruction.encode()) == instruction


def test_fields_stand_behind_the_opcode_from_the_low_bits_up():
    # LOAD is opcode 1; then external_address (32 bits), local_address (24), outer_count (16), inner_count (16).
    data = Load(external_address=0x44332211, local_address=0x776655, outer_count=0x9988, inner_count=0xBBAA).encode()
    assert data[:12] == bytes([1, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB])


def test_a_negative_field_is_twos_complement():
    # external_outer_stride follows run_bytes (24 bits), 15 bytes behind the opcode.
    assert Load(run_bytes=1, external_outer_stride=-2).encode()[15:19] == bytes([0xFE, 0xFF, 0xFF, 0xFF])


@pytest.mark.parametrize(
    ("field", "value"), [("run_bytes", 1 << 24), ("run_bytes", -1), ("local_outer_stride", 1 << 23)]
)
def test_a_value_beyond_its_bits_is_refused_by_name(field, value):
    with pytest.raises(BadInput, match=f"STORE.{field} is {value}; .* bits hold"):
        Store(**{field: value}).encode()


def test_a_reserved_opcode_is_refused():
    with pytest.raises(BadInput, match="opcode 77 is reserved; the machine has END, LOAD, STORE, TENSOR, VECTOR"):
        decode_instruction(bytes([77]).ljust(INSTRUCTION_BYTES, b"\0"))


def test_a_reserved_value_of_a_field_is_refused():
    good, other = (TensorInstruction(o_type=kind).encode() for kind in (Type.INT8, Type.UINT16))
    # UINT16 is 4 in three bits; 7 has no meaning.
    difference = int.from_bytes(other, "little") ^ int.from_bytes(good, "little")
    reserved = int.from_bytes(good, "little") | 7 * (difference >> 2)
    with pytest.raises(BadInput, match=r"TENSOR\.o_type has the reserved value 7"):
        decode_instruction(reserved.to_bytes(INSTRUCTION_BYTES, "little"))


def test_a_bit_beyond_the_last_field_is_refused():
    data = bytearray(Load(space=Space.PAGE).encode())
    data[-1] |= 0x80
    with pytest.raises(BadInput, match="LOAD has bits set beyond its last field"):
        decode_instruction(bytes(data))
