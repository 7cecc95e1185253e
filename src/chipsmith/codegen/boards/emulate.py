"""Runs a network on an emulated board: its outputs, the instructions that they take, its memory."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chipsmith.codegen.boards.board import Board
from chipsmith.codegen.boards.harness import INPUTS, OUTPUTS, BoardProgram, program_of, write_harness
from chipsmith.codegen.boards.image import BoardImage, build_image
from chipsmith.codegen.module import CModule
from chipsmith.errors import BadInput, CheckFailed
from chipsmith.tosa.graph import Array

_START_S, _INFERENCE_S = 60, 60
"""Seconds after which an emulation that has not ended is stopped: a start's, and those of each inference."""


@dataclass(frozen=True, kw_only=True)
class BoardRun:
    """Inferences on a board.

    `outputs` by their names, each (n, *shape). `instructions` of each inference, from the call of the function
    to its return. `stack_bytes` is the most that one of them used; `image` says what flash and memory they take.
    """

    outputs: Mapping[str, Array]
    instructions: tuple[int, ...]
    stack_bytes: int
    image: BoardImage

    @property
    def ram_bytes(self) -> int:
        """The network's variables and the most stack."""
        return self.image.static_bytes + self.stack_bytes


def build_program(board: Board, program: BoardProgram) -> BoardImage:
    """The image that runs a program on a board. Raises as build_image."""
    return build_image(board, {**program.sources, "harness_main.c": write_harness(program)})


def run_module(board: Board, module: CModule, inputs: Mapping[str, Array]) -> BoardRun:
    """As run_program, of the graph's integers by the graph's names."""
    return run_program(board, program_of(module), inputs)


def run_program(board: Board, program: BoardProgram, inputs: Mapping[str, Array]) -> BoardRun:
    """n inferences one after the other; `inputs` by the program's names, each (n, *shape) in its type.

    Raises BadInput as build_image does, CheckFailed where the board stops before it has the outputs.
    """
    image = build_program(board, program)
    count = len(next(iter(inputs.values()), ((),)))
    records = run_image(board, image.path, _pack(program, inputs, count), inferences=count)
    return _unpack(board, program, image, records, count)


def _pack(program: BoardProgram, inputs: Mapping[str, Array], count: int) -> bytes:
    arrays = [np.ascontiguousarray(inputs[buffer.name], buffer.dtype) for buffer in program.inputs]
    series = (array[index].tobytes() for index in range(count) for array in arrays)
    return b"".join((count.to_bytes(4, "little"), *series))


def run_image(board: Board, image: Path, inputs: bytes, *, inferences: int) -> bytes:
    """What an image writes to OUTPUTS for these bytes in INPUTS. Raises CheckFailed where it does not end well."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / INPUTS).write_bytes(inputs)
        emulate(board, image, folder, limit_s=_START_S + inferences * _INFERENCE_S)
        return (folder / OUTPUTS).read_bytes()


def emulate(board: Board, image: Path, folder: Path, *, limit_s: float) -> str:
    """What a program prints that runs in `folder`. Raises CheckFailed where it does not end with 0 within the limit."""
    command = (*emulator_command(board), str(image.resolve()))
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CheckFailed(f"board {board.name} has not ended after {limit_s:.0f} s") from error
    except OSError as error:
        raise BadInput(f"cannot start {board.emulator.name}: {error.strerror}") from error
    if done.returncode:
        said = (done.stdout + done.stderr).strip()[:400]
        raise CheckFailed(f"board {board.name} stops with {done.returncode}: {said or 'it says nothing'}")
    return done.stdout


def emulator_command(board: Board) -> tuple[str, ...]:
    """The words that emulate a board; the image's path follows them."""
    quiet = ("-display", "none", "-monitor", "none", "-serial", "none")
    text = ("-chardev", "stdio,id=text", "-semihosting-config", "enable=on,target=native,chardev=text")
    return (board.emulator.name, *board.machine, *quiet, *text, "-kernel")


def _unpack(board: Board, program: BoardProgram, image: BoardImage, records: bytes, count: int) -> BoardRun:
    row = np.dtype(
        [
            ("ticks", "<u8"),
            ("stack", "<u4"),
            *((f"output {index}", buffer.dtype, buffer.shape) for index, buffer in enumerate(program.outputs)),
        ]
    )
    if len(records) != 8 + count * row.itemsize:
        raise CheckFailed(f"board {board.name} writes {len(records)} bytes of {8 + count * row.itemsize}")
    nothing = board.count_instructions(int.from_bytes(records[:8], "little"))
    rows = np.frombuffer(records, row, count, 8)
    return BoardRun(
        outputs={buffer.name: rows[f"output {index}"].copy() for index, buffer in enumerate(program.outputs)},
        instructions=tuple(board.count_instructions(int(ticks)) - nothing for ticks in rows["ticks"]),
        stack_bytes=int(rows["stack"].max(initial=0)),
        image=image,
    )
