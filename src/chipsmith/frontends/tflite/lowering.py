"""What the operators that are lowered here, not by the converter, have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from chipsmith.errors import OperatorRefused
from chipsmith.frontends.onnx.builder import GraphBuilder
from chipsmith.frontends.tflite.model import ABSENT, FileOperator, FileTensor, ModelFile
from chipsmith.numerics import RoundingMode, Scale
from chipsmith.tosa.graph import DType

_DTYPES = {"INT8": DType.INT8, "INT16": DType.INT16, "INT32": DType.INT32, "BOOL": DType.BOOL}


@dataclass(frozen=True, kw_only=True)
class Lowering:
    """A graph in the making and the tensors of the file that it has already.

    `names` holds the graph's tensor for each of the file's. `updates` holds, for each variable tensor that an operator
    keeps, the graph's tensor of its next value.
    """

    model: ModelFile
    build: GraphBuilder
    names: dict[int, str] = field(default_factory=dict)
    updates: dict[int, str] = field(default_factory=dict)

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

    def refuse(self, operator: FileOperator, reason: str) -> OperatorRefused:
        """The refusal of an operator by the words of its file."""
        return self.model.main.refuse(operator, reason, file=self.model.file)

    def rescale(
        self, source: str, dtype: DType, scale: Scale, *, input_zero_point: int = 0, output_zero_point: int = 0
    ) -> str:
        """(source - input_zero_point) x scale + output_zero_point, rounded as TensorFlow Lite does."""
        return self.build.apply_scale(
            source,
            dtype,
            scale,
            rounding=RoundingMode.DOUBLE_ROUND,
            input_zero_point=input_zero_point,
            output_zero_point=output_zero_point,
        )


Handler = Callable[[Lowering, FileOperator], str]
"""Lowers an operator and gives the graph's tensor of its result."""


def dtype_of(tensor: FileTensor) -> DType:
    """The type in the graph of a tensor of the file, which must be a small integer."""
    return _DTYPES[tensor.type_name]
