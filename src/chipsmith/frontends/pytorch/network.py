"""From a PyTorch module to an int8 Graph, and what the host does around it."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from chipsmith.cache import content_key, installed_versions
from chipsmith.errors import BadInput
from chipsmith.frontends.cache import load_entry, store_entry
from chipsmith.frontends.layout import Axes, strip_border_transposes
from chipsmith.frontends.pytorch.executorch import (
    Affine,
    Lowered,
    convert_trained,
    export_program,
    lower_program,
    quantise_program,
)
from chipsmith.frontends.quantized_io import Border, HostStep, dequantize_all, host_steps, quantize
from chipsmith.tosa.file import parse_tosa
from chipsmith.tosa.graph import Array, Graph
from chipsmith.tosa.names import rename_tensors

if TYPE_CHECKING:
    import torch
    from torch.export import ExportedProgram

    Batch = tuple[torch.Tensor, ...]

_RESULT_DEPENDS_ON = ("torch", "executorch", "torchao", "tosa-tools")
_RECIPE = b"PT2E int8, per-channel symmetric weights, version 1"
_TRAINED_RECIPE = b"PT2E int8 trained, per-channel symmetric weights, version 1"


@dataclass(frozen=True, kw_only=True)
class LoweredNetwork:
    """A PyTorch network as an int8 graph, with what the host does around it.

    `graph` is one call of the network, for the batch of the example inputs; its inputs are named as the arguments
    of `forward`, its outputs `output` or `output_0`, `output_1` and so on. `input_quantization` and
    `output_quantization` hold one Border per graph input and output, in the graph's order.
    """

    graph: Graph
    input_quantization: tuple[Border, ...]
    output_quantization: tuple[Border, ...]
    convert: Callable[[], torch.nn.Module] = field(repr=False, compare=False)

    @cached_property
    def converted(self) -> torch.nn.Module:
        """The int8 network in PyTorch: float inputs and outputs, shapes of the example inputs.

        Made at first use, for the graph may have come from the cache without it.
        """
        return self.convert()

    @property
    def host_steps(self) -> tuple[HostStep, ...]:
        """What the host does, in order, for the placement table."""
        return host_steps(self.input_quantization, self.output_quantization)

    def quantize_inputs(self, *values: Array) -> dict[str, Array]:
        """The graph's inputs by name, from the network's float inputs in its own order and layout (NCHW).

        Along axis 0 each array may hold any number of batches. Raises BadInput where a shape does not fit.
        """
        needed = 1 + max(border.position for border in self.input_quantization)
        if len(values) < needed:
            raise BadInput(f"network '{self.graph.name}' takes {needed} inputs, {len(values)} were given")
        return {
            border.tensor: quantize(values[border.position], border, self.graph.tensor(border.tensor))
            for border in self.input_quantization
        }

    def dequantize_outputs(self, outputs: Mapping[str, Array]) -> tuple[Array, ...]:
        """The network's float32 outputs, in its own order and layout, from the graph's outputs by name."""
        return dequantize_all(outputs, self.output_quantization)


def lower_module(
    module: torch.nn.Module,
    example_inputs: Batch,
    calibration: Sequence[Array],
    *,
    name: str = "network",
) -> LoweredNetwork:
    """Quantise `module`, in evaluation mode, to int8 after training and lower it to TOSA.

    `example_inputs` fix the shapes, batch included. `calibration` holds one array for each input, in the module's
    own layout, with any number of batches along axis 0: the quantiser takes the ranges of activations from them.
    `module` stays as it is; int64 inputs become int32. The graph is kept in the cache by program, weights,
    calibration and versions.

    Raises BadInput where shapes do not fit, PyTorch cannot export the module or the `torch` extra is missing, and
    OperatorRefused, naming them, where operators have no int8 form in TOSA.
    """
    require_extra(name)
    example_inputs = tuple(_held(example) for example in example_inputs)
    batches = _batches(example_inputs, calibration, name)
    exported = export_program(copy.deepcopy(module).eval(), example_inputs, name)
    key = content_key([_RECIPE, *_key_parts(exported, example_inputs, calibration)])
    return _lower(exported, example_inputs, key, name, lambda: quantise_program(exported, batches, name))


def lower_trained(
    exported: ExportedProgram, example_inputs: Batch, prepared: torch.nn.Module, *, name: str
) -> LoweredNetwork:
    """Lower what prepare_training made of `exported`, once trained, as lower_module lowers; `prepared` stays as it is.

    `chipsmith.frontends.pytorch.qat` is the door to it.
    """
    state = [tensor.detach().numpy() for tensor in prepared.state_dict().values()]
    key = content_key([_TRAINED_RECIPE, *_key_parts(exported, example_inputs, state)])
    return _lower(exported, example_inputs, key, name, lambda: convert_trained(copy.deepcopy(prepared), name))


def _lower(
    exported: ExportedProgram, example_inputs: Batch, key: str, name: str, convert: Callable[[], torch.nn.Module]
) -> LoweredNetwork:
    """Take the graph from the cache, or convert to int8 and lower."""
    known = load_entry(key)
    if known is not None:
        return _network(_parse(known), exported, name, convert)
    converted = convert()
    lowered = lower_program(converted, example_inputs, name)
    store_entry(key, _format(lowered))
    return _network(lowered, exported, name, lambda: converted)


def require_extra(name: str) -> None:
    """Raise BadInput where a package of the `torch` extra is missing."""
    for package in ("torch", "executorch", "torchao"):
        if find_spec(package) is None:
            raise BadInput(f"cannot lower '{name}': {package} is not installed; mend: pip install 'chipsmith[torch]'")


def _held(example: torch.Tensor) -> torch.Tensor:
    """TOSA has no int64: indices are int32."""
    import torch

    return example.to(torch.int32) if example.dtype == torch.int64 else example


def _batches(example_inputs: Batch, calibration: Sequence[Array], name: str) -> list[Batch]:
    if len(calibration) != len(example_inputs):
        message = f"'{name}' takes {len(example_inputs)} inputs, the calibration holds {len(calibration)}"
        raise BadInput(f"{message}; give one array for each")
    pairs = zip(calibration, example_inputs, strict=True)
    columns = [_column(np.asarray(values), example, name) for values, example in pairs]
    if len({len(column) for column in columns}) != 1:
        raise BadInput(f"the calibration of '{name}' has inputs of different lengths: {[len(c) for c in columns]}")
    return list(zip(*columns, strict=True))


def _column(values: Array, example: torch.Tensor, name: str) -> list[torch.Tensor]:
    import torch

    batch = example.shape[0]
    if values.shape[1:] != example.shape[1:] or len(values) == 0 or len(values) % batch:
        raise BadInput(
            f"calibration of shape {list(values.shape)} does not fit '{name}', which takes {list(example.shape)}; "
            "give one or more such inputs along the first axis"
        )
    return list(torch.as_tensor(values, dtype=example.dtype).split(batch))


def _key_parts(exported: ExportedProgram, example_inputs: Batch, calibration: Sequence[Array]) -> Iterator[bytes]:
    yield installed_versions(_RESULT_DEPENDS_ON)
    yield from (part.code.encode() for part in exported.graph_module.modules() if hasattr(part, "code"))
    yield str(exported.graph_signature).encode()
    yield repr([(x.shape, x.dtype) for x in example_inputs]).encode()
    for key, value in (*exported.state_dict.items(), *exported.constants.items()):
        yield f"{key} {value.dtype} {tuple(value.shape)}".encode()
        yield _bytes(value)
    for values in calibration:
        array = np.asarray(values)
        yield f"{array.dtype} {array.shape}".encode()
        yield array.tobytes()


def _bytes(tensor: torch.Tensor) -> bytes:
    import torch

    data: bytes = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
    return data


def _format(lowered: Lowered) -> dict[str, str]:
    borders = {"inputs": [asdict(x) for x in lowered.inputs], "outputs": [asdict(x) for x in lowered.outputs]}
    return {"tosa": base64.b64encode(lowered.tosa).decode(), "borders": json.dumps(borders)}


def _parse(fields: dict[str, str]) -> Lowered:
    borders = json.loads(fields["borders"])
    return Lowered(
        tosa=base64.b64decode(fields["tosa"]),
        inputs=tuple(Affine(**item) for item in borders["inputs"]),
        outputs=tuple(Affine(**item) for item in borders["outputs"]),
    )


def _network(
    lowered: Lowered, exported: ExportedProgram, name: str, convert: Callable[[], torch.nn.Module]
) -> LoweredNetwork:
    layout = strip_border_transposes(parse_tosa(lowered.tosa, name))
    graph = rename_tensors(layout.graph, _border_names(layout.graph, lowered, exported))
    return LoweredNetwork(
        graph=graph,
        input_quantization=_borders(graph.inputs, lowered.inputs, layout.input_axes),
        output_quantization=_borders(graph.outputs, lowered.outputs, layout.output_axes),
        convert=convert,
    )


def _border_names(graph: Graph, lowered: Lowered, exported: ExportedProgram) -> dict[str, str]:
    """Inputs are named as the arguments of `forward`, outputs `output` or `output_0` and so on."""
    arguments = [str(argument) for argument in exported.graph_signature.user_inputs]
    names = {tensor: arguments[affine.position] for tensor, affine in zip(graph.inputs, lowered.inputs, strict=True)}
    for tensor, affine in zip(graph.outputs, lowered.outputs, strict=True):
        names[tensor] = "output" if len(graph.outputs) == 1 else f"output_{affine.position}"
    return names


def _borders(names: tuple[str, ...], affines: Sequence[Affine], axes: Sequence[Axes]) -> tuple[Border, ...]:
    return tuple(
        Border(tensor=name, position=affine.position, scale=affine.scale, zero_point=affine.zero_point, axes=order)
        for name, affine, order in zip(names, affines, axes, strict=True)
    )
