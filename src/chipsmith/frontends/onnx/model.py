"""An `.onnx` file read and checked: its nodes, constants, inputs of fixed shape and outputs."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput
from chipsmith.frontends.onnx import FRONT_END

if TYPE_CHECKING:
    import onnx

MOST_ELEMENTS = 1 << 28
"""Most elements of an input, and of a constant that is computed while the network is read."""
_DOMAINS = ("", "ai.onnx", "com.microsoft")
Shapes: TypeAlias = Sequence[tuple[int, ...]] | Mapping[str, tuple[int, ...]]
"""Shapes of inputs whose first axis counts them."""
_QUANTISING = ("QuantizeLinear", "DequantizeLinear")


@dataclass(frozen=True, kw_only=True)
class Node:
    """One node: attributes are Python's numbers, text, lists and numpy arrays; an empty input is one left out."""

    kind: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    proto: onnx.NodeProto | None = field(default=None, repr=False, compare=False)

    def integer(self, name: str, default: int) -> int:
        """An attribute that is one integer."""
        return int(self.attributes.get(name, default))

    def integers(self, name: str, default: Sequence[int]) -> tuple[int, ...]:
        """An attribute that is a list of integers."""
        return tuple(int(value) for value in self.attributes.get(name, default))

    def number(self, name: str, default: float) -> float:
        """An attribute that is one float."""
        return float(self.attributes.get(name, default))

    def text(self, name: str, default: str) -> str:
        """An attribute that is text."""
        return str(self.attributes.get(name, default))


@dataclass(frozen=True, kw_only=True)
class OnnxInput:
    """An input of the network: its numpy type and its shape, fixed."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class OnnxModel:
    """A network as its file describes it, with the inputs' shapes fixed.

    `proto` is the network as onnx's own object.
    """

    name: str
    nodes: tuple[Node, ...]
    constants: Mapping[str, npt.NDArray[Any]]
    inputs: tuple[OnnxInput, ...]
    outputs: tuple[str, ...]
    output_types: tuple[np.dtype[Any], ...]
    proto: onnx.ModelProto = field(repr=False, compare=False)

    @property
    def quantised(self) -> bool:
        """Whether the network has QuantizeLinear and DequantizeLinear nodes."""
        return any(node.kind in _QUANTISING for node in self.nodes)


def read_model(path: str | os.PathLike[str], shapes: Shapes = ()) -> OnnxModel:
    """The network of an `.onnx` file, its weights beside it too where they are kept apart.

    `shapes`, of inputs in the network's order or by name, fix sizes that the file leaves open; a batch that is left
    open is 1. Raises BadInput where the file is missing, foreign or damaged, its external data is missing,
    a size stays open, or the `onnx` extra is not installed.
    """
    file = Path(path)
    data = _read(file)
    FRONT_END.require(f"read {file}")
    proto = _parse(data, file)
    _load_external(proto, file)
    return parse_model(proto, file, shapes)


def parse_model(proto: onnx.ModelProto, path: str | os.PathLike[str], shapes: Shapes = ()) -> OnnxModel:
    """The network of onnx's own object, named after the file `path`, as messages name it; see read_model."""
    import onnx

    file = Path(path)
    _fix_shapes(proto, shapes, file)
    try:
        onnx.checker.check_model(proto)
        constants = {constant.name: onnx.numpy_helper.to_array(constant) for constant in proto.graph.initializer}
        _refuse_complex(constants, file)
        nodes = tuple(_parse_node(node, file) for node in proto.graph.node)
    except BadInput:
        raise
    except Exception as error:  # of the checker, of numpy, of the parser of attributes
        raise BadInput(f"{file} is not a legal ONNX network: {_cut_first_line(error)}") from error
    return OnnxModel(
        name=file.stem,
        nodes=nodes,
        constants=constants,
        inputs=tuple(_parse_port(port, file) for port in _list_inputs(proto)),
        outputs=tuple(port.name for port in proto.graph.output),
        output_types=tuple(_read_type(port, file) for port in proto.graph.output),
        proto=proto,
    )


def _refuse_complex(constants: Mapping[str, npt.NDArray[Any]], file: Path) -> None:
    for name, values in constants.items():
        if values.dtype.kind == "c":
            raise BadInput(f"{file}: constant '{name}' holds complex numbers")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read {file}: {error.strerror or error}") from error


def _parse(data: bytes, file: Path) -> onnx.ModelProto:
    import onnx

    try:
        proto = onnx.load_model_from_string(data)
    except Exception as error:  # of the protobuf library, whose class is not public
        raise BadInput(f"{file} is not an ONNX file, or it is truncated: copy or export it again") from error
    if not proto.graph.node or not proto.opset_import:
        raise BadInput(f"{file} is not an ONNX file: it holds no network")
    return proto


def _load_external(proto: onnx.ModelProto, file: Path) -> None:
    """Bring in weights that lie in files beside the network."""
    import onnx

    try:
        onnx.external_data_helper.load_external_data_for_model(proto, str(file.parent))
    except Exception as error:  # of the file system and of onnx's checks of the place
        places = {
            entry.value
            for constant in proto.graph.initializer
            for entry in constant.external_data
            if entry.key == "location"
        }
        names = ", ".join(sorted(places)[:3]) or "its weights"
        raise BadInput(
            f"{file} keeps its weights in {names}, which cannot be read beside it; put that file there, or save the "
            "network as one file"
        ) from error


def _list_inputs(proto: onnx.ModelProto) -> Iterator[onnx.ValueInfoProto]:
    """The inputs that a user gives: old files list their weights among the inputs too."""
    weights = {constant.name for constant in proto.graph.initializer}
    yield from (port for port in proto.graph.input if port.name not in weights)


def _fix_shapes(proto: onnx.ModelProto, shapes: Shapes, file: Path) -> None:
    for index, port in enumerate(_list_inputs(proto)):
        given = _find_shape(shapes, index, port.name)
        dims = port.type.tensor_type.shape.dim
        if given is not None and len(given) != len(dims):
            raise BadInput(
                f"calibration of shape {list(given)} does not fit input '{port.name}' of {file}, which has "
                f"{len(dims)} axes; the first one counts the inputs"
            )
        for axis, dim in enumerate(dims):
            if not dim.HasField("dim_value") or dim.dim_value <= 0:
                dim.dim_value = _fix_size(port.name, axis, given, file)


def _find_shape(shapes: Shapes, index: int, name: str) -> tuple[int, ...] | None:
    if isinstance(shapes, Mapping):
        return shapes.get(name)
    return shapes[index] if index < len(shapes) else None


def _fix_size(name: str, axis: int, given: tuple[int, ...] | None, file: Path) -> int:
    """The size of an axis that the file leaves open."""
    if axis == 0:
        return 1
    if given is None:
        raise BadInput(
            f"{file} leaves the size of axis {axis} of input '{name}' open: give --calibration x.npy, whose shape "
            "fixes it, or fix it with `python -m onnxruntime.tools.make_dynamic_shape_fixed`"
        )
    return given[axis]


def _parse_port(info: onnx.ValueInfoProto, file: Path) -> OnnxInput:
    tensor = info.type.tensor_type
    if not info.type.HasField("tensor_type") or not tensor.HasField("shape"):
        raise BadInput(f"{file}: input '{info.name}' is no tensor of a known rank")
    shape = tuple(dim.dim_value for dim in tensor.shape.dim)
    if math.prod(shape) > MOST_ELEMENTS:
        raise BadInput(f"{file}: input '{info.name}' of shape {list(shape)} is absurdly large")
    return OnnxInput(name=info.name, dtype=_read_type(info, file), shape=shape)


def _read_type(info: onnx.ValueInfoProto, file: Path) -> np.dtype[Any]:
    import onnx

    try:
        return np.dtype(onnx.helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type))
    except KeyError as error:
        raise BadInput(f"{file}: '{info.name}' has no element type") from error


def _parse_node(proto: onnx.NodeProto, file: Path) -> Node:
    kind = proto.op_type if proto.domain in _DOMAINS else f"{proto.domain}.{proto.op_type}"
    outputs = tuple(proto.output)
    if not outputs:
        raise BadInput(f"{file}: node '{proto.name}' ({kind}) has no output")
    return Node(
        kind=kind,
        name=proto.name or outputs[0],
        inputs=tuple(proto.input),
        outputs=outputs,
        attributes={attribute.name: _parse_attribute(attribute) for attribute in proto.attribute},
        proto=proto,
    )


def _parse_attribute(proto: onnx.AttributeProto) -> Any:
    import onnx

    value = onnx.helper.get_attribute_value(proto)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return onnx.numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value


def _cut_first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
