"""Movement, padding and indexing: what numpy computes, whatever order the graph's tensor has its axes in."""

from __future__ import annotations

import numpy as np
import pytest
from float_values import applied, floats

from chipsmith.errors import BadInput
from chipsmith.frontends.forms.indexing import count_from_start, gather, gather_blocks, gather_elements, scatter_blocks
from chipsmith.frontends.forms.movement import (
    add_axes,
    broadcast,
    depth_to_space,
    merge_axes,
    roll,
    space_to_depth,
    split_axis,
    split_runs,
    take,
)
from chipsmith.frontends.forms.operands import spread_operand
from chipsmith.frontends.forms.padding import PaddingMode, pad
from chipsmith.frontends.forms.values import Const, natural_value, permute, reshape
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.graph import DType

ARRAY = floats(2, 12, 4, 5)
ORDERS = [None, (0, 2, 3, 1), (3, 1, 0, 2)]
FORMS = {
    "roll": (lambda build, x: roll(build, x, 1, 5), np.roll(ARRAY, 5, axis=1)),
    "roll_back": (lambda build, x: roll(build, x, 3, -2), np.roll(ARRAY, -2, axis=3)),
    "take": (lambda build, x: take(build, x, 1, [3, 3, 3, -1, 0]), ARRAY[:, [3, 3, 3, -1, 0]]),
    "take_many": (
        lambda build, x: take(build, x, 1, [0, 7, 1, 9, 3, 2, 8, 8, 1, 0, 11, 4, 6, 10, 5, 2, 9]),
        ARRAY[:, [0, 7, 1, 9, 3, 2, 8, 8, 1, 0, 11, 4, 6, 10, 5, 2, 9]],
    ),
    "add_axes": (lambda build, x: add_axes(build, x, (1, 5)), ARRAY[:, None, :, :, :, None]),
    "split_axis": (lambda build, x: split_axis(build, x, 1, (3, 4)), ARRAY.reshape(2, 3, 4, 4, 5)),
    "merge_axes": (lambda build, x: merge_axes(build, x, 1, 2), ARRAY.reshape(2, 48, 5)),
    "split_and_merge": (lambda build, x: merge_axes(build, split_axis(build, x, 1, (3, 4)), 1, 2), ARRAY),
    "broadcast": (lambda build, x: broadcast(build, x, (3, 1, 1, 1, 1)), np.broadcast_to(ARRAY, (3, *ARRAY.shape))),
    "spread": (lambda build, x: spread_operand(build, x, axis=3, apart=3), None),
    "depth_and_space": (
        lambda build, x: space_to_depth(
            build, depth_to_space(build, x, 2, channels_first=True), 2, channels_first=True
        ),
        ARRAY,
    ),
    "pad_reflecting_twice": (
        lambda build, x: pad(build, x, [(0, 0), (2, 1), (3, 3), (0, 4)], mode=PaddingMode.REFLECT),
        np.pad(ARRAY, [(0, 0), (2, 1), (3, 3), (0, 4)], mode="reflect"),
    ),
    "pad_and_cut": (
        lambda build, x: pad(build, x, [(1, -1), (0, 0), (-2, 1), (0, 0)], level=7.0),
        np.pad(ARRAY[:1, :, 2:], [(1, 0), (0, 0), (0, 1), (0, 0)], constant_values=7.0),
    ),
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", FORMS)
def test_forms_move_as_numpy_does(name, order):
    form, expected = FORMS[name]
    np.testing.assert_array_equal(applied(form, ARRAY, order=order), spread_out() if expected is None else expected)


def spread_out():
    expected = np.zeros((2, 12, 4, 13), np.float32)
    expected[..., ::3] = ARRAY
    return expected


def test_any_reshape_of_any_order_keeps_the_elements():
    random = np.random.default_rng(0)
    for _ in range(200):
        shape = tuple(int(size) for size in random.choice([1, 2, 3, 4, 6], 4))
        target = factors(random, int(np.prod(shape)))
        array, order = floats(*shape), tuple(int(axis) for axis in random.permutation(4))
        ours = applied(lambda build, x, target=target: reshape(build, x, target), array, order=order)
        np.testing.assert_array_equal(ours, array.reshape(target))


def factors(random, elements):
    """A shape of so many elements, with axes of size 1 among the others."""
    sizes = []
    while elements > 1:
        sizes.append(int(random.choice([size for size in range(2, elements + 1) if elements % size == 0])))
        elements //= sizes[-1]
    for _ in range(random.integers(3)):
        sizes.insert(int(random.integers(len(sizes) + 1)), 1)
    return tuple(sizes)


def test_pixels_become_rows_without_a_transpose():
    """(N, C, H, W) to (N, H * W, C), of a tensor with channels last."""
    build = GraphBuilder()
    image = permute(natural_value(build, build.enter("x", (1, 4, 5, 8), DType.FP32)), (0, 3, 1, 2))
    rows = permute(reshape(build, image, (1, 8, 20)), (0, 2, 1))
    assert rows.natural
    assert [operator.kind for operator in build.finish("net", [rows.tensor]).operators] == ["RESHAPE"]


def test_blocks_of_pixels_stay_with_channels_last():
    build = GraphBuilder()
    image = permute(natural_value(build, build.enter("x", (1, 4, 5, 8), DType.FP32)), (0, 3, 1, 2))
    result = depth_to_space(build, image, 2, channels_first=True)
    assert result.axes == (0, 2, 3, 1)
    kinds = [operator.kind for operator in build.finish("net", [result.tensor]).operators]
    assert kinds == ["RESHAPE", "TRANSPOSE", "RESHAPE"]


def test_another_number_of_elements_is_named():
    with pytest.raises(BadInput, match=r"\[2, 12, 4, 5\] cannot take the shape \[2, 12, 4\]"):
        applied(lambda build, x: reshape(build, x, (2, 12, 4)), ARRAY)


@pytest.mark.parametrize(
    ("indices", "runs"),
    [
        ([4, 3, 2], [(4, -1, 3)]),
        ([0, 0, 0, 1, 2], [(0, 0, 3), (1, 1, 2)]),
        ([1, 4, 7, 8, 9], [(1, 3, 3), (8, 1, 2)]),
        ([5, 0, 1, 2], [(5, 1, 1), (0, 1, 3)]),
        ([2], [(2, 1, 1)]),
    ],
)
def test_indices_are_split_into_runs(indices, runs):
    assert split_runs(indices) == runs


def test_gather_by_computed_indices():
    indices = np.array([[0, -1], [3, -12]])

    def form(build, table, chosen):
        return gather(build, table, count_from_start(build, chosen, (12,)), 1)

    np.testing.assert_array_equal(applied(form, ARRAY, indices), ARRAY[:, indices])


def test_an_index_outside_of_its_axis_is_taken_for_no_other_place():
    """(0, 7) of axes (3, 5) would be the place of (1, 2), were the axes one."""
    table, zeros = ARRAY[0, :3, 0], np.zeros(())
    places = np.array([[0, 7], [1, 2], [-1, 0], [3, 0], [2, 4], [2**31 - 1, 2**31 - 1], [-(2**31), 1]])
    ours = applied(lambda build, x, chosen: gather_blocks(build, x, chosen), table, places)
    np.testing.assert_array_equal(ours, [zeros, table[1, 2], zeros, zeros, table[2, 4], zeros, zeros])


def test_an_element_outside_of_its_axis_is_taken_for_no_other_place():
    table, indices = ARRAY[0, :3, 0], np.array([[0, 5, -1, 3, 4]])
    ours = applied(lambda build, x, chosen: gather_elements(build, x, chosen, 1), table, indices)
    np.testing.assert_array_equal(ours, [[table[0, 0], 0, 0, table[0, 3], table[0, 4]]])


def test_an_update_outside_of_its_axis_is_written_nowhere():
    target, updates = ARRAY[0, :3, 0], floats(3)
    places = np.array([[0, 7], [1, 2], [-1, 0]])
    ours = applied(lambda build, x, chosen, new: scatter_blocks(build, x, chosen, new), target, places, updates)
    expected = target.copy()
    expected[1, 2] = updates[1]
    np.testing.assert_array_equal(ours, expected)


def test_a_constant_table_is_gathered_too():
    indices = np.array([2, 0, 1])
    ours = applied(lambda build, chosen: gather(build, Const(values=ARRAY), chosen, 0), indices % 2)
    np.testing.assert_array_equal(ours, ARRAY[indices % 2])


def test_an_index_outside_is_named():
    with pytest.raises(BadInput, match="indices 0 to 12 are outside of axis 1 of size 12"):
        applied(lambda build, x: take(build, x, 1, [0, 12]), ARRAY)
