"""Operators of integers and their scales: the same in reals, between DequantizeLinear and QuantizeLinear."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from chipsmith.frontends.onnx.model import Node


@dataclass(kw_only=True)
class _Writer:
    """The nodes in the place of a node, in the making."""

    node: Node
    written: list[Node] = field(default_factory=list)

    def dequantize(self, first: int, axis: int = 1) -> str:
        """The real tensor of three of the node's inputs: integers, scale and zero point."""
        operands = tuple(self.node.inputs[first : first + 3])
        return self.write("DequantizeLinear", operands, self.name(f"real{first}"), axis=axis)

    def quantize(self, real: str, scale: int) -> None:
        """The node's output from a real tensor, by the scale and the zero point among its inputs."""
        operands = (real, *self.node.inputs[scale : scale + 2])
        self.write("QuantizeLinear", operands, self.node.outputs[0])

    def write(self, kind: str, inputs: tuple[str, ...], output: str, **attributes: int) -> str:
        """A node with attributes of its own."""
        self.written.append(
            Node(kind=kind, name=self.node.name, inputs=inputs, outputs=(output,), attributes=attributes)
        )
        return output

    def compute(self, kind: str, inputs: tuple[str, ...]) -> str:
        """A node of reals that has the attributes of the quantised node."""
        output = self.name("result")
        self.written.append(
            Node(kind=kind, name=self.node.name, inputs=inputs, outputs=(output,), attributes=self.node.attributes)
        )
        return output

    def name(self, part: str) -> str:
        """A tensor of the node's own."""
        return f"{self.node.name}/{self.node.outputs[0]}/{part}"


def expand(node: Node) -> Sequence[Node]:
    """The nodes that a node stands for: itself, unless it is an operator of integers and their scales."""
    if node.kind not in _EXPANSIONS or node.integer("channels_last", 0):
        return (node,)
    write = _Writer(node=node)
    _EXPANSIONS[node.kind](write)
    return write.written


def _expand_conv(write: _Writer) -> None:
    operands = [write.dequantize(0), write.dequantize(3, axis=0)]
    if len(write.node.inputs) > 8 and write.node.inputs[8]:
        operands.append(_dequantize_bias(write, 8, scales=(1, 4)))
    write.quantize(write.compute("Conv", tuple(operands)), 6)


def _dequantize_bias(write: _Writer, bias: int, *, scales: tuple[int, int]) -> str:
    """A bias of int32, whose scale is the product of the factors' scales."""
    factors = tuple(write.node.inputs[index] for index in scales)
    scale = write.write("Mul", factors, write.name("bias_scale"))
    return write.write("DequantizeLinear", (write.node.inputs[bias], scale), write.name("bias"), axis=0)


def _expand_matmul(write: _Writer) -> None:
    product = write.compute("MatMul", (write.dequantize(0), write.dequantize(3, axis=-1)))
    write.quantize(product, 6)


def _expand_gemm(write: _Writer) -> None:
    node = write.node
    axis = 0 if node.integer("transB", 0) else 1
    operands = [write.dequantize(0), write.dequantize(3, axis=axis)]
    product = write.compute("Gemm", tuple(operands))
    if len(node.inputs) > 6 and node.inputs[6]:
        product = write.write("Add", (product, _dequantize_bias(write, 6, scales=(1, 4))), write.name("sum"))
    if len(node.inputs) > 7 and node.inputs[7]:
        write.quantize(product, 7)
    else:
        write.write("Identity", (product,), node.outputs[0])


def _expand_binary(kind: str) -> Callable[[_Writer], None]:
    def write_nodes(write: _Writer) -> None:
        write.quantize(write.compute(kind, (write.dequantize(0), write.dequantize(3))), 6)

    return write_nodes


def _expand_unary(kind: str) -> Callable[[_Writer], None]:
    def write_nodes(write: _Writer) -> None:
        write.quantize(write.compute(kind, (write.dequantize(0),)), 3)

    return write_nodes


def _expand_concat(write: _Writer) -> None:
    parts = tuple(write.dequantize(first) for first in range(2, len(write.node.inputs), 3))
    write.quantize(write.compute("Concat", parts), 0)


def _expand_where(write: _Writer) -> None:
    choice = write.compute("Where", (write.node.inputs[0], write.dequantize(1), write.dequantize(4)))
    write.quantize(choice, 7)


def _expand_integer_product(kind: str, axis: int) -> Callable[[_Writer], None]:
    """A product of integers less their zero points: the same at scales of 1."""

    def write_nodes(write: _Writer) -> None:
        scale = write.write("Constant", (), write.name("scale"), value_int=1)
        zero_points = (*write.node.inputs[2:4], "", "")
        factors = tuple(
            write.write("DequantizeLinear", (integers, scale, zero), write.name(f"real{index}"), axis=along)
            for index, (integers, zero, along) in enumerate(
                zip(write.node.inputs, zero_points, (1, axis), strict=False)
            )
        )
        write.write("Identity", (write.compute(kind, factors),), write.node.outputs[0])

    return write_nodes


def _expand_dynamic_matmul(write: _Writer) -> None:
    """Its first factor is real: it is rounded by a scale that is chosen as the network runs, which is left out."""
    node = write.node
    weights = write.write("DequantizeLinear", tuple(node.inputs[1:4]), write.name("weights"), axis=-1)
    if len(node.inputs) > 4 and node.inputs[4]:
        product = write.compute("MatMul", (node.inputs[0], weights))
        write.write("Add", (product, node.inputs[4]), node.outputs[0])
    else:
        write.write("MatMul", (node.inputs[0], weights), node.outputs[0])


_EXPANSIONS: Mapping[str, Callable[[_Writer], None]] = {
    "QLinearConv": _expand_conv,
    "QLinearMatMul": _expand_matmul,
    "QGemm": _expand_gemm,
    "QLinearAdd": _expand_binary("Add"),
    "QLinearMul": _expand_binary("Mul"),
    "ConvInteger": _expand_integer_product("Conv", 0),
    "MatMulInteger": _expand_integer_product("MatMul", -1),
    "QLinearConcat": _expand_concat,
    "QLinearWhere": _expand_where,
    "DynamicQuantizeMatMul": _expand_dynamic_matmul,
    **{
        f"QLinear{kind}": _expand_unary(kind)
        for kind in ("AveragePool", "GlobalAveragePool", "LeakyRelu", "ReduceMean", "Sigmoid", "Softmax")
    },
}
