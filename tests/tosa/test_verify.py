"""What is illegal or not supported is refused with one message that names the operator and the rule."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.tosa.graph import DType, Graph, Operator, Tensor
from chipsmith.tosa.verify import verify


def pooled() -> Graph:
    """A convolution and a maximum pooling."""
    tensors = (
        Tensor(name="image", shape=(1, 6, 6, 3), dtype=DType.INT8),
        Tensor(name="weight", shape=(4, 3, 3, 3), dtype=DType.INT8),
        Tensor(name="bias", shape=(4,), dtype=DType.INT32),
        Tensor(name="zero", shape=(1,), dtype=DType.INT8),
        Tensor(name="sums", shape=(1, 6, 6, 4), dtype=DType.INT32),
        Tensor(name="pooled", shape=(1, 3, 3, 3), dtype=DType.INT8),
    )
    conv_attributes = {
        "pad": (1, 1, 1, 1),
        "stride": (1, 1),
        "dilation": (1, 1),
        "local_bound": False,
        "acc_type": "INT32",
    }
    pool_attributes = {"kernel": (2, 2), "stride": (2, 2), "pad": (0, 0, 0, 0), "nan_mode": "PROPAGATE"}
    return Graph(
        name="pooled",
        tensors={tensor.name: tensor for tensor in tensors},
        operators=(
            Operator(
                kind="CONV2D",
                name="sums",
                inputs=("image", "weight", "bias", "zero", "zero"),
                outputs=("sums",),
                attributes=conv_attributes,
            ),
            Operator(
                kind="MAX_POOL2D", name="pooled", inputs=("image",), outputs=("pooled",), attributes=pool_attributes
            ),
        ),
        constants={
            "weight": np.ones((4, 3, 3, 3), np.int8),
            "bias": np.zeros(4, np.int32),
            "zero": np.zeros(1, np.int8),
        },
        inputs=("image",),
        outputs=("sums", "pooled"),
    )


def with_tensor(name: str, **changes: object) -> Graph:
    graph = pooled()
    return dataclasses.replace(
        graph, tensors={**graph.tensors, name: dataclasses.replace(graph.tensor(name), **changes)}
    )


def with_operator(index: int, **changes: object) -> Graph:
    graph = pooled()
    operators = list(graph.operators)
    operators[index] = dataclasses.replace(operators[index], **changes)
    return dataclasses.replace(graph, operators=tuple(operators))


def with_attribute(index: int, name: str, value: object) -> Graph:
    return with_operator(index, attributes={**pooled().operators[index].attributes, name: value})


def without_constant(name: str) -> Graph:
    graph = pooled()
    rest = {key: array for key, array in graph.constants.items() if key != name}
    return dataclasses.replace(graph, constants=rest, inputs=(*graph.inputs, name))


def test_a_legal_graph_passes():
    verify(pooled())


def test_weights_may_be_computed():
    verify(without_constant("weight"))


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (with_attribute(0, "stride", (0, 1)), "CONV2D 'sums' .*Strides are at least 1"),
        (with_attribute(0, "stride", (2, 2)), "its strides end exactly at the input's end"),
        (with_attribute(0, "pad", (1, 1)), r"attribute pad is \(1, 1\) where a list of integers of length 4 belongs"),
        (with_attribute(0, "groups", 2), "has attributes .*'groups'"),
        (with_attribute(0, "acc_type", "INT48"), "attribute acc_type is 'INT48' where INT32 belongs"),
        (with_attribute(1, "pad", (2, 2, 2, 2)), "MAX_POOL2D 'pooled' .*on each side smaller than the kernel"),
        (with_tensor("sums", shape=(1, 6, 6, 5)), r"output shape \[1, 6, 6, 5\] where \[1, 6, 6, 4\] follows"),
        (with_tensor("image", shape=(6, 6, 3)), "has input of rank 3 where rank 4 belongs"),
        (with_tensor("bias", shape=(3,)), r"constant 'bias' is int32\[4\] where int32\[3\] is declared"),
        (with_operator(0, inputs=("image", "weight")), "has 2 inputs and 1 outputs where inputs input, weight, bias"),
        (with_operator(0, inputs=("pooled",) * 5), "its input 'pooled' is not computed before it"),
        (with_operator(1, outputs=("sums",)), "another source already"),
        (with_operator(1, outputs=("nowhere",)), "'nowhere' .* is not declared"),
        (dataclasses.replace(pooled(), outputs=("absent",)), "graph output 'absent' is not computed"),
        (dataclasses.replace(pooled(), inputs=("image", "absent")), "'absent' .*is not declared"),
    ],
)
def test_an_illegal_graph_is_bad_input(graph, message):
    with pytest.raises(BadInput, match=message):
        verify(graph)


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (with_operator(0, kind="FFT2D"), "FFT2D 'sums': is not supported"),
        (
            with_tensor("image", dtype=DType.INT16),
            r"\(int16\[1,6,6,3\], .* are \(int8, int8, int32, int8, int8\)",
        ),
        (without_constant("zero"), "input_zp is computed; only a constant is supported"),
    ],
)
def test_what_is_not_held_is_refused(graph, message):
    with pytest.raises(OperatorRefused, match=message):
        verify(graph)
