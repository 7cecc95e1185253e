"""What each byte of the memories holds after END."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.compiler.wipe.places import kept_bytes
from chipsmith.frontends.registry import load_model
from chipsmith.program.holdings import HOLDINGS, Holding, label_memories
from chipsmith.program.residue import trace_residue

DIGITS = load_model(str(Path(__file__).parents[1] / "networks" / "digits_cnn.tosa"), None).graph


@pytest.fixture(scope="module", params=[False, True])
def program(request):
    return compile_graph(DIGITS, load_chip("nano-64"), wipe=request.param)


def counts(labels):
    return {HOLDINGS[number]: int(count) for number, count in enumerate(np.bincount(labels)) if count}


def test_external_memory_holds_the_ports_where_the_program_has_them(program):
    external = counts(label_memories(program)[1])
    inputs, outputs = (sum(port.size_bytes for port in ports) for ports in ports_of(program))
    wiped = program.manifest.wipe_start is not None
    assert external[Holding.OUTPUT] == outputs
    assert external.get(Holding.INPUT, 0) == (0 if wiped else inputs)
    assert external.get(Holding.CLEARED, 0) == (inputs if wiped else 0)
    assert external[Holding.CONSTANT] == len(program.constants)


def test_weights_that_stay_are_those_of_the_loads_that_are_skipped(program):
    local, _ = label_memories(program)
    assert np.array_equal(local == HOLDINGS.index(Holding.KEPT), kept_bytes(program))


def test_what_depends_on_the_inputs_is_an_input_an_activation_or_an_output(program):
    local, external = label_memories(program)
    residue = trace_residue(program)
    allowed = [HOLDINGS.index(kind) for kind in (Holding.INPUT, Holding.ACTIVATION, Holding.OUTPUT)]
    assert np.isin(local[residue.local], allowed).all()
    assert np.isin(external[residue.external], allowed).all()


def ports_of(program):
    return program.manifest.inputs, program.manifest.outputs
