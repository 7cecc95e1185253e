"""Reductions along one axis, and ARGMAX: calls of kernels over [outer][size][inner]."""

from __future__ import annotations

import math
from collections.abc import Mapping

from chipsmith.codegen.ctext import C_TYPES
from chipsmith.codegen.step import CStep
from chipsmith.codegen.storage import GraphLayout
from chipsmith.codegen.unit import Unit
from chipsmith.tosa.graph import Operator
from chipsmith.tosa.verify import operation_of

_LIBRARY: Mapping[str, str] = {"REDUCE_SUM": "reduce_sum", "ARGMAX": "index_of_maximum"}
_CHOICES: Mapping[str, str] = {"REDUCE_MAX": ">", "REDUCE_MIN": "<", "REDUCE_ALL": "<", "REDUCE_ANY": ">"}
"""Which of two values stays; of truths, all is the least and any the greatest."""
REDUCTIONS = (*_LIBRARY, *_CHOICES)

_EXTREME = """\
    for (int32_t o = 0; o < outer; o++)
        for (int32_t i = 0; i < inner; i++) {{
            {ctype} best = in[o * size * inner + i];
            for (int32_t k = 1; k < size; k++) {{
                const {ctype} value = in[(o * size + k) * inner + i];
                best = value {sign} best ? value : best;
            }}
            out[o * inner + i] = best;
        }}
"""


def reduction_step(layout: GraphLayout, operator: Operator) -> CStep:
    """The step of an operator of REDUCTIONS."""
    operation = operation_of(layout.graph, operator)
    shape, axis = operation.shape("input"), operation.integer("axis")
    sizes = (math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :]))
    ctype = C_TYPES[operation.dtype("input")]

    def write(unit: Unit, _: int | None) -> str:
        function = _LIBRARY.get(operator.kind) or _extreme(unit, operator.kind, ctype)
        source, target = unit.pointer(operator.inputs[0]), unit.pointer(operator.outputs[0])
        return f"{function}({source}, {target}, {', '.join(map(str, sizes))});"

    return CStep(operators=(operator,), reads=layout.computed(operator.inputs), writes=operator.outputs, write=write)


def _extreme(unit: Unit, kind: str, ctype: str) -> str:
    parameters = f"const {ctype} *restrict in, {ctype} *restrict out, int32_t outer, int32_t size, int32_t inner"
    return unit.add_function(kind.lower(), parameters, _EXTREME.format(ctype=ctype, sign=_CHOICES[kind]))
