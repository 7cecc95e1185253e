"""The noun Graph: a TOSA 1.0 network of tensors, operators and constants, as frozen values."""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from chipsmith.shown import Shown

Array = npt.NDArray[np.generic]
AttributeValue = int | float | bool | str | tuple[int, ...]


class DType(enum.Enum):
    """A TOSA element type (specification, section 1.9); the value is its name in the specification."""

    BOOL = "bool_t"
    INT4 = "i4_t"
    INT8 = "i8_t"
    INT16 = "i16_t"
    INT32 = "i32_t"
    INT48 = "i48_t"
    SHAPE = "shape_t"
    FP16 = "fp16_t"
    BF16 = "bf16_t"
    FP32 = "fp32_t"

    @property
    def numpy(self) -> np.dtype[np.generic]:
        """The numpy type that holds one element (int4 in int8, int48 and shape in int64)."""
        return np.dtype(_NUMPY_TYPES[self])

    @property
    def size_bytes(self) -> int:
        """Bytes of one element in a memory of the machine; raises KeyError for types it does not hold."""
        return _SIZES_BYTES[self]


_NUMPY_TYPES: dict[DType, str] = {
    DType.BOOL: "bool",
    DType.INT4: "int8",
    DType.INT8: "int8",
    DType.INT16: "int16",
    DType.INT32: "int32",
    DType.INT48: "int64",
    DType.SHAPE: "int64",
    DType.FP16: "float16",
    DType.BF16: "float32",
    DType.FP32: "float32",
}
_SIZES_BYTES: dict[DType, int] = {DType.BOOL: 1, DType.INT8: 1, DType.INT16: 2, DType.INT32: 4}


@dataclass(frozen=True, kw_only=True)
class Tensor(Shown):
    """A named value: its shape (row-major, the last dimension fastest) and element type."""

    name: str
    shape: tuple[int, ...]
    dtype: DType

    def _brief(self) -> str:
        return f"{self.name} {self.dtype.value}{list(self.shape)}"

    @property
    def elements(self) -> int:
        """Number of elements (1 for rank 0)."""
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Bytes of the tensor in a memory of the machine."""
        return self.elements * self.dtype.size_bytes


@dataclass(frozen=True, kw_only=True)
class Operator(Shown):
    """One TOSA operator: inputs and outputs are tensor names in the order of the specification.

    Everything that TOSA 1.0 passes as a tensor (zero points, multipliers, shifts, tables, shapes) is an
    input here too; only what the specification calls an attribute is in `attributes`.
    """

    kind: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)

    @property
    def axis(self) -> int:
        """The attribute `axis`, of an operator that has it."""
        axis = self.attributes["axis"]
        assert isinstance(axis, int)
        return axis


@dataclass(frozen=True, kw_only=True)
class Graph(Shown):
    """A network: operators in an order in which each input is ready.

    `constants` holds the data of CONST and CONST_SHAPE operators, which are not in `operators`; each is an
    array of its tensor's shape and numpy type.
    """

    name: str
    tensors: Mapping[str, Tensor]
    operators: tuple[Operator, ...]
    constants: Mapping[str, Array]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def _brief(self) -> str:
        inputs = ", ".join(self.tensors[name]._brief() for name in self.inputs)
        outputs = ", ".join(self.tensors[name]._brief() for name in self.outputs)
        return f"{self.name}: {len(self.operators)} operators; {inputs} to {outputs}"

    def tensor(self, name: str) -> Tensor:
        """The tensor of that name; KeyError where there is none."""
        return self.tensors[name]

    def constant(self, name: str) -> Array | None:
        """The data of a constant tensor, or None where the tensor is computed or an input."""
        return self.constants.get(name)
