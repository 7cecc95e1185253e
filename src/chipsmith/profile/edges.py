"""Who reads what of whom: the edges between the kernels of a Program, from the bytes that its instructions touch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

from chipsmith.profile.kernel_names import kernel_names
from chipsmith.profile.profile import KernelEdge
from chipsmith.program.instructions import (
    Instruction,
    Load,
    Space,
    Store,
    TensorInstruction,
    TransferInstruction,
    VectorInstruction,
)
from chipsmith.program.program import Port, Program
from chipsmith.program.streams import Stream, streams

_Writers: TypeAlias = npt.NDArray[np.int32]
_NOBODY = 0
"""Constants and bytes that nothing has written."""
_SPILLED = 1 << 30
"""Set where what was written has been in external memory since."""


def find_edges(program: Program) -> tuple[KernelEdge, ...]:
    """Each pair of a kernel, or an input, and a kernel, or an output, that reads what it wrote; in the readers' order.

    Exact to the byte: for each byte of both memories the last kernel that wrote it is followed in program order.
    Constants are nobody's. The wipe reads nothing and is left out.
    """
    return _Tracer(program).run()


class _Tracer:
    """The last writer of every byte while a Program is walked through."""

    def __init__(self, program: Program) -> None:
        manifest = program.manifest
        self._program = program
        self._kernels = kernel_names(program)
        self._names = ["", *(span.name for span in manifest.kernels), *(port.name for port in manifest.inputs)]
        self._numbers = {name: number for number, name in enumerate(self._names[: len(manifest.kernels) + 1])}
        self._local: _Writers = np.zeros(program.chip.memory_bytes, np.int32)
        self._external: _Writers = np.zeros(manifest.external_bytes, np.int32)
        self._edges: dict[tuple[int, str], bool] = {}
        for number, port in enumerate(manifest.inputs, start=len(manifest.kernels) + 1):
            self._external[port.address : port.address + port.size_bytes] = number

    def run(self) -> tuple[KernelEdge, ...]:
        for index, instruction in enumerate(self._program.instructions[: self._program.manifest.wipe_start]):
            self._follow(index, instruction)
        return tuple(
            KernelEdge(source=self._names[number], target=target, spilled=spilled)
            for (number, target), spilled in self._edges.items()
        )

    def _follow(self, index: int, instruction: Instruction) -> None:
        match instruction:
            case Load(space=Space.MEMORY):
                self._load(instruction)
            case Store():
                self._store(instruction)
            case TensorInstruction() | VectorInstruction():
                self._compute(self._kernels[index], streams(instruction))

    def _load(self, load: Load) -> None:
        """What a kernel wrote and a STORE took away comes back as spilled; what the host gave is the host's."""
        moved = _external(self._external, load)
        inner = (moved != _NOBODY) & (moved <= len(self._program.manifest.kernels))
        _local(self._local, load)[...] = np.where(inner, moved | _SPILLED, moved)

    def _store(self, store: Store) -> None:
        moved, output = _local(self._local, store), self._output(store.external_address)
        if output is not None:
            self._add(moved, output.name)
        _external(self._external, store)[...] = moved & ~_SPILLED

    def _output(self, address: int) -> Port | None:
        ports = self._program.manifest.outputs
        return next((port for port in ports if port.address <= address < port.address + port.size_bytes), None)

    def _compute(self, kernel: str, touched: tuple[Stream, ...]) -> None:
        for stream in touched:
            if not stream.written:
                self._read(stream, kernel)
        for stream in touched:
            if stream.written:
                _view(self._local, stream)[...] = self._numbers[kernel]

    def _read(self, stream: Stream, kernel: str) -> None:
        """The writers of the bytes of a stream; where all bytes about it have one writer, the gaps do not matter."""
        about = self._local[stream.first : stream.last + 1]
        if int(about.min()) == int(about.max()):
            self._add(about[:1], kernel)
        else:
            self._add(about[stream.mask()], kernel)

    def _add(self, writers: npt.NDArray[Any], target: str) -> None:
        for writer in np.unique(writers).tolist():
            number, spilled = writer & ~_SPILLED, bool(writer & _SPILLED)
            if number != _NOBODY and self._names[number] != target:
                self._edges[number, target] = self._edges.get((number, target), False) or spilled


def _view(memory: _Writers, stream: Stream) -> _Writers:
    """The bytes of a stream whose loops are ranges, as an array of these loops, in the memory itself."""
    loops = tuple((len(loop), loop.step) for loop in stream.loops if isinstance(loop, range))
    return _strided(memory, stream.base, (*loops, (stream.dense_bytes, 1)))


def _local(memory: _Writers, transfer: TransferInstruction) -> _Writers:
    outer = (transfer.outer_count, transfer.local_outer_stride)
    inner = (transfer.inner_count, transfer.local_inner_stride)
    return _strided(memory, transfer.local_address, (outer, inner, (transfer.run_bytes, 1)))


def _external(memory: _Writers, transfer: TransferInstruction) -> _Writers:
    outer = (transfer.outer_count, transfer.external_outer_stride)
    inner = (transfer.inner_count, transfer.external_inner_stride)
    return _strided(memory, transfer.external_address, (outer, inner, (transfer.run_bytes, 1)))


def _strided(memory: _Writers, base: int, loops: Sequence[tuple[int, int]]) -> _Writers:
    """A view of the memory from `base` on over loops of (count, step in bytes)."""
    width = memory.itemsize
    return as_strided(memory[base:], tuple(count for count, _ in loops), tuple(step * width for _, step in loops))
