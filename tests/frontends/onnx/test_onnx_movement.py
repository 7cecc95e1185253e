"""Operators of ONNX that move, choose or replace values: what onnxruntime computes of the same file."""

from __future__ import annotations

import numpy as np
import pytest
from onnx_networks import assert_same, integers, model, node, proto
from single_operators import assert_operator, operator

from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.frontends.onnx.network import lower_model

random = np.random.default_rng(0)


def floats(*shape):
    return random.normal(size=shape).astype(np.float32)


def numbers(*values):
    return np.array(values, np.int64)


def indices(limit, *shape):
    """Indices of which about half count from the end."""
    return random.integers(-limit, limit, shape)


IMAGE = floats(1, 4, 6, 8)
MOVES = {
    "reshape": ("Reshape", [IMAGE], [numbers(0, -1, 8)], {}),
    "flatten_from_the_end": ("Flatten", [IMAGE], [], {"axis": -2}),
    "transpose": ("Transpose", [IMAGE], [], {"perm": [2, 0, 3, 1]}),
    "transpose_all": ("Transpose", [IMAGE], [], {}),
    "squeeze_all": ("Squeeze", [floats(1, 3, 1, 2)], [], {}),
    "squeeze": ("Squeeze", [floats(1, 3, 1, 2)], [numbers(-2)], {}),
    "unsqueeze": ("Unsqueeze", [floats(3, 2)], [numbers(-1, 0)], {}),
    "slice": ("Slice", [IMAGE], [numbers(1, -3), numbers(3, 99), numbers(1, -1)], {}),
    "slice_backwards": ("Slice", [IMAGE], [numbers(-1), numbers(-99), numbers(2), numbers(-2)], {}),
    "slice_in_steps": ("Slice", [IMAGE], [numbers(1), numbers(8), numbers(3), numbers(3)], {}),
    "split": ("Split", [IMAGE], [numbers(1, 3)], {"axis": 1, "outputs": 2}),
    "concat": ("Concat", [IMAGE, floats(1, 2, 6, 8)], [floats(1, 1, 6, 8)], {"axis": 1}),
    "tile": ("Tile", [IMAGE], [numbers(1, 2, 1, 3)], {}),
    "expand": ("Expand", [floats(3, 1)], [numbers(2, 1, 4)], {}),
    "pad_beyond_its_range": ("Pad", [floats(1, 2, 5)], [numbers(0, 0, 1, 0, 0, 2), np.array(-7, np.float32)], {}),
    "pad_reflecting": ("Pad", [IMAGE], [numbers(0, 0, 3, 2, 0, 0, 1, 0)], {"mode": "reflect"}),
    "pad_repeating_the_edge": ("Pad", [IMAGE], [numbers(0, 1, 0, 2, 0, 0, -2, 4)], {"mode": "edge"}),
    "pad_that_cuts": ("Pad", [IMAGE], [numbers(0, -1, 0, 0, 0, -1, 2, -3)], {}),
    "depth_to_space": ("DepthToSpace", [IMAGE], [], {"blocksize": 2}),
    "depth_to_space_by_channels": ("DepthToSpace", [IMAGE], [], {"blocksize": 2, "mode": "CRD"}),
    "space_to_depth": ("SpaceToDepth", [IMAGE], [], {"blocksize": 2}),
    "reverse_sequence": ("ReverseSequence", [floats(4, 3, 2)], [numbers(1, 3, 4)], {}),
    "compress": ("Compress", [floats(4, 3)], [np.array([True, False, True])], {"axis": 1}),
    "compress_all": ("Compress", [floats(4, 3)], [np.array([False, True, True, False, True])], {}),
    "gather": ("Gather", [floats(2, 10, 4)], [np.array(-1)], {"axis": 1}),
    "gather_every_third": ("Gather", [floats(2, 10, 4)], [numbers(1, 4, 7)], {"axis": 1}),
    "gather_many": ("Gather", [floats(2, 10, 4)], [indices(10, 7, 5)], {"axis": 1}),
    "gather_by_an_input": ("Gather", [floats(2, 10, 4), indices(10, 3, 2)], [], {"axis": 1}),
    "gather_elements": ("GatherElements", [floats(3, 4, 5)], [indices(4, 2, 3, 5)], {"axis": 1}),
    "gather_elements_by_an_input": ("GatherElements", [floats(3, 4, 5), indices(4, 2, 3, 5)], [], {"axis": -2}),
    "gather_blocks": ("GatherND", [floats(3, 4, 5)], [indices(3, 2, 7, 2)], {}),
    "gather_blocks_of_a_batch": ("GatherND", [floats(3, 4, 5), indices(4, 3, 7, 1)], [], {"batch_dims": 1}),
    "scatter_blocks": ("ScatterND", [floats(5, 4), numbers(1, -2).reshape(2, 1), floats(2, 4)], [], {}),
    "scatter_elements": ("ScatterElements", [floats(5, 4)], [numbers(1, 3, 0, -1).reshape(2, 2), floats(2, 2)], {}),
    "one_hot": ("OneHot", [indices(4, 6)], [numbers(4), np.array([-1, 2], np.float32)], {"axis": 0}),
}


@pytest.mark.parametrize("name", MOVES)
def test_moves_mean_what_onnxruntime_computes(name):
    kind, arrays, constants, attributes = MOVES[name]
    assert_operator(kind, arrays, constants, **attributes)


def test_updates_are_added_as_often_as_they_come():
    places = numbers(1, -4, 3).reshape(3, 1)
    network = proto(
        [node("ScatterND", ["x", "i", "u"], ["y"], reduction="add")], [integers("i", places)], 18, x=(5, 4), u=(3, 4)
    )
    assert_same(model(network))
    rows = numbers(1, 1, 0, -1, 4, 4).reshape(2, 3)
    assert_operator("ScatterElements", [floats(5, 3)], [rows, floats(2, 3)], opset=18, reduction="add")


def test_whole_numbers_choose_as_integers_do():
    assert_operator("OneHot", [floats(6).round()], [np.array([5], np.float32), np.array([0, 1], np.float32)])


OLD = {
    "pad": ("Pad", 2, {"pads": [0, 0, 1, 2, 0, 0, 0, 1], "value": 3.0}),
    "slice": ("Slice", 9, {"starts": [1, -3], "ends": [3, 99], "axes": [1, 3]}),
    "split": ("Split", 11, {"axis": 1, "split": [1, 3], "outputs": 2}),
    "squeeze": ("Squeeze", 11, {"axes": [0]}),
    "unsqueeze": ("Unsqueeze", 11, {"axes": [0, 5]}),
}


@pytest.mark.parametrize("name", OLD)
def test_attributes_of_old_versions_count(name):
    kind, opset, attributes = OLD[name]
    assert_operator(kind, [IMAGE], opset=max(opset, 7), **attributes)


RECENT = {
    "pad_around": ("Pad", 19, [numbers(0, 0, 2, 3, 0, 0, 1, 4)], {"mode": "wrap"}),
    "pad_of_axes": ("Pad", 18, [numbers(1, 2, 3, 4), np.array(0.5, np.float32), numbers(-1, 1)], {}),
    "center_crop_pad": ("CenterCropPad", 18, [numbers(3, 11)], {"axes": [1, 3]}),
    "split_into_parts": ("Split", 18, [], {"axis": 3, "num_outputs": 3, "outputs": 3}),
}


@pytest.mark.parametrize("name", RECENT)
def test_operators_of_recent_versions(name):
    kind, opset, constants, attributes = RECENT[name]
    assert_operator(kind, [IMAGE], constants, opset=opset, **attributes)


def test_integers_and_masks_move_as_reals_do():
    """Positions are sliced, joined and reversed before they choose rows."""
    network = proto(
        [
            node("Slice", ["i", "from", "to", "axes", "steps"], ["s"]),
            node("Concat", ["s", "more"], ["c"], axis=0),
            node("Gather", ["x", "c"], ["y"]),
        ],
        [
            integers(name, [value])
            for name, value in (("from", -1), ("to", -9), ("axes", 0), ("steps", -1), ("more", 2))
        ],
        x=(5, 3),
        i=("int64", 4),
    )
    random_rows = [random.normal(size=(3, 5, 3)).astype(np.float32), random.integers(-5, 5, (3, 4))]
    assert_same(model(network), random_rows)


def test_a_part_of_nothing_adds_nothing():
    network = proto(
        [
            node("Split", ["x", "sizes"], ["a", "b"], axis=1),
            node("Slice", ["x", "from", "to", "axes"], ["c"]),
            node("Concat", ["b", "a", "c"], ["y"], axis=1),
        ],
        [integers("sizes", [4, 0]), integers("from", [2]), integers("to", [2]), integers("axes", [1])],
        x=(2, 4),
    )
    assert_same(model(network))


REFUSED = {
    "index_outside": ("Gather", [floats(3, 4)], [numbers(3)], {}, BadInput, "an index is outside of 3"),
    "sum_by_an_input": (
        "ScatterND",
        [floats(5, 4), numbers(1).reshape(1, 1), floats(1, 4)],
        [],
        {"reduction": "add", "opset": 18},
        OperatorRefused,
        "it adds at computed indices 'i1'; constant ones are held",
    ),
    "product_of_updates": (
        "ScatterND",
        [floats(5, 4)],
        [numbers(1).reshape(1, 1), floats(1, 4)],
        {"reduction": "mul", "opset": 18},
        OperatorRefused,
        "reduction mul is not held; none and add are",
    ),
    "place_twice": ("ScatterND", [floats(5)], [numbers(1, 1).reshape(2, 1), floats(2)], {}, BadInput, "a place twice"),
    "pooled_regions": (
        "GridSample",
        [IMAGE, floats(1, 3, 3, 2)],
        [],
        {},
        OperatorRefused,
        "end the network before it",
    ),
    "choice_by_scores": (
        "NonMaxSuppression",
        [floats(1, 3, 4), floats(1, 1, 3)],
        [],
        {},
        OperatorRefused,
        "a result whose size depends on values; end the network before it",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_outside_is_refused_by_name(name):
    kind, arrays, constants, attributes, error, reason = REFUSED[name]
    with pytest.raises(error, match=rf"'node': .*{reason}"):
        lower_model(operator(kind, arrays, constants, **attributes))
