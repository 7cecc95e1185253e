"""What layers and kernels are called: by their author's name, else by the operator's, with the kernel's number."""

from __future__ import annotations

import pytest

from chipsmith.program.layer_names import (
    COPY,
    LayerNames,
    find_main,
    find_owner,
    label_kernel,
    name_layer,
    note_other_kind,
    shorten_layer,
)
from chipsmith.program.program import WIPE, Placed, Placement


def row(name, kind, kernel="", source="", placed=Placed.TENSOR, reason="an instruction of its own"):
    return Placement(name=name, kind=kind, placed=placed, reason=reason, kernel=kernel, source=source)


ROWS = (
    row("conv", "CONV2D", "k0:relu", "features.0"),
    row("relu", "RESCALE", "k0:relu", "features.1"),
    row("softmax.1", "RESCALE", "k2:softmax.2", "softmax"),
    row("softmax.2", "REDUCE_MAX", "k2:softmax.2", "softmax"),
    row("pad", "PAD", "k3:pad", ""),
)
NAMES = LayerNames(ROWS)


def test_a_layer_is_called_by_its_author_else_by_the_graph():
    assert name_layer(ROWS[0]) == "features.0"
    assert name_layer(ROWS[-1]) == "pad"


@pytest.mark.parametrize(
    ("kernel", "label", "operation"),
    [
        ("k0:relu", "features.0 (k0)", "CONV2D"),
        ("k1:conv.dense1", "features.0 (k1)", COPY),
        ("k2:softmax.2", "softmax (k2)", "REDUCE_MAX"),
        ("k3:pad", "pad (k3)", "PAD"),
        ("k4:pad", "pad (k4)", "PAD"),
        ("k5:x.rearranged5", "x.rearranged5 (k5)", COPY),
        (WIPE, WIPE, WIPE),
    ],
)
def test_a_kernel_has_its_main_operators_layer_and_its_number(kernel, label, operation):
    """Copies have the layer whose result they copy; later kernels of an operator its own."""
    name = NAMES.kernel(kernel)
    assert (name.label, name.operation) == (label, operation)


def test_the_main_operator_is_no_stage_of_others_where_there_is_another():
    assert find_main(ROWS[2:4]).kind == "REDUCE_MAX"
    assert find_main(ROWS[1:2]).kind == "RESCALE"
    assert find_main(()) is None


def test_buffers_are_of_their_operators_layer():
    assert NAMES.layer("conv[0:16].weights") == "features.0"
    assert NAMES.layer("softmax.2.between7") == "softmax"
    assert NAMES.layer("conv/input") == "features.0"
    assert NAMES.layer("x") == ""


def test_the_longest_name_owns_a_part():
    assert find_owner("a.b.dense3", {"a", "a.b"}) == "a.b"
    assert find_owner("abc", {"a"}) == ""


def test_of_the_names_that_a_converter_joined_the_layers_own_is_shown():
    joined = (
        "model/activation/Relu;model/batch_normalization/FusedBatchNormV3;model/conv2d_2/Conv2D;model/conv2d/Conv2D1"
    )
    assert shorten_layer(joined) == "model/conv2d/Conv2D1"
    assert shorten_layer("model/relu;model/depthwise/BiasAdd/ReadVariableOp/resource1") == "model/depthwise"
    assert shorten_layer("features.3") == "features.3"
    assert label_kernel(joined, "k7") == "model/conv2d/Conv2D1 (k7)"


def test_a_depthwise_convolution_that_is_computed_as_another_says_both():
    depthwise = note_other_kind(row("dw", "CONV2D", "k0:dw"), "DEPTHWISE_CONV2D")
    assert (depthwise.kind, depthwise.reason) == ("DEPTHWISE_CONV2D", "as CONV2D: an instruction of its own")
    assert LayerNames([depthwise]).kernel("k0:dw").operation == "DEPTHWISE_CONV2D as CONV2D"
    assert note_other_kind(row("view", "RESHAPE"), "RESCALE").kind == "RESHAPE"
