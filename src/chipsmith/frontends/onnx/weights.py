"""Weights of a quantised file: which constants of the float graph are its integers, and by which scales."""

from __future__ import annotations

from collections.abc import Mapping

from chipsmith.frontends.onnx.coded import CodedConst
from chipsmith.frontends.onnx.lowering import Lowering
from chipsmith.frontends.scales import recover_weights
from chipsmith.quantisation.plan import Quantisation
from chipsmith.tosa.graph import Graph


def plan_weights(lower: Lowering, graph: Graph) -> dict[str, Quantisation]:
    """The constants of products that are the file's own integers, with its scales."""
    coded = _list_coded(lower)
    return recover_weights(graph, lambda operator: coded.get(lower.build.origins.get(operator.name, ""), []))


def _list_coded(lower: Lowering) -> Mapping[str, list[Quantisation]]:
    """The quantised constants that each node reads, by the node's name."""
    nodes: dict[str, list[Quantisation]] = {}
    for node in lower.lowered:
        for name in node.inputs:
            value = lower.values.get(name)
            if isinstance(value, CodedConst):
                entry = Quantisation(scale=value.scale, zero_point=value.zero_point)
                nodes.setdefault(node.name, []).append(entry)
    return nodes
