"""Lowering of tensor chains: convolutions and matrix products to TENSOR."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from chipsmith.chip.description import Chip
from chipsmith.compiler.lower.conv_geometry import Geometry
from chipsmith.compiler.lower.kernel import Buffer, Operand, Step
from chipsmith.compiler.lower.view import View, dense_strides, inverse
from chipsmith.compiler.spill.slice import Axis, slice_step
from chipsmith.mapping.channels import WeightedKernel, channel_parts
from chipsmith.program.arithmetic import ceil_div
from chipsmith.program.instructions import ChannelRecord, Mode, TensorInstruction, WeightsBy
from chipsmith.tosa.graph import Array

OneView = TypeVar("OneView", View, View | None)
_COUNT_LIMIT = (1 << 16) - 1
_BIAS_BYTES = 4


@dataclass(frozen=True, kw_only=True)
class Pixels:
    """Output pixels of an instruction as a loop: count and bytes a step of A, O and the residual."""

    count: int
    a: int
    o: int
    r: int


@dataclass(frozen=True, kw_only=True)
class Lowered:
    """Steps of a tensor chain with the constant buffers that they read."""

    steps: tuple[Step, ...]
    buffers: tuple[Buffer, ...]


@dataclass(frozen=True, kw_only=True)
class Drained:
    """A tensor kernel but for its loops: the template with the drain's fields, and the records of its channels.

    `bias` stands for the BIAS records where they are no constants; `records` are then empty.
    """

    name: str
    template: TensorInstruction
    parameters: ChannelRecord
    records: Array
    bias: View | None
    macs: int


def lower_convolution(
    geometries: Sequence[Geometry], drained: Drained, buffers: Mapping[str, Buffer], chip: Chip
) -> Lowered:
    """The TENSOR instructions of a convolution, cut by output channels as its weights' way to the chip asks."""
    parts = [
        _channels(geometries, drained, buffers, first, last)
        for first, last in _parts(geometries, drained, buffers, chip)
    ]
    return Lowered(
        steps=tuple(step for part in parts for step in part.steps),
        buffers=tuple(buffer for part in parts for buffer in part.buffers),
    )


def lower_matmul(a: View, b: View, output: View, drained: Drained) -> tuple[Step, ...]:
    """The TENSOR instructions of a batch of matrix products [N, H, K] x [N, K, W]; B is dense along K or W."""
    by_row = b.strides[2] == b.dtype.size_bytes
    template = replace(
        drained.template,
        weights_by=WeightsBy.ROW if by_row else WeightsBy.COLUMN,
        w_stride=b.strides[1] if by_row else b.strides[2],
    )
    return tuple(
        replace(step, operands=(*step.operands, Operand(stream="w", buffer=b.buffer, base=_image(b, at).offset)))
        for at in range(a.shape[0])
        for step in _pointwise(template, _image(a, at), _image(output, at), None, run=b.shape[1])
    )


def _parts(
    geometries: Sequence[Geometry], drained: Drained, buffers: Mapping[str, Buffer], chip: Chip
) -> Iterable[tuple[int, int]]:
    """(first, last) output channel of each part."""
    one = geometries[0]
    channels = one.output.shape[-1]
    if one.depthwise and (one.kernel[2] - 1) * one.dilation[2] + 1 > chip.tensor.rows:
        return ((at, at + 1) for at in range(channels))
    if buffers[one.weights.buffer].data is None:
        return ((0, channels),)
    weights = sum(math.prod(each.weights.shape[1:]) for each in geometries)
    kernel = WeightedKernel(channels=channels, channel_bytes=weights + drained.records.itemsize, macs=drained.macs)
    return channel_parts(kernel, chip)


def _channels(
    geometries: Sequence[Geometry], drained: Drained, buffers: Mapping[str, Buffer], first: int, last: int
) -> Lowered:
    """The steps of output channels `first` to `last`."""
    name = f"{drained.name}[{first}:{last}]"
    made: list[Buffer] = []
    records = _records(drained, name, first, last, made)
    template = replace(drained.template, parameters=drained.parameters)
    steps: list[Step] = []
    for number, geometry in enumerate(geometries):
        part = geometry.part(first, last)
        if last - first == 1:
            part = replace(part, depthwise=False)  # one channel's window may be wider than the array
        weights = _weights(part, buffers, f"{name}.weights{number or ''}", made)
        steps += (_with_records(step, records) for step in _windows(template, replace(part, weights=weights)))
    return Lowered(steps=tuple(steps), buffers=tuple(made))


def _weights(part: Geometry, buffers: Mapping[str, Buffer], name: str, made: list[Buffer]) -> View:
    """Where weights stand: constants in a buffer of their own, in the order in which they are read."""
    data = buffers[part.weights.buffer].data
    if data is None or not math.prod(part.weights.shape):
        return part.weights
    ordered = part.weights.transpose(part.weight_order)
    strides = dense_strides(ordered.shape, 1)
    made.append(Buffer(name=name, size_bytes=math.prod(ordered.shape), data=ordered.read(data).tobytes()))
    return replace(ordered, buffer=name, offset=0, strides=strides).transpose(inverse(part.weight_order))


def _records(drained: Drained, name: str, first: int, last: int, made: list[Buffer]) -> Operand | None:
    if drained.parameters is ChannelRecord.NONE:
        return None
    if drained.bias is not None:
        return Operand(stream="param", buffer=drained.bias.buffer, base=drained.bias.offset + first * _BIAS_BYTES)
    data = drained.records[first:last].tobytes()
    made.append(Buffer(name=f"{name}.records", size_bytes=len(data), data=data))
    return Operand(stream="param", buffer=made[-1].name, base=0)


def _with_records(step: Step, records: Operand | None) -> Step:
    return step if records is None else replace(step, operands=(*step.operands, records))


# --- loops -----------------------------------------------------------------------------------------------------------


def _windows(template: TensorInstruction, geometry: Geometry) -> Iterator[Step]:
    """One instruction for each plane of each image; products of pixels take the whole batch at once."""
    a, output, residual, weights = geometry.a, geometry.output, geometry.residual, geometry.weights
    channels, pitch_z = weights.shape[4], geometry.dilation[0] * a.strides[1]
    if geometry.pointwise:
        fields = replace(template, w_stride=weights.strides[0])
        for step in _pointwise(fields, a, output, residual, run=channels):
            yield from _fitting(_with_weights(step, weights, 0))
        return
    fields = replace(_steps_of_window(_taps(template, geometry), geometry), a_pitch_z=pitch_z)
    for image, plane in itertools.product(range(output.shape[0]), range(output.shape[1])):
        taps = geometry.taps_of_plane(plane) if math.prod(weights.shape) else range(0)
        target, other = _plane(output, image, plane), _plane(residual, image, plane)
        if taps:
            depth = plane * geometry.stride[0] - geometry.pad[0] + taps[0] * geometry.dilation[0]
            step = _step(replace(fields, kernel_z=len(taps)), _plane(a, image, depth), target, other)
        else:
            step = _step(_without_taps(fields), None, target, other)
        yield from _fitting(_with_weights(step, weights, taps[0] if taps else 0))


def _with_weights(step: Step, weights: View, tap: int) -> Step:
    """The step with its weights from a tap along z on."""
    base = weights.offset + tap * weights.strides[1]
    return replace(step, operands=(*step.operands, Operand(stream="w", buffer=weights.buffer, base=base)))


def _without_taps(fields: TensorInstruction) -> TensorInstruction:
    """Outputs that no tap meets: one tap that is masked everywhere, so that the drain gets sums of 0."""
    return replace(
        fields,
        mode=Mode.CONV,
        weights_by=WeightsBy.COLUMN,
        kernel_z=1,
        kernel_y=1,
        kernel_x=1,
        run=1,
        w_stride=0,
        row_pitch=1,
        pixel_pitch=1,
        input_height=1,
        input_width=1,
        stride_y=0,
        stride_x=0,
        pad_top=-1,
        pad_left=0,
    )


def _taps(template: TensorInstruction, geometry: Geometry) -> TensorInstruction:
    """The fields of the kernel's loops and the strides of its weights."""
    _, kernel_y, kernel_x = geometry.kernel
    outputs, stride_z, stride_y, stride_x, _ = geometry.weights.strides
    template = replace(template, kernel_y=kernel_y, w_stride_z=stride_z, w_stride_y=stride_y)
    if geometry.depthwise:
        return replace(template, mode=Mode.DEPTHWISE, weights_by=WeightsBy.ROW, run=kernel_x, w_stride=stride_x)
    channels = geometry.weights.shape[4]
    dense = _pixel_pitch(geometry) == channels == stride_x and geometry.dilation[2] == 1
    return replace(
        template,
        kernel_x=1 if dense else kernel_x,
        run=kernel_x * channels if dense else channels,
        w_stride=outputs,
        w_stride_x=stride_x,
    )


def _pixel_pitch(geometry: Geometry) -> int:
    """Bytes between pixels of a row; a row of one pixel is as long as its channels."""
    *_, width, channels = geometry.a.shape
    return geometry.a.strides[3] if width > 1 else channels


def _steps_of_window(template: TensorInstruction, geometry: Geometry) -> TensorInstruction:
    """The fields that move the window over the input and place its results."""
    a, output, residual = geometry.a, geometry.output, geometry.residual
    return replace(
        template,
        output_height=output.shape[2],
        output_width=output.shape[3],
        output_channels=output.shape[4],
        row_pitch=a.strides[2],
        pixel_pitch=_pixel_pitch(geometry),
        input_height=a.shape[2],
        input_width=a.shape[3],
        stride_y=geometry.stride[1],
        stride_x=geometry.stride[2],
        dilation_y=geometry.dilation[1],
        dilation_x=geometry.dilation[2],
        pad_top=geometry.pad[1],
        pad_left=geometry.pad[2],
        o_stride_y=output.strides[2],
        o_stride_x=output.strides[3],
        res_stride_y=residual.strides[2] if residual is not None else 0,
        res_stride_x=residual.strides[3] if residual is not None else 0,
    )


def _pointwise(
    template: TensorInstruction, a: View, output: View, residual: View | None, *, run: int
) -> Iterator[Step]:
    """A product of rows: all pixels of all images in as few loops as their strides allow."""
    r_strides = residual.strides if residual is not None else output.strides
    loops = [
        Pixels(count=count, a=one, o=two, r=three)
        for count, one, two, three in zip(output.shape[:-1], a.strides, output.strides, r_strides, strict=False)
    ]
    *outer, rows, columns = [Pixels(count=1, a=0, o=0, r=0)] * 2 + _join_pixels(loops)
    fields = replace(
        template,
        output_height=rows.count,
        output_width=columns.count,
        output_channels=output.shape[-1],
        run=run,
        row_pitch=rows.a,
        pixel_pitch=max(columns.a, run),
        input_height=rows.count,
        input_width=columns.count,
        o_stride_y=rows.o,
        o_stride_x=columns.o,
        res_stride_y=rows.r if residual is not None else 0,
        res_stride_x=columns.r if residual is not None else 0,
    )
    for index in itertools.product(*(range(one.count) for one in outer)):
        pairs = list(zip(index, outer, strict=True))
        yield _step(
            fields,
            _moved(a, sum(at * one.a for at, one in pairs)),
            _moved(output, sum(at * one.o for at, one in pairs)),
            _moved(residual, sum(at * one.r for at, one in pairs)),
        )


def _join_pixels(loops: list[Pixels]) -> list[Pixels]:
    """Pixel loops with counts of one dropped and neighbours joined where they are one longer loop."""
    joined: list[Pixels] = []
    for one in loops:
        if one.count == 1:
            continue
        if joined and _joins(joined[-1], one):
            joined[-1] = replace(one, count=one.count * joined[-1].count)
        else:
            joined.append(one)
    return joined


def _joins(outer: Pixels, inner: Pixels) -> bool:
    same = all(getattr(outer, stream) == getattr(inner, stream) * inner.count for stream in ("a", "o", "r"))
    return same and outer.count * inner.count <= _COUNT_LIMIT


def _image(view: OneView, image: int) -> OneView:
    """One image of a batch; the batch's dimension stays with size 1."""
    if view is None:
        return None
    return replace(view, offset=view.offset + image * view.strides[0], shape=(1, *view.shape[1:]))


def _moved(view: OneView, by: int) -> OneView:
    return None if view is None else replace(view, offset=view.offset + by)


def _plane(view: OneView, image: int, plane: int) -> OneView:
    """One plane of one image of [N, D, H, W, C]."""
    return None if view is None else _moved(view, image * view.strides[0] + plane * view.strides[1])


def _step(fields: TensorInstruction, a: View | None, output: View, residual: View | None) -> Step:
    operands = [Operand(stream="o", buffer=output.buffer, base=output.offset, written=True)]
    if a is not None:
        operands.insert(0, Operand(stream="a", buffer=a.buffer, base=a.offset))
    if residual is not None:
        operands.append(Operand(stream="res", buffer=residual.buffer, base=residual.offset))
    return Step(template=fields, operands=tuple(operands))


# --- counts beyond the fields ----------------------------------------------------------------------------------------


def _fitting(step: Step) -> Iterator[Step]:
    """The step in parts whose rows and pixels, in and out, fit their fields."""
    for rows in _cut(step, "height", "y"):
        yield from _cut(rows, "width", "x")


def _cut(step: Step, size: str, axis: str) -> Iterator[Step]:
    one = step.template
    if not isinstance(one, TensorInstruction):
        raise TypeError("only TENSOR is cut here")
    outputs, inputs = getattr(one, f"output_{size}"), getattr(one, f"input_{size}")
    if max(outputs, inputs) <= _COUNT_LIMIT:
        yield step
        return
    taps = one.run if one.mode is Mode.DEPTHWISE and axis == "x" else getattr(one, f"kernel_{axis}")
    stride, reach = getattr(one, f"stride_{axis}"), taps * getattr(one, f"dilation_{axis}")
    if axis == "x" and one.mode is Mode.CONV:
        reach += ceil_div(one.run, one.pixel_pitch)
    most = min(_COUNT_LIMIT, (_COUNT_LIMIT - reach) // max(stride, 1))
    whole = Axis(name=f"output_{size}", count=outputs, granule=1)
    for first in range(0, outputs, most):
        part = slice_step(step, whole, first, min(first + most, outputs))
        seen = min(getattr(part.template, f"input_{size}"), most * stride + reach)
        yield replace(part, template=replace(part.template, **{f"input_{size}": seen}))
