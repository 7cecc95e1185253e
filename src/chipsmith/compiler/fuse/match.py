"""The longest chain of operators that ends with a given one and that one kernel of the machine computes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chipsmith.compiler.fuse.chains import (
    Chain,
    ChannelScale,
    Expansion,
    InStage,
    OutStage,
    ResidualAdd,
    ScaleStage,
    TensorChain,
    VectorChain,
)
from chipsmith.compiler.fuse.graph_index import GraphIndex, has_many_phases, integer, macs
from chipsmith.compiler.fuse.operators import (
    ANCHORS,
    BINARY,
    COMMUTATIVE,
    EXPANDED,
    POOLS,
    REDUCTIONS,
    UNARY,
    WITH_IMMEDIATE,
)
from chipsmith.errors import OperatorRefused
from chipsmith.program.instructions import Op, Reduce, Rounding, Table
from chipsmith.tosa.graph import DType, Operator

_RANGES = {DType.INT8: 8, DType.INT16: 16}
_TRUNCATING = frozenset({"LOGICAL_LEFT_SHIFT", "LOGICAL_RIGHT_SHIFT", "CAST"})
_EXACT_MULTIPLIER = 1 << 30


@dataclass(frozen=True)
class Matcher:
    """Finds the chain that computes a tensor of a graph."""

    index: GraphIndex

    def match(self, op: Operator) -> Chain:
        """The longest chain that ends with an operator; OperatorRefused where no instruction computes it."""
        if self._expands(op):
            return self._tensor_chain(op) or Expansion(output=op.outputs[0], operator=op)
        return self._tensor_chain(op) or self._residual_chain(op) or self._vector_chain(op)

    def _expands(self, op: Operator) -> bool:
        """Whether no single instruction computes an operator, but several do."""
        if op.kind == "RESCALE":
            scale = self.index.channel_scale(op)
            return scale is not None and not scale.uniform
        return op.kind in EXPANDED or (op.kind == "CAST" and self._dtype(op.outputs[0]) is DType.BOOL)

    # --- tensor engine ------------------------------------------------------------------------------------------

    def _tensor_chain(self, last: Operator) -> TensorChain | None:
        op, _, out, covered = self._clamps(last)
        scale: ChannelScale | None = None
        if op is not None and op.kind == "RESCALE" and self._from_int32(op) and self._narrows(op):
            scale = self.index.channel_scale(op)
            if scale is None:
                return None
            out = replace(out, zero_point=self.index.zero_point(op.inputs[4]))
            covered.append(op.name)
            op = self.index.sole_producer(op.inputs[0])
        elif covered:
            return None
        if op is None or op.kind not in ANCHORS or (scale is not None and not self._fits_records(op, scale)):
            return None
        return TensorChain(
            output=last.outputs[0],
            anchor=op,
            scale=scale,
            out=out,
            residual=None,
            operators=(op.name, *reversed(covered)),
        )

    def _fits_records(self, anchor: Operator, scale: ChannelScale) -> bool:
        """Whether records can hold the scales: with a scale for each channel there must be a constant bias."""
        return scale.uniform or (anchor.kind != "MATMUL" and self.index.graph.constant(anchor.inputs[2]) is not None)

    def _residual_chain(self, last: Operator) -> TensorChain | None:
        op, _, out, covered = self._clamps(last)
        if op is None or op.kind != "RESCALE" or not self._from_int32(op):
            return None
        if self._dtype(op.outputs[0]) is not DType.INT8:
            return None
        scale, add = self.index.uniform_scale(op), self.index.sole_producer(op.inputs[0])
        if scale is None or add is None or add.kind != "ADD":
            return None
        if self._shape(add.inputs[0]) != self._shape(add.inputs[1]):
            return None
        out = replace(out, scale=scale, zero_point=self.index.zero_point(op.inputs[4]))
        covered += [op.name, add.name]
        candidates = [self._accumulator(add, side) for side in (0, 1)]
        best = max(
            (side for side in candidates if side is not None),
            key=lambda candidate: macs(self.index.graph, candidate[0].anchor),
            default=None,
        )
        if best is None:
            return None
        producer, accumulator, residual = best
        return replace(
            producer,
            output=last.outputs[0],
            residual=ResidualAdd(accumulator=accumulator, residual=residual, out=out),
            operators=(*producer.operators, *accumulator.operators, *residual.operators, *reversed(covered)),
        )

    def _accumulator(self, add: Operator, side: int) -> tuple[TensorChain, InStage, InStage] | None:
        """The tensor chain behind one side of an addition, and how both sides enter it."""
        accumulator, residual = self.fold_rescale(add.inputs[side]), self.fold_rescale(add.inputs[1 - side])
        entering = (name for op in accumulator.operators for name in self.index.operator(op).outputs)
        if any(self.index.uses[name] != 1 for name in entering) or self._dtype(accumulator.tensor) is not DType.INT8:
            return None
        if self._dtype(residual.tensor) is not DType.INT8 or self.index.graph.constant(residual.tensor) is not None:
            return None
        producer = self.index.sole_producer(accumulator.tensor)
        chain = self._tensor_chain(producer) if producer is not None else None
        if chain is None or chain.scale is None or not self._layouts_agree(chain.anchor, add):
            return None
        return chain, accumulator, residual

    def _layouts_agree(self, anchor: Operator, add: Operator) -> bool:
        if anchor.kind == "MATMUL" or has_many_phases(self.index.graph, anchor):
            return False
        return self._shape(anchor.outputs[0]) == self._shape(add.outputs[0])

    # --- vector engine ------------------------------------------------------------------------------------------

    def _vector_chain(self, last: Operator) -> VectorChain:
        op: Operator | None = last
        covered: list[str] = []
        table, table_tensor = Table.NONE, ""
        tensor = last.outputs[0]
        if last.kind == "TABLE":
            tensor, table_tensor = last.inputs[0], last.inputs[1]
            table = Table.TABLE8 if self._dtype(tensor) is DType.INT8 else Table.TABLE16
            covered.append(last.name)
            op = self._foldable_producer(tensor)
        out = OutStage()
        if op is not None:
            op, tensor, out, more = self._clamps(op)
            covered += more
        out = replace(out, table=table, table_tensor=table_tensor)
        if op is not None and op.kind == "RESCALE" and self._from_int32(op):
            scale = self.index.uniform_scale(op)
            if scale is not None and not self._is_in_epilogue(op):
                out = replace(out, scale=scale, zero_point=self.index.zero_point(op.inputs[4]))
                covered.append(op.name)
                tensor = op.inputs[0]
                op = self._foldable_producer(tensor)
        return self._core(last, op, tensor, out, covered)

    def _core(self, last: Operator, op: Operator | None, tensor: str, out: OutStage, covered: list[str]) -> VectorChain:
        chain = VectorChain(
            output=last.outputs[0],
            op=Op.PASS,
            op_argument=0,
            a=InStage(tensor=tensor),
            b=None,
            reduce=Reduce.NONE,
            core=None,
            out=out,
            operators=tuple(covered),
        )
        scaled = out.scale.rounding is not Rounding.OFF
        if op is None or (covered and self._expands(op)):
            return chain
        if op.kind in BINARY:
            return self._binary(op, chain)
        if op.kind in WITH_IMMEDIATE:
            return self._with_immediate(op, chain)
        if op.kind in UNARY:
            return self._with_a(replace(chain, op=UNARY[op.kind], core=op), op)
        if op.kind in REDUCTIONS:
            return self._with_a(replace(chain, reduce=REDUCTIONS[op.kind], core=op), op)
        if op.kind == "MAX_POOL2D" or (op.kind == "AVG_POOL2D" and not scaled):
            return self._pool(op, chain)
        if op.kind == "RESCALE" and not scaled and not self._from_int32(op):
            return self._rescale_in(op, chain)
        if covered and self.index.producers.get(tensor) is not last:
            return chain
        raise OperatorRefused(
            f"operator {op.name} ({op.kind}) is not held by the machine's compiler: no instruction computes it; "
            "`chipsmith ops` lists what is held",
            part=op.name,
        )

    def _binary(self, op: Operator, chain: VectorChain) -> VectorChain:
        first, second = op.inputs[0], op.inputs[1]
        operation = BINARY[op.kind]
        argument = 0
        if op.kind == "MUL":
            argument = self.index.zero_point(op.inputs[2])
        if op.kind == "ARITHMETIC_RIGHT_SHIFT":
            argument = int(bool(op.attributes["round"]))
        if operation in COMMUTATIVE and self.index.graph.constant(first) is not None:
            first, second = second, first
        a, b = self.fold_rescale(first), self._second(second)
        if op.kind == "LOGICAL_RIGHT_SHIFT" and self._dtype(first) is not DType.INT32:
            a = replace(a, unsigned=True)
        entered = (*a.operators, *(b.operators if isinstance(b, InStage) else ()))
        return replace(
            chain,
            op=operation,
            op_argument=argument,
            a=a,
            b=b,
            core=op,
            operators=(*entered, op.name, *reversed(chain.operators)),
        )

    def _second(self, tensor: str) -> InStage | int:
        value = self.index.constant_int(tensor)
        return self.fold_rescale(tensor) if value is None else value

    def _with_immediate(self, op: Operator, chain: VectorChain) -> VectorChain:
        operation, immediate = WITH_IMMEDIATE[op.kind]
        chain = replace(chain, op=operation, b=immediate, core=op)
        if op.kind == "LOGICAL_NOT" or self._dtype(op.outputs[0]) is DType.INT32:
            return self._with_a(chain, op)
        zero_point, added = (self.index.zero_point(name) for name in op.inputs[1:3])
        return replace(
            chain,
            a=InStage(tensor=op.inputs[0], zero_point=zero_point),
            out=replace(chain.out, zero_point=added),
            operators=(op.name, *reversed(chain.operators)),
        )

    def _with_a(self, chain: VectorChain, op: Operator) -> VectorChain:
        a = self.fold_rescale(op.inputs[0])
        if self._shape(a.tensor) != self._shape(op.inputs[0]):
            a = InStage(tensor=op.inputs[0])
        return replace(chain, a=a, operators=(*a.operators, op.name, *reversed(chain.operators)))

    def _pool(self, op: Operator, chain: VectorChain) -> VectorChain:
        out = chain.out
        a = InStage(tensor=op.inputs[0])
        if op.kind == "AVG_POOL2D":
            a = replace(a, zero_point=self.index.zero_point(op.inputs[1]))
            out = replace(out, zero_point=self.index.zero_point(op.inputs[2]))
        return replace(
            chain, a=a, out=out, reduce=POOLS[op.kind], core=op, operators=(op.name, *reversed(chain.operators))
        )

    def _rescale_in(self, op: Operator, chain: VectorChain) -> VectorChain:
        stage, (_, zero_point) = self._rescaled(op), self.index.rescale_zero_points(op)
        if stage is None:
            raise OperatorRefused(
                f"operator {op.name} (RESCALE) is not held by the machine's compiler: its multipliers are not constant",
                part=op.name,
            )
        out = replace(chain.out, zero_point=zero_point, unsigned=bool(op.attributes["output_unsigned"]))
        return replace(chain, a=stage, out=out, operators=(*stage.operators, *reversed(chain.operators)))

    # --- stages -------------------------------------------------------------------------------------------------

    def fold_rescale(self, tensor: str) -> InStage:
        """How a tensor enters a chain: through the RESCALE or shift that makes it, where one stage can do that."""
        op = self.index.producers.get(tensor)
        if op is None or self._dtype(tensor) is not DType.INT32:
            return InStage(tensor=tensor)
        shift = self._constant_left_shift(op)
        if shift is not None:
            return InStage(tensor=op.inputs[0], left_shift=shift, operators=(op.name,))
        if op.kind != "RESCALE" or self.index.zero_point(op.inputs[4]):
            return InStage(tensor=tensor)
        return self._rescaled(op) or InStage(tensor=tensor)

    def _rescaled(self, op: Operator) -> InStage | None:
        """The stage that does what a RESCALE does but for its output's zero point and range; None for many scales."""
        scale, (zero_point, _) = self.index.uniform_scale(op), self.index.rescale_zero_points(op)
        if scale is None:
            return None
        source, unsigned = op.inputs[0], bool(op.attributes["input_unsigned"])
        bare = InStage(tensor=source, zero_point=zero_point, unsigned=unsigned, operators=(op.name,))
        exact = exact_left_shift(scale)
        if exact is not None:
            return replace(bare, left_shift=exact)
        inner = self.fold_rescale(source)
        if inner.scale.rounding is not Rounding.OFF or inner.tensor == source:
            return replace(bare, scale=scale)
        return replace(inner, scale=scale, operators=(*inner.operators, op.name))

    def _constant_left_shift(self, op: Operator) -> int | None:
        """k where an operator computes x << k for its first input and a constant k."""
        if self._shape(op.inputs[0]) != self._shape(op.outputs[0]):
            return None
        if op.kind == "LOGICAL_LEFT_SHIFT":
            return self.index.constant_int(op.inputs[1])
        if op.kind != "MUL" or self.index.constant_int(op.inputs[2]) != 0:
            return None
        factor = self.index.constant_int(op.inputs[1])
        if factor is None or factor <= 0 or factor & (factor - 1):
            return None
        return factor.bit_length() - 1

    def _is_in_epilogue(self, rescale: Operator) -> bool:
        """Whether a RESCALE belongs to the epilogue of the tensor engine."""
        producer = self.index.sole_producer(rescale.inputs[0])
        return producer is not None and producer.kind in ANCHORS and self._narrows(rescale)

    def _narrows(self, op: Operator) -> bool:
        """Whether an operator's output is int8 or int16, as the tensor engine's epilogue clamps it."""
        return self._dtype(op.outputs[0]) in _RANGES

    def _clamps(self, last: Operator) -> tuple[Operator | None, str, OutStage, list[str]]:
        """The operator before the CLAMPs that end with `last`, its output, their common range, and their names."""
        low, high = self._range(last)
        op: Operator | None = last
        tensor = last.outputs[0]
        names: list[str] = []
        while op is not None and op.kind == "CLAMP":
            # What an earlier CLAMP lets through is clamped again: its limits too.
            low, high = (min(max(integer(op, limit), low), high) for limit in ("min_val", "max_val"))
            names.append(op.name)
            tensor = op.inputs[0]
            op = self._foldable_producer(tensor)
        return op, tensor, OutStage(clamp_min=low, clamp_max=high), names

    def _range(self, op: Operator) -> tuple[int, int]:
        """What the machine clamps the results of an operator to: everything where its low bytes count."""
        bits = _RANGES.get(self._dtype(op.outputs[0]))
        if bits is None or (self._truncates(op) and op.kind != "RESCALE"):
            return -(1 << 31), (1 << 31) - 1
        if op.kind == "RESCALE" and op.attributes["output_unsigned"]:
            return 0, (1 << bits) - 1
        return -(1 << (bits - 1)), (1 << (bits - 1)) - 1

    def _foldable_producer(self, tensor: str) -> Operator | None:
        """The producer of a tensor that nobody else reads and whose values a following stage sees as they are."""
        op = self.index.sole_producer(tensor)
        return None if op is None or self._truncates(op) else op

    def _truncates(self, op: Operator) -> bool:
        """Whether the value of an output is not the machine's value before it is written, but its low bytes."""
        if self._dtype(op.outputs[0]) not in _RANGES:
            return False
        unsigned = op.kind == "RESCALE" and bool(op.attributes["output_unsigned"])
        return unsigned or op.kind in _TRUNCATING

    def _from_int32(self, op: Operator) -> bool:
        return self._dtype(op.inputs[0]) is DType.INT32

    def _dtype(self, tensor: str) -> DType:
        return self.index.graph.tensor(tensor).dtype

    def _shape(self, tensor: str) -> tuple[int, ...]:
        return self.index.graph.tensor(tensor).shape


def exact_left_shift(scale: ScaleStage) -> int | None:
    """k where a scale multiplies by 2**k exactly, 0 <= k <= 28; else None."""
    if scale.multiplier != _EXACT_MULTIPLIER or not 2 <= scale.shift <= 30:
        return None
    return 30 - scale.shift
