"""Poolings over windows, and over all of the spatial axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chipsmith.frontends.forms.pooling import norm_of_all, pool_average, pool_maximum, pool_norm
from chipsmith.frontends.forms.reduction import average, reduce_axes
from chipsmith.frontends.forms.values import GraphValue
from chipsmith.frontends.forms.windows import Pads, Window, pad_to_ceiling
from chipsmith.frontends.onnx.convolution import read_window
from chipsmith.frontends.onnx.lowering import Handler, Lowering, Value, refuse
from chipsmith.frontends.onnx.model import Node
from chipsmith.tosa.builder import Shape

_RANKS = (3, 4, 5)


def _read_pool(lower: Lowering, node: Node) -> tuple[GraphValue, Window, Pads]:
    """The image, the window, and its padding without what a ceiling adds."""
    image = lower.computed(node, 0)
    if len(image.shape) not in _RANKS:
        raise refuse(node, f"an input of rank {len(image.shape)}; one to three spatial axes are held")
    window = read_window(lower, node, node.integers("kernel_shape", ()), image.shape[2:])
    automatic = node.text("auto_pad", "NOTSET") in ("SAME_UPPER", "SAME_LOWER")
    if automatic and (max(window.dilations) > 1 or _skips(window, image.shape[2:])):
        raise refuse(
            node, "auto_pad of a window that is dilated or leaves out elements has two readings; give its pads"
        )
    rounded_up = node.integer("ceil_mode", 0) and not automatic
    return image, pad_to_ceiling(window, image.shape[2:]) if rounded_up else window, window.pads


def _skips(window: Window, sizes: Shape) -> bool:
    """Whether several elements lie behind the last position, which onnxruntime leaves out at both ends."""
    spans = zip(sizes, window.kernel, window.strides, strict=True)
    return any((-(-size // stride) - 1) * stride + taps + 1 < size for size, taps, stride in spans)


def _pool_maximum(lower: Lowering, node: Node) -> Sequence[Value]:
    if len([name for name in node.outputs if name]) > 1:
        raise refuse(node, "the positions of maxima are not held; export the network without its second output")
    image, window, _ = _read_pool(lower, node)
    return [pool_maximum(lower.build, image, window)]


def _pool_average(lower: Lowering, node: Node) -> Sequence[Value]:
    image, window, pads = _read_pool(lower, node)
    return [pool_average(lower.build, image, window, counted=pads if node.integer("count_include_pad", 0) else ())]


def _pool_norm(lower: Lowering, node: Node) -> Sequence[Value]:
    image, window, _ = _read_pool(lower, node)
    return [pool_norm(lower.build, image, window, order=node.number("p", 2.0))]


def _average_all(lower: Lowering, node: Node) -> Sequence[Value]:
    image = lower.computed(node, 0)
    return [average(lower.build, image, tuple(range(2, len(image.shape))))]


def _pool_maximum_of_all(lower: Lowering, node: Node) -> Sequence[Value]:
    image = lower.computed(node, 0)
    return [reduce_axes(lower.build, "REDUCE_MAX", image, tuple(range(2, len(image.shape))))]


def _pool_norm_of_all(lower: Lowering, node: Node) -> Sequence[Value]:
    return [norm_of_all(lower.build, lower.computed(node, 0), order=node.number("p", 2.0))]


HANDLERS: Mapping[str, Handler] = {
    "AveragePool": _pool_average,
    "MaxPool": _pool_maximum,
    "LpPool": _pool_norm,
    "GlobalAveragePool": _average_all,
    "GlobalMaxPool": _pool_maximum_of_all,
    "GlobalLpPool": _pool_norm_of_all,
}
