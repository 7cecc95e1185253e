"""Masks of attention: minus infinity has no place in an int8 range."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import onnx

MASKED_SCORE = -32.0
"""What a masked score counts as: exp(-32) is nothing beside a step of any int8 probability."""
_FAR_BELOW = -1000.0
_MASKING = ("Add", "Where")


def bound_masks(proto: onnx.ModelProto) -> onnx.ModelProto:
    """The network with constants far below zero (-1000 and less) raised to MASKED_SCORE, where they mask a Softmax.

    Mask and scores share one int8 range, in which a lower number costs the scores their resolution.
    """
    import onnx

    softmax = {node.input[0] for node in proto.graph.node if node.op_type == "Softmax"}
    masking = (node for node in proto.graph.node if node.op_type in _MASKING and node.output[0] in softmax)
    names = {name for node in masking for name in node.input}
    bounded = onnx.ModelProto()
    bounded.CopyFrom(proto)
    for constant in bounded.graph.initializer:
        if constant.name in names and constant.data_type == onnx.TensorProto.FLOAT:
            values = onnx.numpy_helper.to_array(constant)
            raised = np.where(values <= _FAR_BELOW, np.float32(MASKED_SCORE), values)
            constant.CopyFrom(onnx.numpy_helper.from_array(raised, constant.name))
    return bounded
