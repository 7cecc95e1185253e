"""What the operators that are lowered here, not by the converter, have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from chipsmith.errors import OperatorRefused
from chipsmith.frontends.tflite.model import ABSENT, FileOperator, FileTensor, ModelFile, Shape
from chipsmith.frontends.tflite.scales import UNIT
from chipsmith.numerics import Int64Array, RoundingMode, Scale
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.graph import AttributeValue, DType

_DTYPES = {"INT8": DType.INT8, "INT16": DType.INT16, "INT32": DType.INT32, "BOOL": DType.BOOL, "FLOAT32": DType.FP32}


@dataclass(frozen=True, kw_only=True)
class IntegerLowering:
    """A graph in the making and the tensors of the file that it has already.

    `names` holds the graph's tensor for each of the file's. `updates` holds, for each variable tensor that an operator
    keeps, the graph's tensor of its next value.
    """

    model: ModelFile
    build: GraphBuilder
    names: dict[int, str] = field(default_factory=dict)
    updates: dict[int, str] = field(default_factory=dict)
    _constants: dict[tuple[DType, str, Shape, bytes], str] = field(default_factory=dict)

    def tensor(self, operator: FileOperator, place: int) -> FileTensor | None:
        """The operator's operand at that place; None where it leaves it out."""
        index = operator.inputs[place] if place < len(operator.inputs) else ABSENT
        return None if index == ABSENT else self.model.main.tensors[index]

    def operand(self, operator: FileOperator, place: int) -> FileTensor:
        """The operator's operand at that place, which it must have."""
        tensor = self.tensor(operator, place)
        if tensor is None:
            raise self.refuse(operator, f"operand {place} is left out")
        return tensor

    def result(self, operator: FileOperator) -> FileTensor:
        """What the operator makes."""
        return self.model.main.tensors[operator.outputs[0]]

    def read(self, tensor: FileTensor) -> str:
        """The graph's tensor of one of the file's."""
        if tensor.index not in self.names:
            assert tensor.data is not None
            self.names[tensor.index] = self.build.constant(tensor.data, dtype_of(tensor))
        return self.names[tensor.index]

    def constant(self, data: npt.ArrayLike, dtype: DType) -> str:
        """A constant tensor; equal ones are a single tensor."""
        array = np.asarray(data)
        key = (dtype, array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            self._constants[key] = self.build.constant(array, dtype)
        return self._constants[key]

    def refuse(self, operator: FileOperator, reason: str) -> OperatorRefused:
        """The refusal of an operator by the words of its file."""
        return self.model.main.refuse(operator, reason, file=self.model.file)

    def rescale(
        self, source: str, dtype: DType, scale: Scale, *, input_zero_point: int = 0, output_zero_point: int = 0
    ) -> str:
        """(source - input_zero_point) x scale + output_zero_point, rounded twice; one scale or one a channel."""
        build = self.build
        operands = (
            source,
            self.constant(np.atleast_1d(scale.multiplier), DType.INT32),
            self.constant(np.atleast_1d(scale.shift), DType.INT8),
            self.constant([input_zero_point], build.dtype(source)),
            self.constant([output_zero_point], dtype),
        )
        attributes: dict[str, AttributeValue] = {
            "scale32": True,
            "rounding_mode": RoundingMode.DOUBLE_ROUND.value,
            "per_channel": scale.multiplier.size > 1,
            "input_unsigned": False,
            "output_unsigned": False,
        }
        return build.emit("RESCALE", operands, build.shape(source), dtype, attributes)

    def widen(self, source: str) -> str:
        """An int16 tensor in int32."""
        return self.rescale(source, DType.INT32, UNIT)

    def narrow(self, source: str) -> str:
        """An int32 tensor in int16, saturated."""
        return self.rescale(source, DType.INT16, UNIT)

    def table(self, source: str, entries: Int64Array) -> str:
        """TABLE: 256 entries for an int8 tensor, 513 for an int16 tensor, which gives int32."""
        dtype = self.build.dtype(source)
        result = DType.INT8 if dtype is DType.INT8 else DType.INT32
        table = self.constant(entries, dtype)
        return self.build.emit("TABLE", (source, table), self.build.shape(source), result)


Handler = Callable[[IntegerLowering, FileOperator], str]
"""Lowers an operator and gives the graph's tensor of its result."""


def dtype_of(tensor: FileTensor) -> DType:
    """The type in the graph of a tensor of the file, which must have one there."""
    return _DTYPES[tensor.type_name]


def has_dtype(tensor: FileTensor) -> bool:
    """Whether the graph has a type for the elements."""
    return tensor.type_name in _DTYPES
