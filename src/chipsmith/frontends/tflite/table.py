"""Operators that are a function of one int8 value, as the table of what LiteRT's reference kernel makes of each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from chipsmith.frontends.tflite.litert import open_interpreter
from chipsmith.frontends.tflite.lowering import Handler, IntegerLowering
from chipsmith.frontends.tflite.model import FileOperator
from chipsmith.frontends.tflite.part import Part

CLAMPS = ("RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1")
"""Functions that only limit their values, where scale and zero point stay."""
_FUNCTIONS = (
    *CLAMPS,
    *("LEAKY_RELU", "ABS", "NEG", "SIGN", "SQUARE", "SQRT", "RSQRT", "EXP", "LOG", "SIN", "COS", "GELU", "ELU"),
    *("CEIL", "FLOOR", "ROUND"),
)
_INT8: npt.NDArray[np.int8] = np.arange(-128, 128, dtype=np.int8)


def _look_up(lower: IntegerLowering, operator: FileOperator) -> str:
    return lower.table(lower.read(lower.operand(operator, 0)), _tabulate(lower, operator).astype(np.int64))


def _tabulate(lower: IntegerLowering, operator: FileOperator) -> npt.NDArray[np.int8]:
    """The operator's result for each int8 value."""
    source, result = operator.inputs[0], operator.outputs[0]
    part = Part(model=lower.model, operators=(operator,), inputs=(source,), outputs=(result,))
    try:
        interpreter = open_interpreter(part.to_bytes(dict.fromkeys((source, result), (_INT8.size,))))
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], _INT8)
        interpreter.invoke()
    except (RuntimeError, ValueError) as error:
        raise lower.refuse(operator, "LiteRT's reference kernels do not run it in int8") from error
    entries: npt.NDArray[np.int8] = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    return entries


HANDLERS: Mapping[str, Handler] = dict.fromkeys(_FUNCTIONS, _look_up)
