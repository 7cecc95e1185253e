"""A compiled network as C sources: the image's bytes, the ports, the latencies, the chip that it runs on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from chipsmith.chip.description import Chip
from chipsmith.codegen.ctext import comment
from chipsmith.hardware.golden import GoldenVector, PortScale
from chipsmith.hardware.registers import REGISTERS
from chipsmith.hardware.simulate import whole_atoms
from chipsmith.program.program import Port

_TYPES = {"<b1": "CHIPSMITH_BOOL", "<i1": "CHIPSMITH_INT8", "<i2": "CHIPSMITH_INT16", "<i4": "CHIPSMITH_INT32"}
_BYTES_OF_A_LINE = 24
_INTEGERS = PortScale(scale=0.0, zero_point=0)
"""Of a port whose elements stand for nothing but themselves."""


def chip_word(chip: Chip) -> int:
    """What the register CHIP of a chip's machine holds."""
    (register,) = (register for register in REGISTERS if register.of_chip)
    return register.value_after_reset(chip.sha256)


def program_files(vector: GoldenVector) -> dict[str, str]:
    """The header and the source of a vector's Program, by file name; `program_NAME` is what they define."""
    name = f"program_{vector.name}"
    return {f"{name}.h": _header(vector, name), f"{name}.c": _source(vector, name)}


def string_text(text: str) -> str:
    """A string literal of a name, whatever it holds; two question marks would begin a trigraph."""
    return '"' + re.sub(r"\?(?=\?)", "? ", comment(text).replace('"', "'")) + '"'


def bytes_text(name: str, data: bytes) -> str:
    """The definition of a constant array of bytes; there is at least a byte."""
    values = [str(byte) for byte in data]
    lines = (values[start : start + _BYTES_OF_A_LINE] for start in range(0, len(values), _BYTES_OF_A_LINE))
    text = ",\n".join("    " + ", ".join(line) for line in lines)
    return f"static const uint8_t {name}[{len(data)}] = {{\n{text}\n}};\n"


def _header(vector: GoldenVector, name: str) -> str:
    program, guard = vector.program, f"{name.upper()}_H"
    ports = ((kind, port) for kind in ("input", "output") for port in _ports(vector, kind))
    return "\n".join(
        (
            f"/* {comment(program.manifest.network)} for the chip {comment(program.chip.name)}.",
            " *",
            *(f" * {kind} {comment(port.name)}: {_describe(port)}" for kind, port in ports),
            f" * {vector.latency_cycles} cycles cold, {vector.warm_latency_cycles} warm, on a memory that keeps the "
            "chip's contract (simulated).",
            " */",
            f"#ifndef {guard}",
            f"#define {guard}",
            "",
            '#include "chipsmith.h"',
            "",
            "#ifdef __cplusplus",
            'extern "C" {',
            "#endif",
            "",
            f"extern const chipsmith_program {name};",
            "",
            "#ifdef __cplusplus",
            "}",
            "#endif",
            "",
            "#endif",
            "",
        )
    )


def _describe(port: Port) -> str:
    return f"{np.dtype(port.dtype).name} {list(port.shape)}, {port.size_bytes} bytes"


def _ports(vector: GoldenVector, kind: str) -> Sequence[Port]:
    manifest = vector.program.manifest
    return manifest.inputs if kind == "input" else manifest.outputs


def _source(vector: GoldenVector, name: str) -> str:
    parts = [f'#include "{name}.h"\n', bytes_text("image", vector.program.constants)]
    parts += [_ports_text(vector, kind) for kind in ("input", "output")]
    return "\n".join((*parts, _program_text(vector, name)))


def _ports_text(vector: GoldenVector, kind: str) -> str:
    ports = _ports(vector, kind)
    if not ports:
        return ""
    shapes = "".join(_shape_text(port, f"{kind}_shape_{place}") for place, port in enumerate(ports))
    rows = ",\n".join(_port_text(vector, port, f"{kind}_shape_{place}") for place, port in enumerate(ports))
    return f"{shapes}\nstatic const chipsmith_port {kind}s[] = {{\n{rows}\n}};\n"


def _shape_text(port: Port, name: str) -> str:
    sizes = ", ".join(map(str, port.shape))
    return f"static const uint32_t {name}[] = {{{sizes}}};\n" if port.shape else ""


def _port_text(vector: GoldenVector, port: Port, shape: str) -> str:
    meaning = vector.scales.get(port.name, _INTEGERS)
    fields: dict[str, str | int] = {
        "name": string_text(port.name),
        "address": port.address,
        "bytes": port.size_bytes,
        "type": _TYPES[port.dtype],
        "rank": len(port.shape),
        "shape": shape if port.shape else "NULL",
        "scale": f"{float(np.float32(meaning.scale))!r}f",
        "zero_point": meaning.zero_point,
    }
    return f"    {{{', '.join(_fields(fields))}}}"


def _fields(fields: dict[str, str | int]) -> Iterator[str]:
    return (f".{field} = {value}" for field, value in fields.items())


def _program_text(vector: GoldenVector, name: str) -> str:
    program = vector.program
    inputs, outputs = program.manifest.inputs, program.manifest.outputs
    fields: dict[str, str | int] = {
        "name": string_text(program.manifest.network),
        "chip_name": string_text(program.chip.name),
        "chip": f"0x{chip_word(program.chip):08x}u",
        "image": "image",
        "image_bytes": "sizeof image",
        "memory_bytes": f"{whole_atoms(program)}u",
        "inputs": "inputs" if inputs else "NULL",
        "input_count": len(inputs),
        "outputs": "outputs" if outputs else "NULL",
        "output_count": len(outputs),
        "cold_cycles": f"{vector.latency_cycles}u",
        "warm_cycles": f"{vector.warm_latency_cycles}u",
    }
    lines = ",\n".join(f"    {field}" for field in _fields(fields))
    return f"const chipsmith_program {name} = {{\n{lines},\n}};\n"
