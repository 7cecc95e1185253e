"""Inputs whose first axis is time, and not the batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chipsmith.frontends.pytorch.exported import innermost_module
from chipsmith.frontends.pytorch.functional import operator_name

if TYPE_CHECKING:
    from torch.export import ExportedProgram
    from torch.fx import Node

_RECURRENT = frozenset({"lstm", "gru", "rnn_tanh", "rnn_relu"})
_KEEPS_FIRST = frozenset({"unsqueeze", "dropout", "contiguous", "to"})
"""Operators behind which the first axis is the same."""


def find_time_inputs(program: ExportedProgram) -> dict[str, str]:
    """The recurrent layers that go along the first axis of an input (batch_first=False), by the input's name."""
    given = set(program.graph_signature.user_inputs)
    layers = (node for node in program.graph.nodes if operator_name(node.target) in _RECURRENT)
    sources = {_trace(node.args[0]).name: node for node in layers if not _operand(node, "batch_first")}
    return {name: innermost_module(node)[0] or node.name for name, node in sources.items() if name in given}


def _operand(node: Node, name: str) -> Any:
    target: Any = node.target
    names = [argument.name for argument in target._schema.arguments]
    index = names.index(name)
    return node.args[index] if index < len(node.args) else node.kwargs.get(name)


def _trace(node: Any) -> Any:
    """The node that has the same first axis and is computed first."""
    while node.op == "call_function" and operator_name(node.target) in _KEEPS_FIRST and node.args[1:2] != (0,):
        node = node.args[0]
    return node
