"""Numbers of one type in another, as PyTorch converts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from chipsmith.frontends.forms.functions import truncate
from chipsmith.frontends.forms.logic import select, truth_of
from chipsmith.frontends.forms.values import Const, Value
from chipsmith.frontends.pytorch.calls import value_type
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.graph import DType

_ORDER = (DType.BOOL, DType.INT32, DType.FP32)


def convert(build: GraphBuilder, value: Value, dtype: DType) -> Value:
    """The value in a type of the graph: floats lose their fraction as integers, and what is not 0 is true.

    Integers and truth values come to one another without floats, which quantisation would round.
    """
    if isinstance(value, Const):
        return Const(values=value.values.astype(dtype.numpy))
    before = build.dtype(value.tensor)
    if before is dtype:
        return value
    if dtype is DType.BOOL:
        return truth_of(build, value)
    if before is DType.BOOL:
        return select(build, value, *(Const(values=np.asarray(level, dtype.numpy)) for level in (1, 0)))
    source = truncate(build, value) if before is DType.FP32 else value
    return replace(source, tensor=build.unary("CAST", source.tensor, dtype))


def common_type(build: GraphBuilder, values: Sequence[Value]) -> DType:
    """The type in which PyTorch computes with several values: that of floats before integers before truth values."""
    return max((value_type(build, value) for value in values), key=_ORDER.index)
