"""The noun Program: instructions, the image of external memory, the manifest and the whole chip, in one value."""

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from pydantic import FailFast, Field

from chipsmith.chip.description import INSTRUCTION_BYTES, Chip
from chipsmith.errors import BadInput
from chipsmith.program.arithmetic import ceil_div
from chipsmith.program.instructions import End, Engine, Instruction
from chipsmith.shown import Shown

Count: TypeAlias = Annotated[int, Field(ge=0, lt=1 << 62)]
"""A number of a manifest: a file that holds another is refused."""
Text: TypeAlias = Annotated[str, Field(max_length=10_000, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
"""A name or a reason in a manifest: it goes to terminals, which take control characters as orders."""
Index: TypeAlias = Annotated[int, Field(ge=-(1 << 31), lt=1 << 31)]
Dimension: TypeAlias = Annotated[int, Field(ge=1, lt=1 << 32)]
_MOST_DIMENSIONS = 16


@dataclass(frozen=True, kw_only=True)
class Port(Shown):
    """An input or output of the network in external memory: dense, row-major, in the graph's layout.

    `dtype` is '<b1', '<i1', '<i2' or '<i4'; `address` is in bytes. Of an input whose elements are indices of a
    table, `index_range` is the least and the greatest that exist: others read zeros. None of all other ports.
    """

    name: Text
    shape: Annotated[tuple[Dimension, ...], Field(max_length=_MOST_DIMENSIONS)]
    dtype: Text
    address: Count
    size_bytes: Count
    index_range: tuple[Index, Index] | None = None

    def to_json(self) -> dict[str, object]:
        """The fields, without the range of indices where it holds none."""
        return {name: value for name, value in dataclasses.asdict(self).items() if value is not None}


class Placed(enum.StrEnum):
    """Where an operator of the network went.

    TENSOR, VECTOR: an engine computes it. VIEW: other strides over the same bytes, copied where they have to be.
    FOLDED: the compiler computed it, or what is beside it does its work. DEAD: no output depends on it.
    """

    TENSOR = "tensor"
    VECTOR = "vector"
    VIEW = "view"
    FOLDED = "folded"
    DEAD = "dead"


@dataclass(frozen=True, kw_only=True)
class Placement(Shown):
    """Where one operator of the network went and why.

    `kernel` is the name of its first kernel, '' where none is; `source` the author's name of the operator, such as the
    path of a module or the name of a node, '' where it is not known.
    """

    name: Text
    kind: Text
    placed: Placed
    reason: Text
    kernel: Text
    source: Text = ""


WIPE = "wipe"
"""Name of the kernel that clears what an inference leaves behind, on the vector engine."""
WIPE_TENSOR = "wipe, tensor"
"""Name of the kernel that does so on the tensor engine."""


@dataclass(frozen=True, kw_only=True)
class KernelSpan(Shown):
    """A kernel, its engine, and the indices of its instructions in the Program.

    `macs` are the multiply-accumulates of these instructions in one inference, those of the padding among them.
    """

    name: Text
    kind: Engine
    instructions: Annotated[tuple[Count, ...], FailFast()]
    macs: Count


@dataclass(frozen=True, kw_only=True)
class BufferSpan(Shown):
    """A range of on-chip memory and the indices of the first and last instruction that use it."""

    name: Text
    address: Count
    size_bytes: Count
    first_instruction: Count
    last_instruction: Count


@dataclass(frozen=True, kw_only=True)
class Manifest(Shown):
    """What a Program is for, beside its instructions; no simulator needs more than the ports.

    `deployment` says, as JSON text, what a host does with raw data before the chip and with the chip's outputs; None
    where only integers come and go. Nothing that is executed depends on it.

    `wipe_start` is the index of the first instruction of the wipe; None where the Program has none. With one, nothing
    but the outputs depends on the inputs at the end: verification checks it.
    """

    network: Text
    inputs: Annotated[tuple[Port, ...], FailFast()]
    outputs: Annotated[tuple[Port, ...], FailFast()]
    external_bytes: Count
    weight_bytes: Count
    resident: Annotated[tuple[Text, ...], FailFast()]
    operators: Annotated[tuple[Placement, ...], FailFast()]
    kernels: Annotated[tuple[KernelSpan, ...], FailFast()]
    buffers: Annotated[tuple[BufferSpan, ...], FailFast()]
    deployment: str | None = None
    wipe_start: Count | None = None

    def _brief(self) -> str:
        return (
            f"{self.network}: {len(self.operators)} operators in {len(self.kernels)} kernels, {self.weight_bytes:,} "
            "bytes of weights"
        )


@dataclass(frozen=True, kw_only=True)
class Program(Shown):
    """A network compiled for a chip.

    `constants` is the image of external memory from address 0: the pages of instructions first
    (as `pages` makes them), then weights, records and tables. Everything above it is undefined at the
    doorbell but for the input ports, and `manifest.external_bytes` is the end of what may be touched.
    """

    chip: Chip
    instructions: tuple[Instruction, ...]
    constants: bytes
    manifest: Manifest

    def _brief(self) -> str:
        manifest = self.manifest
        return (
            f"{manifest.network} on {self.chip.name}: {len(self.instructions)} instructions, {len(manifest.operators)} "
            f"operators in {len(manifest.kernels)} kernels, {manifest.weight_bytes:,} bytes of weights"
        )


def page_bytes(chip: Chip) -> int:
    """Bytes of one page of instructions."""
    return chip.instructions.page_instructions * INSTRUCTION_BYTES


def page_count(chip: Chip, instructions: int) -> int:
    """Pages that so many instructions fill."""
    return ceil_div(instructions, chip.instructions.page_instructions)


def encode_pages(chip: Chip, instructions: tuple[Instruction, ...]) -> bytes:
    """The pages of a Program as they stand at external address 0, the last padded with END."""
    if not instructions or not isinstance(instructions[-1], End):
        raise BadInput("a program ends with END")
    padding = page_count(chip, len(instructions)) * chip.instructions.page_instructions - len(instructions)
    return b"".join(instruction.encode() for instruction in (*instructions, *(End() for _ in range(padding))))
