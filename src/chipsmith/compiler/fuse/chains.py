"""What fusion makes of a graph: chains of operators, each of which one kernel of the machine computes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chipsmith.compiler.fuse.operators import READ_INPUTS
from chipsmith.program.instructions import Op, Reduce, Rounding, Table
from chipsmith.tosa.graph import Operator

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class ScaleStage:
    """A multiplication stage with one multiplier and shift for the whole tensor."""

    rounding: Rounding = Rounding.OFF
    multiplier: int = 0
    shift: int = 0


@dataclass(frozen=True, kw_only=True)
class InStage:
    """How an operand enters: (tensor - zero_point) << left_shift, scaled; `unsigned`: its bits read without a sign."""

    tensor: str
    unsigned: bool = False
    zero_point: int = 0
    left_shift: int = 0
    scale: ScaleStage = ScaleStage()
    operators: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OutStage:
    """How a result leaves: scaled, zero point added, clamped, looked up; `unsigned`: its type has no sign."""

    scale: ScaleStage = ScaleStage()
    zero_point: int = 0
    clamp_min: int = -(1 << 31)
    clamp_max: int = (1 << 31) - 1
    table: Table = Table.NONE
    table_tensor: str = ""
    unsigned: bool = False


@dataclass(frozen=True, kw_only=True)
class VectorChain:
    """A chain of the vector engine around `core` (None: the operand passes through)."""

    output: str
    op: Op
    op_argument: int
    a: InStage
    b: InStage | int | None
    reduce: Reduce
    core: Operator | None
    out: OutStage
    operators: tuple[str, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """Tensors that must stand in memory for the chain to run."""
        b = (self.b.tensor,) if isinstance(self.b, InStage) else ()
        table = (self.out.table_tensor,) if self.out.table is not Table.NONE else ()
        return (self.a.tensor, *b, *table)

    def __str__(self) -> str:
        return _listed("vector", self.sources, self.operators, self.output)


@dataclass(frozen=True, kw_only=True)
class ChannelScale:
    """Multiplier and shift of each output channel (one of each where the tensor has one scale)."""

    rounding: Rounding
    multiplier: IntArray
    shift: IntArray

    @property
    def uniform(self) -> bool:
        """Whether all channels have the same multiplier and shift."""
        return bool((self.multiplier == self.multiplier[0]).all() and (self.shift == self.shift[0]).all())


@dataclass(frozen=True, kw_only=True)
class ResidualAdd:
    """An addition fused into the epilogue: how its accumulator and its residual enter, and how their sum leaves."""

    accumulator: InStage
    residual: InStage
    out: OutStage


@dataclass(frozen=True, kw_only=True)
class TensorChain:
    """A chain of the tensor engine: a convolution or matrix product with its epilogue."""

    output: str
    anchor: Operator
    scale: ChannelScale | None
    out: OutStage
    residual: ResidualAdd | None
    operators: tuple[str, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """Tensors that must stand in memory for the chain to run."""
        residual = () if self.residual is None else (self.residual.residual.tensor,)
        operands = 2 if self.anchor.kind == "MATMUL" else 3
        return (*self.anchor.inputs[:operands], *residual)

    def __str__(self) -> str:
        return _listed("tensor", self.sources, self.operators, self.output)


@dataclass(frozen=True, kw_only=True)
class Expansion:
    """An operator that takes several instructions, one after the other, with values between them of its own."""

    output: str
    operator: Operator

    @property
    def operators(self) -> tuple[str, ...]:
        """The name of its operator."""
        return (self.operator.name,)

    @property
    def sources(self) -> tuple[str, ...]:
        """Tensors that must stand in memory for the operator to run."""
        return self.operator.inputs[: READ_INPUTS.get(self.operator.kind, 1)]

    def __str__(self) -> str:
        return _listed("expand", self.sources, self.operators, self.output)


def _listed(what: str, sources: tuple[str, ...], operators: tuple[str, ...], output: str) -> str:
    """A chain in one line."""
    return f"{what} ({', '.join(sources)}) -> {' | '.join(operators)} -> {output}"


Chain = VectorChain | TensorChain | Expansion
