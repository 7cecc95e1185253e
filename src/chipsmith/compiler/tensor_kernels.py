"""Lowering of tensor chains: convolutions and matrix products to TENSOR."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from chipsmith.chip.description import Chip
from chipsmith.compiler.geometry import Geometry
from chipsmith.compiler.kernels import Buffer, Operand, Step
from chipsmith.compiler.views import View
from chipsmith.errors import OperatorRefused
from chipsmith.mapping.channels import WeightedKernel, channel_parts
from chipsmith.program.instructions import Mode, Parameters, Tensor, WeightsBy
from chipsmith.tosa.graph import Array

OneView = TypeVar("OneView", View, View | None)
_COUNT_LIMIT = (1 << 16) - 1


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
    """A tensor kernel but for its loops: the template with the drain's fields, and the records of its channels."""

    name: str
    template: Tensor
    parameters: Parameters
    records: Array
    macs: int


def lower_convolution(geometry: Geometry, drained: Drained, chip: Chip) -> Lowered:
    """The TENSOR instructions of a convolution, cut by output channels as its weights' way to the chip asks."""
    channels = geometry.output.shape[-1]
    _refuse_wide_windows(geometry, drained, chip)
    kernel = WeightedKernel(
        channels=channels,
        channel_bytes=geometry.weights.size // channels + drained.records.itemsize,
        macs=drained.macs,
    )
    parts = [_channels(geometry, drained, first, last) for first, last in channel_parts(kernel, chip)]
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


def _refuse_wide_windows(geometry: Geometry, drained: Drained, chip: Chip) -> None:
    if not geometry.depthwise:
        return
    window = (geometry.kernel[1] - 1) * geometry.dilation[1] + 1
    if geometry.weights.shape[3] != 1 or window > chip.tensor.rows:
        raise OperatorRefused(
            f"operator {drained.name} (DEPTHWISE_CONV2D): a multiplier of {geometry.weights.shape[3]} with a window of "
            f"{window} pixels is beyond the array's {chip.tensor.rows} rows; choose a chip with more rows"
        )


def _channels(geometry: Geometry, drained: Drained, first: int, last: int) -> Lowered:
    """The steps of output channels `first` to `last`."""
    part, name = geometry.part(first, last), f"{drained.name}[{first}:{last}]"
    data = np.ascontiguousarray(part.weights).tobytes()
    buffers = [Buffer(name=f"{name}.weights", size_bytes=len(data), data=data)]
    template = replace(drained.template, parameters=drained.parameters)
    if drained.parameters is not Parameters.NONE:
        records = drained.records[first:last].tobytes()
        buffers.append(Buffer(name=f"{name}.records", size_bytes=len(records), data=records))
    steps = tuple(_with_constants(step, buffers) for step in _windows(template, part))
    return Lowered(steps=steps, buffers=tuple(buffers))


def _with_constants(step: Step, buffers: Sequence[Buffer]) -> Step:
    operands = [Operand(stream=stream, buffer=one.name, base=0) for stream, one in zip("wp", buffers, strict=False)]
    return replace(step, operands=(*step.operands, *operands))


# --- loops -----------------------------------------------------------------------------------------------------------


def _windows(template: Tensor, geometry: Geometry) -> Iterator[Step]:
    """One instruction for each image of the batch; products of pixels take the whole batch at once."""
    if geometry.pointwise:
        channels = geometry.weights.shape[3]
        fields = replace(template, w_stride=channels)
        yield from _pointwise(fields, geometry.a, geometry.output, geometry.residual, run=channels)
        return
    fields = _steps_of_window(_taps(template, geometry), geometry)
    for image in range(geometry.output.shape[0]):
        yield _step(fields, _image(geometry.a, image), _image(geometry.output, image), _image(geometry.residual, image))


def _taps(template: Tensor, geometry: Geometry) -> Tensor:
    """The fields of the kernel's loops and the strides of its weights."""
    kernel_y, kernel_x = geometry.kernel
    if geometry.depthwise:
        channels = geometry.output.shape[3]
        return replace(
            template,
            mode=Mode.DEPTHWISE,
            weights_by=WeightsBy.ROW,
            kernel_y=kernel_y,
            run=kernel_x,
            w_stride=channels,
            w_stride_y=kernel_x * channels,
        )
    channels = geometry.weights.shape[3]
    dense = geometry.a.strides[2] == channels and geometry.dilation[1] == 1
    return replace(
        template,
        kernel_y=kernel_y,
        kernel_x=1 if dense else kernel_x,
        run=kernel_x * channels if dense else channels,
        w_stride=kernel_y * kernel_x * channels,
        w_stride_y=kernel_x * channels,
        w_stride_x=channels,
    )


def _steps_of_window(template: Tensor, geometry: Geometry) -> Tensor:
    """The fields that move the window over the input and place its results."""
    a, output, residual = geometry.a, geometry.output, geometry.residual
    return replace(
        template,
        output_height=output.shape[1],
        output_width=output.shape[2],
        output_channels=output.shape[3],
        row_pitch=a.strides[1],
        pixel_pitch=a.strides[2],
        input_height=a.shape[1],
        input_width=a.shape[2],
        stride_y=geometry.stride[0],
        stride_x=geometry.stride[1],
        dilation_y=geometry.dilation[0],
        dilation_x=geometry.dilation[1],
        pad_top=geometry.pad[0],
        pad_left=geometry.pad[1],
        o_stride_y=output.strides[1],
        o_stride_x=output.strides[2],
        r_stride_y=residual.strides[1] if residual is not None else 0,
        r_stride_x=residual.strides[2] if residual is not None else 0,
    )


def _pointwise(template: Tensor, a: View, output: View, residual: View | None, *, run: int) -> Iterator[Step]:
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
        r_stride_y=rows.r if residual is not None else 0,
        r_stride_x=columns.r if residual is not None else 0,
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


def _step(fields: Tensor, a: View, output: View, residual: View | None) -> Step:
    operands = [
        Operand(stream="a", buffer=a.buffer, base=a.offset),
        Operand(stream="o", buffer=output.buffer, base=output.offset, written=True),
    ]
    if residual is not None:
        operands.append(Operand(stream="r", buffer=residual.buffer, base=residual.offset))
    return Step(template=fields, operands=tuple(operands))
