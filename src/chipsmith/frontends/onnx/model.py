"""An `.onnx` file read and checked: its nodes, constants, inputs of fixed shape and outputs."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput
from chipsmith.files import read_ordinary
from chipsmith.frontends.onnx import FRONT_END
from chipsmith.frontends.onnx.session import first_line
from chipsmith.frontends.onnx.shapes import Samples, ShapesByName, fix_shapes, list_inputs
from chipsmith.frontends.onnx.types import MOST_ELEMENTS, element_type, widen

if TYPE_CHECKING:
    import onnx

_QUANTISED_KINDS = ("QLinear", "QGemm")
_DOMAINS = ("", "ai.onnx", "com.microsoft")
_NO_SHAPES: ShapesByName = {}
_FIRST_IR_WITH_FREE_CONSTANTS = 4
"""The first version of the format whose constants need not be listed among the inputs."""


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

    `constants` are in the types that it is computed in here: 16 and 64 bits of floating point as float32, 4-bit
    integers in 8. `output_types` are the numpy types of the outputs, None where the file does not say. `proto` is
    onnx's own object, `data` the file's unchanged bytes, and `file` the place where its weights lie beside it.
    """

    name: str
    nodes: tuple[Node, ...]
    constants: Mapping[str, npt.NDArray[Any]]
    inputs: tuple[OnnxInput, ...]
    outputs: tuple[str, ...]
    output_types: tuple[np.dtype[Any] | None, ...]
    proto: onnx.ModelProto = field(repr=False, compare=False)
    data: bytes = field(repr=False, compare=False)
    file: Path

    @property
    def quantised(self) -> bool:
        """Whether the network says which integers its activations are."""
        return any(node.kind == "QuantizeLinear" or node.kind.startswith(_QUANTISED_KINDS) for node in self.nodes)

    @property
    def opset(self) -> int:
        """The version of ONNX's own operators."""
        return max(
            (int(entry.version) for entry in self.proto.opset_import if entry.domain in ("", "ai.onnx")), default=1
        )


def read_model(path: str | os.PathLike[str], *, shapes: ShapesByName = _NO_SHAPES, samples: Samples = ()) -> OnnxModel:
    """The network of an `.onnx` file, its weights beside it too where they are kept apart.

    `shapes` fix inputs by name, whole. `samples` are shapes of arrays of inputs, in the network's order or by name,
    whose first axis counts inferences: they fix sizes that are left open. A first axis that is left open is 1 where it
    is a batch (so that onnxruntime computes each of its parts alone). Raises BadInput where the file is missing,
    foreign or damaged, its external data is missing, a size stays open, or the `onnx` extra is not installed.
    """
    file = Path(path)
    data = _read(file)
    FRONT_END.require(f"read {file}")
    return parse_model(data, file, shapes=shapes, samples=samples)


def parse_model(
    data: bytes, path: str | os.PathLike[str], *, shapes: ShapesByName = _NO_SHAPES, samples: Samples = ()
) -> OnnxModel:
    """The network of a file's bytes, named after the file `path`, beside which its weights may lie; see read_model."""
    import onnx
    import onnx.inliner  # which onnx itself does not import

    file = Path(path)
    proto = _parse(data, file)
    output_types = tuple(
        element_type(port, file) if port.type.tensor_type.elem_type else None for port in proto.graph.output
    )
    fix_shapes(proto, data, file, shapes=shapes, samples=samples)
    _load_external(proto, file)
    try:
        _relax(proto)
        onnx.checker.check_model(proto)
        proto = onnx.inliner.inline_local_functions(proto) if proto.functions else proto
        constants = {constant.name: widen(onnx.numpy_helper.to_array(constant)) for constant in proto.graph.initializer}
        nodes = tuple(parse_node(node, file) for node in proto.graph.node)
    except BadInput:
        raise
    except Exception as error:  # of the checker, of numpy, of the parser of attributes
        raise BadInput(f"{file} is not a legal ONNX network: {first_line(error)}") from error
    return OnnxModel(
        name=file.stem,
        nodes=nodes,
        constants=constants,
        inputs=tuple(_parse_port(port, file) for port in list_inputs(proto)),
        outputs=tuple(port.name for port in proto.graph.output),
        output_types=output_types,
        proto=proto,
        data=data,
        file=file,
    )


def _relax(proto: onnx.ModelProto) -> None:
    """Fill in what onnx's checker asks for and nothing here needs: constants among the inputs, types of the outputs."""
    import onnx

    proto.ir_version = max(proto.ir_version, _FIRST_IR_WITH_FREE_CONSTANTS)
    for port in proto.graph.output:
        tensor = port.type.tensor_type
        tensor.elem_type = tensor.elem_type or onnx.TensorProto.FLOAT
        tensor.shape.SetInParent()


def _read(file: Path) -> bytes:
    try:
        return read_ordinary(file)
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


def _parse_port(info: onnx.ValueInfoProto, file: Path) -> OnnxInput:
    tensor = info.type.tensor_type
    if not info.type.HasField("tensor_type") or not tensor.HasField("shape"):
        raise BadInput(f"{file}: input '{info.name}' is no tensor of a known rank")
    shape = tuple(dim.dim_value for dim in tensor.shape.dim)
    if math.prod(shape) > MOST_ELEMENTS:
        raise BadInput(f"{file}: input '{info.name}' of shape {list(shape)} is absurdly large")
    return OnnxInput(name=info.name, dtype=element_type(info, file), shape=shape)


def parse_node(proto: onnx.NodeProto, file: Path) -> Node:
    """A node of onnx's own object; messages name the file."""
    kind = proto.op_type if proto.domain in _DOMAINS else f"{proto.domain}.{proto.op_type}"
    outputs = tuple(proto.output)
    if not outputs:
        raise BadInput(f"{file}: node '{proto.name}' ({kind}) has no output")
    return Node(
        kind=kind,
        name=proto.name or next((output for output in outputs if output), kind),
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
    return widen(onnx.numpy_helper.to_array(value)) if isinstance(value, onnx.TensorProto) else value
