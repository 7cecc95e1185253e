"""What the expansion of an operator draws on: where tensors stand, and buffers of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from chipsmith.chip.description import Chip
from chipsmith.compiler.fuse.graph_index import GraphIndex
from chipsmith.compiler.lower.kernel import Buffer
from chipsmith.compiler.lower.view import View, dense_strides
from chipsmith.tosa.graph import Array, DType

_DTYPES = {dtype.numpy: dtype for dtype in (DType.INT8, DType.INT16, DType.INT32)}


@dataclass(frozen=True, kw_only=True)
class LoweringContext:
    """The graph, the place of each tensor, the chip, and all buffers; those made here are named after `output`."""

    output: str
    index: GraphIndex
    view: Callable[[str], View]
    chip: Chip
    buffers: dict[str, Buffer]

    def scratch(self, shape: tuple[int, ...], dtype: DType) -> View:
        """A dense tensor of the expansion's own."""
        return self._dense(shape, dtype, None)

    def constant(self, data: Array) -> View:
        """A constant tensor of int8, int16 or int32 elements, or of their bits."""
        little = data.astype(data.dtype.newbyteorder("<")).tobytes()
        dtype = DType.INT8 if data.dtype == np.bool_ else _DTYPES[data.dtype]
        return self._dense(data.shape, dtype, little)

    def _dense(self, shape: tuple[int, ...], dtype: DType, data: bytes | None) -> View:
        strides = dense_strides(shape, dtype.size_bytes)
        size = int(np.prod(shape, dtype=np.int64)) * dtype.size_bytes
        name = f"{self.output}.{'constant' if data is not None else 'between'}{len(self.buffers)}"
        self.buffers[name] = Buffer(name=name, size_bytes=size, data=data)
        return View(buffer=name, offset=0, shape=shape, strides=strides, dtype=dtype)
