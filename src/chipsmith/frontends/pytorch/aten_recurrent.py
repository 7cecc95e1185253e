"""Handlers of LSTM, GRU and plain recurrent layers, written out over the steps of their series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith.frontends.forms.movement import add_axes, concatenate
from chipsmith.frontends.forms.operands import slice_axis
from chipsmith.frontends.forms.recurrent import GATES, CellKind, RecurrentCell, State, run_cell, stack_values
from chipsmith.frontends.forms.values import Const, GraphValue, Value, drop_axes, permute
from chipsmith.frontends.pytorch.calls import AtenCall, AtenHandler, as_array, as_value

_KINDS = {
    "lstm": CellKind.LSTM,
    "gru": CellKind.GRU,
    "rnn_tanh": CellKind.RNN,
    "rnn_relu": CellKind.RELU_RNN,
    "lstm_cell": CellKind.LSTM,
    "gru_cell": CellKind.GRU,
    "rnn_tanh_cell": CellKind.RNN,
    "rnn_relu_cell": CellKind.RELU_RNN,
}
_ORDERS = {CellKind.LSTM: (0, 3, 1, 2), CellKind.GRU: (1, 0, 2)}
"""Which gate of PyTorch's stands at each place of a RecurrentCell's."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Layers:
    """The cells of a stack, layer by layer and in each forwards then backwards, and the first states of each."""

    cells: Sequence[RecurrentCell]
    hidden: Value
    memory: Value | None
    directions: int

    def first_state(self, call: AtenCall, index: int) -> State:
        """The states that a cell begins with."""
        memory = None if self.memory is None else _pick(call, self.memory, index)
        return _pick(call, self.hidden, index), memory


def run_layers(call: AtenCall) -> tuple[GraphValue, ...]:
    """The hidden states of the last layer, and the last states of all."""
    if "data" in call.operands:
        raise call.refuse("packed sequences have lengths that are known only as the network runs; give padded ones")
    layers = _read_layers(call)
    series = call.computed("input")
    by_batch = call.flag("batch_first")
    series = permute(series, (1, 0, 2)) if by_batch else series
    states: list[State] = []
    for layer in range(call.integer("num_layers")):
        series, last = _run_layer(call, layers, layer, series)
        states += last
    hidden = stack_values(call.build, [state[0] for state in states if state[0] is not None])
    memory = [state[1] for state in states if state[1] is not None]
    series = permute(series, (1, 0, 2)) if by_batch else series
    return (series, hidden, stack_values(call.build, memory)) if memory else (series, hidden)


def _run_layer(call: AtenCall, layers: _Layers, layer: int, series: GraphValue) -> tuple[GraphValue, list[State]]:
    rows, last = [], []
    for direction in range(layers.directions):
        index = layer * layers.directions + direction
        first = layers.first_state(call, index)
        steps, state = run_cell(call.build, series, layers.cells[index], first, backwards=direction == 1)
        rows.append(stack_values(call.build, steps))
        last.append(state)
    return (rows[0] if len(rows) == 1 else concatenate(call.build, rows, 2)), last


def _read_layers(call: AtenCall) -> _Layers:
    each = 4 if call.flag("has_biases") else 2
    weights = [_constant(call, item) for item in call.operands["params"]]
    directions = 2 if call.flag("bidirectional") else 1
    count = call.integer("num_layers") * directions
    if len(weights) != count * each:
        raise call.refuse("projections of the hidden state (proj_size) are not lowered")
    cells = [_read_cell(call, weights[index * each : (index + 1) * each]) for index in range(count)]
    states = call.operands["hx"]
    hidden, memory = states if isinstance(states, list) else (states, None)
    return _Layers(
        cells=cells,
        hidden=as_value(hidden),
        memory=None if memory is None else as_value(memory),
        directions=directions,
    )


def _constant(call: AtenCall, item: Any) -> npt.NDArray[Any]:
    if isinstance(item, GraphValue):
        raise call.refuse("its weights are computed from the network's inputs, and must be constant")
    return as_array(item)


def _read_cell(call: AtenCall, weights: Sequence[npt.NDArray[Any]]) -> RecurrentCell:
    kind = _KINDS[call.operator]
    biases = weights[2:] or [np.zeros(len(weights[0]), np.float32)] * 2
    ordered = [_order_gates(array, kind) for array in (*weights[:2], *biases)]
    return RecurrentCell(
        kind=kind,
        input_weights=ordered[0],
        state_weights=ordered[1],
        input_bias=ordered[2],
        state_bias=ordered[3],
        reset_behind=True,
    )


def _order_gates(array: npt.NDArray[Any], kind: CellKind) -> npt.NDArray[Any]:
    parts = np.split(array, GATES[kind])
    return np.concatenate([parts[index] for index in _ORDERS.get(kind, (0,))])


def _pick(call: AtenCall, states: Value, index: int) -> GraphValue | None:
    """The state (batch, H) of a cell; None where it is zero."""
    if isinstance(states, Const):
        own = states.values[index]
        return call.place_value(Const(values=own)) if own.any() else None
    return drop_axes(call.build, slice_axis(call.build, states, axis=0, start=index, size=1), (0,))


def run_single_step(call: AtenCall) -> GraphValue | tuple[GraphValue, GraphValue]:
    """The next hidden state of a cell, and its memory where it has any."""
    names = ("w_ih", "w_hh", *(name for name in ("b_ih", "b_hh") if call.has(name)))
    cell = _read_cell(call, [call.constant(name) for name in names])
    series = add_axes(call.build, call.computed("input"), (0,))
    states = call.operands["hx"]
    items = [as_value(item) for item in (states if isinstance(states, list) else [states])]
    first = [_unless_zero(call, item) for item in items]
    (hidden,), last = run_cell(call.build, series, cell, (first[0], first[1] if len(first) > 1 else None))
    memory = last[1]
    return hidden if memory is None else (hidden, memory)


def _unless_zero(call: AtenCall, state: Value) -> GraphValue | None:
    return None if isinstance(state, Const) and not state.values.any() else call.place_value(state)


HANDLERS: Mapping[str, AtenHandler] = {
    name: run_single_step if name.endswith("cell") else run_layers for name in _KINDS
}
