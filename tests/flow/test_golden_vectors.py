"""Golden vectors: of a network's file or of a program, on integers, on raw data or on random inputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import chipsmith
from chipsmith.chip import load_chip
from chipsmith.errors import BadInput
from chipsmith.flow.golden_vectors import compile_vectors, port_scales
from chipsmith.frontends.quantized_io import IoBinding
from chipsmith.hardware.golden import PortScale
from chipsmith.program.file import write_program
from chipsmith.sim.cycle import simulate

CHIP = load_chip("nano-64")
GRU = str(Path(__file__).parents[1] / "networks" / "gru.tosa")


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("program") / "gru.program"
    compiled = chipsmith.compile(GRU, chip="nano-64").program
    write_program(compiled, path)
    return compiled, path


def test_a_vector_of_a_file_of_integers(tmp_path):
    values = np.arange(64, dtype=np.int8).reshape(1, 8, 8)
    np.save(tmp_path / "x.npy", values)
    (vector,) = compile_vectors([GRU], CHIP, inputs=[str(tmp_path / "x.npy")])
    assert (vector.name, vector.scales) == ("gru", {})
    np.testing.assert_array_equal(next(iter(vector.inputs.values())), values)
    (port,) = vector.program.manifest.outputs
    np.testing.assert_array_equal(
        vector.outputs[port.name], chipsmith.simulate(vector.program, inputs=vector.inputs).outputs[port.name]
    )
    assert vector.warm_latency_cycles == simulate(vector.program, warm=True).latency_cycles < vector.latency_cycles


def test_a_program_of_the_chip_is_taken_as_it_is(program):
    compiled, path = program
    (vector,) = compile_vectors([str(path)], CHIP)
    assert vector.program == compiled


def test_a_program_of_another_chip_is_refused(program):
    with pytest.raises(BadInput, match="was compiled for nano-64, which is not this edge-256"):
        compile_vectors([str(program[1])], load_chip("edge-256"))


def test_one_network_twice_has_two_names():
    assert [vector.name for vector in compile_vectors([GRU, GRU], CHIP)] == ["gru", "gru_2"]


def test_inputs_without_a_network_are_refused():
    with pytest.raises(BadInput, match="2 inputs for 1 golden vectors"):
        compile_vectors([GRU], CHIP, inputs=["x.npy", "y.npy"])


def test_raw_data_is_for_programs_of_recipes(tmp_path):
    (tmp_path / "seven.png").write_bytes(b"")
    with pytest.raises(BadInput, match="takes and gives integers alone"):
        compile_vectors([GRU], CHIP, inputs=[str(tmp_path / "seven.png")])


def test_the_scales_of_ports_are_those_of_the_bindings():
    real = IoBinding(tensor="x", position=0, scale=0.5, zero_point=-3, axes=(0, 1))
    integer = IoBinding(tensor="y", position=0, scale=None, zero_point=0, axes=(0, 1))
    assert port_scales([real, integer]) == {"x": PortScale(scale=0.5, zero_point=-3)}
