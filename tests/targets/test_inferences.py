"""Inferences side by side along the first axis, taken apart and put together."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.targets.inferences import join_inferences, split_inferences


def test_three_inferences_of_a_batch_of_two():
    array = np.arange(24).reshape(6, 4)
    split = split_inferences({"x": array}, {"x": (2, 4)})["x"]
    assert split.shape == (3, 2, 4)
    assert np.array_equal(split[1], array[2:4])
    assert np.array_equal(join_inferences(split), array)


def test_a_number_an_inference():
    array = np.arange(5)
    split = split_inferences({"x": array}, {"x": ()})["x"]
    assert split.shape == (5,)
    assert np.array_equal(join_inferences(split), array)


@pytest.mark.parametrize("shape", [(), (5, 4), (6, 3), (0, 4), (6, 4, 1)])
def test_what_is_no_multiple_of_the_shape_is_refused(shape):
    with pytest.raises(BadInput, match=r"input x has the shape .*; one inference takes \[2, 4\]"):
        split_inferences({"x": np.zeros(shape)}, {"x": (2, 4)})


def test_a_missing_input_is_named():
    with pytest.raises(BadInput, match="input y is missing"):
        split_inferences({"x": np.zeros((2, 4))}, {"x": (2, 4), "y": (1,)})


def test_all_inputs_hold_as_many_inferences():
    with pytest.raises(BadInput, match="different numbers of inferences: x 2, y 3"):
        split_inferences({"x": np.zeros(2), "y": np.zeros(3)}, {"x": (1,), "y": (1,)})
