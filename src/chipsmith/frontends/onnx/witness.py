"""The witness: what onnxruntime says the tensors of an ONNX network are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from chipsmith.errors import CheckFailed
from chipsmith.frontends.onnx.evaluate import PROVIDERS, quiet_options
from chipsmith.frontends.onnx.model import OnnxModel

if TYPE_CHECKING:
    import onnx

_QUANTISERS_SUFFIX = "_QuantizeLinear_Input"
"""What onnxruntime's quantiser puts behind the name of an output that it quantises."""


def witness_name() -> str:
    """What the witness is: onnxruntime, its version, and that it computes each node literally."""
    return f"onnxruntime {version('onnxruntime')}, QDQ network node by node in float32 (no optimisations)"


def onnx_tensors(
    proto: onnx.ModelProto, tensors: Sequence[str], inputs: Mapping[str, npt.NDArray[Any]]
) -> dict[str, npt.NDArray[Any]]:
    """Tensors of a network by name, (n, *shape) for inputs (n, *shape) by name; onnxruntime without optimisations.

    Raises CheckFailed with onnxruntime's words where it does not run the network.
    """
    import onnx
    import onnxruntime

    shown = onnx.ModelProto()
    shown.CopyFrom(proto)
    known = {port.name for port in shown.graph.output}
    shown.graph.output.extend(onnx.ValueInfoProto(name=name) for name in tensors if name not in known)
    try:
        session = onnxruntime.InferenceSession(shown.SerializeToString(), quiet_options(), providers=PROVIDERS)
        count = len(next(iter(inputs.values())))
        rows = [
            session.run(list(tensors), {name: array[index] for name, array in inputs.items()}) for index in range(count)
        ]
    except Exception as error:  # onnxruntime's classes have no common base of its own
        raise CheckFailed(f"onnxruntime did not run the network: {str(error).strip().splitlines()[0][:200]}") from error
    return {name: np.stack(column) for name, column in zip(tensors, zip(*rows, strict=True), strict=True)}


def without_rounding(model: OnnxModel) -> onnx.ModelProto:
    """A QDQ network in floating point: each activation is limited to what its int8 values reach, and not rounded.

    The limits stay, for a quantiser leaves out a Relu whose work they do.
    """
    import onnx

    proto = onnx.ModelProto()
    proto.CopyFrom(model.proto)
    constants = set(model.constants)
    activations = {node.outputs[0]: node for node in model.nodes if node.kind == "QuantizeLinear"}
    for node in proto.graph.node:
        if node.op_type == "QuantizeLinear" and not set(node.input[:1]) & constants:
            _limit(proto, node, model)
        elif node.op_type == "DequantizeLinear" and node.input[0] in activations:
            source = node.input[0]
            node.CopyFrom(onnx.helper.make_node("Identity", [source], list(node.output), name=node.name))
    del proto.graph.value_info[:]
    return proto


def _limit(proto: onnx.ModelProto, node: onnx.NodeProto, model: OnnxModel) -> None:
    """Put Clip in the place of a QuantizeLinear."""
    import onnx

    scale = float(_read_constant(model, node.input[1]))
    zero = _read_constant(model, node.input[2]) if len(node.input) > 2 else np.uint8(0)
    limits = [float(edge - int(zero)) * scale for edge in (np.iinfo(zero.dtype).min, np.iinfo(zero.dtype).max)]
    names = [f"{node.output[0]} {side}" for side in ("low", "high")]
    for name, limit in zip(names, limits, strict=True):
        proto.graph.initializer.append(onnx.numpy_helper.from_array(np.array(limit, np.float32), name))
    clip = onnx.helper.make_node("Clip", [node.input[0], *names], [node.output[0]], name=node.name)
    node.CopyFrom(clip)


def _read_constant(model: OnnxModel, name: str) -> Any:
    """The one element of a constant, which may be a node of its own."""
    computed = {node.outputs[0]: node.attributes["value"] for node in model.nodes if "value" in node.attributes}
    return np.asarray(model.constants[name] if name in model.constants else computed[name]).reshape(-1)[0]


def float_name(real: str, known: Sequence[str]) -> str | None:
    """The tensor of the float network that the quantiser calls `real`; None where it has none."""
    plain = real.removesuffix(_QUANTISERS_SUFFIX)
    return next((name for name in (real, plain) if name in known), None)
