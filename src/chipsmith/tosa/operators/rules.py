"""Constraints that several operators share."""

from __future__ import annotations

from chipsmith.tosa.operators.row import MAX_STRIDE, Operation


def strides_are_positive(operation: Operation) -> bool:
    """Strides are at least 1 and at most 8192."""
    return all(1 <= stride <= MAX_STRIDE for stride in operation.integers("stride"))


def zero_points_have_one_element(operation: Operation) -> bool:
    """Zero points have one element."""
    return all(tensor.shape == (1,) for name, tensor in operation.tensors.items() if name.endswith("_zp"))


def axis_is_in_range(operation: Operation) -> bool:
    """The axis is one of the input's axes, counted from 0."""
    return 0 <= operation.integer("axis") < len(operation.inputs[0].shape)
