"""Lowering of tensor chains: convolutions and matrix products to TENSOR."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from chipsmith.chip.description import Chip
from chipsmith.compiler.chains import IntArray, Residual, TensorChain
from chipsmith.compiler.kernels import Buffer, Operand, Step
from chipsmith.compiler.lookup import Lookup, integers, macs
from chipsmith.compiler.vector_kernels import TYPES
from chipsmith.compiler.views import View
from chipsmith.errors import OperatorRefused
from chipsmith.mapping.channels import WeightedKernel, channel_parts
from chipsmith.program.instructions import Mode, Parameters, Tensor, WeightsBy
from chipsmith.tosa.graph import Array

OneView = TypeVar("OneView", View, View | None)
_COUNT_LIMIT = (1 << 16) - 1
_RECORD = np.dtype([("bias", "<i4"), ("multiplier", "<i4"), ("shift", "u1")])


@dataclass(frozen=True, kw_only=True)
class Pixels:
    """Output pixels of an instruction as two loops: count and bytes a step of A, O and the residual."""

    count: int
    a: int
    o: int
    r: int


@dataclass(frozen=True, kw_only=True)
class Lowered:
    """Steps of a tensor chain with the constant buffers that they read."""

    steps: tuple[Step, ...]
    buffers: tuple[Buffer, ...]


@dataclass(frozen=True)
class TensorLowering:
    """Lowers tensor chains of one graph for one chip; `view` says where each tensor stands."""

    lookup: Lookup
    view: Callable[[str], View]
    chip: Chip

    def lower(self, chain: TensorChain) -> Lowered:
        """The TENSOR instructions of a chain, cut by output channels so that each part's weights fit a bank group."""
        if chain.anchor.kind == "MATMUL":
            return Lowered(steps=tuple(self._matmul(chain)), buffers=())
        steps: list[Step] = []
        buffers: list[Buffer] = []
        for first, last in self._channel_parts(chain):
            part = self._channels(chain, first, last)
            steps += part.steps
            buffers += part.buffers
        return Lowered(steps=tuple(steps), buffers=tuple(buffers))

    # --- output channels and their weights ----------------------------------------------------------------------

    def _channel_parts(self, chain: TensorChain) -> tuple[tuple[int, int], ...]:
        channels = self.view(chain.output).shape[-1]
        kernel = WeightedKernel(
            channels=channels,
            channel_bytes=self._weights(chain).size // channels + _RECORD.itemsize,
            macs=macs(self.lookup.graph, chain.anchor),
        )
        return channel_parts(kernel, self.chip)

    def _weights(self, chain: TensorChain) -> Array:
        data = self.lookup.graph.constant(chain.anchor.inputs[1])
        if data is None:
            raise OperatorRefused(f"operator {chain.anchor.name}: weights that are no constant are not held yet")
        return data

    def _channels(self, chain: TensorChain, first: int, last: int) -> Lowered:
        """The steps of output channels `first` to `last`."""
        anchor = chain.anchor
        name = f"{anchor.name}[{first}:{last}]"
        weights = self._weights(chain)
        part = weights[:, :, first:last] if anchor.kind == "DEPTHWISE_CONV2D" else weights[first:last]
        template, records = self._drain(chain, first, last)
        buffers = [Buffer(name=f"{name}.weights", size_bytes=part.size, data=np.ascontiguousarray(part).tobytes())]
        if records:
            buffers.append(Buffer(name=f"{name}.records", size_bytes=len(records), data=records))
        output = self.view(chain.output)
        narrow = replace(
            output,
            offset=output.offset + first * output.strides[-1],
            shape=(*output.shape[:-1], last - first),
        )
        geometry = self._depthwise if anchor.kind == "DEPTHWISE_CONV2D" else self._convolution
        steps = tuple(self._with_constants(step, buffers) for step in geometry(chain, template, narrow, first))
        return Lowered(steps=steps, buffers=tuple(buffers))

    def _with_constants(self, step: Step, buffers: list[Buffer]) -> Step:
        operands = [Operand(stream=stream, buffer=one.name, base=0) for stream, one in zip("wp", buffers, strict=False)]
        return replace(step, operands=(*step.operands, *operands))

    # --- the drain ----------------------------------------------------------------------------------------------

    def _drain(self, chain: TensorChain, first: int, last: int) -> tuple[Tensor, bytes]:
        """The fields of the drain and the records of the channels."""
        template = self._drain_fields(chain)
        bias = self._bias(chain, first, last)
        if chain.scale is None:
            return self._with_bias(template, bias)
        if chain.scale.uniform:
            scaled = replace(template, multiplier=int(chain.scale.multiplier[0]), shift=int(chain.scale.shift[0]))
            return self._with_bias(scaled, bias)
        records = np.zeros(last - first, _RECORD)
        records["bias"] = bias
        records["multiplier"] = chain.scale.multiplier[first:last]
        records["shift"] = chain.scale.shift[first:last]
        return replace(template, parameters=Parameters.PER_CHANNEL), records.tobytes()

    def _with_bias(self, template: Tensor, bias: IntArray) -> tuple[Tensor, bytes]:
        if not bias.any():
            return template, b""
        return replace(template, parameters=Parameters.BIAS), bias.astype("<i4").tobytes()

    def _bias(self, chain: TensorChain, first: int, last: int) -> IntArray:
        if chain.anchor.kind == "MATMUL":
            return np.zeros(last - first, np.int64)
        data = self.lookup.graph.constant(chain.anchor.inputs[2])
        if data is None:
            raise OperatorRefused(f"operator {chain.anchor.name}: a bias that is no constant is not held yet")
        channels = self.view(chain.output).shape[-1]
        return np.broadcast_to(np.asarray(data, np.int64), (channels,))[first:last]

    def _drain_fields(self, chain: TensorChain) -> Tensor:
        anchor, out = chain.anchor, chain.out
        zero_points = anchor.inputs[2:4] if anchor.kind == "MATMUL" else anchor.inputs[3:5]
        a_zero_point, w_zero_point = (self.lookup.zero_point(name) for name in zero_points)
        o_type = TYPES[self.view(chain.output).dtype]
        template = Tensor(a_zero_point=a_zero_point, w_zero_point=w_zero_point, o_type=o_type)
        if chain.scale is not None:
            template = replace(
                template,
                requantise=chain.scale.rounding,
                o_zero_point=out.zero_point,
                clamp_min=out.clamp_min,
                clamp_max=out.clamp_max,
            )
        return template if chain.residual is None else _residual_fields(template, chain.residual)

    # --- geometry -----------------------------------------------------------------------------------------------

    def _convolution(self, chain: TensorChain, template: Tensor, output: View, first: int) -> Iterator[Step]:
        a, weights = self.view(chain.anchor.inputs[0]), self._weights(chain)
        _, kernel_y, kernel_x, channels = weights.shape
        residual = self._residual_view(chain, first, output)
        template = replace(template, w_stride=kernel_y * kernel_x * channels)
        anchor = chain.anchor
        unmoved = integers(anchor, "stride") == (1, 1) and not any(integers(anchor, "pad"))
        unit = kernel_y == kernel_x == 1 and unmoved
        if unit:
            yield from self._pointwise(template, a, output, residual, run=channels)
            return
        dense = a.strides[2] == channels and integers(anchor, "dilation")[1] == 1
        taps: dict[str, Any] = {
            "kernel_y": kernel_y,
            "kernel_x": 1 if dense else kernel_x,
            "run": kernel_x * channels if dense else channels,
            "w_stride_y": kernel_x * channels,
            "w_stride_x": channels,
        }
        yield from self._windows(chain, replace(template, **taps), a, output, residual)

    def _depthwise(self, chain: TensorChain, template: Tensor, output: View, first: int) -> Iterator[Step]:
        a = self.view(chain.anchor.inputs[0])
        kernel_y, kernel_x, _, multiplier = self._weights(chain).shape
        dilation = integers(chain.anchor, "dilation")[1]
        if multiplier != 1 or (kernel_x - 1) * dilation + 1 > self.chip.tensor.rows:
            raise OperatorRefused(
                f"operator {chain.anchor.name} (DEPTHWISE_CONV2D): a multiplier of {multiplier} with a window of "
                f"{(kernel_x - 1) * dilation + 1} pixels is beyond the array's {self.chip.tensor.rows} rows"
            )
        channels = output.shape[-1]
        part = replace(a, offset=a.offset + first * a.strides[3], shape=(*a.shape[:3], channels))
        taps: dict[str, Any] = {
            "mode": Mode.DEPTHWISE,
            "weights_by": WeightsBy.ROW,
            "kernel_y": kernel_y,
            "run": kernel_x,
            "w_stride": channels,
            "w_stride_y": kernel_x * channels,
        }
        yield from self._windows(
            chain, replace(template, **taps), part, output, self._residual_view(chain, first, output)
        )

    def _windows(
        self, chain: TensorChain, template: Tensor, a: View, output: View, residual: View | None
    ) -> Iterator[Step]:
        """One instruction for each image of the batch."""
        anchor = chain.anchor
        (stride_y, stride_x), (dilation_y, dilation_x) = integers(anchor, "stride"), integers(anchor, "dilation")
        top, _, left, _ = integers(anchor, "pad")
        fields = replace(
            template,
            output_height=output.shape[1],
            output_width=output.shape[2],
            output_channels=output.shape[3],
            row_pitch=a.strides[1],
            pixel_pitch=a.strides[2],
            input_height=a.shape[1],
            input_width=a.shape[2],
            stride_y=stride_y,
            stride_x=stride_x,
            dilation_y=dilation_y,
            dilation_x=dilation_x,
            pad_top=top,
            pad_left=left,
            o_stride_y=output.strides[1],
            o_stride_x=output.strides[2],
            r_stride_y=residual.strides[1] if residual is not None else 0,
            r_stride_x=residual.strides[2] if residual is not None else 0,
        )
        for image in range(output.shape[0]):
            yield _step(fields, _image(a, image), _image(output, image), _image(residual, image))

    def _pointwise(self, template: Tensor, a: View, output: View, residual: View | None, *, run: int) -> Iterator[Step]:
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
            yield _step(
                fields,
                _moved(a, sum(at * one.a for at, one in zip(index, outer, strict=True))),
                _moved(output, sum(at * one.o for at, one in zip(index, outer, strict=True))),
                _moved(residual, sum(at * one.r for at, one in zip(index, outer, strict=True))),
            )

    def _matmul(self, chain: TensorChain) -> Iterator[Step]:
        a, b, output = (self.view(name) for name in (*chain.anchor.inputs[:2], chain.output))
        template, _ = self._drain(chain, 0, 0)
        if b.strides[2] == 1:
            template = replace(template, weights_by=WeightsBy.ROW, w_stride=b.strides[1])
        else:
            template = replace(template, weights_by=WeightsBy.COLUMN, w_stride=b.strides[2])
        depth, width = b.shape[1:]
        for image in range(a.shape[0]):
            weights = _image(b, image)
            for step in self._pointwise(template, _image(a, image), _image(output, image), None, run=depth):
                stream = Operand(stream="w", buffer=b.buffer, base=weights.offset)
                yield replace(step, operands=(*step.operands, stream))
        if width != output.shape[-1]:
            raise ValueError("a matrix product's width is its output's")

    def _residual_view(self, chain: TensorChain, first: int, output: View) -> View | None:
        if chain.residual is None:
            return None
        view = self.view(chain.residual.residual.tensor)
        return replace(view, offset=view.offset + first * view.strides[-1], shape=output.shape)


def _residual_fields(template: Tensor, residual: Residual) -> Tensor:
    drained, other, out = residual.drained, residual.residual, residual.out
    return replace(
        template,
        residual=1,
        x_zero_point=drained.zero_point,
        x_left_shift=drained.left_shift,
        x_rounding=drained.scale.rounding,
        x_multiplier=drained.scale.multiplier,
        x_shift=drained.scale.shift,
        r_zero_point=other.zero_point,
        r_left_shift=other.left_shift,
        r_rounding=other.scale.rounding,
        r_multiplier=other.scale.multiplier,
        r_shift=other.scale.shift,
        s_rounding=out.scale.rounding,
        s_multiplier=out.scale.multiplier,
        s_shift=out.scale.shift,
        s_zero_point=out.zero_point,
        s_clamp_min=out.clamp_min,
        s_clamp_max=out.clamp_max,
    )


def _image(view: OneView, image: int) -> OneView:
    """One image of a batch; the batch's dimension stays with size 1."""
    if view is None:
        return None
    return replace(view, offset=view.offset + image * view.strides[0], shape=(1, *view.shape[1:]))


def _moved(view: OneView, by: int) -> OneView:
    return None if view is None else replace(view, offset=view.offset + by)


def _join_pixels(loops: list[Pixels]) -> list[Pixels]:
    """Pixel loops with counts of one dropped and neighbours joined where they are one longer loop."""
    joined: list[Pixels] = []
    for one in loops:
        if one.count == 1:
            continue
        before = joined[-1] if joined else None
        count = one.count * (before.count if before else 1)
        fits = before is not None and count <= _COUNT_LIMIT
        if (
            before is not None
            and fits
            and all(getattr(before, stream) == getattr(one, stream) * one.count for stream in ("a", "o", "r"))
        ):
            joined[-1] = replace(one, count=count)
        else:
            joined.append(one)
    return joined


def _step(fields: Tensor, a: View, output: View, residual: View | None) -> Step:
    operands = [
        Operand(stream="a", buffer=a.buffer, base=a.offset),
        Operand(stream="o", buffer=output.buffer, base=output.offset, written=True),
    ]
    if residual is not None:
        operands.append(Operand(stream="r", buffer=residual.buffer, base=residual.offset))
    return Step(template=fields, operands=tuple(operands))
