"""UNIDIRECTIONAL_SEQUENCE_LSTM of int8 with cells in int16, written out over the steps of its series.

Sums, products, functions and rounding are those of TensorFlow Lite's reference kernel, to the bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chipsmith.frontends.tflite.gates import sigmoid_of_magnitudes, tanh_of_magnitudes
from chipsmith.frontends.tflite.lowering import Handler, IntegerLowering
from chipsmith.frontends.tflite.lstm_form import GATE_BITS, LstmForm, LstmGate, read_lstm
from chipsmith.frontends.tflite.matrix import multiply_matrix
from chipsmith.frontends.tflite.model import FileOperator, FileTensor
from chipsmith.frontends.tflite.scales import power_of_two, quantize_multiplier
from chipsmith.numerics import Int64Array, Scale
from chipsmith.tosa.graph import DType

_RESULT_BITS = 15
"""Fraction bits of a function's result."""
_MOST = (1 << _RESULT_BITS) - 1


def _lstm(lower: IntegerLowering, operator: FileOperator) -> str:
    lstm = read_lstm(lower, operator)
    steps = _Steps(lower=lower, lstm=lstm)
    build, time = lower.build, 0 if lstm.time_major else 1
    batch = lstm.source.shape[1 - time]
    sums = steps.sum_inputs()
    kept = build.reshape(lower.read(lstm.kept), (batch, lstm.kept.shape[-1]))
    cell = build.reshape(lower.read(lstm.cell), (batch, lstm.cells))
    results = []
    for step in range(lstm.source.shape[time]):
        kept, cell = steps.next_step(_take_step(lower, sums, time, step), kept, cell)
        results.append(build.reshape(kept, (1, *build.shape(kept)) if time == 0 else (batch, 1, build.shape(kept)[1])))
    lower.updates[lstm.kept.index] = build.reshape(kept, lstm.kept.shape)
    lower.updates[lstm.cell.index] = build.reshape(cell, lstm.cell.shape)
    return build.concat(results, time)


def _take_step(lower: IntegerLowering, series: str, time: int, step: int) -> str:
    """A step of a series, without the axis of time."""
    shape = lower.build.shape(series)
    start = [step if axis == time else 0 for axis in range(3)]
    size = [1 if axis == time else length for axis, length in enumerate(shape)]
    return lower.build.reshape(lower.build.slice(series, start, size), (shape[1 - time], shape[2]))


@dataclass(frozen=True, kw_only=True)
class _Steps:
    """Writes the steps of an LSTM; tensors between them are (batch, cells) in int16."""

    lower: IntegerLowering
    lstm: LstmForm

    def sum_inputs(self) -> str:
        """What all gates read of the whole series: the series' axes, the gates' rows behind one another."""
        lower, source = self.lower, self.lstm.source
        rows = lower.build.reshape(lower.read(source), (source.shape[0] * source.shape[1], source.shape[2]))
        weights = _stack([gate.inner for gate in self.lstm.gates])
        bias = np.concatenate([gate.bias for gate in self.lstm.gates])
        sums = multiply_matrix(lower, rows, weights, zero_point=source.zero_point, bias=bias)
        narrow = lower.rescale(sums, DType.INT16, self._by_row([gate.inner_scale for gate in self.lstm.gates]))
        return lower.build.reshape(narrow, (*source.shape[:2], len(weights)))

    def next_step(self, inner: str, kept: str, cell: str) -> tuple[str, str]:
        """The output (int8) and the cell of a step, from its input's sums and from what the step before left."""
        total = self._sum(inner, kept)
        opened = {} if self.lstm.has_peepholes else self._open_together(total)
        forget = opened.get("forget") or self._open("forget", total, cell)
        if len(self.lstm.gates) < len(("input", "forget", "output", "cell")):
            entering = self._take_from_most(forget)
        else:
            entering = opened.get("input") or self._open("input", total, cell)
        candidate = self._tanh(self._take_gate(total, "cell"), GATE_BITS)
        fresh = self._update(self._multiply(forget, cell), self._multiply(entering, candidate))
        output = opened.get("output") or self._open("output", total, fresh)
        return self._give(output, fresh), fresh

    def _sum(self, inner: str, kept: str) -> str:
        lower = self.lower
        weights = _stack([gate.recurrent for gate in self.lstm.gates])
        sums = multiply_matrix(lower, kept, weights, zero_point=self.lstm.kept.zero_point)
        scale = self._by_row([gate.recurrent_scale for gate in self.lstm.gates])
        return lower.narrow(lower.build.binary("ADD", lower.widen(inner), lower.rescale(sums, DType.INT32, scale)))

    def _open_together(self, total: str) -> dict[str, str]:
        """The sigmoids of all gates but the last, the cell's, by one table."""
        build, names = self.lower.build, [gate.name for gate in self.lstm.gates[:-1]]
        sums = build.slice(total, (0, 0), (build.shape(total)[0], len(names) * self.lstm.cells))
        opened = self._sigmoid(sums)
        return {name: self._take_gate(opened, name) for name in names}

    def _take_gate(self, total: str, name: str) -> str:
        """The columns of a gate."""
        build, place = self.lower.build, [gate.name for gate in self.lstm.gates].index(name)
        return build.slice(total, (0, place * self.lstm.cells), (build.shape(total)[0], self.lstm.cells))

    def _open(self, name: str, total: str, cell: str) -> str:
        """A gate's sigmoid with what it sees of the cell."""
        gate = next(gate for gate in self.lstm.gates if gate.name == name)
        return self._sigmoid(self._see(gate, self._take_gate(total, name), cell))

    def _see(self, gate: LstmGate, total: str, cell: str) -> str:
        if gate.peephole is None or gate.peephole.data is None:
            return total
        lower = self.lower
        products = self._multiply(cell, lower.constant(gate.peephole.data[None], DType.INT16))
        seen = lower.rescale(products, DType.INT32, quantize_multiplier(gate.peephole_scale))
        return lower.narrow(lower.build.binary("ADD", lower.widen(total), seen))

    def _take_from_most(self, gate: str) -> str:
        most = self.lower.constant([[_MOST]], DType.INT32)
        return self.lower.narrow(self.lower.build.binary("SUB", most, self.lower.widen(gate)))

    def _update(self, kept: str, entering: str) -> str:
        """The cell of what the forget gate leaves of it and what the input gate lets in, two products."""
        lower, build, limit = self.lower, self.lower.build, self.lstm.cell_limit
        old = lower.rescale(kept, DType.INT32, power_of_two(_RESULT_BITS))
        new = lower.rescale(entering, DType.INT32, power_of_two(2 * _RESULT_BITS - self.lstm.cell_bits))
        total = lower.narrow(build.binary("ADD", old, new))
        if not limit:
            return total
        limited = build.binary("MINIMUM", lower.widen(total), lower.constant([[limit]], DType.INT32))
        return lower.narrow(build.binary("MAXIMUM", limited, lower.constant([[-limit]], DType.INT32)))

    def _give(self, output: str, cell: str) -> str:
        """The output of a step, projected where the operator does."""
        lower, hidden = self.lower, self.lstm.hidden
        seen = self._tanh(cell, self.lstm.cell_bits)
        scale = quantize_multiplier(2.0**-_RESULT_BITS / float(hidden.scale) * 2.0**-_RESULT_BITS)
        products = self._multiply(output, seen)
        given = lower.rescale(products, DType.INT8, scale, output_zero_point=hidden.zero_point)
        return given if self.lstm.projection is None else self._project(self.lstm.projection, given)

    def _project(self, projection: FileTensor, given: str) -> str:
        lower, lstm = self.lower, self.lstm
        bias = None if lstm.projection_bias is None else np.asarray(lstm.projection_bias.data, np.int32)
        sums = multiply_matrix(lower, given, _stack([projection]), zero_point=lstm.hidden.zero_point, bias=bias)
        scale = quantize_multiplier(float(projection.scale) * float(lstm.hidden.scale) / float(lstm.kept.scale))
        result = lower.rescale(sums, DType.INT8, scale, output_zero_point=lstm.kept.zero_point)
        if not lstm.projection_limit:
            return result
        limits = {"min_val": -lstm.projection_limit, "max_val": lstm.projection_limit}
        return lower.build.emit("CLAMP", (result,), lower.build.shape(result), DType.INT8, limits)

    def _multiply(self, left: str, right: str) -> str:
        """The products of two int16 tensors, in int32."""
        build = self.lower.build
        shape = tuple(np.broadcast_shapes(build.shape(left), build.shape(right)))
        return build.emit("MUL", (left, right, self.lower.constant([0], DType.INT8)), shape, DType.INT32)

    def _sigmoid(self, source: str) -> str:
        """The sigmoid of an int16 tensor, in int16: half of 1 and of an odd function; half a step goes up."""
        doubled = self._look_up(source, sigmoid_of_magnitudes())
        whole = self.lower.build.binary("ADD", doubled, self.lower.constant([[_MOST]], DType.INT32))
        return self.lower.rescale(whole, DType.INT16, power_of_two(1))

    def _tanh(self, source: str, fraction_bits: int) -> str:
        """The tanh of an int16 tensor, in int16."""
        return self.lower.narrow(self._look_up(source, tanh_of_magnitudes(_RESULT_BITS - fraction_bits)))

    def _look_up(self, source: str, results: Int64Array) -> str:
        """An odd function of int16 values, in int32, by its results for 0 and above, the last of which stays."""
        lower, build, shape = self.lower, self.lower.build, self.lower.build.shape(source)
        wide = lower.widen(source)
        places = build.binary("MINIMUM", build.unary("ABS", wide), lower.constant([[len(results) - 1]], DType.INT32))
        rows = build.reshape(places, (1, shape[0] * shape[1]))
        table = lower.constant(results.reshape(1, -1, 1), DType.INT16)
        picked = build.reshape(build.emit("GATHER", (table, rows), (1, shape[0] * shape[1], 1), DType.INT16), shape)
        sign = build.binary("MINIMUM", wide, lower.constant([[1]], DType.INT32))
        sign = build.binary("MAXIMUM", sign, lower.constant([[-1]], DType.INT32))
        return build.multiply(lower.widen(picked), sign)

    def _by_row(self, scales: Sequence[float]) -> Scale:
        """A scale for each gate as a scale for each of its rows."""
        return quantize_multiplier(np.repeat(scales, self.lstm.cells))


def _stack(weights: Sequence[FileTensor]) -> npt.NDArray[np.int8]:
    stacked: npt.NDArray[np.int8] = np.concatenate([tensor.data for tensor in weights if tensor.data is not None])
    return stacked


HANDLERS: Mapping[str, Handler] = {"UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm}
