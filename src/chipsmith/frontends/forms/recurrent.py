"""LSTM, GRU and plain recurrent cells, written out over the steps of their series."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from chipsmith.frontends.forms.elementwise import apply_binary, apply_unary
from chipsmith.frontends.forms.functions import relu
from chipsmith.frontends.forms.matrix import apply_linear
from chipsmith.frontends.forms.operands import join_tensors, slice_axis
from chipsmith.frontends.forms.values import Const, GraphValue, drop_axes, natural_value, reshape, restore_order
from chipsmith.tosa.builder import GraphBuilder

State: TypeAlias = tuple[GraphValue | None, GraphValue | None]
"""The hidden and the cell state (batch, H); None while it is zero."""


class CellKind(StrEnum):
    """The cells, and the order of their gates along the rows of their weights."""

    LSTM = "LSTM"
    """Input, output, forget, cell."""
    GRU = "GRU"
    """Update, reset, new."""
    RNN = "RNN"
    """A single layer with tanh."""
    RELU_RNN = "RELU_RNN"
    """A single layer with relu."""


GATES: Mapping[CellKind, int] = {CellKind.LSTM: 4, CellKind.GRU: 3, CellKind.RNN: 1, CellKind.RELU_RNN: 1}
"""How many gates a cell has."""


@dataclass(frozen=True, kw_only=True)
class RecurrentCell:
    """A cell's constants: weights (gates x H, inputs) and (gates x H, H), both biases (gates x H,).

    `reset_behind`, of a GRU: its reset gate scales the product of the state, and not the state itself.
    """

    kind: CellKind
    input_weights: npt.NDArray[Any]
    state_weights: npt.NDArray[Any]
    input_bias: npt.NDArray[Any]
    state_bias: npt.NDArray[Any]
    reset_behind: bool = False

    @property
    def hidden(self) -> int:
        """The size H of the state."""
        return int(self.state_weights.shape[1])


def run_cell(
    build: GraphBuilder, series: GraphValue, cell: RecurrentCell, first: State, *, backwards: bool = False
) -> tuple[list[GraphValue], State]:
    """The hidden states (batch, H) at each step of a series (steps, batch, inputs), in its order, and the last state.

    All steps share a single product of the inputs. `backwards` runs from the end of the series.
    """
    projected = apply_linear(build, series, cell.input_weights, _add_biases(cell))
    steps = range(series.shape[0])
    state, hidden = first, {}
    for step in reversed(steps) if backwards else steps:
        now = _take_step(build, projected, step)
        state = _STEPS[cell.kind](build, cell, now, state)
        hidden[step] = state[0]
    return [value for step in steps if (value := hidden[step]) is not None], state


def stack_values(build: GraphBuilder, values: Sequence[GraphValue]) -> GraphValue:
    """Values of a shape as a single value with an axis for them in front."""
    parts = [restore_order(build, reshape(build, value, (1, *value.shape))).tensor for value in values]
    return natural_value(build, join_tensors(build, parts, 0))


def _take_step(build: GraphBuilder, series: GraphValue, step: int) -> GraphValue:
    return drop_axes(build, slice_axis(build, series, axis=0, start=step, size=1), (0,))


def _split(build: GraphBuilder, value: GraphValue, sizes: Sequence[int]) -> list[GraphValue]:
    """Parts of (batch, sum of sizes) along its last axis."""
    starts = np.cumsum([0, *sizes[:-1]]).tolist()
    pairs = zip(starts, sizes, strict=True)
    return [slice_axis(build, value, axis=1, start=start, size=size) for start, size in pairs]


def _add_biases(cell: RecurrentCell) -> npt.NDArray[Any]:
    """What is added to the inputs' product: both biases, but for the part of a GRU that its reset gate scales."""
    bias: npt.NDArray[Any] = cell.input_bias + cell.state_bias
    if cell.kind is CellKind.GRU and cell.reset_behind:
        bias[2 * cell.hidden :] = cell.input_bias[2 * cell.hidden :]
    return bias


def _add_state(build: GraphBuilder, cell: RecurrentCell, now: GraphValue, hidden: GraphValue | None) -> GraphValue:
    """The inputs' product of a step with the state's added."""
    return now if hidden is None else apply_binary(build, "ADD", now, apply_linear(build, hidden, cell.state_weights))


def _step_lstm(build: GraphBuilder, cell: RecurrentCell, now: GraphValue, state: State) -> State:
    hidden, memory = state
    parts = _split(build, _add_state(build, cell, now, hidden), [cell.hidden] * 4)
    enter, leave, forget = (apply_unary(build, "SIGMOID", part) for part in parts[:3])
    kept = apply_binary(build, "MUL", enter, apply_unary(build, "TANH", parts[3]))
    if memory is not None:
        kept = apply_binary(build, "ADD", apply_binary(build, "MUL", forget, memory), kept)
    return apply_binary(build, "MUL", leave, apply_unary(build, "TANH", kept)), kept


def _step_gru(build: GraphBuilder, cell: RecurrentCell, now: GraphValue, state: State) -> State:
    hidden, size = state[0], cell.hidden
    gates, new = _split(build, now, [2 * size, size])
    past_new: GraphValue | Const = Const(values=cell.state_bias[2 * size :])
    if hidden is not None and cell.reset_behind:
        past, product = _split(build, apply_linear(build, hidden, cell.state_weights), [2 * size, size])
        gates, past_new = apply_binary(build, "ADD", gates, past), apply_binary(build, "ADD", product, past_new)
    elif hidden is not None:
        gates = apply_binary(build, "ADD", gates, apply_linear(build, hidden, cell.state_weights[: 2 * size]))
    update, reset = (apply_unary(build, "SIGMOID", part) for part in _split(build, gates, [size, size]))
    if cell.reset_behind:
        new = apply_binary(build, "ADD", new, apply_binary(build, "MUL", reset, past_new))
    elif hidden is not None:
        scaled = apply_binary(build, "MUL", reset, hidden)
        new = apply_binary(build, "ADD", new, apply_linear(build, scaled, cell.state_weights[2 * size :]))
    return _mix(build, update, apply_unary(build, "TANH", new), hidden), None


def _mix(build: GraphBuilder, update: GraphValue, candidate: GraphValue, hidden: GraphValue | None) -> GraphValue:
    """(1 - update) * candidate + update * hidden."""
    rest = apply_binary(build, "SUB", Const(values=np.ones((), np.float32)), update)
    fresh = apply_binary(build, "MUL", rest, candidate)
    return fresh if hidden is None else apply_binary(build, "ADD", fresh, apply_binary(build, "MUL", update, hidden))


def _step_rnn(build: GraphBuilder, cell: RecurrentCell, now: GraphValue, state: State) -> State:
    return apply_unary(build, "TANH", _add_state(build, cell, now, state[0])), None


def _step_relu_rnn(build: GraphBuilder, cell: RecurrentCell, now: GraphValue, state: State) -> State:
    return relu(build, _add_state(build, cell, now, state[0])), None


_STEPS: Mapping[CellKind, Callable[[GraphBuilder, RecurrentCell, GraphValue, State], State]] = {
    CellKind.LSTM: _step_lstm,
    CellKind.GRU: _step_gru,
    CellKind.RNN: _step_rnn,
    CellKind.RELU_RNN: _step_relu_rnn,
}
