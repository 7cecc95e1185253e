"""Element types of TOSA as the machine has them."""

from __future__ import annotations

from collections.abc import Mapping

from chipsmith.program.instructions import Type
from chipsmith.tosa.graph import DType

_TYPES: Mapping[DType, Type] = {
    DType.INT8: Type.INT8,
    DType.BOOL: Type.INT8,
    DType.INT16: Type.INT16,
    DType.INT32: Type.INT32,
}
_UNSIGNED: Mapping[DType, Type] = {
    DType.INT8: Type.UINT8,
    DType.BOOL: Type.UINT8,
    DType.INT16: Type.UINT16,
    DType.INT32: Type.INT32,
}


def machine_type(dtype: DType, *, unsigned: bool = False) -> Type:
    """The machine's type of elements, or of their bits without a sign; 32 bits have no unsigned one.

    Raises KeyError for a type that the machine does not hold.
    """
    return (_UNSIGNED if unsigned else _TYPES)[dtype]
