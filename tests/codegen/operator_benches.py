"""Benches of all operators, by chapter: every type, mode and edge that TOSA's integer profile has."""

from __future__ import annotations

from itertools import product

import numpy as np
from c_graphs import RESCALE, Bench
from nets import CONV

from chipsmith.tosa.graph import DType, Graph

INTEGERS = (DType.INT8, DType.INT16, DType.INT32)
BITS = {DType.INT8: 8, DType.INT16: 16, DType.INT32: 32}
SHAPES = ((2, 3, 4), (1, 3, 1))
NAN = {"nan_mode": "PROPAGATE"}


def binary() -> Graph:
    """Two int32 operands, equal in shape, spread, and one and the same tensor."""
    net = Bench()
    a, b = net.input("a", SHAPES[0], DType.INT32), net.input("b", SHAPES[0], DType.INT32)
    row = net.input("row", SHAPES[1], DType.INT32)
    for kind, (x, y) in product(("ADD", "SUB", "MUL", "INTDIV"), ((a, b), (a, row), (row, b), (a, a))):
        operands = (x, y, net.constant([0])) if kind == "MUL" else (x, y)
        net.add(kind, operands, SHAPES[0], DType.INT32)
    for kind, (x, y) in product(("MAXIMUM", "MINIMUM"), ((a, b), (row, a), (b, b))):
        net.add(kind, (x, y), SHAPES[0], DType.INT32, **NAN)
    for kind, (x, y) in product(("EQUAL", "GREATER", "GREATER_EQUAL"), ((a, b), (row, a), (b, b))):
        net.add(kind, (x, y), SHAPES[0], DType.BOOL)
    for shift in (1, 2, 31, 32, 62, 63):
        net.add("MUL", (a, b, net.constant([shift])), SHAPES[0], DType.INT32)
    return net.all_outputs()


def bits() -> Graph:
    """Bitwise operators and shifts, in each type."""
    net = Bench()
    for dtype in INTEGERS:
        a, b = (net.input(f"{name}{dtype.name}", SHAPES[0], dtype) for name in "ab")
        amounts = net.constant(np.arange(24).reshape(SHAPES[0]) % BITS[dtype], dtype)
        single = net.constant([[[BITS[dtype] - 1]]], dtype)
        net.add("BITWISE_NOT", (a,), SHAPES[0], dtype)
        for kind in ("BITWISE_AND", "BITWISE_OR", "BITWISE_XOR"):
            net.add(kind, (a, b), SHAPES[0], dtype)
        for kind, amount in product(("LOGICAL_LEFT_SHIFT", "LOGICAL_RIGHT_SHIFT"), (amounts, single)):
            net.add(kind, (a, amount), SHAPES[0], dtype)
        for rounds, amount in product((True, False), (amounts, single)):
            net.add("ARITHMETIC_RIGHT_SHIFT", (a, amount), SHAPES[0], dtype, round=rounds)
        if dtype is not DType.INT32:
            net.add("MUL", (a, b, net.constant([0])), SHAPES[0], DType.INT32)
    return net.all_outputs()


def logic() -> Graph:
    """Truths, and SELECT in each type."""
    net = Bench()
    a, b = (net.input(name, SHAPES[0], DType.BOOL) for name in "ab")
    row = net.input("row", SHAPES[1], DType.BOOL)
    for kind, other in product(("LOGICAL_AND", "LOGICAL_OR", "LOGICAL_XOR"), (b, row)):
        net.add(kind, (a, other), SHAPES[0], DType.BOOL)
    net.add("LOGICAL_NOT", (a,), SHAPES[0], DType.BOOL)
    for dtype in (*INTEGERS, DType.BOOL):
        x, y = (net.input(f"{name}{dtype.name}", shape, dtype) for name, shape in zip("xy", SHAPES, strict=True))
        net.add("SELECT", (a, x, y), SHAPES[0], dtype)
        net.add("SELECT", (row, y, x), SHAPES[0], dtype)
    return net.all_outputs()


def unary() -> Graph:
    """Operators of one tensor, CAST between all types, CLAMP and TABLE; rank 0 too."""
    net = Bench()
    sources = {dtype: net.input(f"a{dtype.name}", SHAPES[0], dtype) for dtype in (*INTEGERS, DType.BOOL)}
    wide, scalar = sources[DType.INT32], net.input("scalar", (), DType.INT32)
    for source, shape in ((wide, SHAPES[0]), (scalar, ())):
        net.add("ABS", (source,), shape, DType.INT32)
        net.add("CLZ", (source,), shape, DType.INT32)
    for dtype, zeros in (
        (DType.INT8, (-128, 127)),
        (DType.INT8, (3, -5)),
        (DType.INT16, (0, 0)),
        (DType.INT32, (0, 0)),
    ):
        operands = (sources[dtype], *(net.constant([zero], dtype) for zero in zeros))
        net.add("NEGATE", operands, SHAPES[0], dtype)
    for source, target in product(sources, sources):
        if source is not target:
            net.add("CAST", (sources[source],), SHAPES[0], target)
    narrow = sources[DType.INT8]
    for low, high in ((-128, 127), (-5, 20), (0, 0)):
        net.add("CLAMP", (narrow,), SHAPES[0], min_val=low, max_val=high, **NAN)
    rng = np.random.default_rng(3)
    net.add("TABLE", (narrow, net.constant(rng.integers(-128, 128, 256))), SHAPES[0])
    table = net.constant(np.clip(np.cumsum(rng.integers(-300, 301, 513)), -32768, 32767), DType.INT16)
    net.add("TABLE", (sources[DType.INT16], table), SHAPES[0], DType.INT32)
    return net.all_outputs()


def rescales() -> Graph:
    """RESCALE between all types, in each rounding, at shifts on both sides of 32, by channel and unsigned."""
    net = Bench()
    sources = {dtype: net.input(f"a{dtype.name}", SHAPES[0], dtype) for dtype in INTEGERS}
    for (source, a), target in product(sources.items(), INTEGERS):
        # Values are within what TOSA defines: below 2**(shift - 1).
        least = BITS[source] + 1
        for mode, shift in product(("SINGLE_ROUND", "DOUBLE_ROUND"), (least, 31, 32, 33, 34, 40, 62)):
            _rescale(net, a, target, multiplier=[(1 << 30) + 12345], shift=[max(shift, least)], rounding_mode=mode)
        _rescale(net, a, target, multiplier=[0, 1, (1 << 31) - 1, 1 << 30], shift=[33, 34, 50, 62], per_channel=True)
        _rescale(net, a, target, multiplier=[5, 1, (1 << 31) - 1, 1 << 30], shift=[33, 40, 62, 33], per_channel=True)
        _rescale(net, a, target, multiplier=[30000], shift=[33], scale32=False)
    for source, target in product((DType.INT8, DType.INT16), repeat=2):
        zeros = {"input_zp": 7 if source is DType.INT8 else 0, "output_zp": -9 if target is DType.INT8 else 0}
        for side in ("input_unsigned", "output_unsigned"):
            _rescale(net, sources[source], target, multiplier=[1 << 30], shift=[31], **zeros, **{side: True})
    return net.all_outputs()


def _rescale(net, source, target, *, multiplier, shift, input_zp=0, output_zp=0, **attributes):
    attributes = RESCALE | attributes
    operands = (
        net.constant(multiplier, DType.INT32 if attributes["scale32"] else DType.INT16),
        net.constant(shift),
        net.constant([input_zp], net.tensors[source].dtype),
        net.constant([output_zp], target),
    )
    return net.add("RESCALE", (source, *operands), net.tensors[source].shape, target, **attributes)


def narrowed(net, sums, *, mode="SINGLE_ROUND", shift=38, low=None):
    """int32 sums to int8, by channel, and a CLAMP behind."""
    channels = net.tensors[sums].shape[-1]
    scales = np.linspace(1 << 30, (1 << 31) - 1, channels).astype(np.int64)
    shifts = [shift + channel % 3 for channel in range(channels)]
    value = _rescale(
        net, sums, DType.INT8, multiplier=scales, shift=shifts, output_zp=-4, per_channel=True, rounding_mode=mode
    )
    return value if low is None else net.add("CLAMP", (value,), net.tensors[sums].shape, min_val=low, max_val=99, **NAN)


def convolutions() -> Graph:
    """CONV2D and CONV3D: windows, zero points, batches, biases, computed weights; sums and int8."""
    net = Bench()
    rng = np.random.default_rng(5)
    image = net.input("image", (2, 7, 9, 5), DType.INT8)
    sums = []
    for kernel, out, changes in (
        ((3, 3), (2, 7, 9, 6), {"pad": (1, 1, 1, 1)}),
        ((1, 1), (2, 4, 5, 7), {"stride": (2, 2)}),
        ((3, 2), (2, 3, 6, 3), {"dilation": (2, 3)}),
        ((7, 9), (2, 1, 1, 4), {}),
        ((2, 2), (2, 8, 10, 1), {"pad": (1, 1, 1, 1)}),
    ):
        weights = net.constant(rng.integers(-128, 128, (out[-1], *kernel, 5)))
        sums.append(net.conv(image, weights, out, input_zp=-7, **changes))
        sums.append(net.conv(image, weights, out, input_zp=127, weight_zp=3, **changes))
    weights = net.input("weights", (6, 3, 3, 5), DType.INT8)
    bias = net.input("bias", (1,), DType.INT32)
    zeros = (net.constant([-128]), net.constant([0]))
    sums.append(net.add("CONV2D", (image, weights, bias, *zeros), (2, 5, 7, 6), DType.INT32, **CONV))
    volume = net.input("volume", (1, 4, 5, 6, 3), DType.INT8)
    net3 = {"pad": (1, 0, 0, 1, 1, 1), "stride": (1, 2, 1), "dilation": (1, 1, 2)}
    weights3 = net.constant(rng.integers(-128, 128, (4, 2, 2, 2, 3)))
    sums.append(net.conv(volume, weights3, (1, 4, 3, 6, 4), kind="CONV3D", input_zp=5, **net3))
    outputs = [*sums, *(narrowed(net, net.add("IDENTITY", (s,), net.tensors[s].shape, DType.INT32)) for s in sums[:2])]
    return net.graph(*outputs)


def fused_sums() -> Graph:
    """Sums that become int8 where they are computed: each operator, each rounding, high shifts and low."""
    net = Bench()
    rng = np.random.default_rng(6)
    image = net.input("image", (1, 6, 6, 8), DType.INT8)
    left, right = net.input("left", (2, 3, 40), DType.INT8), net.input("right", (2, 40, 37), DType.INT8)
    outputs = []
    for mode, shift, low in (("SINGLE_ROUND", 38, None), ("DOUBLE_ROUND", 38, -20), ("DOUBLE_ROUND", 30, -128)):
        weights = net.constant(rng.integers(-9, 9, (5, 3, 3, 8)))
        conv = net.conv(image, weights, (1, 6, 6, 5), input_zp=2, pad=(1, 1, 1, 1))
        point = net.conv(image, net.constant(rng.integers(-9, 9, (9, 1, 1, 8))), (1, 6, 6, 9), input_zp=2)
        filters = net.constant(rng.integers(-128, 128, (3, 3, 8, 1)))
        depth = net.conv(image, filters, (1, 4, 4, 8), kind="DEPTHWISE_CONV2D", input_zp=-128)
        zeros = (net.constant([4]), net.constant([-5]))
        product_ = net.add("MATMUL", (left, right, *zeros), (2, 3, 37), DType.INT32)
        outputs += [narrowed(net, sums, mode=mode, shift=shift, low=low) for sums in (conv, point, depth, product_)]
    return net.graph(*outputs)


def windows() -> Graph:
    """DEPTHWISE_CONV2D, TRANSPOSE_CONV2D, MATMUL and pools."""
    net = Bench()
    rng = np.random.default_rng(7)
    image, pixel = net.input("image", (2, 6, 7, 40), DType.INT8), net.input("pixel", (1, 5, 5, 1), DType.INT8)
    for source, channels, filters, zero in ((image, 40, 1, 0), (image, 40, 2, 0), (image, 40, 1, -3), (pixel, 1, 3, 0)):
        batch, height, width, _ = net.tensors[source].shape
        weights = net.constant(rng.integers(-128, 128, (3, 3, channels, filters)))
        out = (batch, height, width, channels * filters)
        net.conv(source, weights, out, kind="DEPTHWISE_CONV2D", input_zp=9, weight_zp=zero, pad=(1, 1, 1, 1))
    for pads in ((0, 0, 0, 0), (-1, 2, 1, -2)):
        weights = net.constant(rng.integers(-128, 128, (3, 3, 4, 40)))
        out = (2, 5 * 2 + 3 + pads[0] + pads[1], 6 * 3 + 4 + pads[2] + pads[3], 3)
        bias = net.constant([1, -2, 3], DType.INT32)
        operands = (image, weights, bias, net.constant([-6]), net.constant([2]))
        attributes = {"out_pad": pads, "stride": (2, 3), "local_bound": False, "acc_type": "INT32"}
        net.add("TRANSPOSE_CONV2D", operands, out, DType.INT32, **attributes)
    a, b = net.input("a", (3, 4, 35), DType.INT8), net.input("b", (3, 35, 33), DType.INT8)
    net.add("MATMUL", (a, b, net.constant([-128]), net.constant([127])), (3, 4, 33), DType.INT32)
    for kernel, pad, stride, out in (((2, 3), (1, 1, 2, 0), (2, 2), (4, 4)), ((6, 7), (0, 0, 0, 0), (1, 1), (1, 1))):
        window = {"kernel": kernel, "pad": pad, "stride": stride}
        net.add("MAX_POOL2D", (image,), (2, *out, 40), **window, **NAN)
        zeros = (net.constant([-7]), net.constant([11]))
        net.add("AVG_POOL2D", (image, *zeros), (2, *out, 40), **window, acc_type="INT32")
    return net.all_outputs()


def movements() -> Graph:
    """Operators that move elements, of each type, and those that read them where they lie."""
    net = Bench()
    for dtype in (*INTEGERS, DType.BOOL):
        a = net.input(f"a{dtype.name}", (2, 3, 4), dtype)
        b = net.input(f"b{dtype.name}", (2, 1, 4), dtype)
        net.add("CONCAT", (a, b, a), (2, 7, 4), dtype, axis=1)
        net.add("PAD", (a, net.shape(1, 0, 0, 2, 1, 1), net.constant([1], dtype)), (3, 5, 6), dtype)
        net.add("TILE", (a, net.shape(2, 1, 3)), (4, 3, 12), dtype)
        reverse = net.add("REVERSE", (a,), (2, 3, 4), dtype, axis=1)
        transposed = net.transpose(a, 2, 0, 1)
        cut = net.add("SLICE", (transposed, net.shape(1, 0, 1), net.shape(2, 2, 2)), (2, 2, 2), dtype)
        net.reshape(cut, 8)
        net.reshape(reverse, 4, 6)
        net.add("IDENTITY", (a,), (2, 3, 4), dtype)
    return net.all_outputs()


def views() -> Graph:
    """SLICE, TRANSPOSE and REVERSE that nobody copies: what reads them reads the whole."""
    net = Bench()
    image = net.input("image", (1, 6, 6, 8), DType.INT8)
    even = net.add("SLICE", (image, net.shape(0, 1, 0, 0), net.shape(1, 5, 5, 8)), (1, 5, 5, 8))
    weights = net.constant(np.random.default_rng(1).integers(-128, 128, (3, 2, 2, 8)))
    conv = net.conv(even, weights, (1, 4, 4, 3), input_zp=1)
    half = net.add("SLICE", (image, net.shape(0, 0, 1, 4), net.shape(1, 6, 5, 4)), (1, 6, 5, 4))
    window = {"kernel": (2, 2), "pad": (0, 0, 0, 0), "stride": (1, 1)}
    pool = net.add("MAX_POOL2D", (half,), (1, 5, 4, 4), **window, **NAN)
    turned = net.add("REVERSE", (net.transpose(image, 0, 3, 2, 1),), (1, 8, 6, 6), axis=2)
    wide = net.add("CAST", (turned,), (1, 8, 6, 6), DType.INT32)
    joined = net.add("CONCAT", (half, half), (1, 6, 10, 4), axis=2)
    tiled = net.add("TILE", (even, net.shape(1, 1, 2, 1)), (1, 5, 10, 8))
    total = net.add("REDUCE_SUM", (wide,), (1, 8, 1, 6), DType.INT32, axis=2)
    return net.graph(conv, pool, joined, tiled, total)


def reductions() -> Graph:
    """Reductions and ARGMAX along each axis."""
    net = Bench()
    shape = (3, 4, 5)
    sources = {dtype: net.input(f"a{dtype.name}", shape, dtype) for dtype in (*INTEGERS, DType.BOOL)}
    for axis in range(3):
        kept = (*shape[:axis], 1, *shape[axis + 1 :])
        for dtype in INTEGERS:
            for kind in ("REDUCE_MAX", "REDUCE_MIN"):
                net.add(kind, (sources[dtype],), kept, dtype, axis=axis, **NAN)
        net.add("REDUCE_SUM", (sources[DType.INT32],), kept, DType.INT32, axis=axis)
        for kind in ("REDUCE_ALL", "REDUCE_ANY"):
            net.add(kind, (sources[DType.BOOL],), kept, DType.BOOL, axis=axis)
        dropped = (*shape[:axis], *shape[axis + 1 :])
        net.add("ARGMAX", (sources[DType.INT8],), dropped, DType.INT32, axis=axis, **NAN)
    return net.all_outputs()


def indexing() -> Graph:
    """GATHER and SCATTER in each type, RESIZE in both modes, at whole and broken scales."""
    net = Bench()
    rng = np.random.default_rng(2)
    for dtype in INTEGERS:
        table = net.input(f"table{dtype.name}", (2, 5, 3), dtype)
        rows = net.input(f"rows{dtype.name}", (2, 4, 3), dtype)
        net.add("GATHER", (table, net.constant(rng.integers(0, 5, (2, 7)), DType.INT32)), (2, 7, 3), dtype)
        places = net.constant([rng.permutation(5)[:4] for _ in range(2)], DType.INT32)
        net.add("SCATTER", (table, places, rows), (2, 5, 3), dtype)
    image = net.input("image", (2, 4, 5, 3), DType.INT8)
    for scale, offset, border, out in (
        ((2, 1, 4, 1), (0, 0), (1, 3), (8, 20)),
        ((3, 2, 16, 9), (-1, -7), (0, 1), (6, 9)),
        ((1, 2, 1, 2), (0, 0), (-1, 0), (2, 3)),
    ):
        operands = (image, net.shape(*scale), net.shape(*offset), net.shape(*border))
        net.add("RESIZE", operands, (2, *out, 3), mode="NEAREST")
        net.add("RESIZE", operands, (2, *out, 3), DType.INT32, mode="BILINEAR")
    return net.all_outputs()


BENCHES = {
    bench.__name__: bench
    for bench in (
        binary,
        bits,
        logic,
        unary,
        rescales,
        convolutions,
        fused_sums,
        windows,
        movements,
        views,
        reductions,
        indexing,
    )
}
