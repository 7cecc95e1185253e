"""Forms applied to arrays: what the float graph that they write computes."""

from __future__ import annotations

import numpy as np

from chipsmith.frontends.forms.values import natural_value, permute, restore_order
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.floating.evaluate import evaluate_floats
from chipsmith.tosa.graph import DType

_TYPES = {"f": DType.FP32, "i": DType.INT32, "b": DType.BOOL}


def floats(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(np.float32)


def applied(form, *arrays, order=None):
    """The result of form(build, *values), whose graph tensors have the axes in another `order` where it is given."""
    build = GraphBuilder()
    values = [_enter(build, f"x{index}", array, order) for index, array in enumerate(arrays)]
    result = restore_order(build, form(build, *values))
    graph = build.finish("net", [result.tensor])
    inputs = {f"x{index}": _arranged(array, order)[None] for index, array in enumerate(arrays)}
    (output,) = evaluate_floats(graph, inputs, keep=graph.outputs).values()
    assert output[0].shape == result.shape
    return output[0]


def _arranged(array, order):
    plain = array if order is None else array.transpose(order)
    return plain.astype(_TYPES[array.dtype.kind].numpy)


def _enter(build, name, array, order):
    value = natural_value(build, build.enter(name, _arranged(array, order).shape, _TYPES[array.dtype.kind]))
    return value if order is None else permute(value, tuple(int(axis) for axis in np.argsort(order)))
