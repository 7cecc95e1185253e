"""The host's steps in C: an input of the author to the graph's integers, and the graph's integers to an output."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from chipsmith.codegen.ctext import C_TYPES
from chipsmith.codegen.elementwise import index_text
from chipsmith.codegen.views import collapse, contiguous, permuted
from chipsmith.deployment.firmware.parameters import PredictParameter, float_literal
from chipsmith.deployment.firmware.recipe_input import REAL, RecipeInput
from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_io import IoBinding, ScaleDivision
from chipsmith.tosa.graph import DType, Tensor

_STEP = "    "


@dataclass(frozen=True, kw_only=True)
class Loops:
    """Loops over a tensor in the graph's order: what opens them, and the two indices of an element inside."""

    heads: tuple[str, ...]
    graph: str
    author: str

    def around(self, *lines: str) -> str:
        """The loops around these lines, as a statement of a function."""
        depth = len(self.heads)
        body = [f"{_STEP * (depth + 1)}{line}" for line in lines]
        opened = [f"{_STEP * (level + 1)}{head}" for level, head in enumerate(self.heads)]
        closed = [f"{_STEP * level}}}" for level in range(depth, 0, -1)]
        return "\n".join((*opened, *body, *closed))


def loops_over(tensor: Tensor, axes: Sequence[int]) -> Loops:
    """The loops over a tensor whose dimension k is the author's axis axes[k]; one loop where both lie alike."""
    whole = contiguous(tensor.shape)
    author = permuted(contiguous([tensor.shape[place] for place in np.argsort(axes)]), axes)
    sizes, (graph_steps, author_steps) = collapse(tensor.shape, [whole.strides, author.strides])
    if len(sizes) <= 1:
        return Loops(heads=(_head("i", tensor.elements),), graph="i", author="i")
    heads = tuple(_head(f"i{level}", size) for level, size in enumerate(sizes))
    return Loops(heads=heads, graph=index_text(graph_steps, 0), author=index_text(author_steps, 0))


def _head(name: str, size: int) -> str:
    return f"for (size_t {name} = 0; {name} < {size}; {name}++) {{"


def prepare_text(
    parameter: PredictParameter, binding: IoBinding, tensor: Tensor, *, target: str, recipe: RecipeInput
) -> str:
    """As quantize_text, of an input to which a recipe's steps are done before it is quantised."""
    loops = loops_over(tensor, binding.axes)
    lines = recipe.lines(f"{parameter.identifier}[{loops.author}]", loops.author)
    return loops.around(*lines, _quantize_line(parameter, binding, tensor, REAL, f"{target}[{loops.graph}]"))


def quantize_text(parameter: PredictParameter, binding: IoBinding, tensor: Tensor, *, target: str, refusal: int) -> str:
    """The statement that fills `target`, the graph's tensor, with an input in its integers.

    It returns `refusal` where a value is outside of what the network takes.
    """
    loops = loops_over(tensor, binding.axes)
    value = f"{parameter.identifier}[{loops.author}]"
    target_value = f"{target}[{loops.graph}]"
    if tensor.dtype is DType.BOOL:
        return loops.around(f"{target_value} = {value} != 0;")
    if binding.scale is None:
        return loops.around(*_integer_lines(parameter, binding, tensor, value, target_value, refusal))
    return loops.around(_quantize_line(parameter, binding, tensor, value, target_value))


def _quantize_line(
    parameter: PredictParameter, binding: IoBinding, tensor: Tensor, value: str, target_value: str
) -> str:
    if tensor.dtype not in (DType.INT8, DType.INT16):
        raise BadInput(
            f"input '{parameter.tensor.name}' is quantised to {tensor.dtype.name}: C code takes INT8 and INT16"
        )
    low, high = _limits(binding, tensor)
    real = value if parameter.c_type == "float" or value == REAL else f"(float){value}"
    rounded = f"{_rounding(binding)}({_divide(real, binding)}, {low}, {high})"
    return f"{target_value} = ({C_TYPES[tensor.dtype]})({_shift(rounded, binding.zero_point)});"


def _divide(value: str, binding: IoBinding) -> str:
    assert binding.scale is not None
    if binding.rounding is ScaleDivision.RECIPROCAL:
        return f"{value} * {float_literal(1.0 / binding.scale)}"
    return f"{value} / {float_literal(binding.scale)}"


def _rounding(binding: IoBinding) -> str:
    return "round_away" if binding.rounding is ScaleDivision.QUOTIENT_AWAY else "round_even"


def _limits(binding: IoBinding, tensor: Tensor) -> tuple[int, int]:
    limits = np.iinfo(str(tensor.dtype.numpy))
    return limits.min - binding.zero_point, limits.max - binding.zero_point


def _integer_lines(
    parameter: PredictParameter, binding: IoBinding, tensor: Tensor, value: str, target_value: str, refusal: int
) -> Iterator[str]:
    low, high = _limits(binding, tensor)
    outside = _outside(parameter, value, low, high)
    if outside:
        yield f"if ({outside}) {{"
        yield f"{_STEP}return {refusal};"
        yield "}"
    wide = "int64_t" if parameter.tensor.dtype.itemsize >= 4 else "int32_t"
    shifted = _shift(f"({wide}){value}", binding.zero_point) if binding.zero_point else value
    yield f"{target_value} = ({C_TYPES[tensor.dtype]})({shifted});"


def _outside(parameter: PredictParameter, value: str, low: int, high: int) -> str:
    """The condition that a value is outside of low to high, or no integer; empty where none can be."""
    if parameter.tensor.dtype.kind == "f":
        return f"!({value} >= {low}.0 && {value} <= {high}.0) || {value} != (double)(int64_t){value}"
    if parameter.tensor.dtype.kind == "b":
        return ""
    limits = np.iinfo(str(parameter.tensor.dtype))
    below = [f"{value} < {low}"] if limits.min < low else []
    above = [f"{value} > {high}"] if limits.max > high else []
    return " || ".join((*below, *above))


def _shift(value: str, zero_point: int) -> str:
    if not zero_point:
        return value
    return f"{value} {'+' if zero_point > 0 else '-'} {abs(zero_point)}"


def dequantize_text(parameter: PredictParameter, binding: IoBinding, tensor: Tensor, *, source: str) -> str:
    """The statement that fills an output of predict() from `source`, the graph's tensor."""
    loops = loops_over(tensor, binding.axes)
    integer = f"{source}[{loops.graph}]"
    if binding.scale is not None:
        value = f"{_shift_real(integer, binding.zero_point)} * {float_literal(binding.scale)}"
    else:
        value = _shift(f"(int32_t){integer}" if binding.zero_point else integer, -binding.zero_point)
    return loops.around(f"{parameter.identifier}[{loops.author}] = {cast_text(parameter, value)};")


def _shift_real(integer: str, zero_point: int) -> str:
    value = f"(float){integer}"
    return f"({value} {'-' if zero_point > 0 else '+'} {abs(zero_point)}.0f)" if zero_point else value


def cast_text(parameter: PredictParameter, value: str) -> str:
    """A value in the type of a parameter."""
    if parameter.tensor.dtype.kind == "b":
        return f"({value}) != 0"
    if parameter.c_type == "float" and value.startswith(("(float)", "((float)")):
        return value
    return f"({parameter.c_type})({value})"
