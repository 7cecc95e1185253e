"""Golden vectors as C sources, for the driver's test and its example."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chipsmith.hardware.driver.program_source import bytes_text
from chipsmith.hardware.golden import Arrays, GoldenVector
from chipsmith.program.program import Port


def vector_files(vectors: Sequence[GoldenVector]) -> dict[str, str]:
    """A source for each vector, and `vectors.c` with all of them, by file name; `vector.h` declares them."""
    return {**{f"vector_{vector.name}.c": _source(vector) for vector in vectors}, "vectors.c": _all(vectors)}


def _source(vector: GoldenVector) -> str:
    manifest = vector.program.manifest
    return "\n".join(
        (
            f'#include "program_{vector.name}.h"\n#include "vector.h"\n',
            _arrays("input", manifest.inputs, vector.inputs),
            _arrays("output", manifest.outputs, vector.outputs),
            f"const chipsmith_vector vector_{vector.name} = {{&program_{vector.name}, inputs, outputs}};",
            "",
        )
    )


def _arrays(kind: str, ports: Sequence[Port], arrays: Arrays) -> str:
    """The bytes of each port, and an array of pointers to them; a network without inputs has one that is NULL."""
    texts = "".join(
        bytes_text(f"{kind}_{place}", np.ascontiguousarray(arrays[port.name]).tobytes())
        for place, port in enumerate(ports)
    )
    names = ", ".join(f"{kind}_{place}" for place in range(len(ports))) or "NULL"
    return f"{texts}static const uint8_t *const {kind}s[] = {{{names}}};\n"


def _all(vectors: Sequence[GoldenVector]) -> str:
    declared = "".join(f"extern const chipsmith_vector vector_{vector.name};\n" for vector in vectors)
    listed = ", ".join(f"&vector_{vector.name}" for vector in vectors)
    return (
        f'#include "vector.h"\n\n{declared}\n'
        f"const chipsmith_vector *const vectors[] = {{{listed}}};\n"
        f"const uint32_t vector_count = {len(vectors)};\n"
    )
