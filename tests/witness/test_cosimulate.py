"""What a co-simulation reports: counts, and the first difference with its instruction and kernel."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from nets import Net

import chipsmith
from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.errors import BadInput
from chipsmith.hardware.package import Error
from chipsmith.hardware.simulate import RtlRun
from chipsmith.program.instructions import Masking, Op, VectorInstruction
from chipsmith.program.layer_names import LayerNames
from chipsmith.program.limits import WORK_VARIABLE, Limits
from chipsmith.program.port_values import draw_inputs
from chipsmith.program.program import Program, encode_pages
from chipsmith.sim.cycle import simulate
from chipsmith.sim.functional import execute, execute_warm
from chipsmith.tosa.graph import DType
from chipsmith.witness.cosimulate import compare_run, find_remembered

DIGITS = Path(__file__).parents[1] / "networks" / "digits_cnn.tosa"


def label(program, kernel):
    """What a kernel is called, by its layer."""
    return LayerNames(program.manifest.operators).kernel(kernel).label


@pytest.fixture(scope="module")
def inference():
    """A Program, its outputs, its timeline, and a run of the RTL that agrees with them."""
    program = chipsmith.compile(str(DIGITS), chip="nano-64").program
    outputs, timeline = execute(program, draw_inputs(program, seed=1)), simulate(program)
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
        read_bursts=0,
        write_bursts=0,
    )
    return program, outputs, timeline, run


def compared(inference, **changes):
    program, outputs, timeline, run = inference
    return compare_run(program, outputs, dataclasses.replace(run, **changes), timeline)


def test_a_run_that_agrees_has_no_difference(inference):
    comparison = compared(inference)
    assert (comparison.mismatching_bits, comparison.instructions_differing, comparison.difference) == (0, 0, "")
    assert comparison.cycles_rtl == comparison.cycles_simulated


def test_a_flipped_bit_is_counted_and_told(inference):
    program, outputs, _, _ = inference
    ((name, output),) = outputs.items()
    last = program.manifest.kernels[-1]
    spoilt = output.copy()
    spoilt[0, 3] ^= 5
    comparison = compared(inference, outputs={name: spoilt})
    assert comparison.mismatching_bits == 2
    told = f"output {name}[0, 3] is {spoilt[0, 3]} in RTL and {output[0, 3]} simulated"
    assert comparison.difference.startswith(
        f"{told}; instruction {last.instructions[0]}, tile 1 of 1 of {label(program, last.name)} (TENSOR "
    )


def test_a_late_instruction_is_told_with_its_kernel(inference):
    program, _, timeline, run = inference
    index = next(index for index, instruction in enumerate(program.instructions) if instruction.mnemonic == "TENSOR")
    late = run.start.copy()
    late[index] += 1
    comparison = compared(inference, start=late)
    assert comparison.instructions_differing == 1
    kernel = next(span.name for span in program.manifest.kernels if index in span.instructions)
    assert comparison.difference.startswith(f"instruction {index}, tile 1 of 1 of {label(program, kernel)} (TENSOR ")
    assert f"runs from {timeline.start[index] + 1} to {timeline.end[index]} in RTL" in comparison.difference


def test_a_machine_in_error_is_told_with_the_instruction(inference):
    _, _, timeline, run = inference
    comparison = compared(inference, error=Error.ADDRESS, error_index=2, start=run.start[:2], end=run.end[:2])
    assert comparison.instructions_differing == len(timeline.start) - 2
    assert comparison.difference.startswith("the machine stops with error ADDRESS")
    assert "instruction 2" in comparison.difference


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


def looking_up(**changes: object) -> Program:
    """Rows of a table of 10, by a Program whose GATHER has some fields changed after it was compiled."""
    net = Net()
    net.inputs.append(net.tensor("tokens", (1, 6), DType.INT32))
    table = net.constant(np.arange(1, 41).reshape(1, 10, 4))
    program = compile_graph(net.graph(net.add("GATHER", (table, "tokens"), (1, 6, 4))), load_chip("nano-64"))
    instructions = tuple(
        dataclasses.replace(each, **changes) if isinstance(each, VectorInstruction) and each.op is Op.GATHER else each
        for each in program.instructions
    )
    pages = encode_pages(program.chip, instructions)
    image = pages + program.constants[len(pages) :]
    return dataclasses.replace(program, instructions=instructions, constants=image)


SENTENCE, STRAY = np.array([[1, 2, 3, 4, 5, 6]], np.int32), np.array([[1, 2, 3, 4, 5, 10]], np.int32)


def test_a_warm_inference_shows_what_a_program_keeps_of_the_sentence_before():
    """Planted: a GATHER that merges leaves the last word of somebody else's sentence in the answer."""
    program = looking_up(masking=Masking.MERGE)
    inputs, before = {"tokens": STRAY}, {"tokens": SENTENCE}
    alone, warm = execute(program, inputs), execute_warm(program, inputs, before=before)
    ((name, rows),) = warm.items()
    assert rows[0, 5].tolist() == [25, 26, 27, 28]
    told = find_remembered(program, alone, warm)
    assert told.startswith(f"output {name}[0, 5, 0] is 25 after another inference and ")
    assert "op=GATHER" in told


def test_a_compiled_program_keeps_nothing_of_the_sentence_before():
    program = looking_up()
    inputs, before = {"tokens": STRAY}, {"tokens": SENTENCE}
    warm = execute_warm(program, inputs, before=before)
    assert not next(iter(warm.values()))[0, 5].any()
    assert find_remembered(program, execute(program, inputs), warm) == ""


def test_random_tokens_are_those_that_exist():
    program = looking_up()
    (port,) = program.manifest.inputs
    assert port.index_range == (0, 9)
    drawn = np.concatenate([draw_inputs(program, seed=seed)["tokens"] for seed in range(50)])
    assert (drawn.min(), drawn.max()) == (0, 9)


@pytest.mark.parametrize("masking", Masking)
def test_the_rtl_does_what_is_simulated_with_what_the_sentence_before_left(masking, rtl_tools):
    program = looking_up(masking=masking)
    result = chipsmith.cosim(program, inputs={"tokens": STRAY})
    assert (result.cold.mismatching_bits, result.warm.mismatching_bits) == (0, 0)
    assert (result.cold.difference, result.warm.difference) == ("", "")


def test_a_cosimulation_tells_what_a_program_remembers(rtl_tools):
    result = chipsmith.cosim(looking_up(masking=Masking.MERGE, rows=1))
    assert result.warm.mismatching_bits == 0
    assert "after another inference" in result.difference
    assert not result.agrees


def test_limits_that_are_given_hold_for_each_of_its_inferences(monkeypatch, rtl_tools):
    monkeypatch.setenv(WORK_VARIABLE, "1")
    assert chipsmith.cosim(looking_up(), limits=Limits()).agrees
    with pytest.raises(BadInput, match=WORK_VARIABLE):
        chipsmith.cosim(looking_up())
