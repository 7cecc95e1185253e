"""Convolutions and matrix products: calls of the library's kernels, with the sizes in constant structures."""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chipsmith.codegen.ctext import element_text
from chipsmith.codegen.requantization import Narrowing, add_requantization
from chipsmith.codegen.step import CStep
from chipsmith.codegen.storage import GraphLayout
from chipsmith.codegen.unit import Unit
from chipsmith.codegen.views import pixel_steps
from chipsmith.tosa.graph import DType, Operator
from chipsmith.tosa.operators.row import Operation
from chipsmith.tosa.verify import operation_of

SUMS = ("CONV2D", "CONV3D", "DEPTHWISE_CONV2D", "TRANSPOSE_CONV2D", "MATMUL")
"""Operators that give 32-bit sums of products."""
_MOST_PRODUCTS = ((1 << 31) - 1) // (255 * 128)
"""Products of an int8 minus its zero point and an int8 whose sum fits 32 bits in any case."""
_ROWS = 4
"""Places of the window that convolve_rows computes together."""
_ALIGNED = 16
_MOST_PADDING = 0.25


class SumKernel(enum.Enum):
    """The function of the library that computes sums."""

    ROWS = "convolve_rows"
    DIRECT = "convolve_direct"
    ANY = "convolve_any"
    DEPTHWISE = "convolve_depthwise"
    DEPTHWISE_ANY = "convolve_depthwise_any"
    TRANSPOSED = "convolve_transposed"
    MATRICES = "multiply_matrices"


@dataclass(frozen=True, kw_only=True)
class Sums:
    """An operator of SUMS, and how its sums become int8 where they do."""

    layout: GraphLayout
    operator: Operator
    narrowing: Narrowing | None

    @property
    def operation(self) -> Operation:
        """The operator with its tensors."""
        return operation_of(self.layout.graph, self.operator)

    @property
    def operators(self) -> tuple[Operator, ...]:
        """All that is computed, in order."""
        return (self.operator, *(self.narrowing.operators if self.narrowing else ()))

    @property
    def weight_size(self) -> int:
        """Weights of an output channel of a CONV2D or CONV3D."""
        return math.prod(self.operation.shape("weight")[1:])

    @property
    def row_size(self) -> int:
        """As weight_size, with zeros behind where a few make vectors of 16 whole."""
        padded = -(-self.weight_size // _ALIGNED) * _ALIGNED
        few = padded - self.weight_size <= _MOST_PADDING * self.weight_size
        return padded if few and "weight" in self.operation.constants else self.weight_size


def sums_step(sums: Sums) -> CStep:
    """The step of an operator of SUMS and of what follows it."""
    return CStep(
        operators=sums.operators,
        reads=sums.layout.computed(sums.operator.inputs),
        writes=sums.operators[-1].outputs,
        scratch_bytes=_scratch_bytes(sums),
        write=lambda unit, scratch: _write(sums, unit, scratch),
    )


def choose_kernel(sums: Sums, *, has_scratch: bool) -> SumKernel:
    """The fastest kernel that takes the operator."""
    match sums.operator.kind:
        case "MATMUL":
            return SumKernel.MATRICES
        case "DEPTHWISE_CONV2D":
            filters = sums.operation.shape("weight")[3]
            plain = filters == 1 and not sums.operation.value("weight_zp")
            return SumKernel.DEPTHWISE if plain else SumKernel.DEPTHWISE_ANY
        case "TRANSPOSE_CONV2D":
            return SumKernel.TRANSPOSED
    if sums.operation.value("weight_zp") or sums.weight_size > _MOST_PRODUCTS:
        return SumKernel.ANY
    return SumKernel.ROWS if has_scratch else SumKernel.DIRECT


def _scratch_bytes(sums: Sums) -> int:
    """Four rows of int16 and four of sums; none where there are fewer places of the window."""
    if choose_kernel(sums, has_scratch=True) is not SumKernel.ROWS:
        return 0
    *places, outputs = sums.operation.output.shape
    return _ROWS * (4 * outputs + 2 * sums.row_size) if math.prod(places) >= _ROWS else 0


def _write(sums: Sums, unit: Unit, scratch: int | None) -> str:
    kernel = choose_kernel(sums, has_scratch=scratch is not None)
    if kernel is SumKernel.MATRICES:
        sizes = unit.add_structure("matrices", "matrices", _matrix_fields(sums.operation))
        operands = [unit.pointer(name) for name in sums.operator.inputs[:2]]
    else:
        sizes = unit.add_structure("convolution", "convolution", _convolution_fields(sums))
        image, _, bias = sums.operator.inputs[:3]
        operands = [unit.pointer(image), _weights(sums, kernel, unit), unit.pointer(bias)]
    arguments = [f"&{sizes}", *operands, f"(results){{{_results(sums, unit)}}}"]
    if scratch is not None:
        totals = _ROWS * 4 * sums.operation.output.shape[-1]
        arguments += [element_text("arena.i32", scratch // 4), element_text("arena.i16", (scratch + totals) // 2)]
    return f"{kernel.value}({', '.join(arguments)});"


def _weights(sums: Sums, kernel: SumKernel, unit: Unit) -> str:
    """The pointer to the weights, in rows of row_size for the kernels that read them so."""
    name = sums.operator.inputs[1]
    data = sums.operation.constants.get("weight")
    if data is None or kernel not in (SumKernel.ROWS, SumKernel.DIRECT) or sums.row_size == sums.weight_size:
        return unit.pointer(name)
    rows = data.reshape(len(data), -1)
    padded = np.pad(rows, [(0, 0), (0, sums.row_size - sums.weight_size)])
    return unit.add_array("weights", padded, DType.INT8)


def _results(sums: Sums, unit: Unit) -> str:
    target = unit.pointer(sums.operators[-1].outputs[0])
    if sums.narrowing is None:
        return f".sums = {target}"
    scale = add_requantization(sums.layout.graph, sums.narrowing, unit)
    return f".scale = &{scale}, .values = {target}"


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


def _convolution_fields(sums: Sums) -> Mapping[str, int | str]:
    operation = sums.operation
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
        **pixel_steps(sums.layout.view(sums.operator.inputs[0])),
        "input_zero": operation.value("input_zp"),
        "weight_zero": operation.value("weight_zp"),
        "row_size": 0 if depthwise else sums.row_size,
        "bias_step": int(operation.shape("bias")[0] > 1),
    }
