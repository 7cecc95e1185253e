"""The noun Kernel: an anchor operator with the chain fused around it, as instructions without addresses."""

from __future__ import annotations

from dataclasses import dataclass

from chipsmith.program.instructions import Instruction

STREAM_NAMES = {"a": "A", "b": "B", "w": "W", "param": "P", "o": "O", "res": "RES", "t": "TABLE"}
"""The machine's name of the stream whose fields have a prefix."""


@dataclass(frozen=True, kw_only=True)
class Buffer:
    """A range of bytes that lives in on-chip memory for a while; `data` where it is constant."""

    name: str
    size_bytes: int
    data: bytes | None = None


@dataclass(frozen=True, kw_only=True)
class Operand:
    """A stream of an instruction: its field `<stream>_base` is byte `base` of a buffer."""

    stream: str
    buffer: str
    base: int
    written: bool = False


@dataclass(frozen=True, kw_only=True)
class Step:
    """One instruction of a kernel with its bases and groups still open."""

    template: Instruction
    operands: tuple[Operand, ...]


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """A unit of scheduling: steps in order, the operators that it covers, and the reason of its placement."""

    name: str
    kind: str
    steps: tuple[Step, ...]
    operators: tuple[str, ...]
    macs: int = 0
