"""An ONNX file as it is written: nodes after one another, with their constants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

_OPSET, _IR_VERSION = 21, 10
"""The first version that rounds to 16 bits too."""
CONTRIBUTED = "com.microsoft"
"""The domain of the operators that onnxruntime has beside ONNX's own."""
_NO_ATTRIBUTES: Mapping[str, Any] = {}


class OnnxWriter:
    """Collects the nodes of a network; each call gives the name of what it adds."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._taken: set[str] = set()
        self._known: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def reserve(self, names: Sequence[str]) -> None:
        """Names that no inner tensor gets: those of the network's inputs and outputs."""
        self._taken.update(names)

    def declare_input(self, name: str, dtype: np.dtype[Any], shape: Sequence[int]) -> None:
        """An input of the network."""
        self._inputs.append(_describe(name, dtype, shape))

    def declare_output(self, name: str, source: str, dtype: np.dtype[Any], shape: Sequence[int]) -> None:
        """An output of the network: what `source` is, under its own name."""
        self.add("Identity", [source], output=name)
        self._outputs.append(_describe(name, dtype, shape))

    def add(
        self,
        kind: str,
        inputs: Sequence[str],
        attributes: Mapping[str, Any] = _NO_ATTRIBUTES,
        *,
        domain: str = "",
        output: str = "",
    ) -> str:
        """A node with one output, and the output's name."""
        import onnx

        name = output or self._invent(kind.lower())
        self._nodes.append(onnx.helper.make_node(kind, list(inputs), [name], name, domain=domain, **attributes))
        return name

    def constant(self, values: npt.ArrayLike, dtype: npt.DTypeLike = None) -> str:
        """A constant; equal ones are there once."""
        array = np.asarray(values, dtype)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._known:
            self._known[key] = self.own_constant(array)
        return self._known[key]

    def own_constant(self, values: npt.NDArray[Any]) -> str:
        """A constant that nobody shares: onnxruntime replaces those of weights, and does so once for each reader."""
        import onnx

        name = self._invent("constant")
        self._constants.append(onnx.numpy_helper.from_array(np.array(values, order="C"), name))
        return name

    def dequantized_constant(
        self, integers: npt.NDArray[Any], scale: npt.NDArray[np.float32], zero_point: npt.NDArray[Any], axis: int
    ) -> str:
        """The reals of a weight or bias; scale and zero point are flat, a single one or one an index of the axis."""
        several = scale.size > 1
        shape: tuple[int, ...] = (-1,) if several else ()
        names = [self.own_constant(array) for array in (integers, scale.reshape(shape), zero_point.reshape(shape))]
        return self.add("DequantizeLinear", names, {"axis": axis} if several else {})

    def finish(self) -> bytes:
        """The bytes of the file."""
        import onnx

        graph = onnx.helper.make_graph(self._nodes, self._name, self._inputs, self._outputs, self._constants)
        opsets = [onnx.helper.make_opsetid("", _OPSET), onnx.helper.make_opsetid(CONTRIBUTED, 1)]
        model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="chipsmith")
        data: bytes = model.SerializeToString()
        return data

    def _invent(self, stem: str) -> str:
        name = f"{stem}_{len(self._taken)}"
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name


def _describe(name: str, dtype: np.dtype[Any], shape: Sequence[int]) -> Any:
    import onnx

    return onnx.helper.make_tensor_value_info(name, onnx.helper.np_dtype_to_tensor_dtype(dtype), list(shape))
