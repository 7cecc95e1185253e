"""What is reported of an inference's residue: rows that sum to the memories, bytes that truly differ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.errors import BadInput
from chipsmith.flow.residue import measure_residue
from chipsmith.frontends.registry import load_model
from chipsmith.program.limits import Limits

GRAPH = load_model(str(Path(__file__).parents[1] / "networks" / "digits_cnn.tosa"), None).graph
BARE, WIPED = (compile_graph(GRAPH, load_chip("nano-64"), wipe=wipe) for wipe in (False, True))


@pytest.mark.parametrize("program", [BARE, WIPED])
def test_rows_sum_to_the_memories(program):
    rows = measure_residue(program, {}).rows
    sizes = {name: sum(row.size_bytes for row in rows if row.memory == name) for name in {row.memory for row in rows}}
    assert sizes == {
        "on-chip memory": program.chip.memory_bytes,
        "external memory": program.manifest.external_bytes,
    }


@pytest.mark.parametrize("program", [BARE, WIPED])
def test_no_more_bytes_differ_than_may(program):
    for row in measure_residue(program, {}).rows:
        assert row.differing_bytes <= row.dependent_bytes <= row.size_bytes


def test_without_a_wipe_activations_differ_and_with_it_only_outputs():
    differing = [
        {row.holding for row in measure_residue(program, {}).rows if row.differing_bytes} for program in (BARE, WIPED)
    ]
    assert differing == [{"inputs", "activations", "outputs"}, {"outputs"}]
    assert measure_residue(WIPED, {}).registers == ()
    assert len(measure_residue(BARE, {}).registers) >= 4


def test_inputs_that_are_given_are_compared():
    (port,) = BARE.manifest.inputs
    same = np.zeros((2, *port.shape[1:]), port.dtype)
    report = measure_residue(BARE, {port.name: same})
    assert report.compared == "the first two inputs"
    assert sum(row.differing_bytes for row in report.rows) == 0
    assert measure_residue(BARE, {port.name: same[:1]}).compared == "two random inputs"


def test_all_copies_of_both_memories_count():
    enough = Limits(memory_bytes=8 * (BARE.chip.memory_bytes + BARE.manifest.external_bytes))
    assert measure_residue(BARE, {}, limits=enough) == measure_residue(BARE, {})
    with pytest.raises(BadInput, match=r"measuring what an inference of .* leaves behind takes about .*--memory-limit"):
        measure_residue(BARE, {}, limits=Limits(memory_bytes=enough.memory_bytes - 1))
