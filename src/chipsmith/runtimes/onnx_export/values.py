"""The tensors of a graph while it is written as ONNX: each in one or both orders of its axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from chipsmith.runtimes.onnx_export.writer import OnnxWriter
from chipsmith.tosa.graph import DType, Graph
from chipsmith.tosa.operators.row import Operation

_LEAST_IMAGE_RANK = 4


class ImageLayout(Enum):
    """Where the channels of an image stand: last, as TOSA has them, or second, as ONNX's convolutions do."""

    LAST = "last"
    SECOND = "second"


@dataclass(frozen=True, kw_only=True)
class Written:
    """What a node of the file gives: its name there, and the order of its axes."""

    name: str
    layout: ImageLayout = ImageLayout.LAST


@dataclass(frozen=True, kw_only=True, eq=False)
class Weight:
    """A constant that a product multiplies by, arranged as ONNX has it; `axis` counts its output channels."""

    values: npt.NDArray[Any]
    axis: int


class ExportedTensors:
    """The tensors of a graph by their names there; each is brought into another order of axes when it is asked for."""

    def __init__(self, graph: Graph, writer: OnnxWriter) -> None:
        self.graph, self.writer = graph, writer
        self._names: dict[str, dict[ImageLayout, str]] = {}

    def put(self, tensor: str, written: Written) -> None:
        """Say what a tensor is."""
        self._names[tensor] = {written.layout: written.name}

    def shape(self, tensor: str) -> tuple[int, ...]:
        """The shape in the graph's order of axes."""
        return self.graph.tensor(tensor).shape

    def layout(self, tensor: str) -> ImageLayout:
        """In which order of axes a tensor is there already: the graph's, where it is there in both, or a constant."""
        names = self._names.get(tensor, {ImageLayout.LAST: ""})
        return ImageLayout.LAST if ImageLayout.LAST in names else ImageLayout.SECOND

    def read(self, tensor: str, layout: ImageLayout = ImageLayout.LAST) -> str:
        """The name of a tensor in an order of axes, a constant's included."""
        if tensor not in self._names and tensor in self.graph.constants:
            return self.writer.constant(self._arrange(self.graph.constants[tensor], layout))
        names = self._names[tensor]
        if layout not in names:
            (there,) = names.values()
            names[layout] = self.writer.add("Transpose", [there], {"perm": permutation(self.shape(tensor), layout)})
        return names[layout]

    def read_integers(self, tensor: str, layout: ImageLayout = ImageLayout.LAST) -> str:
        """The name of a tensor of integers in int64."""
        return cast(self.writer, self.read(tensor, layout), np.int64)

    def type_of(self, dtype: DType) -> np.dtype[Any]:
        """The type in which a type of the graph is written."""
        return dtype.numpy

    def narrow(self, name: str, dtype: DType) -> str:
        """What is computed in int64, and fits a type of the graph, as a tensor of that type is written."""
        return cast(self.writer, name, dtype.numpy)

    def narrow_constant(self, values: npt.NDArray[Any]) -> str:
        """A constant of the graph's integers as a computed tensor of their type is written."""
        return self.writer.constant(values)

    def common_layout(self, tensors: Sequence[str]) -> ImageLayout:
        """The order of axes for an operator element by element: channels second where an operand is there so."""
        second = any(self.layout(name) is ImageLayout.SECOND for name in tensors)
        return ImageLayout.SECOND if second else ImageLayout.LAST

    def read_weight(self, operation: Operation, weight: Weight, *, position: int = 1) -> str:
        """The name of the constant that a product reads at `position` of its inputs."""
        del operation, position
        return self.writer.constant(weight.values)

    def read_weights(self, operation: Operation, weight: Weight) -> list[str]:
        """The names of a convolution's weights and bias."""
        bias = self._spread_bias(operation, weight)
        return [self.read_weight(operation, weight), self.writer.constant(bias)]

    @staticmethod
    def _spread_bias(operation: Operation, weight: Weight) -> npt.NDArray[Any]:
        """The bias of each output channel, which TOSA may hold once for all."""
        bias = operation.constants["bias"]
        return np.broadcast_to(bias, weight.values.shape[weight.axis]).copy() if len(bias) == 1 else bias

    @staticmethod
    def _arrange(array: npt.NDArray[Any], layout: ImageLayout) -> npt.NDArray[Any]:
        if layout is ImageLayout.LAST or array.ndim < _LEAST_IMAGE_RANK:
            return array
        return np.transpose(array, permutation(array.shape, layout))


def permutation(shape: Sequence[int], layout: ImageLayout) -> list[int]:
    """The permutation of axes that brings channels from the other order to this one."""
    rank = len(shape)
    return [0, rank - 1, *range(1, rank - 1)] if layout is ImageLayout.SECOND else [0, *range(2, rank), 1]


Exporter: TypeAlias = Callable[[ExportedTensors, Operation], Written]
"""Writes an operator's nodes, and says what gives its result."""
Exporters: TypeAlias = Mapping[str, Exporter]


def cast(writer: OnnxWriter, name: str, dtype: npt.DTypeLike) -> str:
    """A tensor in another type."""
    import onnx

    return writer.add("Cast", [name], {"to": onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))})
