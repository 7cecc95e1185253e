"""From a module that was trained with its quantisation to a QuantizedNetwork, by ExecuTorch."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from chipsmith.cache import content_key, installed_versions
from chipsmith.errors import BadInput
from chipsmith.frontends.cache import load_entry, store_entry
from chipsmith.frontends.layout import BorderLayout, strip_border_transposes
from chipsmith.frontends.pytorch.eager import EagerModel
from chipsmith.frontends.pytorch.executorch import (
    IoQuantisation,
    Lowered,
    convert_trained,
    lower_program,
)
from chipsmith.frontends.pytorch.exported import ModuleCall
from chipsmith.frontends.pytorch.operator_names import keep_authors_names
from chipsmith.frontends.quantized_io import AuthorTensor, IoBinding
from chipsmith.frontends.quantized_network import QuantizedNetwork, follow_names
from chipsmith.tosa.file import parse_tosa
from chipsmith.tosa.graph import Array
from chipsmith.tosa.names import rename_tensors

if TYPE_CHECKING:
    import torch
    from torch.export import ExportedProgram

    Batch = tuple[torch.Tensor, ...]

_RESULT_DEPENDS_ON = ("torch", "executorch", "torchao", "tosa-tools")
_RECIPE = b"PT2E int8, per-channel symmetric weights, version 3"
_TRAINED_RECIPE = b"PT2E int8 trained, per-channel symmetric weights, version 3"


def lower_trained(
    program: ExportedProgram,
    example_inputs: Batch,
    prepared: torch.nn.Module,
    *,
    source: EagerModel,
    name: str,
) -> QuantizedNetwork:
    """Lower what prepare_training made of `program`, once trained, as lower_module lowers; `prepared` stays as it is.

    `source` runs the module that was trained. `chipsmith.frontends.pytorch.qat` is the door to this function.
    """
    state = [tensor.detach().numpy() for tensor in prepared.state_dict().values()]
    exported = _Exported(name=name, program=program, example_inputs=example_inputs, source=source)
    key = content_key([_TRAINED_RECIPE, *_list_key_parts(program, example_inputs, state)])
    return _lower(exported, key, lambda: convert_trained(copy.deepcopy(prepared), name))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Exported:
    """A module to be lowered: the program that torch.export made of it, and the example inputs that fixed its shapes.

    `source` runs the module as its author gave it.
    """

    name: str
    program: ExportedProgram
    example_inputs: Batch
    source: EagerModel

    @property
    def author_inputs(self) -> tuple[AuthorTensor, ...]:
        """The arguments of `forward`."""
        names = (str(argument) for argument in self.program.graph_signature.user_inputs)
        return tuple(_describe(name, example) for name, example in zip(names, self.example_inputs, strict=True))

    @property
    def author_outputs(self) -> tuple[AuthorTensor, ...]:
        """What `forward` returns: `output`, or `output_0`, `output_1` and so on."""
        values = [node.meta["val"] for node in self.program.graph.output_node().args[0]]
        count = len(self.program.graph_signature.user_outputs)
        given = values[len(values) - count :]  # behind what the module changes of its own
        names = ["output"] if count == 1 else [f"output_{position}" for position in range(count)]
        return tuple(_describe(name, value) for name, value in zip(names, given, strict=True))


def _describe(name: str, tensor: torch.Tensor) -> AuthorTensor:
    dtype = np.dtype(str(tensor.dtype).removeprefix("torch."))
    return AuthorTensor(name=name, dtype=dtype, shape=tuple(tensor.shape))


def _lower(exported: _Exported, key: str, convert: Callable[[], torch.nn.Module]) -> QuantizedNetwork:
    """Take the graph from the cache, or convert to int8 and lower."""
    entry = load_entry(key)
    if entry is not None:
        return _finish_network(_parse(entry), exported, convert)
    converted = convert()
    lowered = lower_program(converted, exported.example_inputs, exported.name)
    store_entry(key, _format(lowered))
    return _finish_network(lowered, exported, lambda: converted)


def _to_int32(example: torch.Tensor) -> torch.Tensor:
    """TOSA has no int64: indices are int32."""
    import torch

    return example.to(torch.int32) if example.dtype == torch.int64 else example


def _split_batches(example_inputs: Batch, calibration: Sequence[Array], name: str) -> list[Batch]:
    if len(calibration) != len(example_inputs):
        message = f"'{name}' takes {len(example_inputs)} inputs, the calibration holds {len(calibration)}"
        raise BadInput(f"{message}; give one array for each")
    pairs = zip(calibration, example_inputs, strict=True)
    columns = [_split_column(np.asarray(values), example, name) for values, example in pairs]
    if len({len(column) for column in columns}) != 1:
        raise BadInput(f"the calibration of '{name}' has inputs of different lengths: {[len(c) for c in columns]}")
    return list(zip(*columns, strict=True))


def _split_column(values: Array, example: torch.Tensor, name: str) -> list[torch.Tensor]:
    import torch

    batch = example.shape[0]
    if values.shape[1:] != example.shape[1:] or len(values) == 0 or len(values) % batch:
        raise BadInput(
            f"calibration of shape {list(values.shape)} does not fit '{name}', which takes {list(example.shape)}; "
            "give one or more such inputs along the first axis"
        )
    return list(torch.as_tensor(values, dtype=example.dtype).split(batch))


def _list_key_parts(exported: ExportedProgram, example_inputs: Batch, calibration: Sequence[Array]) -> Iterator[bytes]:
    yield installed_versions(_RESULT_DEPENDS_ON)
    yield from (part.code.encode() for part in exported.graph_module.modules() if hasattr(part, "code"))
    yield str(exported.graph_signature).encode()
    yield repr([(x.shape, x.dtype) for x in example_inputs]).encode()
    for key, value in (*exported.state_dict.items(), *exported.constants.items()):
        yield f"{key} {value.dtype} {tuple(value.shape)}".encode()
        yield _to_bytes(value)
    for values in calibration:
        array = np.asarray(values)
        yield f"{array.dtype} {array.shape}".encode()
        yield array.tobytes()


def _to_bytes(tensor: torch.Tensor) -> bytes:
    import torch

    data: bytes = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
    return data


def _format(lowered: Lowered) -> dict[str, str]:
    quantisation = {"inputs": [asdict(x) for x in lowered.inputs], "outputs": [asdict(x) for x in lowered.outputs]}
    return {
        "tosa": base64.b64encode(lowered.tosa).decode(),
        "quantisation": json.dumps(quantisation),
        "operator_names": json.dumps(lowered.operator_names),
    }


def _parse(fields: dict[str, str]) -> Lowered:
    quantisation = json.loads(fields["quantisation"])
    return Lowered(
        tosa=base64.b64decode(fields["tosa"]),
        operator_names=json.loads(fields["operator_names"]),
        inputs=tuple(IoQuantisation(**item) for item in quantisation["inputs"]),
        outputs=tuple(IoQuantisation(**item) for item in quantisation["outputs"]),
    )


def _finish_network(lowered: Lowered, exported: _Exported, convert: Callable[[], torch.nn.Module]) -> QuantizedNetwork:
    before = parse_tosa(lowered.tosa, exported.name)
    layout = strip_border_transposes(before)
    inputs, outputs = exported.author_inputs, exported.author_outputs
    names = _name_io(layout, lowered, inputs, outputs)
    graph = rename_tensors(layout.graph, names)
    return QuantizedNetwork(
        graph=graph,
        inputs=tuple(_bind(graph.inputs[io.index], io, layout.input_axes[io.index]) for io in lowered.inputs),
        outputs=tuple(
            _bind(names[place.tensor], io, place.axes)
            for io in lowered.outputs
            for place in (layout.outputs[io.index],)
        ),
        author_inputs=inputs,
        author_outputs=outputs,
        operator_names=follow_names(keep_authors_names(lowered.operator_names, exported.program), layout.graph, graph),
        source=exported.source,
        fake_quantized=EagerModel(build=convert, call=ModuleCall(positional=exported.example_inputs)),
    )


def _name_io(
    layout: BorderLayout, lowered: Lowered, inputs: Sequence[AuthorTensor], outputs: Sequence[AuthorTensor]
) -> dict[str, str]:
    """Inputs are named as the arguments of `forward`, an output as the first of the author's that it is."""
    names = {layout.graph.inputs[io.index]: inputs[io.position].name for io in lowered.inputs}
    for io in lowered.outputs:
        names.setdefault(layout.outputs[io.index].tensor, outputs[io.position].name)
    return names


def _bind(tensor: str, io: IoQuantisation, axes: tuple[int, ...]) -> IoBinding:
    return IoBinding(tensor=tensor, position=io.position, scale=io.scale, zero_point=io.zero_point, axes=axes)
