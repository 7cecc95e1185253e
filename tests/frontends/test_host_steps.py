"""The host's steps in words: what it does before and after the chip, once for each time that it is done."""

from __future__ import annotations

import numpy as np

from chipsmith.frontends.host_steps import list_host_steps
from chipsmith.frontends.quantized_io import AuthorTensor, ConstantOutput, IoBinding, PassedInput
from chipsmith.tosa.graph import DType, Tensor

TYPES = {"image": DType.INT8, "pixels": DType.INT8, "scores": DType.INT8, "wide": DType.INT32}
TENSORS = {name: Tensor(name=name, shape=(1, 4), dtype=dtype) for name, dtype in TYPES.items()}


def author(name, dtype, *shape):
    return AuthorTensor(name=name, dtype=np.dtype(dtype), shape=shape)


def binding(tensor, position, **changes):
    fields = {"scale": 0.0304405, "zero_point": 2, "axes": (0, 1)} | changes
    return IoBinding(tensor=tensor, position=position, **fields)


def test_each_step_is_named():
    steps = list_host_steps(
        TENSORS,
        (binding("image", 0, axes=(0, 2, 3, 1)), binding("pixels", 1, scale=None, zero_point=-128)),
        (binding("scores", 0), binding("pixels", 1, scale=None, zero_point=-128)),
        (author("image", "float16", 1, 3, 5, 7), author("pixels", "uint8", 1, 4)),
        (author("scores", "float32", 1, 4), author("copy", "uint8", 1, 4)),
    )
    assert [(step.when, step.name, step.reason) for step in steps] == [
        ("before", "quantize image", "float16 to int8: rint(x / 0.0304405) + 2"),
        ("before", "transpose image", "the network's axes in the order [0, 2, 3, 1], as the chip reads them"),
        ("before", "shift pixels", "uint8 to int8: x + -128"),
        ("after", "dequantize scores", "int8 to float32: (q - 2) * 0.0304405"),
        ("after", "shift pixels", "int8 to uint8: q - -128"),
    ]


def test_outputs_that_no_operator_computes_are_steps_too():
    outputs = (
        PassedInput(position=0, source=0),
        ConstantOutput(position=1, values=np.ones(3)),
        binding("wide", 2),
        binding("wide", 3),
    )
    names = [author(name, "float32", 1, 4) for name in ("same", "fixed", "y", "y again")]
    steps = list_host_steps(TENSORS, (), outputs, (author("x", "float32", 1, 4),), names)
    assert [(step.name, step.reason) for step in steps] == [
        ("pass same", "the input x as it is"),
        ("constant fixed", "it depends on no input"),
        ("dequantize wide", "int32 to float32: (q - 2) * 0.0304405"),
    ]
