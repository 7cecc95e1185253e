"""Lowering of tensor chains: convolutions and matrix products to TENSOR."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from chipsmith.chip.description import Chip
from chipsmith.compiler.fuse.memo import Memo
from chipsmith.compiler.lower.conv_geometry import Geometry
from chipsmith.compiler.lower.kernel import Buffer, StreamOperand, UnplacedInstruction
from chipsmith.compiler.lower.slice import CutAxis, slice_step
from chipsmith.compiler.lower.view import View, dense_strides, inverse
from chipsmith.mapping.channels import WeightedKernel, channel_parts
from chipsmith.program.arithmetic import ceil_div
from chipsmith.program.instructions import ChannelRecord, Mode, TensorInstruction, WeightsBy
from chipsmith.program.stream_fields import StreamName
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
    residual: int


@dataclass(frozen=True, kw_only=True)
class LoweredConvolution:
    """Steps of a tensor chain with the constant buffers that they read."""

    steps: tuple[UnplacedInstruction, ...]
    buffers: tuple[Buffer, ...]


@dataclass(frozen=True, kw_only=True)
class Epilogue:
    """A tensor kernel but for its loops: the template with the epilogue's fields, and the records of its channels.

    `bias` stands for the BIAS records where they are no constants; `records` are then empty.
    """

    name: str
    template: TensorInstruction
    parameters: ChannelRecord
    records: Array
    bias: View | None
    macs: int


def lower_convolution(
    geometries: Sequence[Geometry], epilogue: Epilogue, buffers: Mapping[str, Buffer], chip: Chip, memo: Memo
) -> LoweredConvolution:
    """The TENSOR instructions of a convolution, cut by output channels as its weights' way to the chip asks.

    `memo`: that of the graph, in which an epilogue's name tells its records.
    """
    same = (epilogue.name, epilogue.template, epilogue.parameters, epilogue.bias, tuple(geometries))
    parts = [
        memo.recall((*same, first, last), partial(_channels, geometries, epilogue, buffers, first, last))
        for first, last in _parts(geometries, epilogue, buffers, chip)
    ]
    return LoweredConvolution(
        steps=tuple(step for part in parts for step in part.steps),
        buffers=tuple(buffer for part in parts for buffer in part.buffers),
    )


def lower_matmul(a: View, b: View, output: View, epilogue: Epilogue) -> tuple[UnplacedInstruction, ...]:
    """The TENSOR instructions of a batch of matrix products [N, H, K] x [N, K, W]; B is dense along K or W."""
    by_row = b.strides[2] == b.dtype.size_bytes
    template = replace(
        epilogue.template,
        weights_by=WeightsBy.ROW if by_row else WeightsBy.COLUMN,
        w_stride=b.strides[1] if by_row else b.strides[2],
    )
    return tuple(
        _with_weights(step, b, _image(b, image).offset)
        for image in range(a.shape[0])
        for step in _pointwise(template, _image(a, image), _image(output, image), None, run=b.shape[1])
    )


def _parts(
    geometries: Sequence[Geometry], epilogue: Epilogue, buffers: Mapping[str, Buffer], chip: Chip
) -> Iterable[tuple[int, int]]:
    """(first, last) output channel of each part."""
    geometry = geometries[0]
    channels = geometry.output.shape[-1]
    if geometry.depthwise and (geometry.kernel[2] - 1) * geometry.dilation[2] + 1 > chip.tensor.rows:
        return ((channel, channel + 1) for channel in range(channels))
    if buffers[geometry.weights.buffer].data is None:
        return ((0, channels),)
    weights = sum(math.prod(each.weights.shape[1:]) for each in geometries)
    kernel = WeightedKernel(channels=channels, channel_bytes=weights + epilogue.records.itemsize, macs=epilogue.macs)
    return channel_parts(kernel, chip)


def _channels(
    geometries: Sequence[Geometry], epilogue: Epilogue, buffers: Mapping[str, Buffer], first: int, last: int
) -> LoweredConvolution:
    """The steps of output channels `first` to `last`."""
    name = f"{epilogue.name}[{first}:{last}]"
    constants: list[Buffer] = []
    records = _records(epilogue, name, first, last, constants)
    template = replace(epilogue.template, parameters=epilogue.parameters)
    steps: list[UnplacedInstruction] = []
    for number, geometry in enumerate(geometries):
        part = geometry.part(first, last)
        if last - first == 1:
            part = replace(part, depthwise=False)  # one channel's window may be wider than the array
        weights = _weights(part, buffers, f"{name}.weights{number or ''}", constants)
        steps += (_with_records(step, records) for step in _windows(template, replace(part, weights=weights)))
    return LoweredConvolution(steps=tuple(steps), buffers=tuple(constants))


def _weights(part: Geometry, buffers: Mapping[str, Buffer], name: str, constants: list[Buffer]) -> View:
    """Where weights stand: constants in a buffer of their own, in the order in which they are read."""
    data = buffers[part.weights.buffer].data
    if data is None or not math.prod(part.weights.shape):
        return part.weights
    ordered = part.weights.transpose(part.weight_order)
    strides = dense_strides(ordered.shape, 1)
    constants.append(Buffer(name=name, size_bytes=math.prod(ordered.shape), data=ordered.read(data).tobytes()))
    return replace(ordered, buffer=name, offset=0, strides=strides).transpose(inverse(part.weight_order))


def _records(epilogue: Epilogue, name: str, first: int, last: int, constants: list[Buffer]) -> StreamOperand | None:
    if epilogue.parameters is ChannelRecord.NONE:
        return None
    if epilogue.bias is not None:
        return StreamOperand(
            stream=StreamName.PARAMETERS, buffer=epilogue.bias.buffer, base=epilogue.bias.offset + first * _BIAS_BYTES
        )
    data = epilogue.records[first:last].tobytes()
    constants.append(Buffer(name=f"{name}.records", size_bytes=len(data), data=data))
    return StreamOperand(stream=StreamName.PARAMETERS, buffer=constants[-1].name, base=0)


def _with_records(step: UnplacedInstruction, records: StreamOperand | None) -> UnplacedInstruction:
    return step if records is None else replace(step, operands=(*step.operands, records))


# --- loops -----------------------------------------------------------------------------------------------------------


def _windows(template: TensorInstruction, geometry: Geometry) -> Iterator[UnplacedInstruction]:
    """One instruction for each plane of each image; products of pixels take the whole batch at once."""
    a, output, residual, weights = geometry.a, geometry.output, geometry.residual, geometry.weights
    channels, pitch_z = weights.shape[4], geometry.dilation[0] * a.strides[1]
    if geometry.pointwise:
        fields = replace(template, w_stride=weights.strides[0])
        for step in _pointwise(fields, a, output, residual, run=channels):
            yield from _fit_fields(_with_weights(step, weights, weights.offset))
        return
    fields = replace(_steps_of_window(_taps(template, geometry), geometry), a_pitch_z=pitch_z)
    for image, plane in itertools.product(range(output.shape[0]), range(output.shape[1])):
        taps = geometry.taps_of_plane(plane) if math.prod(weights.shape) else range(0)
        target, other = _plane(output, image, plane), _plane(residual, image, plane)
        first_tap = weights.offset + (taps[0] if taps else 0) * weights.strides[1]
        if taps:
            depth = plane * geometry.stride[0] - geometry.pad[0] + taps[0] * geometry.dilation[0]
            step = _step(replace(fields, kernel_z=len(taps)), _plane(a, image, depth), target, other)
        else:
            step = _step(_without_taps(fields), None, target, other)
        yield from _fit_fields(_with_weights(step, weights, first_tap))


def _with_weights(step: UnplacedInstruction, weights: View, base: int) -> UnplacedInstruction:
    """The step with its weights, from a byte of their buffer on."""
    operand = StreamOperand(stream=StreamName.WEIGHTS, buffer=weights.buffer, base=base)
    return replace(step, operands=(*step.operands, operand))


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
) -> Iterator[UnplacedInstruction]:
    """A product of rows: all pixels of all images in as few loops as their strides allow."""
    strides = zip(a.strides, output.strides, (residual or output).strides, strict=True)
    loops = [
        Pixels(count=count, a=a_stride, o=o_stride, residual=residual_stride)
        for count, (a_stride, o_stride, residual_stride) in zip(output.shape[:-1], strides, strict=False)
    ]
    *outer, rows, columns = [Pixels(count=1, a=0, o=0, residual=0)] * 2 + _join_pixels(loops)
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
        res_stride_y=rows.residual if residual is not None else 0,
        res_stride_x=columns.residual if residual is not None else 0,
    )
    for index in itertools.product(*(range(loop.count) for loop in outer)):
        pairs = list(zip(index, outer, strict=True))
        yield _step(
            fields,
            _moved(a, sum(steps * loop.a for steps, loop in pairs)),
            _moved(output, sum(steps * loop.o for steps, loop in pairs)),
            _moved(residual, sum(steps * loop.residual for steps, loop in pairs)),
        )


def _join_pixels(loops: list[Pixels]) -> list[Pixels]:
    """Pixel loops with counts of one dropped and neighbours joined where they are one longer loop."""
    joined: list[Pixels] = []
    for loop in loops:
        if loop.count == 1:
            continue
        if joined and _joins(joined[-1], loop):
            joined[-1] = replace(loop, count=loop.count * joined[-1].count)
        else:
            joined.append(loop)
    return joined


def _joins(outer: Pixels, inner: Pixels) -> bool:
    count = inner.count
    same = outer.a == inner.a * count and outer.o == inner.o * count and outer.residual == inner.residual * count
    return same and outer.count * count <= _COUNT_LIMIT


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


def _step(fields: TensorInstruction, a: View | None, output: View, residual: View | None) -> UnplacedInstruction:
    operands = [StreamOperand(stream=StreamName.OUTPUT, buffer=output.buffer, base=output.offset, written=True)]
    if a is not None:
        operands.insert(0, StreamOperand(stream=StreamName.A, buffer=a.buffer, base=a.offset))
    if residual is not None:
        operands.append(StreamOperand(stream=StreamName.RESIDUAL, buffer=residual.buffer, base=residual.offset))
    return UnplacedInstruction(template=fields, operands=tuple(operands))


# --- counts beyond the fields ----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _LongAxis:
    """Rows or pixels that are more than their fields hold, the field that counts those that come out, and how the
    window moves and reaches over those that go in.
    """

    field: str
    outputs: int
    stride: int
    reach: int

    @property
    def most_outputs(self) -> int:
        """Outputs for which the inputs fit their field too."""
        return min(_COUNT_LIMIT, (_COUNT_LIMIT - self.reach) // max(self.stride, 1))

    def read_of(self, inputs: int) -> int:
        """How many of the inputs that are left the most outputs read."""
        return min(inputs, self.most_outputs * self.stride + self.reach)

    def cut(self, step: UnplacedInstruction) -> Iterator[tuple[UnplacedInstruction, TensorInstruction]]:
        """The step in parts of the most outputs, each with its instruction."""
        axis = CutAxis(name=self.field, count=self.outputs, granule=1)
        for first in range(0, self.outputs, self.most_outputs):
            part = slice_step(step, axis, first, min(first + self.most_outputs, self.outputs))
            yield part, _tensor_of(part)


def _fit_fields(step: UnplacedInstruction) -> Iterator[UnplacedInstruction]:
    """The step in parts whose rows and pixels, in and out, fit their fields."""
    for part in _cut_rows(step):
        yield from _cut_pixels(part)


def _cut_rows(step: UnplacedInstruction) -> Iterator[UnplacedInstruction]:
    whole = _tensor_of(step)
    if max(whole.output_height, whole.input_height) <= _COUNT_LIMIT:
        yield step
        return
    reach = whole.kernel_y * whole.dilation_y
    rows = _LongAxis(field="output_height", outputs=whole.output_height, stride=whole.stride_y, reach=reach)
    for part, template in rows.cut(step):
        yield replace(part, template=replace(template, input_height=rows.read_of(template.input_height)))


def _cut_pixels(step: UnplacedInstruction) -> Iterator[UnplacedInstruction]:
    whole = _tensor_of(step)
    if max(whole.output_width, whole.input_width) <= _COUNT_LIMIT:
        yield step
        return
    if whole.mode is Mode.DEPTHWISE:
        reach = whole.run * whole.dilation_x
    else:
        reach = whole.kernel_x * whole.dilation_x + ceil_div(whole.run, whole.pixel_pitch)
    pixels = _LongAxis(field="output_width", outputs=whole.output_width, stride=whole.stride_x, reach=reach)
    for part, template in pixels.cut(step):
        yield replace(part, template=replace(template, input_width=pixels.read_of(template.input_width)))


def _tensor_of(step: UnplacedInstruction) -> TensorInstruction:
    if not isinstance(step.template, TensorInstruction):
        raise TypeError("only TENSOR is cut here")
    return step.template
