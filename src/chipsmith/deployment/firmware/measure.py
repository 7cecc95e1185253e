"""predict() compiled and run: its test on this computer, its figures on emulated boards."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from chipsmith.codegen.boards import BOARDS, Board, BoardRun
from chipsmith.codegen.boards.emulate import run_program
from chipsmith.codegen.boards.harness import BoardProgram, CallBuffer
from chipsmith.codegen.boards.image import name_version
from chipsmith.codegen.host import WARNINGS, Build, find_compilers
from chipsmith.deployment.firmware.examples import ReferenceExamples
from chipsmith.deployment.firmware.parameters import PredictParameter, PredictParameters
from chipsmith.deployment.firmware.result import BoardFigures
from chipsmith.errors import BadInput, CheckFailed
from chipsmith.files import write_texts
from chipsmith.tosa.graph import Array

STRICT = (*WARNINGS, "-ffp-contract=off")
"""How a deployed folder's Makefile compiles on any computer, beside its optimisation."""
_LIMIT_S = 600


def run_on_host(files: Mapping[str, str]) -> tuple[str, ...]:
    """The compilers of this computer by which the sources were compiled as `make test` does, and then said ok.

    Each with its version; empty where there is none. Raises CheckFailed with what a compiler or the test says instead.
    """
    sources = {name: text for name, text in files.items() if name.endswith((".c", ".h")) and "/" not in name}
    return tuple(_run_with(name, path, sources) for name, path in find_compilers().items())


def _run_with(name: str, path: str, sources: Mapping[str, str]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        write_texts(Path(folder), sources)
        units = sorted(unit for unit in sources if unit.endswith(".c"))
        _run((path, *STRICT, *Build.FAST.value, *units, "-o", "test"), folder)
        said = _run(("./test",), folder)
    if said.strip() != "ok":
        raise CheckFailed(f"the test says '{said.strip()}' where it must say 'ok'; nothing is written")
    return name_version(name)


def _run(command: Sequence[str], folder: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[:2000]
        raise CheckFailed(f"the C code does not pass its test with {Path(command[0]).name}: {said}; nothing is written")
    return done.stdout


def measure_on_boards(
    sources: Mapping[str, str], name: str, parameters: PredictParameters, vector: ReferenceExamples
) -> tuple[BoardFigures, ...]:
    """The figures of `NAME_predict` on each board. CheckFailed where an output is not the reference's."""
    program = BoardProgram(
        sources=sources,
        header=f"{name}_predict.h",
        function=f"{name}_predict",
        inputs=tuple(map(_buffer, parameters.inputs)),
        outputs=tuple(map(_buffer, parameters.outputs)),
    )
    return tuple(_measure(board, program, vector) for board in BOARDS.values())


def _buffer(parameter: PredictParameter) -> CallBuffer:
    tensor = parameter.tensor
    return CallBuffer(name=parameter.identifier, c_type=parameter.c_type, dtype=tensor.dtype, shape=tensor.shape)


def _measure(board: Board, program: BoardProgram, vector: ReferenceExamples) -> BoardFigures:
    inputs = {buffer.name: array for buffer, array in zip(program.inputs, vector.inputs, strict=True)}
    try:
        run = run_program(board, program, inputs)
    except BadInput as error:
        return BoardFigures(board=board, reason=str(error))
    _compare(board, program, run, vector.outputs)
    return BoardFigures(
        board=board,
        compiler=name_version(board.compiler.name),
        flash_bytes=run.image.flash_bytes,
        ram_bytes=run.ram_bytes,
        stack_bytes=run.stack_bytes,
        instructions=run.instructions,
    )


def _compare(board: Board, program: BoardProgram, run: BoardRun, expected: Sequence[Array]) -> None:
    for buffer, reference in zip(program.outputs, expected, strict=True):
        if not np.array_equal(run.outputs[buffer.name], reference, equal_nan=reference.dtype.kind == "f"):
            raise CheckFailed(f"on {board.name} output {buffer.name} is not that of the reference; nothing is written")
