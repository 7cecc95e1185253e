"""Writes a chip's RTL to a folder: sources, filelist, register map, golden vectors with a self-checking testbench."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chipsmith.chip.description import Chip
from chipsmith.errors import BadInput
from chipsmith.files import write_whole
from chipsmith.hardware.register_map import register_map
from chipsmith.hardware.simulate import external_memory
from chipsmith.hardware.sources import TESTBENCH, in_order, machine_sources
from chipsmith.program.program import Program

Arrays = Mapping[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, kw_only=True)
class GoldenVector:
    """A Program with the inputs of one inference, and the outputs and latency that the machine must show."""

    name: str
    program: Program
    inputs: Arrays
    outputs: Arrays
    latency_cycles: int


def write_rtl(chip: Chip, folder: Path, vectors: Sequence[GoldenVector]) -> list[Path]:
    """Write everything into `folder` (made if missing); returns the files in order.

    BadInput where the folder cannot be written.
    """
    files = {**_sources(chip), **_testbench(vectors), "README.md": _readme(chip, vectors)}
    for vector in vectors:
        files |= {f"vectors/{vector.name}/{name}": text for name, text in _vector_files(vector).items()}
    written = []
    for name, text in files.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(f"cannot make the folder {path.parent}: {error.strerror or error}") from None
        write_whole(path, text.encode())
        written.append(path)
    return written


def _sources(chip: Chip) -> dict[str, str]:
    sources = machine_sources(chip)
    listed = "".join(f"rtl/{name}\n" for name in in_order(sources))
    return {**{f"rtl/{name}": text for name, text in sources.items()}, "machine.f": listed}


def _testbench(vectors: Sequence[GoldenVector]) -> dict[str, str]:
    most = max((vector.program.manifest.external_bytes for vector in vectors), default=1)
    size = f"  localparam int MEMORY_BYTES = {most};  // external memory of the largest vector\n"
    return {"testbench/machine_tb.sv": TESTBENCH.read_text(encoding="utf-8"), "testbench/machine_tb_size.svh": size}


def _vector_files(vector: GoldenVector) -> dict[str, str]:
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


def _readme(chip: Chip, vectors: Sequence[GoldenVector]) -> str:
    listed = "".join(f"- `{v.name}`: {v.latency_cycles} cycles\n" for v in vectors) or "- none\n"
    return f"""# RTL of {chip.name}

`machine.f` lists the sources, the package `chip` (parameters and instruction encodings of this chip) first. The top
level is `axi_machine` (AXI4 and AXI4-Lite) or `machine` (plain channels). One clock, {chip.clock_mhz} MHz by the chip
file; reset is synchronous and active high, at least one cycle long; memories are undefined after it.

Memories stand behind `sram_bank` (single-port, byte enables) and `sram_two_port` (one read, one write port): replace
their bodies by a foundry's macros.

## Registers

{register_map()}
## Golden vectors

{listed}
Any simulator of SystemVerilog runs them, for example

    verilator --binary --timing -Wno-fatal -Itestbench --top-module machine_tb -f machine.f testbench/machine_tb.sv
    for folder in vectors/*; do obj_dir/Vmachine_tb +folder=$folder; done

Each prints PASS, or FAIL with the first difference.
"""
