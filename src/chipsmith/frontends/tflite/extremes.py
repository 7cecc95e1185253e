"""ARG_MAX and ARG_MIN of int8, whose results the graph holds as int32 whatever the file's type is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from chipsmith.frontends.tflite.lowering import Handler, IntegerLowering
from chipsmith.frontends.tflite.model import FileOperator
from chipsmith.tosa.graph import DType


def _arg_max(lower: IntegerLowering, operator: FileOperator) -> str:
    source, axis = lower.operand(operator, 0), lower.operand(operator, 1)
    tensor, place = lower.read(source), int(np.asarray(axis.data, np.int64).reshape(-1)[0]) % len(source.shape)
    if operator.kind == "ARG_MIN":
        tensor = lower.build.unary("BITWISE_NOT", tensor)
    return lower.build.emit("ARGMAX", (tensor,), lower.result(operator).shape, DType.INT32, {"axis": place})


HANDLERS: Mapping[str, Handler] = {"ARG_MAX": _arg_max, "ARG_MIN": _arg_max}
