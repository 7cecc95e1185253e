"""Networks of a few lines of C, as a firmware engineer would write them."""

from __future__ import annotations

from collections.abc import Sequence

from chipsmith.codegen.module import CModule, CPort
from chipsmith.tosa.graph import DType


def write_module(body: str, *, globals_: str = "", sizes: Sequence[int] = (4, 4)) -> CModule:
    """A module from int8 to int32: `body` reads `x` and writes `y`."""
    ports = [
        CPort(tensor=name, identifier=name, shape=(size,), dtype=dtype)
        for name, size, dtype in zip("xy", sizes, (DType.INT8, DType.INT32), strict=True)
    ]
    declaration = "void network_run(const int8_t *x, int32_t *y)"
    return CModule(
        name="network",
        header=f"#include <stdint.h>\n{declaration};\n",
        source=f'#include "network.h"\n#include <string.h>\n{globals_}\n{declaration}\n{{\n{body}\n}}\n',
        inputs=(ports[0],),
        outputs=(ports[1],),
        arena_bytes=0,
        live_bytes=0,
        constant_bytes=0,
    )
