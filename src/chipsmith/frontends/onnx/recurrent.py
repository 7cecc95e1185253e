"""LSTM, GRU and RNN: each direction by itself, over a known number of steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput
from chipsmith.frontends.forms.operands import slice_axis
from chipsmith.frontends.forms.recurrent import GATES, CellKind, RecurrentCell, State, run_cell, stack_values
from chipsmith.frontends.forms.values import Const, GraphValue, drop_axes, permute
from chipsmith.frontends.onnx.lowering import Handler, Lowering, Value, refuse
from chipsmith.frontends.onnx.model import Node

_ACTIVATIONS = {
    CellKind.LSTM: ("sigmoid", "tanh", "tanh"),
    CellKind.GRU: ("sigmoid", "tanh"),
    CellKind.RNN: ("tanh",),
    CellKind.RELU_RNN: ("relu",),
}
_UNUSUAL = ("clip", "input_forget", "activation_alpha", "activation_beta")
_MOST_STEPS = 4096


def _lower_recurrent(lower: Lowering, node: Node) -> Sequence[Value]:
    _refuse_unusual(lower, node)
    batch_first = bool(node.integer("layout", 0))
    series = lower.computed(node, 0)
    series = permute(series, (1, 0, 2)) if batch_first else series
    _check_lengths(lower, node, series)
    results = [_run_direction(lower, node, series, index) for index in range(_count_directions(node))]
    steps = [stack_values(lower.build, states) for states, _ in results]
    lasts = [[last for _, state in results if (last := state[which]) is not None] for which in (0, 1)]
    outputs = [_stack_directions(lower, steps), *(stack_values(lower.build, values) for values in lasts if values)]
    return [_put_batch_first(value) for value in outputs] if batch_first else outputs


def _stack_directions(lower: Lowering, steps: Sequence[GraphValue]) -> GraphValue:
    """(directions, steps, batch, H) as (steps, directions, batch, H)."""
    return permute(stack_values(lower.build, steps), (1, 0, 2, 3))


def _put_batch_first(value: GraphValue) -> GraphValue:
    rank = len(value.shape)
    return permute(value, (rank - 2, *range(rank - 2), rank - 1))


def _count_directions(node: Node) -> int:
    return 2 if node.text("direction", "forward") == "bidirectional" else 1


def _read_kind(node: Node) -> CellKind:
    """The cell by its functions. Raises OperatorRefused where none has them."""
    given = tuple(_text(name).lower() for name in node.attributes.get("activations", ()))
    kinds = (CellKind.RNN, CellKind.RELU_RNN) if node.kind == "RNN" else (CellKind(node.kind),)
    for kind in kinds:
        if given in ((), _ACTIVATIONS[kind] * _count_directions(node)):
            return kind
    usual = " or ".join(", ".join(_ACTIVATIONS[kind]) for kind in kinds)
    raise refuse(node, f"its functions are {', '.join(given)}; {usual} are held")


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name


def _refuse_unusual(lower: Lowering, node: Node) -> None:
    for name in _UNUSUAL:
        if node.attributes.get(name):
            raise refuse(node, f"with the attribute {name}; write the cell out over its steps before the export")
    peepholes = lower.constant(node, 7)
    if peepholes is not None and peepholes.any():
        raise refuse(node, "with peepholes (input 7); write the cell out over its steps before the export")


def _check_lengths(lower: Lowering, node: Node, series: GraphValue) -> None:
    steps = series.shape[0]
    if steps > _MOST_STEPS:
        raise refuse(node, f"{steps} steps; at most {_MOST_STEPS} are written out")
    lengths = lower.constant(node, 4)
    if lengths is not None and not np.all(lengths == steps):
        raise refuse(node, f"sequences shorter than the {steps} steps of its input; leave sequence_lens out")


def _run_direction(lower: Lowering, node: Node, series: GraphValue, index: int) -> tuple[list[GraphValue], State]:
    direction = node.text("direction", "forward")
    backwards = direction == "reverse" or index == 1
    first = (_read_first(lower, node, 5, index), _read_first(lower, node, 6, index) if node.kind == "LSTM" else None)
    return run_cell(lower.build, series, _read_cell(lower, node, index), first, backwards=backwards)


def _read_cell(lower: Lowering, node: Node, index: int) -> RecurrentCell:
    inner, recurrent = lower.constant(node, 1), lower.constant(node, 2)
    if inner is None or recurrent is None:
        raise BadInput(f"{node.kind} '{node.name}': it has no weights")
    kind, rows = _read_kind(node), inner.shape[1]
    if rows != GATES[kind] * recurrent.shape[2]:
        raise BadInput(f"{node.kind} '{node.name}': weights {inner.shape} and {recurrent.shape} do not fit")
    bias = lower.constant(node, 3)
    both: npt.NDArray[Any] = np.zeros(2 * rows, np.float32) if bias is None else bias[index]
    return RecurrentCell(
        kind=kind,
        input_weights=inner[index],
        state_weights=recurrent[index],
        input_bias=both[:rows],
        state_bias=both[rows:],
        reset_behind=bool(node.integer("linear_before_reset", 0)),
    )


def _read_first(lower: Lowering, node: Node, operand: int, index: int) -> GraphValue | None:
    """The first state of a direction, (batch, H); None where it is zero."""
    if not lower.has(node, operand):
        return None
    value = lower.value(node, operand)
    if isinstance(value, Const) and not value.values.any():
        return None
    whole = lower.materialise(value)
    states = permute(whole, (1, 0, 2)) if node.integer("layout", 0) else whole
    return drop_axes(lower.build, slice_axis(lower.build, states, axis=0, start=index, size=1), (0,))


HANDLERS: Mapping[str, Handler] = dict.fromkeys(("LSTM", "GRU", "RNN"), _lower_recurrent)
