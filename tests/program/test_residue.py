"""The flow of the data: what differs between two inferences is in it, and a wipe that leaves something is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from random_programs import random_inputs, random_program

from chipsmith.chip import load_chip
from chipsmith.compiler.wipe.wipe_program import append_wipe
from chipsmith.errors import BadInput
from chipsmith.program.file import parse_program, serialize_program
from chipsmith.program.instructions import Load, Op, Reduce, Space, Store, Table, TensorInstruction, VectorInstruction
from chipsmith.program.program import Program, encode_pages
from chipsmith.program.registers import ROWS_ON_THEIR_WAY, DataRegister, registers_filled, registers_used
from chipsmith.program.residue import check_wipe, trace_residue
from chipsmith.program.verify import verify_program
from chipsmith.sim.functional import final_memories

CHIP = load_chip("nano-64")
MUCH_INPUT = {"load": 0.4, "store": 0.1, "tensor": 0.2, "vector": 0.2, "row move": 0.1}


def some_program(seed):
    """A random Program whose first area alone is an output."""
    program = random_program(CHIP, seed, 30, MUCH_INPUT)
    return replace(program, manifest=replace(program.manifest, outputs=program.manifest.outputs[:1]))


@pytest.mark.parametrize("seed", range(12))
def test_bytes_that_differ_between_two_inferences_may_depend_on_the_inputs(seed):
    program = some_program(seed)
    memories = final_memories(program, random_inputs(program, seed, 2))
    residue, constants = trace_residue(program), len(program.constants)
    assert not np.any((memories.local[0] != memories.local[1]) & ~residue.local)
    assert not np.any((memories.private[0] != memories.private[1]) & ~residue.external[constants:])
    assert residue.local.any() or residue.external[constants:].any()


@pytest.mark.parametrize("seed", range(12))
def test_a_wiped_program_leaves_nothing_in_either_memory(seed):
    wiped = append_wipe(some_program(seed))
    memories = final_memories(wiped, random_inputs(wiped, seed, 2))
    (output,) = wiped.manifest.outputs
    differing = memories.private[0] != memories.private[1]
    differing[output.address - len(wiped.constants) :][: output.size_bytes] = False
    assert np.array_equal(memories.local[0], memories.local[1])
    assert not differing.any()


def test_what_shares_an_atom_with_an_input_passes_the_load_engine():
    # The byte before the input's first, and one in the atom before that.
    program = some_program(1)
    address = program.manifest.inputs[0].address
    assert address % CHIP.external.atom_bytes == 0
    moved = replace(program.manifest.inputs[0], address=address + 1, size_bytes=1, shape=(1,))
    manifest = replace(program.manifest, inputs=(moved,))
    for byte, passes in ((address, True), (address - 1, False)):
        load = Load(external_address=byte, run_bytes=1)
        residue = trace_residue(replace(program, instructions=(load,), manifest=manifest))
        assert (DataRegister.LOADED_WORD in residue.registers) == passes
        assert not residue.local.any()


# --- claims ----------------------------------------------------------------------------------------------------------


def without(program: Program, index: int) -> Program:
    """The Program with an instruction that does nothing instead of one of its wipe: a LOAD of what is there already."""
    idle = Load(run_bytes=1, local_address=CHIP.memory_bytes - 1, first_group=6, last_group=6)
    instructions = (*program.instructions[:index], idle, *program.instructions[index + 1 :])
    pages = encode_pages(CHIP, instructions)
    return replace(program, instructions=instructions, constants=pages + program.constants[len(pages) :])


@pytest.mark.parametrize("seed", [0, 3, 5])
def test_without_most_of_its_instructions_a_wipe_is_refused(seed):
    wiped = append_wipe(some_program(seed))
    own = range(wiped.manifest.wipe_start, len(wiped.instructions) - 1)
    faults = [fault_of(without(wiped, index)) for index in own if not isinstance(wiped.instructions[index], Load)]
    assert all("leaves" in fault for fault in faults if fault)
    assert sum(map(bool, faults)) >= 3


def fault_of(program: Program) -> str:
    """What is wrong with a Program's wipe; empty where nothing is."""
    try:
        check_wipe(program)
    except BadInput as fault:
        return str(fault)
    return ""


def test_a_claim_without_a_wipe_is_refused_with_what_is_left():
    program = some_program(1)
    claims = replace(program, manifest=replace(program.manifest, wipe_start=len(program.instructions) - 1))
    with pytest.raises(BadInput, match=r"says that it wipes .* leaves [\d,]+ bytes of on-chip memory from \d+"):
        parse_program(serialize_program(claims), name="p.program")


def test_a_wipe_that_begins_nowhere_or_before_the_outputs_stand_is_refused():
    wiped = append_wipe(some_program(2))
    for start, message in ((len(wiped.instructions), "begins with instruction"), (0, "writes an output")):
        faulty = replace(wiped, manifest=replace(wiped.manifest, wipe_start=start))
        with pytest.raises(BadInput, match=message):
            verify_program(faulty)


def test_a_wiped_program_comes_back_from_its_file():
    wiped = append_wipe(some_program(4))
    assert parse_program(serialize_program(wiped), name="p") == wiped


# --- registers -------------------------------------------------------------------------------------------------------


def test_a_short_instruction_fills_none_of_the_lanes_and_a_long_one_does():
    short = VectorInstruction(lanes=CHIP.vector.lanes - 1)
    assert DataRegister.LANES in registers_used(short, {"A"})
    assert registers_filled(short, CHIP) == frozenset()
    assert registers_filled(VectorInstruction(lanes=2 * CHIP.vector.lanes), CHIP) == {DataRegister.LANES}


def test_the_tree_of_the_lanes_is_filled_by_every_reduction_of_them_and_the_look_ups_by_none():
    total = VectorInstruction(lanes=2 * CHIP.vector.lanes, reduce=Reduce.SUM, lane_reduce=1, table=Table.TABLE8)
    assert {DataRegister.LANE_TREE, DataRegister.LOOKUPS} <= registers_used(total, {"A"})
    assert registers_filled(total, CHIP) == {DataRegister.LANE_TREE}
    assert DataRegister.LANE_TREE in registers_filled(replace(total, lanes=1), CHIP)


def test_rows_are_filled_by_as_many_beats_as_there_are_places():
    rows = VectorInstruction(op=Op.GATHER, o0=ROWS_ON_THEIR_WAY)
    assert DataRegister.ROWS in registers_filled(rows, CHIP)
    assert DataRegister.ROWS not in registers_filled(replace(rows, o0=ROWS_ON_THEIR_WAY - 1), CHIP)


def test_accumulators_are_filled_by_two_whole_tiles():
    pixels = 2 * CHIP.tensor.tile_pixels
    assert DataRegister.ACCUMULATORS in registers_filled(TensorInstruction(output_width=pixels), CHIP)
    assert DataRegister.ACCUMULATORS not in registers_filled(TensorInstruction(output_width=pixels - 1), CHIP)


def test_a_stage_is_used_by_the_instructions_that_have_it():
    assert DataRegister.DIVIDER in registers_used(VectorInstruction(op=Op.DIV), {"A"})
    assert DataRegister.ROWS in registers_used(VectorInstruction(op=Op.GATHER), {"B"})
    looked_up = VectorInstruction(table=Table.TABLE8)
    assert DataRegister.LOOKUPS in registers_used(looked_up, {"A"})
    assert DataRegister.TABLE not in registers_used(looked_up, {"A"})
    assert DataRegister.TABLE in registers_used(looked_up, {"TABLE"})


def test_a_load_that_a_warm_inference_skips_fills_nothing():
    assert registers_filled(Load(run_bytes=4, once=1), CHIP) == frozenset()
    assert registers_filled(Load(space=Space.PAGE, run_bytes=4), CHIP) == {DataRegister.LOADED_WORD}
    assert registers_used(Store(run_bytes=4), {"source"}) == frozenset()
