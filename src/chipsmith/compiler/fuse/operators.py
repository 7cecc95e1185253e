"""Which operators of TOSA which engine computes, and with which of its operations: a line an operator."""

from __future__ import annotations

from chipsmith.program.instructions import Op, Reduce

VIEWS = frozenset({"RESHAPE", "TRANSPOSE", "SLICE", "REVERSE", "IDENTITY"})
"""Operators whose output is another view of the bytes of their input."""
ANCHORS = frozenset({"CONV2D", "DEPTHWISE_CONV2D", "CONV3D", "TRANSPOSE_CONV2D", "MATMUL"})
"""Operators of the tensor engine."""
EXPANDED = frozenset({"PAD", "TILE", "SELECT", "ARGMAX", "RESIZE", "GATHER", "SCATTER"})
"""Operators that take several instructions (compiler/lower/multi_step.py)."""
READ_INPUTS = {"SELECT": 3, "GATHER": 2, "SCATTER": 3}
"""How many inputs of an expanded operator stand in memory, where it is not the first alone."""
POOLS = {"MAX_POOL2D": Reduce.MAX, "AVG_POOL2D": Reduce.SUM}
REDUCTIONS = {
    "REDUCE_SUM": Reduce.SUM,
    "REDUCE_MAX": Reduce.MAX,
    "REDUCE_MIN": Reduce.MIN,
    "REDUCE_ALL": Reduce.AND,
    "REDUCE_ANY": Reduce.OR,
}
BINARY = {
    "ADD": Op.ADD,
    "SUB": Op.SUB,
    "MUL": Op.MUL,
    "MAXIMUM": Op.MAX,
    "MINIMUM": Op.MIN,
    "BITWISE_AND": Op.AND,
    "BITWISE_OR": Op.OR,
    "BITWISE_XOR": Op.XOR,
    "LOGICAL_AND": Op.AND,
    "LOGICAL_OR": Op.OR,
    "LOGICAL_XOR": Op.XOR,
    "LOGICAL_LEFT_SHIFT": Op.SHL,
    "LOGICAL_RIGHT_SHIFT": Op.LSR,
    "ARITHMETIC_RIGHT_SHIFT": Op.ASR,
    "EQUAL": Op.EQ,
    "GREATER": Op.GT,
    "GREATER_EQUAL": Op.GE,
    "INTDIV": Op.DIV,
}
UNARY = {"ABS": Op.ABS, "CLZ": Op.CLZ, "BITWISE_NOT": Op.NOT, "CAST": Op.PASS}
WITH_IMMEDIATE = {"NEGATE": (Op.MUL, -1), "LOGICAL_NOT": (Op.XOR, 1)}
COMMUTATIVE = frozenset({Op.ADD, Op.MUL, Op.MAX, Op.MIN, Op.AND, Op.OR, Op.XOR, Op.EQ})
COPIED = frozenset({"CONCAT"})
"""Operators whose inputs are computed in their places in the output, or copied there."""
