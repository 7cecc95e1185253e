"""A wipe behind a Program: the same outputs, its own row in every account, and room for it or one message."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from random_programs import random_inputs, random_program

import chipsmith
from chipsmith.chip import load_chip, override_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.compiler.wipe.places import choose_places, kept_bytes
from chipsmith.compiler.wipe.wipe_program import append_wipe
from chipsmith.compiler.wipe.zeros import clear_external, spans_to_clear
from chipsmith.errors import OperatorRefused
from chipsmith.frontends.registry import load_model
from chipsmith.profile.measure import full_profile
from chipsmith.profile.time_breakdown import time_shares
from chipsmith.program.external_runs import transfer_words
from chipsmith.program.instructions import Engine, TensorInstruction, VectorInstruction
from chipsmith.program.program import WIPE, WIPE_TENSOR
from chipsmith.program.residue import trace_residue
from chipsmith.program.streams import external_stream
from chipsmith.program.verify import verify_program
from chipsmith.sim.cycle import simulate
from chipsmith.sim.functional import execute, final_memories

NETWORKS = Path(__file__).parents[2] / "networks"
DIGITS = load_model(str(NETWORKS / "digits_cnn.tosa"), None).graph
NANO = load_chip("nano-64")


@pytest.fixture(scope="module")
def pair():
    """A network without and with a wipe."""
    return compile_graph(DIGITS, NANO), compile_graph(DIGITS, NANO, wipe=True)


@pytest.mark.parametrize("chip", ["nano-64", "edge-256", "edge-1024"])
@pytest.mark.parametrize("network", ["digits_cnn", "gru", "encoder_layer", "lstm"])
def test_the_outputs_stay_and_nothing_else(network, chip):
    graph = load_model(str(NETWORKS / f"{network}.tosa"), None).graph
    bare, wiped = (compile_graph(graph, load_chip(chip), wipe=wipe) for wipe in (False, True))
    verify_program(wiped)
    inputs = random_inputs(bare, 3, 2)
    expected, outputs = execute(bare, inputs), execute(wiped, inputs)
    assert all(np.array_equal(outputs[name], expected[name]) for name in expected)
    residue = trace_residue(wiped)
    assert residue.external.sum() == sum(port.size_bytes for port in wiped.manifest.outputs)


@pytest.mark.parametrize("page", [2, 4, 16, 64])
def test_pages_of_any_size_are_loaded_in_time(page):
    chip = override_chip(NANO, {"instructions.page_instructions": str(page)})
    for seed in range(6):
        program = random_program(chip, seed, 20 + seed)
        wiped = append_wipe(replace(program, manifest=replace(program.manifest, outputs=program.manifest.outputs[:1])))
        verify_program(wiped)
        assert simulate(wiped).latency_cycles > 0


def test_inputs_are_zeros_in_external_memory_and_activations_on_the_chip(pair):
    _, wiped = pair
    (port,) = wiped.manifest.inputs
    memories, start = final_memories(wiped, random_inputs(wiped, 1, 2)), port.address - len(wiped.constants)
    assert not memories.private[:, start : start + port.size_bytes].any()
    was_dependent = trace_residue(replace(wiped, instructions=wiped.instructions[: wiped.manifest.wipe_start])).local
    assert not memories.local[:, was_dependent].any()


def test_weights_that_stay_are_not_overwritten(pair):
    bare, wiped = pair
    assert wiped.manifest.resident == bare.manifest.resident != ()
    assert np.array_equal(kept_bytes(wiped), kept_bytes(bare))


def test_a_warm_inference_takes_as_many_cycles_more_as_a_cold_one(pair):
    bare, wiped = pair
    added = [simulate(wiped, warm=warm).latency_cycles - simulate(bare, warm=warm).latency_cycles for warm in (0, 1)]
    assert added[0] == added[1] > 0


def test_the_wipe_has_kernels_of_its_own_in_time_and_energy(pair):
    bare, wiped = (full_profile(program) for program in pair)
    *kernels, vector, tensor, rest = wiped.kernels
    assert [row.name for row in kernels] == [row.name for row in bare.kernels[:-1]]
    assert [(row.name, row.kind, row.anchor) for row in (vector, tensor)] == [
        (WIPE, Engine.VECTOR, WIPE),
        (WIPE_TENSOR, Engine.TENSOR, WIPE),
    ]
    assert vector.external_bytes >= 784  # the inputs
    assert 0 < vector.total_pj + tensor.total_pj < wiped.energy.total - bare.energy.total + rest.total_pj
    rows = {row.kind: row for row in time_shares(pair[1], simulate(pair[1]))}
    assert rows[WIPE].kernels == 2
    assert sum(row.cycles for row in rows.values()) == wiped.latency.cold_cycles


def test_each_computing_instruction_behind_the_outputs_is_in_a_kernel_of_the_wipe(pair):
    _, wiped = pair
    own = {index for span in wiped.manifest.kernels[-2:] for index in span.instructions}
    behind = range(wiped.manifest.wipe_start, len(wiped.instructions))
    computing = (TensorInstruction, VectorInstruction)
    assert own == {index for index in behind if isinstance(wiped.instructions[index], computing)}


def test_a_chip_whose_groups_are_full_of_weights_is_refused_in_one_message(pair):
    bare, _ = pair
    full = np.ones(NANO.memory_bytes, np.bool_)
    with pytest.raises(OperatorRefused, match=r"leaves no 160 bytes of a bank group of nano-64 free of weights"):
        choose_places(bare, full, ~full)


def test_an_external_memory_without_room_for_more_pages_is_refused(pair):
    bare, _ = pair
    chip = override_chip(NANO, {"external.size_mib": "1"})
    crowded = replace(bare, chip=chip, manifest=replace(bare.manifest, external_bytes=chip.external_bytes))
    with pytest.raises(OperatorRefused, match="with the instructions of its wipe"):
        append_wipe(crowded)


def test_a_network_is_compiled_with_a_wipe_by_the_verb(tmp_path):
    result = chipsmith.compile(
        str(NETWORKS / "gru.tosa"), chip="nano-64", wipe=True, no_check=True, output=tmp_path / "gru.program"
    )
    assert result.program.manifest.wipe_start is not None
    assert 0 < result.wipe_cycles == result.to_json()["wipe_cycles"]
    simulated = chipsmith.simulate(tmp_path / "gru.program", residue=True)
    assert simulated.to_json()["wipe_cold_cycles"] == result.wipe_cycles
    assert {row.holding for row in simulated.residue.rows if row.dependent_bytes} == {"outputs"}


# --- spans -----------------------------------------------------------------------------------------------------------


def mask(size, *spans):
    marked = np.zeros(size, np.bool_)
    for first, end in spans:
        marked[first:end] = True
    return marked


def test_spans_grow_to_whole_words_but_not_over_what_is_kept():
    assert spans_to_clear(mask(64, (5, 7)), mask(64), gap=0) == ((4, 8),)
    assert spans_to_clear(mask(64, (5, 7)), mask(64, (4, 5)), gap=0) == ((5, 8),)


def test_near_spans_are_cleared_together_unless_something_between_them_is_kept():
    dependent = mask(64, (0, 8), (16, 24))
    assert spans_to_clear(dependent, mask(64), gap=8) == ((0, 24),)
    assert spans_to_clear(dependent, mask(64), gap=7) == ((0, 8), (16, 24))
    assert spans_to_clear(dependent, mask(64, (10, 11)), gap=8) == ((0, 8), (16, 24))


@pytest.mark.parametrize("size", [1, 3, 4, 64, 4 * 65535 + 3, 4 * 65536 * 3 + 1])
@pytest.mark.parametrize("first", [64, 68])
def test_stores_of_zeros_write_each_byte_of_a_span_by_whole_atoms(size, first):
    dependent, kept = mask(size + first, (first, first + size)), mask(size + first, (0, first))
    (span,) = spans_to_clear(dependent, kept, gap=0)
    stores = tuple(clear_external(span, 0, NANO))
    written = np.concatenate([external_stream(store).mask() for store in stores])
    assert written.all()
    assert len(written) == size
    atoms = (first + size - 1) // 32 - first // 32 + 1
    assert sum(transfer_words(store, NANO) for store in stores) == atoms * 32 // 4
