"""A step of an LSTM and of a GRU: the next state of an input and a state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from chipsmith.frontends.forms.movement import add_axes
from chipsmith.frontends.forms.recurrent import GATES, CellKind, RecurrentCell, run_cell
from chipsmith.frontends.forms.values import GraphValue
from chipsmith.kernels.kind import KernelDraft, KernelInput, KernelKind, Reals, Weights, draw_bias, draw_weight
from chipsmith.kernels.parameters import CountParameter, KernelSettings, ShapeParameter

if TYPE_CHECKING:
    import torch

_STATES = {CellKind.LSTM: ("hidden", "memory"), CellKind.GRU: ("hidden",)}
_TORCH_GATES = {CellKind.LSTM: (0, 3, 1, 2), CellKind.GRU: (1, 0, 2)}
"""Which gate of PyTorch's stands at each place of a RecurrentCell's."""
_PARAMETERS = (
    ShapeParameter(name="input", axes=("batch", "features"), default=(1, 64)),
    CountParameter(name="hidden", help="the size of the state", default=64),
)


def _read_states(kind: CellKind, settings: KernelSettings) -> tuple[KernelInput, ...]:
    batch, features = settings.sizes("input")
    state = (batch, settings.count("hidden"))
    states = (KernelInput(name=name, shape=state, bounded=True) for name in _STATES[kind])
    return (KernelInput(name="input", shape=(batch, features)), *states)


def _draw(kind: CellKind, settings: KernelSettings, random: np.random.Generator) -> Weights:
    features, hidden = settings.sizes("input")[-1], settings.count("hidden")
    rows = GATES[kind] * hidden
    return {
        "weight_ih": draw_weight(random, (rows, features), terms=features),
        "weight_hh": draw_weight(random, (rows, hidden), terms=hidden),
        "bias_ih": draw_bias(random, rows),
        "bias_hh": draw_bias(random, rows),
    }


def _write(kind: CellKind, draft: KernelDraft) -> Sequence[GraphValue]:
    step, *states = draft.inputs
    weights = {name: _order_gates(array, kind) for name, array in draft.weights.items()}
    cell = RecurrentCell(
        kind=kind,
        input_weights=weights["weight_ih"],
        state_weights=weights["weight_hh"],
        input_bias=weights["bias_ih"],
        state_bias=weights["bias_hh"],
        reset_behind=True,
    )
    first = (states[0], states[1] if len(states) > 1 else None)
    _, last = run_cell(draft.build, add_axes(draft.build, step, (0,)), cell, first)
    return [state for state in last if state is not None]


def _order_gates(array: Reals, kind: CellKind) -> npt.NDArray[np.float32]:
    parts = np.split(array, GATES[kind])
    return np.concatenate([parts[index] for index in _TORCH_GATES[kind]])


def _make_module(make: Callable[[], type[torch.nn.Module]], settings: KernelSettings) -> torch.nn.Module:
    return make()(settings.sizes("input")[-1], settings.count("hidden"))


def _lstm_cell() -> type[torch.nn.Module]:
    import torch

    class LstmCell(torch.nn.LSTMCell):  # type: ignore[misc]  # PyTorch's classes have no types here
        """PyTorch's cell, whose two states are arguments of their own."""

        def forward(self, input: torch.Tensor, hidden: torch.Tensor, memory: torch.Tensor) -> tuple[torch.Tensor, ...]:
            states: tuple[torch.Tensor, ...] = super().forward(input, (hidden, memory))
            return states

    return LstmCell


def _gru_cell() -> type[torch.nn.Module]:
    import torch

    cell: type[torch.nn.Module] = torch.nn.GRUCell
    return cell


LSTM_CELL = KernelKind(
    name="lstm-cell",
    summary="a step of an LSTM: hidden state and memory from an input and both of the step before",
    parameters=_PARAMETERS,
    inputs=partial(_read_states, CellKind.LSTM),
    draw=partial(_draw, CellKind.LSTM),
    write=partial(_write, CellKind.LSTM),
    module=partial(_make_module, _lstm_cell),
)
GRU_CELL = KernelKind(
    name="gru-cell",
    summary="a step of a GRU: the hidden state from an input and that of the step before",
    parameters=_PARAMETERS,
    inputs=partial(_read_states, CellKind.GRU),
    draw=partial(_draw, CellKind.GRU),
    write=partial(_write, CellKind.GRU),
    module=partial(_make_module, _gru_cell),
)
KINDS = (LSTM_CELL, GRU_CELL)
