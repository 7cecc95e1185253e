"""From a `.tflite` file to a QuantizedNetwork."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.files import read_ordinary
from chipsmith.frontends.calibration import CalibrationSource, needless_calibration
from chipsmith.frontends.front_end import AnyPath
from chipsmith.frontends.options import DEFAULT_OPTIONS, LoadOptions
from chipsmith.frontends.quantized_io import (
    AuthorTensor,
    ConstantOutput,
    IoBinding,
    OutputBinding,
    PassedInput,
    ScaleDivision,
    StateBinding,
    dequantize,
)
from chipsmith.frontends.quantized_network import Arithmetic, QuantizedNetwork
from chipsmith.frontends.tflite import FRONT_END
from chipsmith.frontends.tflite.assemble import Assembled, assemble
from chipsmith.frontends.tflite.border import InnerNetwork, strip_border
from chipsmith.frontends.tflite.convert import convert
from chipsmith.frontends.tflite.litert import LiteRtModel
from chipsmith.frontends.tflite.model import ABSENT, UNSIGNED_OFFSET, ModelFile, parse_model
from chipsmith.tosa.verify import verify_operator

_ROUNDED_ONCE = ("FULLY_CONNECTED",)
"""Operators whose sums LiteRT's reference kernels round once where TOSA rounds twice."""
_ROUNDED_OTHERWISE_UNSIGNED = ("AVERAGE_POOL_2D", "RESIZE_BILINEAR")
"""Operators whose halves LiteRT's reference kernels of uint8 take up, or to even, unlike those of int8."""


def load_tflite(
    model: AnyPath, calibration: CalibrationSource | None = None, options: LoadOptions = DEFAULT_OPTIONS
) -> QuantizedNetwork:
    """The network in a `.tflite` file, named after the file; a batch left open becomes 1.

    Inputs and outputs keep the file's names, order, layout (NHWC) and types: what a quantised file quantises and
    dequantises at its border the host does, and it keeps the values of variables from one inference to the next. A file
    in floating point (its weights may be float16 or int8) is quantised by `calibration`, as `options` say. An
    operator's author's name is that of the tensor that the file's operator computes.

    Raises BadInput where the file is missing, foreign or truncated, computes in integers and in floating point, where
    the `tflite` extra is not installed, and where a calibration is missing or needless; OperatorRefused for an operator
    that has no form on the machine.
    """
    file = Path(model)
    data = _read(file)
    FRONT_END.require(f"read {file}")
    network = strip_border(parse_model(data, file))
    if _computes_in_reals(network):
        # The quantiser costs a third of a second to import, and a quantised file has no use for it.
        from chipsmith.frontends.tflite.quantise import quantise_file

        return quantise_file(network, calibration, options)
    if calibration is not None:
        raise needless_calibration(os.fspath(model))
    _refuse_mixture(network)
    return _bind_network(network, assemble(network, convert))


def _computes_in_reals(network: InnerNetwork) -> bool:
    """Whether the file is a float one: its operators read and make reals, and no integers that stand for reals."""
    tensors = network.graph.tensors
    read = [tensors[index] for op in network.operators for index in (*op.operands, *op.outputs)]
    inner = [tensor for tensor in read if not tensor.is_constant]
    return any(tensor.is_float for tensor in inner) and not any(tensor.scales.size for tensor in inner)


def _bind_network(network: InnerNetwork, assembled: Assembled) -> QuantizedNetwork:
    """The integer network between the author's inputs and outputs."""
    _verify(assembled, network.model.file)
    return QuantizedNetwork(
        graph=assembled.graph,
        inputs=tuple(_bind_inputs(network, assembled)),
        outputs=tuple(_bind_output(network, assembled, position) for position in range(len(network.leaving))),
        author_inputs=tuple(_describe(network.model, index) for index in network.graph.inputs),
        author_outputs=tuple(_describe(network.model, index) for index in network.model.main.outputs),
        states=tuple(
            StateBinding(before=before, after=after, initial=state.initial)
            for state, (before, after) in zip(network.states, assembled.states, strict=True)
        ),
        operator_names=assembled.operator_names,
        arithmetic=Arithmetic.INTEGER,
        other_roundings=dict(_list_other_roundings(network)),
        source=LiteRtModel(file=network.model.file),
    )


def _read(file: Path) -> bytes:
    try:
        return read_ordinary(file)
    except OSError as error:
        raise BadInput(f"cannot read {file}: {error.strerror or error}") from error


def _refuse_mixture(network: InnerNetwork) -> None:
    file, tensors = network.model.file, network.graph.tensors
    for operator in network.operators:
        names = [tensors[i].name for i in (*operator.operands, *operator.outputs) if tensors[i].is_float]
        if names:
            raise BadInput(
                f"{file} computes in integers and in floating point: '{names[0]}' of operator {operator.index}, "
                f"{operator.kind}, holds reals. Convert the network with full-integer quantisation, or without any and "
                "give --calibration"
            )


def _verify(assembled: Assembled, file: Path) -> None:
    """Refuse what the machine does not hold by the file's name of it."""
    for operator in assembled.graph.operators:
        try:
            verify_operator(assembled.graph, operator)
        except (OperatorRefused, BadInput) as error:
            tensor = assembled.operator_names.get(operator.name, "")
            raise OperatorRefused(f"{file}: tensor '{tensor}' is computed by {error}") from error


def _list_other_roundings(network: InnerNetwork) -> Iterator[tuple[str, str]]:
    """Result and kind of each operator whose rounding differs by a step here and there."""
    for operator in network.operators:
        result = operator.outputs[0] if operator.outputs else ABSENT
        unsigned = operator.kind in _ROUNDED_OTHERWISE_UNSIGNED and result in network.model.unsigned
        if operator.kind in _ROUNDED_ONCE or unsigned:
            yield network.tensor(result).name, operator.kind


def _describe(model: ModelFile, index: int) -> AuthorTensor:
    tensor = model.main.tensors[index]
    if tensor.dtype is None:
        raise BadInput(f"{model.file}: '{tensor.name}' is {tensor}, which no array holds; leave it inside the network")
    dtype = np.dtype(np.uint8) if index in model.unsigned else tensor.dtype
    return AuthorTensor(name=tensor.name, dtype=dtype, shape=tensor.shape)


def _bind_inputs(network: InnerNetwork, assembled: Assembled) -> Iterator[IoBinding]:
    for entry, name in zip(network.entering, assembled.entering, strict=True):
        if name is not None:
            index = network.graph.inputs[entry.position]
            yield _bind(network, name, position=entry.position, inner=entry.tensor, author=index)


def _bind_output(network: InnerNetwork, assembled: Assembled, position: int) -> OutputBinding:
    inner, author = network.leaving[position], network.model.main.outputs[position]
    name = assembled.leaving[position]
    if name is None:
        return PassedInput(position=position, source=network.graph.inputs.index(inner))
    binding = _bind(network, name, position=position, inner=inner, author=author)
    integers = assembled.graph.constant(name)
    if integers is None:
        return binding
    values = dequantize(integers, binding).astype(_describe(network.model, author).dtype)
    return ConstantOutput(position=position, values=values)


def _bind(network: InnerNetwork, name: str, *, position: int, inner: int, author: int) -> IoBinding:
    """The graph's tensor `name`, which is the file's `inner`, as the file's `author` at its border."""
    tensor = network.tensor(inner)
    outside = network.tensor(author).is_float
    unsigned = -UNSIGNED_OFFSET if author in network.model.unsigned else 0
    return IoBinding(
        tensor=name,
        position=position,
        scale=float(tensor.scale) if outside else None,
        zero_point=tensor.zero_point if outside else unsigned,
        axes=tuple(range(len(tensor.shape))),
        rounding=ScaleDivision.QUOTIENT_AWAY,
    )
