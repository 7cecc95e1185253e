"""The program that runs a network on a board: inputs from a file, outputs and counts to another."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chipsmith.codegen.ctext import C_TYPES
from chipsmith.codegen.module import CModule, CPort

INPUTS, OUTPUTS = "inputs.bin", "outputs.bin"
_TEXT = """\
/* Runs the network on the inputs of a file; writes outputs, counter and stack to another. */
#include "board.h"
#include "{header}"

{buffers}

static int32_t outputs;

static void write_word(uint32_t word)
{{
    board_write(outputs, &word, sizeof word);
}}

static void write_ticks(uint64_t ticks)
{{
    write_word((uint32_t)ticks);
    write_word((uint32_t)(ticks >> 32));
}}

/* What the two readings of the counter take by themselves. */
static uint64_t count_nothing(void)
{{
    const uint64_t before = board_ticks();
    return board_ticks() - before;
}}

static void infer(void)
{{
    board_paint_stack();
    const uint64_t before = board_ticks();
    {function}({arguments});
    const uint64_t ticks = board_ticks() - before;
    write_ticks(ticks);
    write_word(board_stack_bytes());
{writes}
}}

int main(void)
{{
    const int32_t inputs = board_open("{inputs_file}", BOARD_READ);
    outputs = board_open("{outputs_file}", BOARD_WRITE);
    uint32_t inferences = 0;
    if (board_read(inputs, &inferences, sizeof inferences)) {{
        return 1;
    }}
    board_start_counter();
    write_ticks(count_nothing());
    for (; inferences; inferences--) {{
{reads}
        infer();
    }}
    return 0;
}}
"""


@dataclass(frozen=True, kw_only=True)
class CallBuffer:
    """An array that a function reads or writes: its C type and numpy's, and the shape of one inference."""

    name: str
    c_type: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def bytes(self) -> int:
        """Its size."""
        return math.prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True, kw_only=True)
class BoardProgram:
    """A function that infers, and the sources that have it.

    `function` is declared in `header`; it takes pointers to `inputs`, then to `outputs`, in their order. `sources` are
    texts by file name.
    """

    sources: Mapping[str, str]
    header: str
    function: str
    inputs: tuple[CallBuffer, ...]
    outputs: tuple[CallBuffer, ...]


def program_of(module: CModule) -> BoardProgram:
    """The program that runs a module on the graph's integers."""
    return BoardProgram(
        sources=module.sources,
        header=f"{module.name}.h",
        function=f"{module.name}_run",
        inputs=tuple(map(_buffer, module.inputs)),
        outputs=tuple(map(_buffer, module.outputs)),
    )


def _buffer(port: CPort) -> CallBuffer:
    return CallBuffer(name=port.tensor, c_type=C_TYPES[port.dtype], dtype=port.dtype.numpy, shape=port.shape)


def write_harness(program: BoardProgram) -> str:
    """The text of `harness_main.c`.

    It reads from INPUTS the number of inferences (uint32), then each one's inputs in order; it writes to OUTPUTS what
    two readings of the counter take (uint64), then for each inference its ticks (uint64), the bytes of its stack
    (uint32) and its outputs in order.
    """
    buffers = (*program.inputs, *program.outputs)
    names = [f"buffer_{index}" for index in range(len(buffers))]
    inputs, outputs = names[: len(program.inputs)], names[len(program.inputs) :]
    return _TEXT.format(
        header=program.header,
        function=program.function,
        buffers="\n".join(_declare(buffer, name) for buffer, name in zip(buffers, names, strict=True)),
        arguments=", ".join(names),
        writes="\n".join(map(_write, program.outputs, outputs)),
        reads="\n".join(map(_read, program.inputs, inputs)),
        inputs_file=INPUTS,
        outputs_file=OUTPUTS,
    )


def _declare(buffer: CallBuffer, name: str) -> str:
    return f"static {buffer.c_type} {name}[{max(1, math.prod(buffer.shape))}];"


def _read(buffer: CallBuffer, name: str) -> str:
    return f"        if (board_read(inputs, {name}, {buffer.bytes}u)) {{\n            return 1;\n        }}"


def _write(buffer: CallBuffer, name: str) -> str:
    return f"    board_write(outputs, {name}, {buffer.bytes}u);"
