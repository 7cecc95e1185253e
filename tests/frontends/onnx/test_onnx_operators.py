"""Each operator of ONNX as a float network: what onnxruntime computes of the same file, to float32's rounding."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx_networks
import pytest
from onnx_networks import (
    assert_same,
    booleans,
    floats,
    integers,
    model,
    node,
    proto,
    random_inputs,
    source_outputs,
    weights,
)

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.frontends.onnx.handlers import HANDLERS
from chipsmith.frontends.onnx.load import quantise_file
from chipsmith.sim import functional
from chipsmith.witness.reference_model import witness_outputs

IMAGE, ROWS = (1, 4, 9, 8), (1, 5, 16)


def conv(x, w, **attributes):
    return proto([node("Conv", ["x", "w", "b"], ["y"], **attributes)], [weights("w", *w), weights("b", w[0])], x=x)


def single(kind, x=IMAGE, constants=(), opset=17, **attributes):
    return onnx_networks.single(kind, x, constants, opset, **attributes)


def two(kind, x=IMAGE, z=IMAGE, **attributes):
    return proto([node(kind, ["x", "z"], ["y"], **attributes)], x=x, z=z)


def after_conv(*nodes, constants=()):
    first = node("Conv", ["x", "w"], ["c"])
    return proto([first, *nodes], [weights("w", 4, 4, 3, 3), *constants], x=IMAGE)


CONVOLUTIONS = {
    "conv": conv((1, 3, 9, 9), (8, 3, 3, 3), pads=[1, 1, 1, 1]),
    "conv_strided": conv((1, 3, 9, 10), (8, 3, 3, 3), strides=[2, 2]),
    "conv_same_upper": conv((1, 3, 9, 10), (8, 3, 3, 3), strides=[2, 2], auto_pad="SAME_UPPER"),
    "conv_same_lower": conv((1, 3, 9, 10), (8, 3, 2, 2), auto_pad="SAME_LOWER"),
    "conv_dilated": conv((1, 3, 12, 12), (8, 3, 3, 3), dilations=[2, 2]),
    "conv_depthwise": conv((1, 8, 9, 9), (8, 1, 3, 3), group=8, pads=[1, 1, 1, 1]),
    "conv_multiplier": conv((1, 4, 9, 9), (8, 1, 3, 3), group=4),
    "conv_groups": conv((1, 8, 9, 9), (8, 4, 3, 3), group=2),
    "conv_1d": conv((1, 4, 16), (8, 4, 3), pads=[1, 1]),
    "conv_3d": conv((1, 2, 5, 6, 7), (4, 2, 3, 3, 3)),
    "conv_relu": after_conv(node("Relu", ["c"], ["y"])),
    "conv_clip": after_conv(
        node("Clip", ["c", "low", "high"], ["y"]), constants=[floats("low", 0), floats("high", 0.5)]
    ),
    "conv_batch_norm": after_conv(
        node("BatchNormalization", ["c", "g", "o", "m", "v"], ["n"]),
        node("Relu", ["n"], ["y"]),
        constants=[weights("g", 4), weights("o", 4), weights("m", 4), floats("v", [0.5, 1, 2, 3])],
    ),
    "conv_transpose": single(
        "ConvTranspose",
        constants=[weights("w", 4, 6, 3, 3), weights("b", 6)],
        strides=[2, 2],
        pads=[1, 1, 1, 1],
        output_padding=[1, 1],
    ),
    "gemm": single("Gemm", (1, 16), [weights("w", 10, 16), weights("b", 10)], transB=1, alpha=0.5, beta=2.0),
    "gemm_of_rows": single("Gemm", (3, 16), [weights("w", 16, 10)]),
    "matmul": single("MatMul", ROWS, [weights("w", 16, 10)]),
    "matmul_of_two": two("MatMul", (1, 2, 5, 16), (1, 2, 16, 7)),
    "matmul_broadcast": two("MatMul", (1, 2, 5, 16), (1, 1, 16, 7)),
}
ARITHMETIC = {
    **{kind: two(kind) for kind in ("Add", "Sub", "Mul", "Max", "Min")},
    **{f"{kind}_spread": two(kind, z=(1, 4, 1, 1)) for kind in ("Add", "Sub", "Mul")},
    "Add_of_one": proto([node("Add", ["x", "x"], ["y"])], x=ROWS),
    "Add_constant": single("Add", constants=[weights("k", 4, 1, 1)]),
    "Mul_constant": single("Mul", constants=[weights("k", 4, 1, 1)]),
    "Div_constant": single("Div", constants=[floats("k", [[[2]], [[3]], [[4]], [[5]]])]),
    "Div": proto(
        [node("Exp", ["z"], ["e"]), node("Add", ["e", "o"], ["p"]), node("Div", ["x", "p"], ["y"])],
        [floats("o", 1)],
        x=ROWS,
        z=ROWS,
    ),
    "Pow": single("Pow", constants=[floats("e", 2)]),
    "PRelu": single("PRelu", constants=[floats("slope", [0.2])]),
}
FUNCTIONS = {
    kind: single(kind)
    for kind in (
        *("Abs", "Elu", "Erf", "Exp", "Floor", "HardSigmoid", "HardSwish", "LeakyRelu", "Neg", "Selu", "Sigmoid"),
        *("Sin", "Softplus", "Softsign", "Tanh"),
    )
} | {
    "Gelu": single("Gelu", opset=20),
    "silu": after_conv(node("Sigmoid", ["c"], ["s"]), node("Mul", ["c", "s"], ["y"])),
    "gelu_in_parts": proto(
        [
            node("Div", ["x", "r"], ["a"]),
            node("Erf", ["a"], ["b"]),
            node("Add", ["b", "o"], ["c"]),
            node("Mul", ["x", "c"], ["d"]),
            node("Mul", ["d", "h"], ["y"]),
        ],
        [floats("r", 2**0.5), floats("o", 1), floats("h", 0.5)],
        x=ROWS,
    ),
}
NORMALISATIONS = {
    "Softmax": single("Softmax", ROWS, axis=-1),
    "Softmax_over_channels": single("Softmax", IMAGE, axis=1),
    "Softmax_of_1000": single("Softmax", (1, 1000), axis=1),
    "LayerNormalization": single("LayerNormalization", (1, 6, 32), [weights("g", 32), weights("o", 32)]),
    "LayerNormalization_of_768": single("LayerNormalization", (1, 2, 768), [weights("g", 768), weights("o", 768)]),
    "LayerNormalization_of_images": single(
        "LayerNormalization", IMAGE, [weights("g", 4, 9, 8), weights("o", 4, 9, 8)], axis=1
    ),
    "InstanceNormalization": single("InstanceNormalization", IMAGE, [weights("g", 4), weights("o", 4)]),
    "BatchNormalization": single(
        "BatchNormalization",
        constants=[weights("g", 4), weights("b", 4), weights("m", 4), floats("v", [0.5, 1, 2, 3])],
    ),
}
POOLINGS = {
    "AveragePool": single("AveragePool", kernel_shape=[2, 2], strides=[2, 2]),
    "AveragePool_padded": single("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2]),
    "AveragePool_of_padding": single("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1),
    "AveragePool_ceiling": single("AveragePool", (1, 4, 9, 7), kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
    "AveragePool_1d": single("AveragePool", (1, 4, 9), kernel_shape=[3]),
    "MaxPool": single("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
    "MaxPool_ceiling": single("MaxPool", (1, 4, 9, 7), kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
    "MaxPool_1d": single("MaxPool", (1, 4, 9), kernel_shape=[2], strides=[2]),
    "GlobalAveragePool": single("GlobalAveragePool"),
    "GlobalMaxPool": single("GlobalMaxPool"),
    "ReduceMean": single("ReduceMean", axes=[2, 3], keepdims=0),
    "ReduceMean_18": single("ReduceMean", constants=[integers("a", [-1])], opset=18),
    "ReduceSum": single("ReduceSum", constants=[integers("a", [1])], keepdims=0),
    "ReduceMax": single("ReduceMax", axes=[1]),
}
MOVES = {
    "Concat": two("Concat", z=(1, 3, 9, 8), axis=1),
    "Concat_after_conv": after_conv(node("GlobalMaxPool", ["x"], ["m"]), node("Add", ["c", "m"], ["y"])),
    "Split": proto(
        [node("Split", ["x", "s"], ["a", "b"], axis=1), node("Mul", ["a", "b"], ["y"])],
        [integers("s", [2, 2])],
        x=IMAGE,
    ),
    "Slice": single("Slice", constants=[integers("s", [1, 2]), integers("e", [3, 100]), integers("a", [1, 3])]),
    "Slice_steps": single(
        "Slice",
        constants=[integers(n, v) for n, v in (("s", [0, -1]), ("e", [9, -100]), ("a", [2, 3]), ("t", [2, -1]))],
    ),
    "Reshape": after_conv(node("Reshape", ["c", "s"], ["y"]), constants=[integers("s", [0, 2, -1])]),
    "Flatten_Gemm": after_conv(
        node("Relu", ["c"], ["r"]),
        node("Flatten", ["r"], ["f"]),
        node("Gemm", ["f", "v"], ["y"]),
        constants=[weights("v", 168, 7)],
    ),
    "Transpose": proto(
        [node("Transpose", ["x"], ["t"], perm=[0, 2, 1]), node("MatMul", ["t", "w"], ["y"])],
        [weights("w", 5, 4)],
        x=ROWS,
    ),
    "Squeeze": proto(
        [node("Squeeze", ["x", "a"], ["s"]), node("Unsqueeze", ["s", "b"], ["u"]), node("Tanh", ["u"], ["y"])],
        [integers("a", [2]), integers("b", [1])],
        x=(1, 3, 1, 5),
    ),
    "Pad": proto(
        [node("Pad", ["x", "p"], ["a"]), node("Conv", ["a", "w"], ["y"])],
        [integers("p", [0, 0, 1, 1, 0, 0, 1, 1]), weights("w", 4, 4, 3, 3)],
        x=IMAGE,
    ),
    "Where": proto(
        [node("Where", ["m", "k", "x"], ["w"]), node("Softmax", ["w"], ["y"], axis=-1)],
        [floats("k", -8), onnx.numpy_helper.from_array(np.triu(np.ones((6, 6), bool), 1), "m")],
        x=(1, 2, 6, 6),
    ),
    "Where_of_infinity": proto(
        [node("Where", ["m", "k", "x"], ["w"]), node("Softmax", ["w"], ["y"], axis=-1)],
        [floats("k", -np.inf), onnx.numpy_helper.from_array(np.triu(np.ones((6, 6), bool), 1), "m")],
        x=(1, 2, 6, 6),
    ),
    "Add_of_mask": proto(
        [node("Add", ["x", "k"], ["w"]), node("Softmax", ["w"], ["y"], axis=-1)],
        [floats("k", np.triu(np.full((6, 6), -3.4e38), 1))],
        x=(1, 2, 6, 6),
    ),
    "Gather": proto([node("Gather", ["x", "i"], ["y"], axis=1)], [integers("i", 2)], x=IMAGE),
    "Gather_list": proto([node("Gather", ["x", "i"], ["y"], axis=1)], [integers("i", [3, 0, 1])], x=IMAGE),
    "Embedding": proto(
        [node("Gather", ["t", "x"], ["e"]), node("MatMul", ["e", "w"], ["y"])],
        [weights("t", 10, 8), weights("w", 8, 4)],
        x=("int64", 1, 5),
    ),
    "Expand": single("Expand", (1, 1, 5), [integers("s", [1, 3, 5])]),
    "Tile": single("Tile", (1, 2, 5), [integers("s", [1, 3, 2])]),
    "DepthToSpace": single("DepthToSpace", (1, 8, 3, 4), blocksize=2),
    "SpaceToDepth": single("SpaceToDepth", (1, 2, 4, 4), blocksize=2),
    "Shape": proto(
        [
            node("Shape", ["x"], ["s"]),
            node("Slice", ["s", "from", "to"], ["n"]),
            node("Concat", ["n", "rest"], ["t"], axis=0),
            node("Reshape", ["x", "t"], ["y"]),
        ],
        [integers("from", [0]), integers("to", [1]), integers("rest", [-1])],
        x=IMAGE,
    ),
}
RESIZES = {
    f"Resize_{mode}_{mapping}": single(
        "Resize",
        (1, 2, 4, 5),
        [None, None, integers("s", [1, 2, 8, 7])],
        mode=mode,
        coordinate_transformation_mode=mapping,
    )
    for mode in ("nearest", "linear")
    for mapping in ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel")
} | {
    f"Resize_{rounding}": single(
        "Resize",
        (1, 2, 4, 6),
        [None, floats("s", [1, 1, 2, 1.5])],
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode=rounding,
    )
    for rounding in ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil")
}
MORE_FUNCTIONS = {
    **{
        kind: single(kind)
        for kind in (
            *("Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Celu", "Ceil", "Cos", "Cosh", "Log", "Reciprocal"),
            *("Relu", "Round", "Shrink", "Sign", "Sinh", "Sqrt", "Tan", "ThresholdedRelu"),
        )
    },
    "Mish": single("Mish", opset=18),
    "Gelu_by_tanh": single("Gelu", opset=20, approximate="tanh"),
    "Swish": single("Swish", opset=24, alpha=1.5),
    "Round_of_halves": proto([node("Mul", ["x", "k"], ["a"]), node("Round", ["a"], ["y"])], [floats("k", 0.5)], x=(8,)),
    "LeakyRelu_steep": single("LeakyRelu", alpha=1.7),
    "Shrink_biased": single("Shrink", lambd=0.3, bias=0.2),
    "Clip": single("Clip", constants=[floats("l", -0.5), floats("h", 0.5)]),
    "Clip_above": single("Clip", constants=[None, floats("h", 0.5)]),
    "Clip_6": single("Clip", opset=6, min=-0.3, max=0.2),
    "Clip_of_nothing": single("Clip"),
    "Clip_computed": proto([node("Clip", ["x", "", "z"], ["y"])], x=(3, 4), z=()),
    "Clip_of_integers": single("Clip", ("int32", 9), [onnx.numpy_helper.from_array(np.int32(3), "l")]),
    "Dropout": single("Dropout"),
}
MATRICES = {
    "gemm_bias_of_a_row": single("Gemm", (3, 16), [weights("w", 16, 10), weights("b", 1, 10)]),
    "gemm_bias_of_a_column": single("Gemm", (3, 16), [weights("w", 16, 10), weights("b", 3, 1)]),
    "gemm_bias_of_a_number": single("Gemm", (3, 16), [weights("w", 16, 10), floats("b", 0.3)], alpha=-2.0),
    "gemm_bias_left_out": single("Gemm", (3, 16), [weights("w", 16, 10), weights("b", 10)], beta=0.0),
    "gemm_turned": single("Gemm", (16, 3), [weights("w", 16, 10), weights("b", 3, 10)], transA=1),
    "gemm_of_two": proto(
        [node("Gemm", ["x", "z", "c"], ["y"], transB=1, alpha=0.5, beta=3.0)], x=(3, 16), z=(7, 16), c=(7,)
    ),
    "matmul_by_vector": single("MatMul", ROWS, [weights("w", 16)]),
    "matmul_by_stack": single("MatMul", ROWS, [weights("w", 3, 16, 4)]),
    "matmul_of_vectors": two("MatMul", (16,), (16,)),
    "matmul_of_vector_and_stack": two("MatMul", (16,), (2, 16, 7)),
    "matmul_from_left": proto([node("MatMul", ["w", "x"], ["y"])], [weights("w", 7, 5)], x=(2, 5, 16)),
    "matmul_from_left_by_vector": proto([node("MatMul", ["w", "x"], ["y"])], [weights("w", 5)], x=(2, 5, 16)),
    "matmul_from_left_by_stack": proto([node("MatMul", ["w", "x"], ["y"])], [weights("w", 2, 7, 5)], x=(1, 5, 16)),
    **{
        f"Einsum {equation}": proto([node("Einsum", ["x", "z"], ["y"], equation=equation)], x=x, z=z)
        for equation, x, z in (
            ("bij,bjk->bik", (2, 3, 4), (2, 4, 5)),
            ("ij,jk", (3, 4), (4, 5)),
            ("bhid,bhjd->bhij", (1, 2, 3, 4), (1, 2, 5, 4)),
            ("i,j->ij", (3,), (4,)),
            ("...ij,jk->...ik", (2, 2, 3, 4), (4, 5)),
            ("ijk,jk->i", (2, 3, 4), (3, 4)),
            ("bnd,bnd->bn", (2, 3, 4), (2, 3, 4)),
        )
    },
    "Einsum by weights": single("Einsum", (2, 3, 4), [weights("w", 5, 4)], equation="bij,kj->bik"),
    "Einsum of a single value": single("Einsum", (2, 3, 4), equation="bij->jb"),
    "Einsum of three": proto(
        [node("Einsum", ["x", "z", "w"], ["y"], equation="ij,jk,kl->il")], [weights("w", 5, 2)], x=(3, 4), z=(4, 5)
    ),
    "CumSum": single("CumSum", (2, 5), [integers("a", 1)]),
    "CumSum_backwards": single("CumSum", (2, 5, 3), [integers("a", 1)], exclusive=1, reverse=1),
}
MORE_ARITHMETIC = {
    **{
        f"{kind}_of_four": proto(
            [node(kind, ["x", "z", "k", "l"], ["y"])],
            [floats("k", [[1], [0], [-1]]), floats("l", 0.2)],
            x=(2, 3, 4),
            z=(3, 1),
        )
        for kind in ("Max", "Min", "Sum", "Mean")
    },
    "Sum_of_itself": single("Sum"),
    "Pow_by_element": proto(
        [node("Abs", ["x"], ["a"]), node("Pow", ["a", "e"], ["y"])], [floats("e", [0.5, 1.5, 2, 3])], x=(2, 4)
    ),
    "Pow_cubed": single("Pow", constants=[integers("e", 3)]),
    "PRelu_by_channel": single("PRelu", constants=[floats("slope", [[[0.2]], [[1.5]], [[-1]], [[0]]])]),
    "PRelu_computed": two("PRelu", z=(4, 1, 1)),
    "Mod": single("Mod", (2, 4), [floats("d", [0.2, -0.3, 0.7, 1])], fmod=1),
    "Mod_of_integers": proto([node("Mod", ["x", "d"], ["y"])], [integers("d", [3, -3, 4, 7])], x=("int64", 2, 4)),
    "Div_of_integers": proto([node("Div", ["x", "d"], ["y"])], [integers("d", [3, -3, 4, 7])], x=("int64", 2, 4)),
    "Neg_of_integers": single("Neg", ("int32", 7)),
}
LOGIC = {
    **{kind: two(kind, (2, 3, 4), (3, 1)) for kind in ("Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual")},
    **{kind: two(kind, ("bool", 2, 3, 4), ("bool", 3, 1)) for kind in ("And", "Or", "Xor")},
    "Equal_of_truth": two("Equal", ("bool", 2, 3, 4), ("bool", 3, 1)),
    "Not": single("Not", ("bool", 3)),
    "Where_computed": proto(
        [node("Greater", ["x", "z"], ["c"]), node("Where", ["c", "x", "z"], ["y"])], x=(2, 3, 4), z=(3, 1)
    ),
    "Where_of_a_constant_condition": proto(
        [node("Where", ["c", "x", "z"], ["y"])], [booleans("c", [True, True])], x=(2, 2), z=(2, 2)
    ),
    "Cast_truth": single("Cast", ("bool", 5), to=1),
    "Cast_to_integers": proto(
        [node("Mul", ["x", "k"], ["a"]), node("Cast", ["a"], ["y"], to=7)], [floats("k", 5)], x=(30,)
    ),
    "Cast_bytes": single("Cast", ("uint8", 30), to=1),
    "Cast_to_truth": single("Cast", ("int32", 30), to=9),
    **{f"Trilu_{upper}": single("Trilu", (2, 4, 5), [integers("k", 1)], upper=upper) for upper in (0, 1)},
    "CastLike": proto([node("CastLike", ["x", "k"], ["y"])], [floats("k", 5)], 19, x=("int64", 3)),
    "IsNaN": proto([node("IsNaN", ["x"], ["n"]), node("Where", ["n", "k", "x"], ["y"])], [floats("k", 0)], x=(2, 3)),
}
REDUCTIONS = {
    **{
        f"{kind}_{opset}": single(kind, opset=opset, axes=[1, -1], keepdims=0)
        if opset < 18
        else single(kind, constants=[integers("a", [2])], opset=opset)
        for kind in (
            *("ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd"),
            "ReduceSumSquare",
        )
        for opset in (11, 18)
    },
    "ReduceLogSum": proto([node("Abs", ["x"], ["a"]), node("ReduceLogSum", ["a"], ["y"], axes=[1])], x=IMAGE),
    **{
        f"TopK_{largest}": proto(
            [node("TopK", ["x", "k"], ["y", "i"], axis=1, largest=largest)],
            [integers("k", [1])],
            outputs=("y", "i"),
            x=IMAGE,
        )
        for largest in (0, 1)
    },
    "ReduceSum_of_everything": single("ReduceSum", keepdims=0),
    "ReduceSum_of_nothing": single("ReduceSum", noop_with_empty_axes=1),
    "ReduceSum_of_integers": single("ReduceSum", ("int32", 2, 5), [integers("a", [1])]),
    **{
        f"{kind}_last_{last}": single(kind, ("int32", 3, 5), axis=1, keepdims=last, select_last_index=last)
        for kind in ("ArgMax", "ArgMin")
        for last in (0, 1)
    },
}
NETWORKS = {
    **CONVOLUTIONS,
    **MATRICES,
    **ARITHMETIC,
    **MORE_ARITHMETIC,
    **LOGIC,
    **FUNCTIONS,
    **MORE_FUNCTIONS,
    **REDUCTIONS,
    **NORMALISATIONS,
    **POOLINGS,
    **MOVES,
    **RESIZES,
}


@pytest.mark.parametrize("name", NETWORKS)
def test_operator_computes_what_onnxruntime_does(name):
    assert_same(model(NETWORKS[name]))


CHAINS = {
    name: NETWORKS[name]
    for name in (
        *("conv_strided", "conv_depthwise", "conv_transpose", "gemm", "gemm_of_two", "matmul_of_two", "Add", "Div"),
        *("matmul_from_left", "Einsum bhid,bhjd->bhij", "Max_of_four", "PRelu_by_channel", "silu", "ReduceMean"),
        *("Softmax", "LayerNormalization", "Embedding", "Where_computed", "AveragePool_padded", "Concat"),
    )
}


@pytest.mark.parametrize("name", CHAINS)
def test_on_the_chip_it_is_near_the_source_and_has_the_bits_of_the_reference_model(name):
    plain = model(CHAINS[name])
    calibration = random_inputs(plain, 32)
    network = quantise_file(plain, [column.reshape(-1, *column.shape[2:]) for column in calibration])
    columns = [column[:8] for column in calibration]
    inputs = network.quantize_inputs(*(column.reshape(-1, *column.shape[2:]) for column in columns))
    outputs = functional.execute(compile_graph(network.graph, load_chip("edge-256")), inputs)
    stacked = {name: array.reshape(8, *network.graph.tensor(name).shape) for name, array in inputs.items()}
    for tensor, expected in witness_outputs(network.graph, stacked).items():
        np.testing.assert_array_equal(outputs[tensor].reshape(expected.shape), expected)
    (ours,), (theirs,) = network.dequantize_outputs(outputs), source_outputs(plain, columns)
    noise = theirs.astype(np.float64) - ours.reshape(theirs.shape)
    assert 10 * np.log10((theirs.astype(np.float64) ** 2).sum() / (noise**2).sum()) > 25


def test_page_names_every_operator():
    page = (Path(__file__).parents[3] / "docs" / "front-ends.md").read_text()
    missing = [kind for kind in HANDLERS if kind not in page]
    assert missing == []
