"""Emulated boards: outputs come back, instructions are counted to the last one, memory is that of the network."""

from __future__ import annotations

import re
import subprocess

import numpy as np
import pytest
from modules import write_module

from chipsmith.codegen.boards import BOARDS, Board, find_board, run_module
from chipsmith.codegen.boards.emulate import build_program
from chipsmith.codegen.boards.harness import program_of
from chipsmith.errors import BadInput, CheckFailed

RANDOM = np.random.default_rng(0)
INPUTS = {"x": RANDOM.integers(-128, 128, (3, 4)).astype(np.int8)}
SQUARES = "    for (int32_t i = 0; i < 4; i++) {\n        y[i] = x[i] * x[i];\n    }"


@pytest.fixture(params=list(BOARDS))
def board(request) -> Board:
    board = BOARDS[request.param]
    if board.missing_tools:
        pytest.skip(f"missing: {', '.join(tool.name for tool in board.missing_tools)}")
    return board


def test_outputs_come_back(board):
    run = run_module(board, write_module(SQUARES), INPUTS)
    assert run.outputs["y"].dtype == np.int32
    assert np.array_equal(run.outputs["y"], INPUTS["x"].astype(np.int32) ** 2)


def loop(board: Board, rounds: int) -> str:
    """A loop of two instructions a round, and two before it; the compiler changes nothing in it."""
    register, step = ("r2", "subs r2, r2, #1") if board.architecture == "arm" else ("t0", "addi t0, t0, -1")
    load = f"movw r2, #{rounds}\\nnop" if board.architecture == "arm" else f"lui t0, 0\\naddi t0, zero, {rounds}"
    back = "bne 1b" if board.architecture == "arm" else "bnez t0, 1b"
    return f'    __asm__ volatile("{load}\\n1: {step}\\n{back}" ::: "{register}", "cc");\n    (void)x;\n    y[0] = 0;'


def test_every_instruction_of_a_loop_is_counted(board):
    """Of two loops alone the difference is known: two instructions a round, whatever the call takes."""
    rounds = (1, 2, 7, 100, 1001, 2000)
    counts = [run_module(board, write_module(loop(board, number)), INPUTS).instructions for number in rounds]
    assert all(len(set(count)) == 1 for count in counts)
    assert [count[0] - counts[0][0] for count in counts] == [2 * (number - rounds[0]) for number in rounds]


def disassemble(board: Board, image) -> list[str]:
    """The instructions of `network_run`, as objdump lists them."""
    tool = board.compiler.name.replace("gcc", "objdump")
    done = subprocess.run([tool, "-d", "--no-show-raw-insn", str(image)], capture_output=True, text=True, check=True)
    body = re.search(r"<network_run>:\n(.*?)\n\n", done.stdout + "\n\n", re.S)
    assert body is not None
    return body[1].splitlines()


def test_a_function_without_a_loop_takes_the_instructions_that_objdump_lists(board):
    """What is beside them is the call: its two arguments, each an instruction or two, and the jump."""
    module = write_module("    y[0] = x[0] * 3 + x[1];\n    y[1] = y[2] = y[3] = x[2] - x[3];")
    run = run_module(board, module, INPUTS)
    listed = len(disassemble(board, run.image.path))
    assert listed > 5
    assert 1 <= run.instructions[0] - listed <= 6


def test_counts_are_the_same_when_they_are_taken_again(board):
    module = write_module(SQUARES)
    assert run_module(board, module, INPUTS).instructions == run_module(board, module, INPUTS).instructions


def test_flash_and_memory_are_those_of_the_network(board):
    plain = run_module(board, write_module(SQUARES), INPUTS)
    table = ", ".join(str(number % 100) for number in range(5000))
    body = (
        "    for (int32_t i = 0; i < 3000; i++) {\n        scratch[i] = table[i + x[0] + 128];\n    }\n"
        "    y[0] = y[1] = y[2] = y[3] = scratch[x[1] + 128];"
    )
    declared = f"static const int8_t table[5000] = {{{table}}};\nstatic int8_t scratch[3000];"
    larger = run_module(board, write_module(body, globals_=declared), INPUTS)
    assert 5000 <= larger.image.flash_bytes - plain.image.flash_bytes < 5200
    assert larger.image.static_bytes - plain.image.static_bytes == 3000
    assert larger.image.harness_flash_bytes == plain.image.harness_flash_bytes < 2000
    assert np.array_equal(
        larger.outputs["y"][:, 0], (INPUTS["x"][:, 1].astype(np.int32) + 128 + INPUTS["x"][:, 0] + 128) % 100
    )


def test_the_stack_is_measured(board):
    declared = "    volatile int8_t space[2000];\n    space[0] = x[0];\n    space[1999] = x[1];\n"
    body = f"{declared}    y[0] = space[0] + space[1999];"
    assert run_module(board, write_module(SQUARES), INPUTS).stack_bytes < 100
    assert 2000 <= run_module(board, write_module(body), INPUTS).stack_bytes < 2100


def test_what_a_board_does_not_hold_is_refused_with_the_bytes(board):
    table = "static int8_t scratch[5000000];"
    with pytest.raises(BadInput, match=r"needs 5,0\d\d,\d{3} bytes of RAM, and it has 4,194,304"):
        build_program(board, program_of(write_module("    y[0] = scratch[x[0] + 128]++;", globals_=table)))


def test_sources_that_warn_are_refused(board):
    with pytest.raises(BadInput, match="unused variable"):
        build_program(board, program_of(write_module("    int32_t unused;\n    y[0] = x[0];")))


def test_a_fault_ends_the_run_with_a_reason(board):
    body = "    y[0] = x[0];\n    *(volatile int32_t *)0xfffffff0 = 1;"
    with pytest.raises(CheckFailed, match=r"stops with 2: the processor stops"):
        run_module(board, write_module(body), INPUTS)


def test_an_unknown_board_is_refused_with_those_that_there_are():
    with pytest.raises(BadInput, match=r"no emulated board 'mps2-an368'.*did you mean mps2-an386"):
        find_board("mps2-an368")


def test_missing_tools_are_named_with_the_command_that_mends_it(monkeypatch):
    monkeypatch.setenv("PATH", "")
    expected = (
        "mps2-an386 needs arm-none-eabi-gcc and qemu-system-arm: sudo apt install gcc-arm-none-eabi qemu-system-arm"
    )
    with pytest.raises(BadInput, match=expected):
        build_program(BOARDS["mps2-an386"], program_of(write_module(SQUARES)))
