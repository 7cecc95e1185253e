"""The program that runs a network on a board: inputs from a file, outputs and counts to another."""

from __future__ import annotations

import math

from chipsmith.codegen.module import CModule, CPort
from chipsmith.tosa.graph import DType

INPUTS, OUTPUTS = "inputs.bin", "outputs.bin"
C_TYPES = {
    DType.BOOL: "int8_t",
    DType.INT8: "int8_t",
    DType.INT16: "int16_t",
    DType.INT32: "int32_t",
    DType.INT48: "int64_t",
}
"""The C types of the graph's."""

_TEXT = """\
/* Runs the network on the inputs of a file; writes outputs, counter and stack to another. */
#include "board.h"
#include "{name}.h"

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
    {name}_run({arguments});
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


def write_harness(module: CModule) -> str:
    """The text of `harness_main.c`.

    It reads from INPUTS the number of inferences (uint32), then each one's inputs in the graph's order; it writes to
    OUTPUTS what two readings of the counter take (uint64), then for each inference its ticks (uint64), the bytes of its
    stack (uint32) and its outputs in the graph's order.
    """
    ports = (*module.inputs, *module.outputs)
    names = [f"buffer_{index}" for index in range(len(ports))]
    inputs, outputs = names[: len(module.inputs)], names[len(module.inputs) :]
    return _TEXT.format(
        name=module.name,
        buffers="\n".join(_declare(port, name) for port, name in zip(ports, names, strict=True)),
        arguments=", ".join(names),
        writes="\n".join(f"    board_write(outputs, {name}, sizeof {name});" for name in outputs),
        reads="\n".join(_read(name) for name in inputs),
        inputs_file=INPUTS,
        outputs_file=OUTPUTS,
    )


def _declare(port: CPort, name: str) -> str:
    return f"static {C_TYPES[port.dtype]} {name}[{math.prod(port.shape)}];"


def _read(name: str) -> str:
    return f"        if (board_read(inputs, {name}, sizeof {name})) {{\n            return 1;\n        }}"
