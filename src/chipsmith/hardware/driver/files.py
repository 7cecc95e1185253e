"""The files of the driver in an exported folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chipsmith.chip.description import Chip
from chipsmith.hardware.driver.program_source import program_files
from chipsmith.hardware.driver.registers_header import REGISTERS_HEADER, registers_header
from chipsmith.hardware.driver.vector_source import vector_files
from chipsmith.hardware.folder.shipped import fill, read_shipped
from chipsmith.hardware.golden import GoldenVector, list_names
from chipsmith.hardware.registers import PAGE_BYTES
from chipsmith.hardware.simulate import whole_atoms
from chipsmith.program.arithmetic import round_up

_ALWAYS = ("chipsmith.h", "soc/platform.h")
_WITH_VECTORS = (
    *("test.c", "vector.h"),
    *("simulated/axi_bus.cpp", "simulated/axi_bus.h", "simulated/platform.h"),
)


def driver_files(chip: Chip, vectors: Sequence[GoldenVector]) -> dict[str, str]:
    """The driver for a chip by path; with vectors their programs, the test and the example, which runs the first."""
    makefile = fill(read_shipped("driver/c/Makefile"), {"NAMES": list_names(vectors)})
    files = {**_shipped(_ALWAYS), "Makefile": makefile, REGISTERS_HEADER: registers_header()}
    if not vectors:
        return files
    programs = [program_files(vector) for vector in vectors]
    return {
        **files,
        **_shipped(_WITH_VECTORS),
        "simulated/chip_parameters.h": _parameters(chip, vectors),
        **{name: text for program in programs for name, text in program.items()},
        **vector_files(vectors),
        "main.c": _example(vectors[0]),
    }


def _shipped(names: Sequence[str]) -> Mapping[str, str]:
    return {name: read_shipped(f"driver/c/{name}") for name in names}


def _parameters(chip: Chip, vectors: Sequence[GoldenVector]) -> str:
    most = max(whole_atoms(vector.program) for vector in vectors)
    return (
        f"/* The chip {chip.name} for the simulated bus. */\n"
        f"#define CHIP_LATENCY_CYCLES {chip.external.latency_cycles}\n"
        f"#define CHIP_WORD_BYTES {chip.external.bytes_per_cycle}\n"
        f"#define MEMORY_BYTES {round_up(most, PAGE_BYTES)}\n"
    )


def _example(vector: GoldenVector) -> str:
    output = vector.program.manifest.outputs[0]
    is_vector = sum(size > 1 for size in output.shape) == 1
    words = {
        "NETWORK": vector.name,
        "NAME": vector.name,
        "OUTPUT_BYTES": str(output.size_bytes),
        "ANSWER": "class" if is_vector else "greatest element",
    }
    return fill(read_shipped("driver/c/main.c"), words)
