"""What a co-simulation reports: counts, and the first difference with its instruction and kernel."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import chipsmith
from chipsmith.errors import BadInput
from chipsmith.hardware.package import Error
from chipsmith.hardware.simulate import RtlRun
from chipsmith.sim.cycle import simulate
from chipsmith.sim.functional import execute
from chipsmith.witness.cosimulate import compare_run, random_inputs

DIGITS = Path(__file__).parents[1] / "networks" / "digits_cnn.tosa"


@pytest.fixture(scope="module")
def inference():
    """A Program, its outputs, its timeline, and a run of the RTL that agrees with them."""
    program = chipsmith.compile(str(DIGITS), chip="nano-64").program
    outputs, timeline = execute(program, random_inputs(program, seed=1)), simulate(program)
    run = RtlRun(
        outputs=outputs,
        latency_cycles=timeline.latency_cycles,
        start=timeline.start.astype(np.uint64),
        end=timeline.end.astype(np.uint64),
        finished=True,
        error=Error.NONE,
        error_index=0,
        late=0,
        stalls=0,
        out_of_range=0,
    )
    return program, outputs, timeline, run


def compared(inference, **changes):
    program, outputs, timeline, run = inference
    return compare_run(program, outputs, dataclasses.replace(run, **changes), timeline)


def test_a_run_that_agrees_has_no_difference(inference):
    found = compared(inference)
    assert (found.mismatching_bits, found.instructions_differing, found.difference) == (0, 0, "")
    assert found.cycles_rtl == found.cycles_simulated


def test_a_flipped_bit_is_counted_and_told(inference):
    program, outputs, _, _ = inference
    ((name, output),) = outputs.items()
    last = program.manifest.kernels[-1]
    spoilt = output.copy()
    spoilt[0, 3] ^= 5
    found = compared(inference, outputs={name: spoilt})
    assert found.mismatching_bits == 2
    told = f"output {name}[0, 3] is {spoilt[0, 3]} in RTL and {output[0, 3]} simulated"
    assert found.difference.startswith(
        f"{told}; instruction {last.instructions[0]}, tile 1 of 1 of {last.name} (TENSOR "
    )


def test_a_late_instruction_is_told_with_its_kernel(inference):
    program, _, timeline, run = inference
    index = next(index for index, one in enumerate(program.instructions) if one.mnemonic == "TENSOR")
    late = run.start.copy()
    late[index] += 1
    found = compared(inference, start=late)
    assert found.instructions_differing == 1
    kernel = next(one.name for one in program.manifest.kernels if index in one.instructions)
    assert found.difference.startswith(f"instruction {index}, tile 1 of 1 of {kernel} (TENSOR ")
    assert f"runs from {timeline.start[index] + 1} to {timeline.end[index]} in RTL" in found.difference


def test_a_machine_in_error_is_told_with_the_instruction(inference):
    _, _, timeline, run = inference
    found = compared(inference, error=Error.ADDRESS, error_index=2, start=run.start[:2], end=run.end[:2])
    assert found.instructions_differing == len(timeline.start) - 2
    assert found.difference.startswith("the machine stops with error ADDRESS")
    assert "instruction 2" in found.difference


@pytest.mark.slow
def test_a_waveform_is_written_on_request(tmp_path, rtl_tools):
    program = chipsmith.compile(str(DIGITS), chip="nano-64").program
    wave = tmp_path / "digits.vcd"
    assert chipsmith.cosim(program, wave=wave).agrees
    text = wave.read_text()
    assert "$enddefinitions" in text
    assert "sequencer" in text


def test_a_waveform_needs_its_folder(tmp_path):
    program = chipsmith.compile(str(DIGITS), chip="nano-64").program
    with pytest.raises(BadInput, match="no folder"):
        chipsmith.cosim(program, wave=tmp_path / "absent" / "digits.vcd")
