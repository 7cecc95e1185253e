"""The integers of a graph as they are written, each as an ONNX tensor of its type; int8 may be written as uint8."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith.runtimes.onnx_export.rounded import Int8Form
from chipsmith.runtimes.onnx_export.values import ExportedTensors, ImageLayout, cast
from chipsmith.runtimes.onnx_export.writer import OnnxWriter
from chipsmith.tosa.graph import DType, Graph


class IntegerTensors(ExportedTensors):
    """As ExportedTensors, of a graph of integers; what the graph holds in int8 is in `form`.

    `write` writes a tensor that is read and not there yet.
    """

    def __init__(self, graph: Graph, writer: OnnxWriter, form: Int8Form, write: Callable[[str], None]) -> None:
        super().__init__(graph, writer)
        self.form, self._write = form, write

    def type_of(self, dtype: DType) -> np.dtype[Any]:
        """As ExportedTensors.type_of."""
        return np.dtype(self.form.value) if dtype is DType.INT8 else dtype.numpy

    def layout(self, tensor: str) -> ImageLayout:
        """As ExportedTensors.layout."""
        self._prepare(tensor)
        return super().layout(tensor)

    def read(self, tensor: str, layout: ImageLayout = ImageLayout.LAST) -> str:
        """As ExportedTensors.read; a constant's int8 is in the form too."""
        constant = self.graph.constant(tensor)
        if constant is not None and self.graph.tensor(tensor).dtype is DType.INT8:
            return self.narrow_constant(self._arrange(constant, layout))
        self._prepare(tensor)
        return super().read(tensor, layout)

    def _prepare(self, tensor: str) -> None:
        if tensor not in self._names and tensor not in self.graph.constants:
            self._write(tensor)

    def read_integers(self, tensor: str, layout: ImageLayout = ImageLayout.LAST) -> str:
        """As ExportedTensors.read_integers: the graph's own integers."""
        wide = super().read_integers(tensor, layout)
        if self.graph.tensor(tensor).dtype is not DType.INT8 or not self.form.offset:
            return wide
        return self.writer.add("Sub", [wide, self.writer.constant(self.form.offset, np.int64)])

    def narrow(self, name: str, dtype: DType) -> str:
        """As ExportedTensors.narrow."""
        if dtype is not DType.INT8:
            return super().narrow(name, dtype)
        moved = (
            self.writer.add("Add", [name, self.writer.constant(self.form.offset, np.int64)])
            if self.form.offset
            else name
        )
        return cast(self.writer, moved, self.form.value)

    def narrow_constant(self, values: npt.NDArray[Any]) -> str:
        """As ExportedTensors.narrow_constant."""
        if values.dtype != np.int8:
            return super().narrow_constant(values)
        return self.writer.constant((values.astype(np.int16) + self.form.offset).astype(self.form.value))

    def dequantize(self, code: str, dtype: DType, scale: float, zero_point: int) -> str:
        """(q - zero_point) * scale of a tensor of the graph that is there as `code`."""
        return self.writer.add("DequantizeLinear", [code, *self._name_scale(dtype, scale, zero_point)])

    def quantize(self, real: str, dtype: DType, scale: float, zero_point: int) -> str:
        """Reals as integers of a type of 8 or 16 bits, rounded and saturated."""
        return self.writer.add("QuantizeLinear", [real, *self._name_scale(dtype, scale, zero_point)])

    def _name_scale(self, dtype: DType, scale: float, zero_point: int) -> list[str]:
        number = self.writer.constant(scale, np.float32)
        if dtype is DType.INT8:
            return [number, self.writer.constant(zero_point + self.form.offset, self.form.value)]
        return [number, self.writer.constant(zero_point, dtype.numpy)]
