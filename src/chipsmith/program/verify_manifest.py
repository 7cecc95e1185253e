"""Refuses a manifest that says other than its Program's instructions do: every figure of it is printed somewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput
from chipsmith.program.actions import count_macs
from chipsmith.program.instructions import Engine, Instruction, Load, Space, TensorInstruction, VectorInstruction
from chipsmith.program.program import BufferSpan, KernelSpan, Placed, Placement, Program
from chipsmith.program.streams import external_stream, streams

_Integers = npt.NDArray[np.int64]
_PLACES = {Engine.TENSOR: Placed.TENSOR, Engine.VECTOR: Placed.VECTOR}


def verify_manifest(program: Program) -> None:
    """Raise BadInput where the manifest of a Program that verify_program passes does not fit its instructions.

    Kernels hold each TENSOR and VECTOR once, and as many multiply-accumulates as these do; operators are in kernels of
    their engine; buffers hold all on-chip bytes that instructions touch, and no two have a byte at once; `resident`
    are the buffers of `once` LOADs; `weight_bytes` are the constants that LOADs bring. A wipe has kernels, but needs no
    buffers: it may clear all that is not resident.
    """
    _check_names(program)
    _check_kernels(program)
    _check_operators(program)
    _check_buffers(program)
    _check_resident(program)
    _check_weights(program)


def _check_names(program: Program) -> None:
    manifest = program.manifest
    for kind, rows in (
        ("input", manifest.inputs),
        ("output", manifest.outputs),
        ("operator", manifest.operators),
        ("kernel", manifest.kernels),
        ("buffer", manifest.buffers),
    ):
        _refuse_repeats(kind, (row.name for row in rows))
    _refuse_repeats("resident buffer", manifest.resident)


def _refuse_repeats(kind: str, names: Iterable[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise BadInput(f"{count} {kind}s of the manifest have the name '{name}'")


def _check_kernels(program: Program) -> None:
    owners = Counter(index for kernel in program.manifest.kernels for index in kernel.instructions)
    for index, instruction in enumerate(program.instructions):
        if owners.pop(index, 0) != _computes(instruction):
            raise BadInput(f"instruction {index} ({instruction.mnemonic}) is not in one kernel where it computes")
    if owners:
        raise BadInput(f"a kernel has instruction {min(owners)}; the program has {len(program.instructions)}")
    for kernel in program.manifest.kernels:
        _check_kernel(program, kernel)


def _computes(instruction: Instruction) -> bool:
    return isinstance(instruction, TensorInstruction | VectorInstruction)


def _check_kernel(program: Program, kernel: KernelSpan) -> None:
    rows = [program.instructions[index] for index in kernel.instructions]
    if not rows or {row.engine for row in rows} != {kernel.kind}:
        raise BadInput(f"kernel {kernel.name} is of the {kernel.kind} engine, and its instructions are not")
    macs = count_macs(rows)
    if kernel.macs != macs:
        raise BadInput(f"kernel {kernel.name} says {kernel.macs} multiply-accumulates; its instructions do {macs}")


def _check_operators(program: Program) -> None:
    kernels = {kernel.name: kernel.kind for kernel in program.manifest.kernels}
    for operator in program.manifest.operators:
        _check_operator(operator, kernels)


def _check_operator(operator: Placement, kernels: dict[str, Engine]) -> None:
    computed = operator.placed in _PLACES.values()
    if computed != bool(operator.kernel):
        raise BadInput(f"operator {operator.name} is placed '{operator.placed}' with the kernel '{operator.kernel}'")
    if computed and (operator.kernel not in kernels or _PLACES.get(kernels[operator.kernel]) is not operator.placed):
        raise BadInput(f"operator {operator.name} is in kernel '{operator.kernel}', which is none of its engine")


@dataclass(frozen=True, kw_only=True)
class _Buffers:
    """Buffers as columns, by address: index in the manifest, first byte, the byte behind, instructions."""

    index: _Integers
    address: _Integers
    end: _Integers
    first: _Integers
    last: _Integers
    largest: int

    @classmethod
    def of(cls, buffers: Sequence[BufferSpan]) -> _Buffers:
        """Those of a manifest."""
        rows = sorted(
            (
                buffer.address,
                buffer.address + buffer.size_bytes,
                buffer.first_instruction,
                buffer.last_instruction,
                index,
            )
            for index, buffer in enumerate(buffers)
        )
        address, end, first, last, index = np.array(rows, np.int64).reshape(-1, 5).T
        largest = max((buffer.size_bytes for buffer in buffers), default=0)
        return cls(index=index, address=address, end=end, first=first, last=last, largest=largest)

    def meeting(self, begin: int, end: int) -> slice:
        """A range of rows with all buffers that have a byte of `begin` to `end` - 1."""
        first, stop = np.searchsorted(self.address, (begin - self.largest + 1, end))
        return slice(int(first), int(stop))

    def living_with(self, buffer: BufferSpan) -> _Integers:
        """Those that have a byte of a buffer while it lives, itself among them, by their indices."""
        rows = self.meeting(buffer.address, buffer.address + buffer.size_bytes)
        meets = (self.end[rows] > buffer.address) & (self.first[rows] <= buffer.last_instruction)
        return self.index[rows][meets & (self.last[rows] >= buffer.first_instruction)]

    def hold(self, instruction: int, first: int, last: int) -> bool:
        """Whether a buffer that lives while an instruction runs holds the bytes `first` to `last`."""
        rows = self.meeting(first, first + 1)
        lives = (self.first[rows] <= instruction) & (self.last[rows] >= instruction)
        return bool((lives & (self.address[rows] <= first) & (self.end[rows] > last)).any())


def _check_buffers(program: Program) -> None:
    buffers = _Buffers.of(program.manifest.buffers)
    end, final = program.chip.memory_bytes, len(program.instructions) - 1
    for buffer in program.manifest.buffers:
        if buffer.address + buffer.size_bytes > end or not buffer.first_instruction <= buffer.last_instruction <= final:
            raise BadInput(
                f"buffer {buffer.name} is beyond the {end} bytes of the chip or the {final + 1} instructions"
            )
    for index, buffer in enumerate(program.manifest.buffers):
        living = buffers.living_with(buffer)
        if (living != index).any():
            other = program.manifest.buffers[int(living[living != index][0])]
            raise BadInput(f"buffers {buffer.name} and {other.name} have the same bytes at the same time")
    for index, instruction in enumerate(program.instructions[: program.manifest.wipe_start]):
        for stream in streams(instruction):
            if not buffers.hold(index, stream.first, stream.last):
                name = f"instruction {index} ({instruction.mnemonic})"
                raise BadInput(f"{name}: no buffer of the manifest holds stream {stream.name}")


def _check_resident(program: Program) -> None:
    once = {
        index
        for index, instruction in enumerate(program.instructions)
        if isinstance(instruction, Load) and instruction.once
    }
    buffers = {buffer.name: buffer for buffer in program.manifest.buffers}
    filled = {buffers[name].first_instruction for name in program.manifest.resident if name in buffers}
    if filled != once or len(program.manifest.resident) != len(once):
        raise BadInput(
            f"the manifest names {len(program.manifest.resident)} resident buffers; {len(once)} LOADs are `once`, each "
            "of which fills one"
        )


def _check_weights(program: Program) -> None:
    loaded = np.zeros(len(program.constants), np.bool_)
    for instruction in program.instructions[: program.manifest.wipe_start]:
        if isinstance(instruction, Load) and instruction.space is Space.MEMORY:
            _mark_constants(loaded, instruction)
    weights = int(np.count_nonzero(loaded))
    if weights != program.manifest.weight_bytes:
        raise BadInput(f"the manifest says {program.manifest.weight_bytes} bytes of weights; LOADs bring {weights}")


def _mark_constants(loaded: npt.NDArray[np.bool_], load: Load) -> None:
    if external_stream(load).last >= len(loaded):
        return
    counts = (load.outer_count, load.inner_count, load.run_bytes)
    strides = (load.external_outer_stride, load.external_inner_stride, 1)
    np.ndarray(counts, np.bool_, buffer=loaded, offset=load.external_address, strides=strides)[...] = True
