"""C under sanitizers: a program of its own that reads inputs and writes outputs.

It is a program and no library, for AddressSanitizer must be in a process before everything else, and Python is not
built with it; so it also sees what is read or written beside the caller's buffers.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from chipsmith.cache import BUILDING, own_folder
from chipsmith.codegen.ctext import C_TYPES
from chipsmith.codegen.host import WARNINGS, as_inferences, run_compiler
from chipsmith.codegen.module import CModule, CPort
from chipsmith.errors import CheckFailed
from chipsmith.files import write_texts
from chipsmith.tosa.graph import Array

SANITIZERS = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def execute_checked(module: CModule, compiler: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """As HostLibrary.execute, with address and undefined-behaviour sanitizers in the code.

    Raises CheckFailed, with what the sanitizer says, where the code does what C leaves undefined or leaves its buffers;
    BadInput where the compiler refuses it or the inputs do not fit.
    """
    arrays, count = as_inferences(module, inputs)
    data = b"".join(array[index].tobytes() for index in range(count) for array in arrays)
    with tempfile.TemporaryDirectory(dir=own_folder("codegen"), prefix=BUILDING) as name:
        write_texts(Path(name), {**module.sources, "main.c": main_text(module, count)})
        run_compiler((compiler, *WARNINGS, *SANITIZERS, "main.c", f"{module.name}.c", "-o", "main"), Path(name))
        return _outputs(module, count, _run(Path(name) / "main", data))


def main_text(module: CModule, count: int) -> str:
    """The program: `count` inferences from standard input to standard output."""
    ports = (*module.inputs, *module.outputs)
    buffers = "".join(
        f"static {C_TYPES[port.dtype]} buffer{index}[{port.elements}];\n" for index, port in enumerate(ports)
    )
    names = [f"buffer{index}" for index in range(len(ports))]
    inputs, outputs = names[: len(module.inputs)], names[len(module.inputs) :]
    stop = "            return 1;"
    read = "".join(f"        if (fread({name}, sizeof {name}, 1, stdin) != 1)\n{stop}\n" for name in inputs)
    write = "".join(f"        fwrite({name}, sizeof {name}, 1, stdout);\n" for name in outputs)
    return f"""\
#include "{module.name}.h"

#include <stdio.h>

{buffers}
int main(void)
{{
    for (int inference = 0; inference < {count}; inference++) {{
{read}        {module.name}_run({", ".join(names)});
{write}    }}
    return 0;
}}
"""


def _run(program: Path, data: bytes) -> bytes:
    # Nothing is allocated that could leak, and the search for leaks fails where processes may not be traced.
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
    done = subprocess.run([str(program)], input=data, capture_output=True, env=environment, check=False)
    if done.returncode:
        raise CheckFailed(f"a sanitizer stopped the C code: {done.stderr.decode(errors='replace').strip()[:4000]}")
    return done.stdout


def _outputs(module: CModule, count: int, data: bytes) -> dict[str, Array]:
    fields = [(f"output{index}", *_layout(port)) for index, port in enumerate(module.outputs)]
    records = np.frombuffer(data, np.dtype([(name, dtype, shape) for name, dtype, shape in fields]), count)
    return {
        port.tensor: records[name].reshape(-1, *port.shape[1:])
        for (name, _, _), port in zip(fields, module.outputs, strict=True)
    }


def _layout(port: CPort) -> tuple[np.dtype[np.generic], tuple[int, ...]]:
    return port.dtype.numpy, port.shape
