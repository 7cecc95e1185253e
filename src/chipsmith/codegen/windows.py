"""Convolutions, matrix products and pools: calls of the library's kernels, with the sizes in constant structures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chipsmith.codegen.expressions import range_of
from chipsmith.codegen.step import Pointers, Step
from chipsmith.codegen.unit import Unit
from chipsmith.tosa.graph import DType, Graph, Operator
from chipsmith.tosa.operators.conversion import output_zero_point
from chipsmith.tosa.operators.pooling import pooling_window
from chipsmith.tosa.operators.row import Operation
from chipsmith.tosa.verify import operation_of

CONVOLUTIONS: Mapping[str, str] = {
    "CONV2D": "convolve_any",
    "CONV3D": "convolve_any",
    "DEPTHWISE_CONV2D": "convolve_depthwise",
    "TRANSPOSE_CONV2D": "convolve_transposed",
    "MATMUL": "multiply_matrices",
}
"""The kernel of each operator that gives sums, which a RESCALE may turn into int8 where they are computed."""
POOLS = ("AVG_POOL2D", "MAX_POOL2D")


@dataclass(frozen=True, kw_only=True)
class Epilogue:
    """A RESCALE, with a CLAMP behind it or none, that turns sums into int8 where they are computed."""

    rescale: Operator
    clamp: Operator | None = None

    @property
    def operators(self) -> tuple[Operator, ...]:
        """The operators in order."""
        return (self.rescale,) if self.clamp is None else (self.rescale, self.clamp)


def convolution_step(graph: Graph, operator: Operator, epilogue: Epilogue | None) -> Step:
    """The step of an operator of CONVOLUTIONS and of what follows it."""
    operators = (operator, *(epilogue.operators if epilogue else ()))
    output = operators[-1].outputs[0]
    return Step(
        operators=operators,
        reads=tuple(name for name in operator.inputs if name not in graph.constants),
        writes=(output,),
        write=lambda unit, pointers: _write_convolution(graph, operator, epilogue, unit, pointers, output),
    )


def _write_convolution(
    graph: Graph, operator: Operator, epilogue: Epilogue | None, unit: Unit, pointers: Pointers, output: str
) -> str:
    operation = operation_of(graph, operator)
    operands = (operator.inputs[:2], "matrices") if operator.kind == "MATMUL" else (operator.inputs[:3], "convolution")
    fields = _matrix_fields(operation) if operator.kind == "MATMUL" else _convolution_fields(operation)
    sizes = unit.add_structure(operands[1], operands[1], fields)
    arguments = ", ".join(pointer_to(graph, name, unit, pointers) for name in operands[0])
    if epilogue:
        results = f".scale = &{_requantization(graph, epilogue, unit)}, .values = {pointers[output]}"
    else:
        results = f".sums = {pointers[output]}"
    return f"{CONVOLUTIONS[operator.kind]}(&{sizes}, {arguments}, (results){{{results}}});"


def _matrix_fields(operation: Operation) -> Mapping[str, int | str]:
    batch, rows, inner = operation.shape("A")
    return {
        "batch": batch,
        "rows": rows,
        "inner": inner,
        "columns": operation.shape("B")[2],
        "left_zero": operation.value("A_zp"),
        "right_zero": operation.value("B_zp"),
    }


def pointer_to(graph: Graph, name: str, unit: Unit, pointers: Pointers) -> str:
    """The pointer to a tensor that is computed, or to the array of a constant."""
    data = graph.constant(name)
    return pointers[name] if data is None else unit.add_array("constant", data, graph.tensor(name).dtype)


def _convolution_fields(operation: Operation) -> Mapping[str, int | str]:
    axes = len(operation.integers("stride"))
    flat = (1,) * (3 - axes)
    images, *sizes, inputs = operation.shape("input")
    depth, height, width = (*flat, *sizes)
    out_depth, out_height, out_width = (*flat, *operation.output.shape[1:-1])
    transposed, depthwise = (operation.operator.kind.startswith(kind) for kind in ("TRANSPOSE", "DEPTHWISE"))
    weight = operation.shape("weight")
    kernel = (*flat, *(weight[:2] if depthwise else weight[1:-1]))
    stride = (*flat, *operation.integers("stride"))
    dilation = (1, 1, 1) if transposed else (*flat, *operation.integers("dilation"))
    before = (*(0,) * (3 - axes), *operation.integers("out_pad" if transposed else "pad")[0::2])
    return {
        "images": images,
        "depth": depth,
        "height": height,
        "width": width,
        "inputs": inputs,
        "out_depth": out_depth,
        "out_height": out_height,
        "out_width": out_width,
        "outputs": operation.output.shape[-1],
        **dict(zip(("kernel_depth", "kernel_height", "kernel_width"), kernel, strict=True)),
        **dict(zip(("stride_z", "stride_y", "stride_x"), stride, strict=True)),
        **dict(zip(("dilation_z", "dilation_y", "dilation_x"), dilation, strict=True)),
        **dict(zip(("front", "top", "left"), before, strict=True)),
        "input_zero": operation.value("input_zp"),
        "weight_zero": operation.value("weight_zp"),
        "bias_step": int(operation.shape("bias")[0] > 1),
    }


def _requantization(graph: Graph, epilogue: Epilogue, unit: Unit) -> str:
    operation = operation_of(graph, epilogue.rescale)
    channels = operation.output.shape[-1]
    multipliers, shifts = (
        operation.constants[name].reshape(-1).repeat(channels // operation.constants[name].size)
        for name in ("multiplier", "shift")
    )
    low, high = range_of(DType.INT8)
    if epilogue.clamp is not None:
        clamp = operation_of(graph, epilogue.clamp)
        low, high = clamp.integer("min_val"), clamp.integer("max_val")
    fields: dict[str, int | str] = {
        "multipliers": unit.add_array("multipliers", multipliers, DType.INT32),
        "shifts": unit.add_array("shifts", shifts, DType.INT8),
        "zero": output_zero_point(operation),
        "low": low,
        "high": high,
        "is_double": int(operation.name("rounding_mode") == "DOUBLE_ROUND"),
    }
    return unit.add_structure("requantization", "requantization", fields)


def pool_step(graph: Graph, operator: Operator) -> Step:
    """The step of an AVG_POOL2D or MAX_POOL2D."""

    def write(unit: Unit, pointers: Pointers) -> str:
        sizes = unit.add_structure("pool", "pool", _pool_fields(operation_of(graph, operator)))
        function = "average_pool" if operator.kind == "AVG_POOL2D" else "maximum_pool"
        image = pointer_to(graph, operator.inputs[0], unit, pointers)
        return f"{function}(&{sizes}, {image}, {pointers[operator.outputs[0]]});"

    reads = tuple(name for name in operator.inputs[:1] if name not in graph.constants)
    return Step(operators=(operator,), reads=reads, writes=operator.outputs, write=write)


def _pool_fields(operation: Operation) -> Mapping[str, int | str]:
    images, height, width, channels = operation.shape("input")
    _, out_height, out_width, _ = operation.output.shape
    window = pooling_window(operation)
    average = operation.operator.kind == "AVG_POOL2D"
    return {
        "images": images,
        "height": height,
        "width": width,
        "channels": channels,
        "out_height": out_height,
        "out_width": out_width,
        "kernel_height": window.kernel[0],
        "kernel_width": window.kernel[1],
        "stride_y": window.stride[0],
        "stride_x": window.stride[1],
        "top": window.padding[0][0],
        "left": window.padding[1][0],
        "input_zero": operation.value("input_zp") if average else 0,
        "output_zero": operation.value("output_zp") if average else 0,
    }
