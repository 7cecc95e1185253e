"""The nouns of lowering: kernels of instructions whose addresses are open, and the buffers that these name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chipsmith.compiler.lower.view import View
from chipsmith.program.instructions import Engine, Instruction
from chipsmith.program.stream_fields import StreamName


@dataclass(frozen=True, kw_only=True)
class Buffer:
    """A range of bytes that stands in on-chip memory for a while; `data` where it is constant."""

    name: str
    size_bytes: int
    data: bytes | None = None


@dataclass(frozen=True, kw_only=True)
class StreamOperand:
    """A stream of an instruction: it starts at byte `base` of a buffer."""

    stream: StreamName
    buffer: str
    base: int
    written: bool = False

    def __str__(self) -> str:
        return f"{self.stream}={self.buffer}+{self.base}"


@dataclass(frozen=True, kw_only=True)
class UnplacedInstruction:
    """An instruction whose bases and bank groups are open, and the buffers in which its streams stand.

    At its position in the order of a program it is a step.
    """

    template: Instruction
    operands: tuple[StreamOperand, ...]

    def __str__(self) -> str:
        reads = (str(operand) for operand in self.operands if not operand.written)
        writes = (str(operand) for operand in self.operands if operand.written)
        return " ".join((self.template.mnemonic, *reads, "->", *writes))


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """A unit of scheduling: steps of one engine in order, the operators that they compute, and their work.

    `operators` is empty where a kernel only copies; `macs` are multiply-accumulates of one inference.
    """

    name: str
    engine: Engine
    steps: tuple[UnplacedInstruction, ...]
    operators: tuple[str, ...]
    macs: int = 0

    def __str__(self) -> str:
        work = f", {self.macs:,} MACs" if self.macs else ""
        operators = f": {' '.join(self.operators)}" if self.operators else ""
        return f"{self.name} ({self.engine}, {len(self.steps)} instructions{work}){operators}"


@dataclass(frozen=True, kw_only=True)
class KernelList:
    """The kernels of a graph in order, every buffer that they name, and where the graph's ports stand."""

    kernels: tuple[Kernel, ...]
    buffers: Mapping[str, Buffer]
    inputs: Mapping[str, View]
    outputs: Mapping[str, View]

    @property
    def steps(self) -> tuple[UnplacedInstruction, ...]:
        """The steps of all kernels in order."""
        return tuple(step for kernel in self.kernels for step in kernel.steps)

    @property
    def port_buffers(self) -> tuple[str, ...]:
        """The buffers of the inputs, then of the outputs; none occurs twice."""
        return tuple(view.buffer for view in (*self.inputs.values(), *self.outputs.values()))

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        """A line for each kernel, and one for each of its instructions."""
        for kernel in self.kernels:
            yield str(kernel)
            yield from (f"    {step}" for step in kernel.steps)
