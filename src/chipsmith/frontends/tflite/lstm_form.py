"""What a UNIDIRECTIONAL_SEQUENCE_LSTM of a `.tflite` file is: its gates, their scales and what stands behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chipsmith.frontends.tflite.lowering import IntegerLowering
from chipsmith.frontends.tflite.model import FileOperator, FileTensor

_INPUT, _INPUT_WEIGHTS, _RECURRENT_WEIGHTS, _PEEPHOLES, _BIASES = 0, 1, 5, 9, 12
_PROJECTION, _PROJECTION_BIAS, _OUTPUT_STATE, _CELL_STATE, _NORMS = 16, 17, 18, 19, 20
_HIDDEN = 4
_PLACES = {"input": 0, "forget": 1, "output": 3, "cell": 2}
"""Where each gate stands in the operator's lists, in the order in which its rows are stacked here."""
_PEEPHOLE_PLACES = {"input": 0, "forget": 1, "output": 2}
GATE_BITS = 12
"""Fraction bits of what a gate's function takes; of its result there are 15."""


@dataclass(frozen=True, kw_only=True)
class LstmGate:
    """A gate: its weights on the input and on the output before, and the scales of both sums and of the peephole's."""

    name: str
    inner: FileTensor
    recurrent: FileTensor
    bias: npt.NDArray[np.int32]
    inner_scale: float
    recurrent_scale: float
    peephole: FileTensor | None
    peephole_scale: float


@dataclass(frozen=True, kw_only=True)
class LstmForm:
    """The operator: its gates in the order in which their rows are stacked, and what stands behind them.

    `kept` is the output of the step before, `cell` the cell; both are variables. `hidden` says how the product of
    output gate and cell lies in int8, before its projection. Limits are integers, 0 where there is none.
    """

    gates: tuple[LstmGate, ...]
    source: FileTensor
    kept: FileTensor
    cell: FileTensor
    hidden: FileTensor
    projection: FileTensor | None
    projection_bias: FileTensor | None
    cell_limit: int
    projection_limit: int
    time_major: bool

    @property
    def cells(self) -> int:
        """The number of cells."""
        return self.gates[0].inner.shape[0]

    @property
    def has_peepholes(self) -> bool:
        """Whether gates see the cell."""
        return any(gate.peephole is not None for gate in self.gates)

    @property
    def cell_bits(self) -> int:
        """Fraction bits of a cell."""
        return -int(np.log2(self.cell.scale))


def read_lstm(lower: IntegerLowering, operator: FileOperator) -> LstmForm:
    """The operator's form. Raises OperatorRefused for what is not lowered."""
    peepholes = any(lower.tensor(operator, _PEEPHOLES + place) for place in _PEEPHOLE_PLACES.values())
    if peepholes and lower.tensor(operator, _PROJECTION):
        raise lower.refuse(
            operator,
            "peepholes of a projected cell are not held, for LiteRT reads them for some cells alone; leave either out",
        )
    if any(lower.tensor(operator, _NORMS + place) for place in _PLACES.values()):
        raise lower.refuse(
            operator, "it normalises its layers; leave layer normalisation out, or give the PyTorch network"
        )
    hidden = lower.model.main.tensors[operator.intermediates[_HIDDEN]]
    cell, kept = lower.operand(operator, _CELL_STATE), lower.operand(operator, _OUTPUT_STATE)
    gates = [_read_gate(lower, operator, name) for name in _PLACES]
    return LstmForm(
        gates=tuple(gate for gate in gates if gate is not None),
        source=lower.operand(operator, _INPUT),
        kept=kept,
        cell=cell,
        hidden=hidden,
        projection=lower.tensor(operator, _PROJECTION),
        projection_bias=lower.tensor(operator, _PROJECTION_BIAS),
        cell_limit=_limit(operator.option("cellClip", 0.0), cell, 32767),
        projection_limit=_limit(operator.option("projClip", 0.0), kept, 127),
        time_major=bool(operator.option("timeMajor")),
    )


def _limit(real: float, tensor: FileTensor, most: int) -> int:
    """A limit in the integers of a tensor; 0 where there is none."""
    return int(np.clip(np.float32(real) / tensor.scale, -most - 1, most))


def _read_gate(lower: IntegerLowering, operator: FileOperator, name: str) -> LstmGate | None:
    """A gate; None for an input gate that is 1 minus the forget gate."""
    place = _PLACES[name]
    inner = lower.tensor(operator, _INPUT_WEIGHTS + place)
    if inner is None:
        return None
    source, kept, cell = (lower.operand(operator, index) for index in (_INPUT, _OUTPUT_STATE, _CELL_STATE))
    recurrent, bias = lower.operand(operator, _RECURRENT_WEIGHTS + place), lower.operand(operator, _BIASES + place)
    weights = None if name == "cell" else lower.tensor(operator, _PEEPHOLES + _PEEPHOLE_PLACES[name])
    assert bias.data is not None
    unit = 2.0**-GATE_BITS
    return LstmGate(
        name=name,
        inner=inner,
        recurrent=recurrent,
        bias=bias.data.astype(np.int32),
        inner_scale=float(inner.scale) * float(source.scale) / unit,
        recurrent_scale=float(recurrent.scale) * float(kept.scale) / unit,
        peephole=weights,
        peephole_scale=0.0 if weights is None else float(weights.scale) * float(cell.scale) / unit,
    )
