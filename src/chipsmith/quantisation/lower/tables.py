"""Functions of a single tensor, element by element: whatever computes them, of int8 they have 256 results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith.quantisation.lower.state import LoweringState
from chipsmith.quantisation.lower.values import ConstantValue, Int8Value, Int16Value, Tabulated
from chipsmith.tosa.graph import DType, Operator

_SINGULAR = ("LOG", "RECIPROCAL", "RSQRT", "POW", "CEIL", "FLOOR")
"""Functions that no straight lines between points stand for."""
_EXACT_IN_INT32 = ("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM", "CLAMP", "ABS", "NEGATE")


@dataclass(frozen=True, kw_only=True)
class _Points:
    """An operand for each integer of its root, or a number without a root; an axis of inferences counts the points."""

    real: npt.NDArray[Any]
    root: str = ""


def tabulate(state: LoweringState, operator: Operator) -> Tabulated | None:
    """The operator as a function of a single int8 or int16 tensor; None where it is none.

    Its inputs are that tensor, functions of it, and constants whose elements are all equal. What int32 computes
    exactly of a whole int16 tensor is left to it.
    """
    operands = [_read_points(state, name) for name in operator.inputs]
    known = [operand for operand in operands if operand is not None]
    roots = {operand.root for operand in known if operand.root}
    if len(known) < len(operands) or len(roots) != 1:
        return None
    (root,) = roots
    if state.build.shape(root) != state.shape(operator.outputs[0]) or _is_for_int32(state, operator, root):
        return None
    result = state.evaluate(operator, [operand.real for operand in known]).reshape(-1)
    if state.build.dtype(root) is DType.INT16 and result.dtype == np.bool_:
        return None
    return Tabulated(root=root, real=result)


def _read_points(state: LoweringState, name: str) -> _Points | None:
    """A tensor as a function of the integers of a root; None where it is none."""
    value = state.value(name)
    if isinstance(value, ConstantValue):
        number = value.data.reshape(-1)[0]
        return _Points(real=number.reshape((1,) * (value.data.ndim + 1))) if (value.data == number).all() else None
    if not isinstance(value, Int8Value | Int16Value | Tabulated):
        return None
    root = value.root if isinstance(value, Tabulated) else value.tensor
    return _Points(root=root, real=value.real.reshape(-1, *(1,) * len(state.shape(name))))


def _is_for_int32(state: LoweringState, operator: Operator, root: str) -> bool:
    """Whether int32 computes of an int16 tensor what straight lines do not."""
    if state.build.dtype(root) is not DType.INT16:
        return False
    whole = all(isinstance(state.value(name), Int16Value | ConstantValue) for name in operator.inputs)
    return operator.kind in _SINGULAR or (whole and operator.kind in _EXACT_IN_INT32)
