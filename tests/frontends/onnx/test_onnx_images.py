"""Convolutions, poolings and resizing of ONNX: what onnxruntime computes of the same file."""

from __future__ import annotations

import numpy as np
import pytest
from onnx_networks import assert_same, model, node, proto, weights
from single_operators import assert_operator, columns, operator

from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.frontends.onnx.network import lower_model

random = np.random.default_rng(0)


def floats(*shape):
    return random.normal(size=shape).astype(np.float32)


def sizes(*numbers):
    return np.array(numbers, np.int64)


def scales(*numbers):
    return np.array(numbers, np.float32)


IMAGE, VOLUME = floats(1, 4, 9, 8), floats(1, 2, 5, 6, 7)
WINDOWS = {
    "conv": ("Conv", [IMAGE], [floats(8, 4, 3, 3), floats(8)], {"pads": [1, 1, 1, 1]}),
    "conv_strided": ("Conv", [IMAGE], [floats(8, 4, 3, 3)], {"strides": [2, 2]}),
    "conv_same_upper": ("Conv", [IMAGE], [floats(8, 4, 3, 3)], {"strides": [2, 2], "auto_pad": "SAME_UPPER"}),
    "conv_same_lower": ("Conv", [IMAGE], [floats(8, 4, 2, 2)], {"auto_pad": "SAME_LOWER"}),
    "conv_dilated": ("Conv", [IMAGE], [floats(8, 4, 3, 3)], {"dilations": [2, 2]}),
    "conv_depthwise": ("Conv", [IMAGE], [floats(4, 1, 3, 3)], {"group": 4}),
    "conv_multiplier": ("Conv", [IMAGE], [floats(8, 1, 3, 3)], {"group": 4}),
    "conv_groups": ("Conv", [IMAGE], [floats(8, 2, 3, 3), floats(8)], {"group": 2}),
    "conv_larger_than_its_input": ("Conv", [floats(1, 2, 3, 3)], [floats(3, 2, 5, 5)], {"pads": [1, 1, 1, 1]}),
    "conv_1d": ("Conv", [floats(1, 4, 16)], [floats(8, 4, 3)], {"pads": [1, 1]}),
    "conv_1d_depthwise": ("Conv", [floats(1, 4, 16)], [floats(4, 1, 3)], {"group": 4}),
    "conv_3d": ("Conv", [VOLUME], [floats(4, 2, 3, 3, 3)], {}),
    "conv_3d_groups": ("Conv", [VOLUME], [floats(4, 1, 3, 3, 3)], {"group": 2}),
    "conv_of_two": ("Conv", [IMAGE, floats(6, 4, 3, 3)], [], {}),
    "conv_of_two_depthwise": ("Conv", [IMAGE, floats(8, 1, 3, 3)], [], {"group": 4}),
    "transposed": (
        "ConvTranspose",
        [IMAGE],
        [floats(4, 3, 3, 3), floats(3)],
        {"strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 0]},
    ),
    "transposed_groups": ("ConvTranspose", [IMAGE], [floats(4, 3, 3, 3), floats(6)], {"group": 2, "strides": [2, 1]}),
    "transposed_depthwise": ("ConvTranspose", [floats(1, 12, 4, 4)], [floats(12, 1, 4, 4)], {"group": 12}),
    "transposed_dilated": ("ConvTranspose", [IMAGE], [floats(4, 3, 2, 2)], {"dilations": [2, 3]}),
    "transposed_cut_by_more_than_its_kernel": (
        "ConvTranspose",
        [IMAGE],
        [floats(4, 3, 2, 2)],
        {"pads": [3, 2, 2, 4], "strides": [2, 2]},
    ),
    "transposed_1d": ("ConvTranspose", [floats(1, 4, 7)], [floats(4, 3, 3)], {"strides": [2]}),
    "transposed_3d": ("ConvTranspose", [VOLUME], [floats(2, 3, 3, 2, 3)], {"strides": [2, 1, 3]}),
    "transposed_same": ("ConvTranspose", [IMAGE], [floats(4, 3, 3, 3)], {"strides": [2, 2], "auto_pad": "SAME_UPPER"}),
    "transposed_to_a_shape": (
        "ConvTranspose",
        [IMAGE],
        [floats(4, 3, 3, 3)],
        {"strides": [2, 2], "output_shape": [18, 16]},
    ),
    "max_pool_to_a_ceiling": (
        "MaxPool",
        [IMAGE],
        [],
        {"kernel_shape": [3, 2], "strides": [2, 2], "ceil_mode": 1, "pads": [1, 0, 1, 1]},
    ),
    "max_pool_dilated": (
        "MaxPool",
        [IMAGE],
        [],
        {"kernel_shape": [3, 2], "dilations": [2, 3], "pads": [1, 1, 2, 0], "strides": [2, 1]},
    ),
    "max_pool_1d": ("MaxPool", [floats(1, 4, 9)], [], {"kernel_shape": [3]}),
    "max_pool_3d": ("MaxPool", [VOLUME], [], {"kernel_shape": [2, 3, 2], "pads": [1, 0, 1, 0, 1, 0]}),
    "average_pool": ("AveragePool", [IMAGE], [], {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
    "average_pool_counts_padding": (
        "AveragePool",
        [IMAGE],
        [],
        {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1], "count_include_pad": 1, "ceil_mode": 1},
    ),
    "average_pool_3d": ("AveragePool", [VOLUME], [], {"kernel_shape": [2, 3, 2], "pads": [1, 0, 1, 0, 1, 0]}),
    "norm_pool": ("LpPool", [IMAGE], [], {"kernel_shape": [3, 2], "strides": [2, 2], "p": 3}),
    **{f"global_{kind}": (f"Global{kind}Pool", [VOLUME], [], {}) for kind in ("Average", "Max", "Lp")},
}


@pytest.mark.parametrize("name", WINDOWS)
def test_windows_mean_what_onnxruntime_computes(name):
    kind, arrays, constants, attributes = WINDOWS[name]
    assert_operator(kind, arrays, constants, **attributes)


def test_windows_are_folded_into_an_image():
    columns_, attributes = floats(2, 3 * 6, 15), {"dilations": [1, 2], "pads": [1, 0, 0, 1], "strides": [1, 1]}
    assert_operator("Col2Im", [columns_], [sizes(5, 6), sizes(2, 3)], opset=18, **attributes)


def test_average_of_a_dilated_window():
    attributes = {"kernel_shape": [3, 2], "dilations": [2, 3], "pads": [1, 1, 2, 0]}
    assert_operator("AveragePool", [IMAGE], opset=19, **attributes)


def test_a_convolution_between_two_transposes_is_not_transposed_again():
    """A network that is written for channels last: what both orders share is moved once."""
    network = proto(
        [
            node("Transpose", ["x"], ["a"], perm=[0, 3, 1, 2]),
            node("Conv", ["a", "w"], ["b"]),
            node("Transpose", ["b"], ["y"], perm=[0, 2, 3, 1]),
        ],
        [weights("w", 4, 3, 3, 3)],
        x=(1, 8, 8, 3),
    )
    float_network, _ = lower_model(model(network))
    assert [op.kind for op in float_network.graph.operators] == ["CONV2D"]


RESIZES = {
    f"{mode}_{mapping}": ([None, None, sizes(1, 2, 8, 7)], {"mode": mode, "coordinate_transformation_mode": mapping})
    for mode in ("nearest", "linear", "cubic")
    for mapping in ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel")
} | {
    f"nearest_{rounding}": (
        [None, scales(1, 1, 2, 1.5)],
        {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": rounding},
    )
    for rounding in ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil")
}
RECENT_RESIZES = {
    **{
        f"antialiased_{mode}": ([None, None, sizes(1, 2, 2, 3)], {"mode": mode, "antialias": 1}) for mode in ("linear",)
    },
    "antialiased_cubic": ([None, scales(1, 1, 0.4, 0.7)], {"mode": "cubic", "antialias": 1}),
    "cubic_without_outside": ([None, scales(1, 1, 0.8, 1.6)], {"mode": "cubic", "exclude_outside": 1}),
    "axes": ([None, None, sizes(9, 8)], {"mode": "linear", "axes": [3, 2]}),
    "not_larger": ([None, None, sizes(9, 7)], {"axes": [2, 3], "keep_aspect_ratio_policy": "not_larger"}),
    "not_smaller": ([None, None, sizes(9, 7)], {"axes": [2, 3], "keep_aspect_ratio_policy": "not_smaller"}),
}


@pytest.mark.parametrize("name", RESIZES)
def test_resizing_means_what_onnxruntime_computes(name):
    constants, attributes = RESIZES[name]
    assert_operator("Resize", [floats(1, 2, 4, 6)], constants, **attributes)


@pytest.mark.parametrize("name", RECENT_RESIZES)
def test_resizing_of_recent_versions(name):
    constants, attributes = RECENT_RESIZES[name]
    assert_operator("Resize", [floats(1, 2, 4, 6)], constants, opset=19, **attributes)


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize(("kind", "opset"), [("Upsample", 9), ("Resize", 10)])
def test_resizing_of_old_versions_has_no_half_pixels(kind, opset, mode):
    assert_operator(kind, [floats(1, 2, 3, 4)], [scales(1, 1, 2, 3)], opset=opset, mode=mode)


def test_upsample_of_version_7_has_its_scales_as_an_attribute():
    assert_operator("Upsample", [floats(1, 2, 3, 4)], opset=7, mode="linear", scales=[1.0, 1.0, 2.0, 2.0])


@pytest.mark.parametrize("shape", [(1, 2, 6), (1, 2, 3, 4, 5)])
@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_images_of_another_rank_are_resized(shape, mode):
    assert_operator("Resize", [floats(*shape)], [None, scales(1, 1, *[2.0] * (len(shape) - 2))], mode=mode)


def test_resizing_is_one_operator_where_integers_say_the_same():
    network = operator("Resize", [floats(1, 2, 4, 6)], [None, None, sizes(1, 2, 8, 9)], mode="linear")
    float_network, _ = lower_model(network)
    assert [op.kind for op in float_network.graph.operators] == ["TRANSPOSE", "RESIZE", "TRANSPOSE"]


def test_a_resize_that_changes_no_size_changes_nothing():
    """As onnxruntime has it, whatever the scales say."""
    network = operator("Resize", [IMAGE], [None, scales(1, 1, 1.05, 1)], mode="cubic")
    assert_same(network, columns([IMAGE]))


REFUSED = {
    "positions_of_maxima": ("MaxPool", [IMAGE], [], {"kernel_shape": [2, 2], "outputs": 2}, "positions of maxima"),
    "regions": (
        "Resize",
        [IMAGE],
        [scales(0, 0, 0, 0, 1, 1, 1, 1), scales(1, 1, 2, 2)],
        {"coordinate_transformation_mode": "tf_crop_and_resize"},
        "tf_crop_and_resize are not held",
    ),
    "images_of_four_axes": ("Conv", [floats(1, 1, 3, 3, 3, 3)], [floats(1, 1, 2, 2, 2, 2)], {}, "rank 6"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_outside_is_refused_by_name(name):
    kind, arrays, constants, attributes, reason = REFUSED[name]
    with pytest.raises(OperatorRefused, match=rf"{kind} 'node': .*{reason}"):
        lower_model(operator(kind, arrays, constants, **attributes))


def test_weights_that_do_not_fit_are_named():
    network = proto([node("Conv", ["x", "w"], ["y"], name="first")], [weights("w", 4, 3, 3, 3)], x=(1, 4, 8, 8))
    with pytest.raises(BadInput, match=r"'first': weights of \[4, 3, 3, 3\] in 1 groups do not fit .*\[1, 4, 8, 8\]"):
        lower_model(model(network))
