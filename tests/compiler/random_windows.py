"""Random operators of the tensor engine, and pools."""

from __future__ import annotations

import math

from drawing import MOST_ELEMENTS, Draw
from nets import CONV

from chipsmith.tosa.graph import DType


class WindowDraw(Draw):
    """Convolutions, matrix products and pools."""

    def convolution(self) -> str | None:
        return self._convolution("CONV2D")

    def depthwise(self) -> str | None:
        return self._convolution("DEPTHWISE_CONV2D")

    def _convolution(self, kind: str) -> str | None:
        source = self.image()
        if source is None:
            return None
        images, height, width, channels = self.shape(source)
        # A dilated window of DEPTHWISE_CONV2D must fit the rows of the array; the smallest has 4.
        dilations = (1,) if kind == "DEPTHWISE_CONV2D" else (1, 1, 2, 3)
        rows, columns = self._window(height, dilations), self._window(width, dilations)
        kernel = (rows["kernel"], columns["kernel"])
        if kind == "DEPTHWISE_CONV2D":
            multiplier = int(self.rng.choice([1, 1, 2, 3]))
            outputs, weights = channels * multiplier, (*kernel, channels, multiplier)
        else:
            outputs = self.upto(12)
            weights = (outputs, *kernel, channels)
        attributes = {
            "pad": (*rows["pad"], *columns["pad"]),
            "stride": (rows["stride"], columns["stride"]),
            "dilation": (rows["dilation"], columns["dilation"]),
        }
        out = (images, rows["out"], columns["out"], outputs)
        return self._weighted(kind, source, weights, out, **{**CONV, **attributes})

    def convolution_3d(self) -> str | None:
        source = self.image()
        if source is None:
            return None
        axes = [self._window(size, (1, 1, 2)) for size in self.shape(source)[:3]]
        volume = self.net.reshape(source, 1, *self.shape(source))
        outputs = self.upto(8)
        weights = (outputs, *(axis["kernel"] for axis in axes), self.shape(source)[3])
        attributes = {
            "pad": tuple(width for axis in axes for width in axis["pad"]),
            "stride": tuple(axis["stride"] for axis in axes),
            "dilation": tuple(axis["dilation"] for axis in axes),
        }
        out = (1, *(axis["out"] for axis in axes), outputs)
        return self._weighted("CONV3D", volume, weights, out, **{**CONV, **attributes})

    def transposed_convolution(self) -> str | None:
        source = self.image()
        if source is None:
            return None
        images, *sizes, channels = self.shape(source)
        kernel = [self.upto(3), self.upto(3)]
        # Strides of 5 and more make so many phases that all of them are one convolution.
        longest = 3 if self.chance(0.6) else 7
        stride = [self.upto(longest), self.upto(longest)]
        pads = [int(self.rng.integers(-size + 1, 3)) for size in kernel for _ in range(2)]
        out = [
            (size - 1) * stride[axis] + kernel[axis] + pads[2 * axis] + pads[2 * axis + 1]
            for axis, size in enumerate(sizes)
        ]
        if min(out) < 1:
            return None
        outputs = self.upto(8)
        attributes = {"out_pad": tuple(pads), "stride": tuple(stride), "local_bound": False, "acc_type": "INT32"}
        weights = (outputs, *kernel, channels)
        return self._weighted("TRANSPOSE_CONV2D", source, weights, (images, *out, outputs), **attributes)

    def _weighted(
        self, kind: str, source: str, weights: tuple[int, ...], out: tuple[int, ...], **attributes: object
    ) -> str | None:
        """A convolution with random weights, bias and zero points; None where it is too large."""
        if math.prod(out) > MOST_ELEMENTS:
            return None
        bias = self.rng.integers(-5000, 5000, out[-1] if self.chance(0.8) else 1) * self.chance(0.8)
        operands = (
            source,
            self.int8(*weights),
            self.net.constant(bias, DType.INT32),
            self.net.constant([self.zero_point()]),
            self.net.constant([self.zero_point() if self.chance(0.3) else 0]),
        )
        output = self.net.add(kind, operands, out, DType.INT32, **attributes)
        self.bounds[output] = math.prod(weights) * 255 * 255 + 5000
        return self.narrowed(output)

    def residual(self) -> str | None:
        """A sum of two tensors of one shape, one at least a convolution of the other's input or of the other."""
        source = self.image()
        if source is None or math.prod(self.shape(source)) > MOST_ELEMENTS:
            return None
        sides = [self._same_size_convolution(source), source]
        if self.chance(0.4):
            sides[1] = self._same_size_convolution(source)
        if self.chance(0.3):
            self.pool.extend(sides)
        wide = [self.rescale(side, DType.INT32) for side in (sides if self.chance(0.5) else sides[::-1])]
        total = self.net.add("ADD", wide, self.shape(source), DType.INT32)
        self.bounds[total] = self.bound(wide[0]) + self.bound(wide[1])
        return self.narrowed(total)

    def _same_size_convolution(self, source: str) -> str:
        channels, size = self.shape(source)[3], int(self.rng.choice([1, 3]))
        weights = self.int8(channels, size, size, channels)
        bias = self.net.constant(self.rng.integers(-5000, 5000, channels), DType.INT32)
        operands = (source, weights, bias, self.net.constant([self.zero_point()]), self.net.constant([0]))
        output = self.net.add("CONV2D", operands, self.shape(source), DType.INT32, **{**CONV, "pad": (size // 2,) * 4})
        self.bounds[output] = size * size * channels * 255 * 128 + 5000
        narrow = self.rescale(output, DType.INT8, per_channel=self.chance(0.3))
        return self._clamp(narrow) if self.chance(0.4) else narrow

    def _window(self, size: int, dilations: tuple[int, ...]) -> dict[str, int | tuple[int, int]]:
        """One axis of a convolution whose stride ends exactly at the padded input's end."""
        while True:
            kernel, stride = (int(self.rng.choice([1, 1, 2, 3])) for _ in range(2))
            dilation = int(self.rng.choice(dilations))
            before, after = (int(self.rng.choice([0, 0, 1, 2])) for _ in range(2))
            left = size - 1 + before + after - (kernel - 1) * dilation
            if left >= 0 and left % stride == 0:
                return {
                    "kernel": kernel,
                    "stride": stride,
                    "dilation": dilation,
                    "pad": (before, after),
                    "out": left // stride + 1,
                }

    def matmul(self) -> str | None:
        source = self.pick(DType.INT8)
        if source is None:
            return None
        shape = self.shape(source)
        batch = self.shape(source)[0] if len(shape) == 3 else 1
        inner = shape[-1]
        height = math.prod(shape) // batch // inner
        width = self.upto(10)
        a = source if len(shape) == 3 else self.net.reshape(source, batch, height, inner)
        b = self._right_factor(a, width)
        width = self.shape(b)[2]
        if batch * height * width > MOST_ELEMENTS:
            return None
        zero_points = (self.net.constant([self.zero_point()]), self.net.constant([self.zero_point()]))
        product = self.net.add("MATMUL", (a, b, *zero_points), (batch, height, width), DType.INT32)
        self.bounds[product] = inner * 255 * 255
        return self.narrowed(product)

    def _right_factor(self, a: str, width: int) -> str:
        """A constant, the left factor transposed, or another tensor in the shape that is asked for."""
        batch, _, inner = self.shape(a)
        able = [
            candidate
            for candidate in self.pool
            if self.dtype(candidate) is DType.INT8 and math.prod(self.shape(candidate)) % (batch * inner) == 0
        ]
        if able and self.chance(0.4):
            other = str(self.rng.choice(able))
            wide = math.prod(self.shape(other)) // (batch * inner)
            if self.chance(0.5):
                return self.net.reshape(other, batch, inner, wide)
            return self.net.transpose(self.net.reshape(other, batch, wide, inner), 0, 2, 1)
        if self.chance(0.3):
            return self.net.transpose(a, 0, 2, 1)
        return self.int8(batch, inner, width)

    def pool_max(self) -> str | None:
        return self._pool("MAX_POOL2D", (), nan_mode="PROPAGATE")

    def pool_average(self) -> str | None:
        zero_points = (self.net.constant([self.zero_point()]), self.net.constant([self.zero_point()]))
        return self._pool("AVG_POOL2D", zero_points, acc_type="INT32")

    def _pool(self, kind: str, operands: tuple[str, ...], **attributes: str) -> str | None:
        source = self.image()
        if source is None:
            return None
        images, height, width, channels = self.shape(source)
        rows, columns = self._pooled(height), self._pooled(width)
        out = (images, rows["out"], columns["out"], channels)
        if math.prod(out) > MOST_ELEMENTS:
            return None
        return self.net.add(
            kind,
            (source, *operands),
            out,
            kernel=(rows["kernel"], columns["kernel"]),
            stride=(rows["stride"], columns["stride"]),
            pad=(*rows["pad"], *columns["pad"]),
            **attributes,
        )

    def _pooled(self, size: int) -> dict[str, int | tuple[int, int]]:
        while True:
            kernel, stride = self.upto(4), self.upto(3)
            before, after = (int(self.rng.integers(kernel)) for _ in range(2))
            left = size + before + after - kernel
            if left >= 0 and left % stride == 0:
                return {"kernel": kernel, "stride": stride, "pad": (before, after), "out": left // stride + 1}
