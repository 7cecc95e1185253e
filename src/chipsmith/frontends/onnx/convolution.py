"""Conv and ConvTranspose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chipsmith.frontends.forms.convolution import convolve
from chipsmith.frontends.forms.transposed import convolve_transposed, fold_windows
from chipsmith.frontends.forms.windows import Pads, Window, make_window, pad_to_keep_size
from chipsmith.frontends.onnx.lowering import Handler, Lowering, Value, refuse
from chipsmith.frontends.onnx.model import Node
from chipsmith.tosa.builder import Shape

_RANKS = (3, 4, 5)


def read_window(lower: Lowering, node: Node, kernel: Shape, sizes: Shape) -> Window:
    """The window of Conv and of poolings over spatial axes of `sizes`; BadInput where it does not fit."""
    ones = (1,) * len(kernel)
    strides, dilations = node.integers("strides", ones), node.integers("dilations", ones)
    mode = node.text("auto_pad", "NOTSET")
    if mode in ("SAME_UPPER", "SAME_LOWER"):
        pads = pad_to_keep_size(
            sizes=sizes, kernel=kernel, strides=strides, dilations=dilations, odd_first=mode == "SAME_LOWER"
        )
    else:
        pads = _read_pads(node, len(kernel)) if mode != "VALID" else ()
    return make_window(lower.build, sizes=sizes, kernel=kernel, strides=strides, dilations=dilations, pads=pads)


def _read_pads(node: Node, count: int) -> Pads:
    flat = node.integers("pads", (0,) * 2 * count)
    return tuple(zip(flat[: len(flat) // 2], flat[len(flat) // 2 :], strict=True))


def _convolve(lower: Lowering, node: Node) -> Sequence[Value]:
    image, weights = lower.computed(node, 0), lower.value(node, 1)
    _check_rank(node, image.shape)
    return [
        convolve(
            lower.build,
            image,
            weights,
            bias=lower.value(node, 2) if lower.has(node, 2) else None,
            window=read_window(lower, node, weights.shape[2:], image.shape[2:]),
            groups=node.integer("group", 1),
        )
    ]


def _check_rank(node: Node, shape: Shape) -> None:
    if len(shape) not in _RANKS:
        raise refuse(
            node, f"an input of rank {len(shape)}; one to three spatial axes behind batch and channels are held"
        )


def _convolve_transposed(lower: Lowering, node: Node) -> Sequence[Value]:
    image, weights = lower.computed(node, 0), lower.value(node, 1)
    _check_rank(node, image.shape)
    sizes, kernel = image.shape[2:], weights.shape[2:]
    ones = (1,) * len(kernel)
    strides, dilations = node.integers("strides", ones), node.integers("dilations", ones)
    whole = tuple(
        (size - 1) * stride + (taps - 1) * apart + 1
        for size, stride, taps, apart in zip(sizes, strides, kernel, dilations, strict=True)
    )
    pads, extra = _read_crop(node, sizes, strides, whole)
    return [
        convolve_transposed(
            lower.build,
            image,
            weights,
            bias=lower.value(node, 2) if lower.has(node, 2) else None,
            window=Window(kernel=kernel, strides=strides, dilations=dilations, pads=pads),
            extra=extra,
            groups=node.integer("group", 1),
        )
    ]


def _read_crop(node: Node, sizes: Shape, strides: Shape, whole: Shape) -> tuple[Pads, Shape]:
    """What is cut off the whole result before and behind, and what is added behind then."""
    extra = node.integers("output_padding", (0,) * len(sizes))
    mode = node.text("auto_pad", "NOTSET")
    wanted = node.integers("output_shape", ())[-len(sizes) :]
    if not wanted and mode in ("SAME_UPPER", "SAME_LOWER"):
        largest = (size + more for size, more in zip(whole, extra, strict=True))
        wanted = tuple(min(size * stride, most) for size, stride, most in zip(sizes, strides, largest, strict=True))
    if not wanted:
        return (_read_pads(node, len(sizes)) if mode != "VALID" else ((0, 0),) * len(sizes)), extra
    surplus = [size + more - want for size, more, want in zip(whole, extra, wanted, strict=True)]
    pads = tuple(_halve(max(total, 0), odd_last=mode == "SAME_UPPER") for total in surplus)
    return pads, tuple(more - min(total, 0) for more, total in zip(extra, surplus, strict=True))


def _halve(total: int, *, odd_last: bool) -> tuple[int, int]:
    return (total // 2, total - total // 2) if odd_last else (total - total // 2, total // 2)


def _fold_windows(lower: Lowering, node: Node) -> Sequence[Value]:
    """Col2Im, by constant sizes of the image and of the window."""
    columns = lower.computed(node, 0)
    sizes, kernel = lower.integers(node, 1) or (), lower.integers(node, 2) or ()
    window = read_window(lower, node, kernel, sizes)
    return [fold_windows(lower.build, columns, sizes=sizes, window=window)]


HANDLERS: Mapping[str, Handler] = {"Conv": _convolve, "ConvTranspose": _convolve_transposed, "Col2Im": _fold_windows}
