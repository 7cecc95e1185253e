"""Golden vectors as files for the testbench, which any simulator of SystemVerilog reads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chipsmith.hardware.golden import GoldenVector
from chipsmith.hardware.simulate import external_memory, whole_atoms
from chipsmith.hardware.sources import TESTBENCH


def testbench_files(vectors: Sequence[GoldenVector]) -> dict[str, str]:
    """The testbench and the size of its memory, by path; nothing without vectors."""
    if not vectors:
        return {}
    most = max(whole_atoms(vector.program) for vector in vectors)
    size = f"  localparam int MEMORY_BYTES = {most};  // external memory of the largest vector\n"
    return {"testbench/machine_tb.sv": TESTBENCH.read_text(encoding="utf-8"), "testbench/machine_tb_size.svh": size}


def vector_files(vectors: Sequence[GoldenVector]) -> dict[str, str]:
    """Memory before, bytes of the outputs and cycles of each vector, by path."""
    return {f"vectors/{vector.name}/{name}": text for vector in vectors for name, text in _files_of(vector).items()}


def _files_of(vector: GoldenVector) -> dict[str, str]:
    image = external_memory(vector.program, vector.inputs)
    ports = vector.program.manifest.outputs
    outputs = ((port.address, np.ascontiguousarray(vector.outputs[port.name]).tobytes()) for port in ports)
    return {
        "image.hex": "".join(f"{byte:02x}\n" for byte in image.tolist()),
        "expected.txt": "".join(
            f"{address + offset:08x} {byte:02x}\n" for address, data in outputs for offset, byte in enumerate(data)
        ),
        "cycles.txt": f"{vector.latency_cycles}\n",
    }
