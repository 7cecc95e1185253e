"""Element types of ONNX as they are computed with here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput

if TYPE_CHECKING:
    import onnx

MOST_ELEMENTS = 1 << 28
"""Most elements of an input, and of a constant that is computed while the network is read."""
_NARROW_FLOATS = ("float16", "bfloat16", "float64")
_NARROW_INTEGERS = ("int4", "uint4", "int2", "uint2")


def element_type(port: onnx.ValueInfoProto, file: Path) -> np.dtype[Any]:
    """The element type of an input or output. Raises BadInput where it says none that ONNX has."""
    import onnx

    code = port.type.tensor_type.elem_type
    try:
        return np.dtype(onnx.helper.tensor_dtype_to_np_dtype(code))
    except (KeyError, TypeError) as error:
        reason = f"'{port.name}' has no element type of ONNX (it says {code})"
        raise BadInput(f"{file}: {reason}; export the network again") from error


def widen(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The values in the type that they are computed in: float32 for 16 and 64 bits, int8 for integers of 4 and less.

    A float64 beyond float32 becomes its largest number; infinities stay.
    """
    if values.dtype.name in _NARROW_INTEGERS:
        return values.astype(np.int8)
    if values.dtype.name not in _NARROW_FLOATS:
        return values
    if values.dtype == np.float64:
        limits = np.finfo(np.float32)
        values = np.where(np.isfinite(values), np.clip(values, limits.min, limits.max), values)
    return values.astype(np.float32)
