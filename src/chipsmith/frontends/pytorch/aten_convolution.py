"""Handlers of convolutions and of poolings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from chipsmith.frontends.forms.convolution import convolve
from chipsmith.frontends.forms.elementwise import apply_binary
from chipsmith.frontends.forms.movement import add_axes
from chipsmith.frontends.forms.pooling import pool_adaptively, pool_average, pool_maximum, pool_maximum_adaptively
from chipsmith.frontends.forms.transposed import convolve_transposed
from chipsmith.frontends.forms.values import Const, GraphValue, drop_axes
from chipsmith.frontends.forms.windows import Pads, Window, make_window, pad_to_ceiling, pad_to_keep_size
from chipsmith.frontends.pytorch.calls import AtenCall, AtenHandler


def convolution(call: AtenCall) -> GraphValue:
    """A convolution, transposed or not, over one to three spatial axes."""
    weights = call.value("weight")
    count = len(weights.shape) - 2
    transposed = "transpose" in call.operator or call.flag("transposed")
    image = _with_batch(call, call.computed("input"), count)
    window = _read_window(call, image, weights.shape[2:], transposed=transposed)
    bias, groups = call.optional("bias"), call.integer("groups")
    if transposed:
        extra = _spread(call.integers("output_padding"), count)
        result = convolve_transposed(call.build, image, weights, bias=bias, window=window, extra=extra, groups=groups)
    else:
        result = convolve(call.build, image, weights, bias=bias, window=window, groups=groups)
    return _without_batch(call, result)


def _read_window(call: AtenCall, image: GraphValue, kernel: Sequence[int], *, transposed: bool) -> Window:
    count = len(kernel)
    strides, dilations = (_spread(call.integers(name), count) for name in ("stride", "dilation"))
    if transposed:
        return Window(
            kernel=tuple(kernel), strides=strides, dilations=dilations, pads=_pairs(call.integers("padding"), count)
        )
    sizes = image.shape[2:]
    return make_window(
        call.build,
        sizes=sizes,
        kernel=kernel,
        strides=strides,
        dilations=dilations,
        pads=_read_pads(call, sizes, kernel, dilations),
    )


def _read_pads(call: AtenCall, sizes: Sequence[int], kernel: Sequence[int], dilations: Sequence[int]) -> Pads:
    padding = call.operands["padding"]
    if padding == "same":
        return pad_to_keep_size(
            sizes=sizes, kernel=kernel, strides=(1,) * len(kernel), dilations=dilations, odd_first=False
        )
    return _pairs((0,) if padding == "valid" else call.integers("padding"), len(kernel))


def _spread(numbers: Sequence[int], count: int) -> tuple[int, ...]:
    """A number for each spatial axis, where a single one may stand for all."""
    return tuple(numbers) * count if len(numbers) == 1 else tuple(numbers)


def _pairs(numbers: Sequence[int], count: int) -> Pads:
    return tuple((number, number) for number in _spread(numbers, count))


def _with_batch(call: AtenCall, value: GraphValue, spatial: int) -> GraphValue:
    """(C, spatial axes) as (1, C, spatial axes)."""
    return add_axes(call.build, value, (0,)) if len(value.shape) == spatial + 1 else value


def _without_batch(call: AtenCall, value: GraphValue) -> GraphValue:
    return drop_axes(call.build, value, (0,)) if len(call.shape) < len(value.shape) else value


def _pooling_window(call: AtenCall, sizes: Sequence[int]) -> Window:
    count = len(sizes)
    kernel = _spread(call.integers("kernel_size"), count)
    strides = _spread(call.integers("stride"), count) if call.operands["stride"] else kernel
    dilations = _spread(call.integers("dilation"), count) if "dilation" in call.operands else (1,) * count
    pads = _pairs(call.integers("padding"), count)
    return make_window(call.build, sizes=sizes, kernel=kernel, strides=strides, dilations=dilations, pads=pads)


def maximum_pool(call: AtenCall) -> GraphValue:
    """The greatest element of each window."""
    image = _with_batch(call, call.computed("self"), _count_spatial(call))
    window = _pooling_window(call, image.shape[2:])
    if call.flag("ceil_mode"):
        window = pad_to_ceiling(window, image.shape[2:])
    return _without_batch(call, pool_maximum(call.build, image, window))


def maximum_pool_with_indices(call: AtenCall) -> tuple[GraphValue, None]:
    """The greatest elements alone: nobody on the chip can say where they stood."""
    return maximum_pool(call), None


def average_pool(call: AtenCall) -> GraphValue:
    """The mean of each window, or its sum over a divisor of the author's."""
    image = _with_batch(call, call.computed("self"), _count_spatial(call))
    window = _pooling_window(call, image.shape[2:])
    divisor = call.operands.get("divisor_override")
    counted = window.pads if call.flag("count_include_pad") or divisor else ()
    if call.flag("ceil_mode"):
        window = pad_to_ceiling(window, image.shape[2:])
        counted = window.pads if divisor else counted
    result = pool_average(call.build, image, window, counted=counted)
    if divisor:
        factor = Const(values=np.asarray(np.prod(window.kernel) / divisor))
        result = apply_binary(call.build, "MUL", result, factor)
    return _without_batch(call, result)


def _count_spatial(call: AtenCall) -> int:
    return int(call.operator.split("pool")[1][0])


def adaptive_average(call: AtenCall) -> GraphValue:
    """Means of windows that split each spatial axis evenly."""
    image = _with_batch(call, call.computed("self"), _count_spatial(call))
    sizes = _output_sizes(call, image)
    whole = _whole_window(call, image, sizes)
    if whole is not None:
        return _without_batch(call, pool_average(call.build, image, whole))
    return _without_batch(call, pool_adaptively(call.build, image, sizes))


def adaptive_maximum(call: AtenCall) -> tuple[GraphValue, None]:
    """The greatest elements of windows that split each spatial axis evenly, without their places."""
    image = _with_batch(call, call.computed("self"), _count_spatial(call))
    sizes = _output_sizes(call, image)
    whole = _whole_window(call, image, sizes)
    if whole is not None:
        return _without_batch(call, pool_maximum(call.build, image, whole)), None
    return _without_batch(call, pool_maximum_adaptively(call.build, image, sizes)), None


def _output_sizes(call: AtenCall, image: GraphValue) -> tuple[int, ...]:
    count = len(image.shape) - 2
    return _spread(call.integers("output_size"), count)


def _whole_window(call: AtenCall, image: GraphValue, sizes: Sequence[int]) -> Window | None:
    """The window that fits each axis a whole number of times; None where none does."""
    spatial = image.shape[2:]
    if any(size % count for size, count in zip(spatial, sizes, strict=True)):
        return None
    kernel = tuple(size // count for size, count in zip(spatial, sizes, strict=True))
    return make_window(call.build, sizes=spatial, kernel=kernel, strides=kernel)


_CONVOLUTIONS = "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d convolution"

HANDLERS: Mapping[str, AtenHandler] = {
    **dict.fromkeys(_CONVOLUTIONS.split(), convolution),
    **dict.fromkeys(["max_pool1d", "max_pool2d", "max_pool3d"], maximum_pool),
    **dict.fromkeys(["max_pool2d_with_indices", "max_pool3d_with_indices"], maximum_pool_with_indices),
    **dict.fromkeys(["avg_pool1d", "avg_pool2d", "avg_pool3d"], average_pool),
    **dict.fromkeys(["adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"], adaptive_average),
    **dict.fromkeys(["_adaptive_avg_pool2d", "_adaptive_avg_pool3d"], adaptive_average),
    **dict.fromkeys(["adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d"], adaptive_maximum),
}
