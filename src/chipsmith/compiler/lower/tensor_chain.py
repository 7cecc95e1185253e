"""Lowering of tensor chains: see that the tensor engine can read what it needs, then its instructions."""

from __future__ import annotations

import math
from dataclasses import replace

from chipsmith.compiler.fuse.chains import TensorChain
from chipsmith.compiler.fuse.graph_index import has_many_phases, macs
from chipsmith.compiler.lower.column_stripes import cut_convolution
from chipsmith.compiler.lower.conv_geometry import SWAPPED, Geometry, geometries, geometry_of, swapping_pays
from chipsmith.compiler.lower.epilogue import channel_records, epilogue_template
from chipsmith.compiler.lower.kernel import UnplacedInstruction
from chipsmith.compiler.lower.kernel_writer import KernelWriter
from chipsmith.compiler.lower.tensor import Epilogue, lower_convolution, lower_matmul
from chipsmith.compiler.lower.transposed_conv import lower_transposed_convolution
from chipsmith.compiler.lower.types import machine_type
from chipsmith.compiler.lower.view import View, inverse
from chipsmith.program.instructions import Engine
from chipsmith.tosa.graph import Operator


def lower_tensor_chain(chain: TensorChain, writer: KernelWriter) -> None:
    """Emit the kernels of a convolution or matrix product with its epilogue, and the copies that they need."""
    _make_readable(chain, writer)
    output = writer.view(chain.output)
    staged = output.strides[-1] != output.dtype.size_bytes and output.shape[-1] != 1
    if staged:
        writer.move(chain.output, writer.tensors.new_buffer(chain.output, f"{chain.output}.aside"))
    epilogue = _epilogue(chain, writer)
    if has_many_phases(writer.index.graph, chain.anchor):
        _lower_many_phases(chain, epilogue, writer)
    else:
        writer.emit(chain, _lower_anchor(chain, epilogue, writer), engine=Engine.TENSOR, macs=epilogue.macs)
    if staged:
        writer.copy(f"{chain.output}.place", writer.view(chain.output), output)
        writer.move(chain.output, output)


def _lower_many_phases(chain: TensorChain, epilogue: Epilogue, writer: KernelWriter) -> None:
    """The kernels of a transposed convolution; the first of the tensor engine counts its work."""
    whole = geometry_of(chain, writer.view, writer.view(chain.anchor.inputs[0]))
    left = epilogue.macs
    for engine, steps in lower_transposed_convolution(whole, epilogue, writer.context(chain)):
        counted = left if engine is Engine.TENSOR else 0
        writer.emit(chain, steps, engine=engine, macs=counted)
        left -= counted


def _epilogue(chain: TensorChain, writer: KernelWriter) -> Epilogue:
    output = writer.view(chain.output)
    matmul = chain.anchor.kind == "MATMUL"
    o_type = machine_type(output.dtype)
    channels, template = writer.memo.recall(
        ("epilogue", chain.output, output.shape[-1], o_type),
        lambda: (
            channel_records(chain, writer.index, output.shape[-1]),
            epilogue_template(chain, writer.index, o_type),
        ),
    )
    parameters, records = channels
    return Epilogue(
        name=chain.anchor.name,
        template=template,
        parameters=parameters,
        records=records,
        bias=None if matmul or len(records) else writer.view(chain.anchor.inputs[2]),
        macs=macs(writer.index.graph, chain.anchor),
    )


def _lower_anchor(chain: TensorChain, epilogue: Epilogue, writer: KernelWriter) -> tuple[UnplacedInstruction, ...]:
    if chain.anchor.kind == "MATMUL":
        a, b = (writer.view(name) for name in chain.anchor.inputs[:2])
        return lower_matmul(a, b, writer.view(chain.output), epilogue)
    buffers = writer.tensors.buffers
    lowered = lower_convolution(_geometries(chain, writer), epilogue, buffers, writer.chip, writer.memo)
    buffers.update({buffer.name: buffer for buffer in lowered.buffers})
    return lowered.steps


# --- what the engine can read ----------------------------------------------------------------------------------------


def _make_readable(chain: TensorChain, writer: KernelWriter) -> None:
    """Copy what the tensor engine cannot read where it stands."""
    _make_dense_along(chain.anchor.inputs[0], (-1,), writer)
    if chain.anchor.kind == "MATMUL":
        _make_dense_along(chain.anchor.inputs[1], (-1, -2), writer)
    else:
        _make_weights_readable(chain.anchor, writer)
    if chain.residual is not None:
        _make_dense_along(chain.residual.residual.tensor, (-1,), writer)


def _make_dense_along(tensor: str, axes: tuple[int, ...], writer: KernelWriter) -> None:
    """See that a tensor is dense along one of some axes and runs backwards along none."""
    view = writer.view(tensor)
    if min(view.strides) < 0 or not any(view.strides[axis] == 1 for axis in axes):
        writer.move(tensor, writer.copy_dense(tensor, view))


def _make_weights_readable(anchor: Operator, writer: KernelWriter) -> None:
    """See that the tensor engine can read weights and bias that are no constants."""
    weights, bias = (writer.view(name) for name in anchor.inputs[1:3])
    dense = weights.dense if anchor.kind == "DEPTHWISE_CONV2D" else weights.strides[-1] == 1
    if not writer.tensors.is_constant(weights) and not dense:
        writer.move(anchor.inputs[1], writer.copy_dense(anchor.inputs[1], weights))
    channels = writer.index.graph.tensor(anchor.outputs[0]).shape[-1]
    if writer.index.graph.constant(anchor.inputs[2]) is None and (not bias.dense or bias.shape != (channels,)):
        writer.move(anchor.inputs[2], writer.copy_view(anchor.inputs[2], bias.broadcast((channels,))))


# --- sliding windows -------------------------------------------------------------------------------------------------


def _geometries(chain: TensorChain, writer: KernelWriter) -> list[Geometry]:
    """A convolution as sliding windows over inputs and weights as they are read best."""
    anchor = chain.anchor
    a = writer.view(anchor.inputs[0])
    if anchor.kind == "DEPTHWISE_CONV2D" and a.shape[-1] != writer.view(anchor.outputs[0]).shape[-1]:
        a = _repeat_channels(anchor, a, writer)
    windows = [_gather_weights(anchor.inputs[1], each, writer) for each in geometries(chain, writer.view, a)]
    windows = [stripe for each in windows for stripe in _stripes(anchor.inputs[0], each, writer)]
    constant = writer.tensors.is_constant(windows[0].weights)
    if len(windows) == 1 and constant and swapping_pays(windows[0], writer.chip):
        return [windows[0].swapped(writer.copy_view(anchor.inputs[0], windows[0].a.transpose(SWAPPED)))]
    return windows


def _stripes(tensor: str, geometry: Geometry, writer: KernelWriter) -> list[Geometry]:
    """The geometry, or its stripes of columns with copies of their inputs."""
    stripes = list(cut_convolution(geometry, writer.chip))
    if len(stripes) == 1:
        return stripes
    return [
        replace(stripe, a=writer.copy_view(f"{tensor}.{number}", stripe.a)) for number, stripe in enumerate(stripes)
    ]


def _gather_weights(tensor: str, geometry: Geometry, writer: KernelWriter) -> Geometry:
    """The geometry with its weights in a copy of their own where it uses less than half of a computed tensor."""
    used, whole = math.prod(geometry.weights.shape), writer.tensors.buffers[geometry.weights.buffer]
    if whole.data is not None or not used or 2 * used > whole.size_bytes:
        return geometry
    copy = writer.copy_view(tensor, geometry.weights.transpose(geometry.weight_order))
    return replace(geometry, weights=copy.transpose(inverse(geometry.weight_order)))


def _repeat_channels(anchor: Operator, a: View, writer: KernelWriter) -> View:
    """A copy of a depthwise convolution's input with each channel as often as it has kernels."""
    multiplier = writer.view(anchor.inputs[1]).shape[3]
    repeated = a.insert(len(a.shape)).broadcast((*a.shape, multiplier))
    return writer.copy_view(anchor.inputs[0], repeated).shaped((*a.shape[:-1], a.shape[-1] * multiplier))
