"""Functions of a single tensor, element by element: whatever computes them, of int8 they have 256 results."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chipsmith.quantisation.lower.state import LoweringState
from chipsmith.quantisation.lower.values import ConstantValue, Int8Value, Int16Value, Tabulated
from chipsmith.tosa.graph import DType, Operator

_SINGULAR = ("LOG", "RECIPROCAL", "RSQRT", "POW", "CEIL", "FLOOR")
"""Functions that no straight lines between points stand for."""
_EXACT_IN_INT32 = ("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM", "CLAMP", "ABS", "NEGATE")


def tabulate(state: LoweringState, operator: Operator) -> Tabulated | None:
    """The operator as a function of a single int8 or int16 tensor; None where it is none.

    Its inputs are that tensor, functions of it, and constants whose elements are all equal. What int32 computes
    exactly of a whole int16 tensor is left to it.
    """
    root: str | None = None
    arrays: list[npt.NDArray[np.generic]] = []
    for name in operator.inputs:
        value = state.value(name)
        if isinstance(value, ConstantValue) and (value.data == value.data.reshape(-1)[:1]).all():
            arrays.append(value.data.reshape(-1)[0].reshape((1,) * (value.data.ndim + 1)))
        elif isinstance(value, Int8Value | Int16Value | Tabulated):
            own = value.root if isinstance(value, Tabulated) else value.tensor
            if root is not None and own != root:
                return None
            root = own
            arrays.append(value.real.reshape(-1, *(1,) * len(state.shape(name))))
        else:
            return None
    if (
        root is None
        or _is_singular(state, operator, root)
        or state.build.shape(root) != state.shape(operator.outputs[0])
    ):
        return None
    if operator.kind in _EXACT_IN_INT32 and all(
        isinstance(state.value(name), Int16Value | ConstantValue) for name in operator.inputs
    ):
        return None
    result = state.evaluate(operator, arrays).reshape(-1)
    if state.build.dtype(root) is DType.INT16 and result.dtype == np.bool_:
        return None
    return Tabulated(root=root, real=result)


def _is_singular(state: LoweringState, operator: Operator, root: str) -> bool:
    return operator.kind in _SINGULAR and state.build.dtype(root) is DType.INT16
