"""Each float operator is what tosa_reference_model computes in FP32."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.floating.evaluate import evaluate_floats
from chipsmith.tosa.floating.rows import FLOAT_ROWS
from chipsmith.tosa.graph import DType, Graph

RANDOM = np.random.default_rng(11)


def reals(*shape: int, low: float = -3.0, high: float = 3.0) -> np.ndarray:
    return RANDOM.uniform(low, high, shape).astype(np.float32)


Writer = Callable[[GraphBuilder, list[str]], str]


def graph_of(arrays: list[np.ndarray], write: Writer) -> Graph:
    build = GraphBuilder()
    types = {"f": DType.FP32, "i": DType.INT32, "b": DType.BOOL}
    names = [build.enter(f"in{i}", array.shape[1:], types[array.dtype.kind]) for i, array in enumerate(arrays)]
    return build.finish("case", [write(build, names)])


def unary(kind: str) -> Writer:
    return lambda build, names: build.unary(kind, names[0])


def binary(kind: str, dtype: DType | None = None) -> Writer:
    return lambda build, names: build.binary(kind, names[0], names[1], dtype)


def zero(build: GraphBuilder) -> str:
    return build.constant([0.0], DType.FP32)


def convolution(kind: str, weight: np.ndarray, shape: tuple[int, ...], **attributes: tuple[int, ...]) -> Writer:
    def write(build: GraphBuilder, names: list[str]) -> str:
        operands = [build.constant(weight, DType.FP32), build.constant(reals(shape[-1]), DType.FP32)]
        complete = {**attributes, "local_bound": False, "acc_type": "FP32"}
        return build.emit(kind, [names[0], *operands, zero(build), zero(build)], shape, DType.FP32, complete)

    return write


def pooling(kind: str, shape: tuple[int, ...], **attributes: tuple[int, ...]) -> Writer:
    def write(build: GraphBuilder, names: list[str]) -> str:
        average = kind == "AVG_POOL2D"
        operands = [names[0], zero(build), zero(build)] if average else [names[0]]
        return build.emit(
            kind, operands, shape, DType.FP32, {**attributes, **({"acc_type": "FP32"} if average else {})}
        )

    return write


def resize(mode: str, shape: tuple[int, ...], scale, offset, border) -> Writer:
    def write(build: GraphBuilder, names: list[str]) -> str:
        operands = [build.shape_constant(values) for values in (scale, offset, border)]
        return build.emit("RESIZE", [names[0], *operands], shape, DType.FP32, {"mode": mode})

    return write


def matmul(build: GraphBuilder, names: list[str]) -> str:
    shape = (*build.shape(names[0])[:2], build.shape(names[1])[2])
    return build.emit("MATMUL", [*names, zero(build), zero(build)], shape, DType.FP32)


def times_constant(build: GraphBuilder, names: list[str]) -> str:
    return matmul(build, [names[0], build.constant(reals(1, 5, 4), DType.FP32)])


def negate(build: GraphBuilder, names: list[str]) -> str:
    return build.emit("NEGATE", [names[0], zero(build), zero(build)], build.shape(names[0]), DType.FP32)


def clamp(low: float, high: float) -> Writer:
    def write(build: GraphBuilder, names: list[str]) -> str:
        return build.emit("CLAMP", names, build.shape(names[0]), DType.FP32, {"min_val": low, "max_val": high})

    return write


def argmax(build: GraphBuilder, names: list[str]) -> str:
    return build.emit("ARGMAX", names, build.shape(names[0])[:-1], DType.INT32, {"axis": 2})


def select(build: GraphBuilder, names: list[str]) -> str:
    return build.emit("SELECT", names, build.shape(names[1]), DType.FP32)


def gather(build: GraphBuilder, names: list[str]) -> str:
    return build.emit("GATHER", names, (1, 3, 4), DType.FP32)


def scatter(build: GraphBuilder, names: list[str]) -> str:
    return build.emit("SCATTER", names, (1, 5, 4), DType.FP32)


def reduction(kind: str) -> Writer:
    return lambda build, names: build.reduce(kind, names[0], 1)


def cast(dtype: DType) -> Writer:
    return lambda build, names: build.unary("CAST", names[0], dtype)


INTEGERS = np.rint(reals(4, 5, 5, 32))
SPECIAL = np.array([[0.0, -0.0, 0.5, 1.5, -2.5, 1e-20, 88.0, -104.0, 5.0, -0.25]], np.float32)
ROWS_OF_FIVE = np.array([[[0, 4, 2]]], np.int32).reshape(1, 1, 3)
CASES: dict[str, tuple[list[np.ndarray], Writer]] = {
    **{kind: ([reals(3, 4, 5)], unary(kind)) for kind in ("ABS", "CEIL", "FLOOR", "EXP", "TANH", "SIGMOID", "ERF")},
    **{f"{kind} of edges": ([SPECIAL], unary(kind)) for kind in ("EXP", "SIGMOID", "TANH", "ERF", "CEIL", "FLOOR")},
    **{kind: ([reals(3, 4, low=0.1)], unary(kind)) for kind in ("LOG", "RECIPROCAL", "RSQRT")},
    **{kind: ([reals(3, 4)], unary(kind)) for kind in ("SIN", "COS")},
    **{kind: ([reals(2, 4, 5), reals(2, 4, 1)], binary(kind)) for kind in ("ADD", "SUB", "MAXIMUM", "MINIMUM")},
    "POW": ([reals(2, 4, low=0.1), reals(2, 4)], binary("POW")),
    "MUL": ([reals(2, 4), reals(2, 1)], lambda build, names: build.multiply(*names)),
    "NEGATE": ([reals(2, 4)], negate),
    "CLAMP": ([reals(2, 9)], clamp(0.0, 1.5)),
    "CLAMP open above": ([reals(2, 9)], clamp(-0.5, np.inf)),
    **{
        kind: ([reals(2, 3, 4), reals(2, 1, 4)], binary(kind, DType.BOOL))
        for kind in ("EQUAL", "GREATER", "GREATER_EQUAL")
    },
    "EQUAL of equals": ([SPECIAL, SPECIAL.copy()], binary("EQUAL", DType.BOOL)),
    "SELECT": ([reals(2, 3, 4) > 0, reals(2, 3, 4), reals(2, 3, 4)], select),
    **{
        kind: ([reals(2, 3, 4, 5)], reduction(kind))
        for kind in ("REDUCE_SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PRODUCT")
    },
    "ARGMAX": ([reals(2, 3, 2, 7)], argmax),
    "CAST to integers": ([SPECIAL], cast(DType.INT32)),
    "CAST to booleans": ([SPECIAL], cast(DType.BOOL)),
    "CAST of integers": ([np.arange(-3, 4, dtype=np.int32)[None]], cast(DType.FP32)),
    "CAST of booleans": ([reals(2, 4) > 0], cast(DType.FP32)),
    "MATMUL": ([reals(2, 3, 4, 5), reals(2, 3, 5, 6)], matmul),
    "MATMUL by a constant": ([reals(3, 1, 2, 5)], times_constant),
    "CONV2D": (
        [reals(2, 1, 7, 8, 3)],
        convolution("CONV2D", reals(5, 3, 2, 3), (1, 4, 3, 5), pad=(1, 1, 0, 0), stride=(2, 3), dilation=(1, 1)),
    ),
    "CONV2D dilated": (
        [reals(1, 2, 7, 8, 3)],
        convolution("CONV2D", reals(4, 3, 3, 3), (2, 5, 4, 4), pad=(1, 1, 0, 0), stride=(1, 1), dilation=(2, 2)),
    ),
    "CONV2D in blocks of rows": (
        [np.rint(reals(1, 1, 60, 40, 32))],  # of integers every order of additions gives one sum
        convolution(
            "CONV2D", np.rint(reals(4, 5, 5, 32)), (1, 60, 40, 4), pad=(2, 2, 2, 2), stride=(1, 1), dilation=(1, 1)
        ),
    ),
    "CONV2D of points": (
        [reals(2, 1, 5, 5, 6)],
        convolution("CONV2D", reals(4, 1, 1, 6), (1, 3, 3, 4), pad=(0, 0, 0, 0), stride=(2, 2), dilation=(1, 1)),
    ),
    "CONV3D": (
        [reals(2, 1, 4, 5, 5, 2)],
        convolution(
            "CONV3D",
            reals(3, 2, 3, 3, 2),
            (1, 3, 3, 3, 3),
            pad=(0, 0, 0, 0, 0, 0),
            stride=(1, 1, 1),
            dilation=(1, 1, 1),
        ),
    ),
    "DEPTHWISE_CONV2D": (
        [reals(2, 1, 6, 6, 3)],
        convolution(
            "DEPTHWISE_CONV2D", reals(3, 3, 3, 2), (1, 3, 3, 6), pad=(1, 0, 1, 0), stride=(2, 2), dilation=(1, 1)
        ),
    ),
    "DEPTHWISE_CONV2D of a channel": (
        [reals(2, 1, 6, 6, 1)],
        convolution(
            "DEPTHWISE_CONV2D", reals(3, 3, 1, 4), (1, 4, 4, 4), pad=(0, 0, 0, 0), stride=(1, 1), dilation=(1, 1)
        ),
    ),
    "TRANSPOSE_CONV2D": (
        [reals(2, 1, 4, 3, 3)],
        convolution("TRANSPOSE_CONV2D", reals(5, 3, 2, 3), (1, 8, 8, 5), out_pad=(-1, 0, 1, 1), stride=(2, 2)),
    ),
    "AVG_POOL2D": (
        [reals(2, 1, 6, 7, 3)],
        pooling("AVG_POOL2D", (1, 3, 4, 3), kernel=(3, 2), stride=(2, 2), pad=(1, 0, 1, 0)),
    ),
    "MAX_POOL2D": (
        [reals(2, 1, 6, 7, 3)],
        pooling("MAX_POOL2D", (1, 3, 4, 3), kernel=(3, 2), stride=(2, 2), pad=(1, 0, 1, 0)),
    ),
    "RESIZE between pixels": (
        [reals(2, 1, 3, 4, 2)],
        resize("BILINEAR", (1, 6, 8, 2), (4, 2, 4, 2), (-1, -1), (1, 1)),
    ),
    "RESIZE to the nearest": ([reals(2, 1, 3, 4, 2)], resize("NEAREST", (1, 6, 8, 2), (4, 2, 4, 2), (-1, -1), (1, 1))),
    "CONCAT": ([reals(2, 3, 4), reals(2, 2, 4)], lambda build, names: build.concat(names, 0)),
    "PAD": ([reals(2, 3, 4)], lambda build, names: build.pad(names[0], [(1, 0), (0, 2)], -1.5)),
    "RESHAPE": ([reals(2, 3, 4)], lambda build, names: build.reshape(names[0], (2, 6))),
    "TRANSPOSE": ([reals(2, 3, 4)], lambda build, names: build.transpose(names[0], (1, 0))),
    "SLICE": ([reals(2, 3, 4)], lambda build, names: build.slice(names[0], (1, 0), (2, 3))),
    "TILE": ([reals(2, 3, 4)], lambda build, names: build.tile(names[0], (2, 1))),
    "REVERSE": (
        [reals(2, 3, 4)],
        lambda build, names: build.emit("REVERSE", names, (3, 4), DType.FP32, {"axis": 1}),
    ),
    "IDENTITY": ([reals(2, 3, 4)], unary("IDENTITY")),
    "GATHER": ([reals(1, 1, 5, 4), ROWS_OF_FIVE], gather),
    "SCATTER": ([reals(1, 1, 5, 4), ROWS_OF_FIVE, reals(1, 1, 3, 4)], scatter),
    "ADD of integers": ([np.array([[2**31 - 1, -5]], np.int32), np.array([[-7, 3]], np.int32)], binary("ADD")),
    "INTDIV": ([np.array([[7, -7, 9]], np.int32), np.array([[2, 2, -4]], np.int32)], binary("INTDIV")),
    "LOGICAL_NOT": ([reals(2, 4) > 0], unary("LOGICAL_NOT")),
    "LOGICAL_XOR": ([reals(2, 4) > 0, reals(2, 4) > 0], binary("LOGICAL_XOR")),
}


@pytest.mark.parametrize("case", CASES)
def test_as_the_reference_model(case, reference_model):
    arrays, write = CASES[case]
    graph = graph_of(arrays, write)
    inputs = dict(zip(graph.inputs, arrays, strict=True))
    (name,) = graph.outputs
    computed = evaluate_floats(graph, inputs, keep=[name])[name]
    for index in range(len(arrays[0])):
        expected = reference_model(graph, {key: array[index] for key, array in inputs.items()})[name]
        np.testing.assert_allclose(computed[index], expected, rtol=2e-5, atol=2e-6, strict=True)


def test_every_row_has_a_case():
    kinds = {operator.kind for arrays, write in CASES.values() for operator in graph_of(arrays, write).operators}
    assert set(FLOAT_ROWS) <= kinds
