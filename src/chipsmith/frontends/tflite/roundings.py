"""The operators of a `.tflite` file whose rounding in TOSA is not LiteRT's."""

from __future__ import annotations

from typing import Any

_ROUNDED_ONCE = ("FULLY_CONNECTED",)
"""LiteRT's reference kernels round their sums once, where the converter writes a RESCALE that rounds twice."""


def find_other_roundings(data: bytes) -> dict[str, str]:
    """The kind of each such operator of a file by the name of the tensor that it computes."""
    from ai_edge_litert.schema_py_generated import BuiltinOperator, Model

    codes = {getattr(BuiltinOperator, kind): kind for kind in _ROUNDED_ONCE}
    model = Model.GetRootAsModel(data, 0)
    graphs = (model.Subgraphs(index) for index in range(model.SubgraphsLength()))
    return {name: kind for graph in graphs for name, kind in _list_operators(model, graph, codes)}


def _list_operators(model: Any, graph: Any, codes: dict[int, str]) -> list[tuple[str, str]]:
    operators = (graph.Operators(index) for index in range(graph.OperatorsLength()))
    kinds = ((op, codes.get(_read_code(model.OperatorCodes(op.OpcodeIndex())))) for op in operators)
    return [(graph.Tensors(op.Outputs(0)).Name().decode(errors="replace"), kind) for op, kind in kinds if kind]


def _read_code(code: Any) -> int:
    """The number of an operator: files of before 2020 have it in a field of a byte."""
    return max(int(code.BuiltinCode()), int(code.DeprecatedBuiltinCode()))
