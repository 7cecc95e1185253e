"""LSTM, GRU and RNN written out over the steps of their series, for the quantiser knows no recurrent operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import onnx

State: TypeAlias = tuple[str | None, str | None]
"""Names of the hidden and the cell state (batch, H); None while it is zero."""

_GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
_ACTIVATIONS = {"LSTM": ("Sigmoid", "Tanh", "Tanh"), "GRU": ("Sigmoid", "Tanh"), "RNN": ("Tanh",)}
_UNUSUAL = ("clip", "input_forget", "layout", "activation_alpha", "activation_beta")
_MOST_STEPS = 4096


class _Writer:
    """Nodes and constants in the making; methods return the name of a tensor."""

    def __init__(self, prefix: str) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._prefix = prefix

    def node(self, kind: str, *inputs: str, axis: int | None = None, output: str = "") -> str:
        """A node with one output."""
        return self._nodes(kind, inputs, [output or self._name(kind)], axis)[0]

    def split(self, source: str, sizes: Sequence[int]) -> tuple[str, ...]:
        """Parts along axis 1."""
        outputs = [self._name("Split") + f".{index}" for index in range(len(sizes))]
        return tuple(self._nodes("Split", (source, self.integers(sizes)), outputs, 1))

    def floats(self, values: npt.NDArray[Any]) -> str:
        """A float constant."""
        return self._constant(np.ascontiguousarray(values, np.float32))

    def integers(self, values: int | Sequence[int]) -> str:
        """A constant of sizes, axes or indices."""
        return self._constant(np.array(values, np.int64))

    def _nodes(self, kind: str, inputs: Sequence[str], outputs: list[str], axis: int | None) -> list[str]:
        import onnx

        attributes = {} if axis is None else {"axis": axis}
        self.nodes.append(onnx.helper.make_node(kind, list(inputs), outputs, name=self._name(kind), **attributes))
        return outputs

    def _constant(self, values: npt.NDArray[Any]) -> str:
        import onnx

        name = f"{self._prefix}/constant.{len(self.constants)}"
        self.constants.append(onnx.numpy_helper.from_array(values, name))
        return name

    def _name(self, kind: str) -> str:
        return f"{self._prefix}/{kind}.{len(self.nodes)}"


@dataclass(frozen=True, kw_only=True)
class _Direction:
    """One direction of a recurrent node: weights (gates x H, ...), both biases (gates x H), first states."""

    kind: str
    hidden: int
    inputs: npt.NDArray[Any]
    recurrent: npt.NDArray[Any]
    input_bias: npt.NDArray[Any]
    recurrent_bias: npt.NDArray[Any]
    reset_behind: bool
    backwards: bool
    first: State


def unroll(proto: onnx.ModelProto) -> onnx.ModelProto:
    """The network with its recurrent nodes written out; one that is unusual (clipped, other functions) stays."""
    import onnx

    if not any(node.op_type in _GATES for node in proto.graph.node):
        return proto
    shapes = _infer_shapes(onnx.shape_inference.infer_shapes(proto))
    constants = {constant.name: onnx.numpy_helper.to_array(constant) for constant in proto.graph.initializer}
    plain = onnx.ModelProto()
    plain.CopyFrom(proto)
    del plain.graph.node[:], plain.graph.value_info[:], plain.graph.initializer[:]
    for node in proto.graph.node:
        written = _write_out(node, shapes.get(node.input[0], ()), constants) if node.op_type in _GATES else None
        plain.graph.node.extend([node] if written is None else written.nodes)
        plain.graph.initializer.extend([] if written is None else written.constants)
    read = {name for node in plain.graph.node for name in node.input}
    plain.graph.initializer.extend(constant for constant in proto.graph.initializer if constant.name in read)
    return plain


def _infer_shapes(proto: onnx.ModelProto) -> Mapping[str, tuple[int, ...]]:
    ports = (*proto.graph.input, *proto.graph.value_info)
    return {port.name: tuple(dim.dim_value for dim in port.type.tensor_type.shape.dim) for port in ports}


def _write_out(
    node: onnx.NodeProto, shape: tuple[int, ...], constants: Mapping[str, npt.NDArray[Any]]
) -> _Writer | None:
    import onnx

    attributes = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
    inputs = [*node.input, *("",) * (8 - len(node.input))]
    if not _is_usual(node.op_type, attributes, inputs, shape, constants):
        return None
    write = _Writer(node.name or node.output[0])
    directions = _read_directions(node, inputs, attributes, constants, write)
    steps = [_run(write, inputs[0], direction, shape[0]) for direction in directions]
    _write_results(write, [*node.output, "", "", ""], steps)
    return write


def _is_usual(
    kind: str,
    attributes: Mapping[str, Any],
    inputs: Sequence[str],
    shape: tuple[int, ...],
    constants: Mapping[str, npt.NDArray[Any]],
) -> bool:
    """Whether it is the plain cell over a known number of steps, with constant weights."""
    given = tuple(activation.decode() for activation in attributes.get("activations", ()))
    count = 2 if attributes.get("direction", b"forward") == b"bidirectional" else 1
    plain = given in ((), _ACTIVATIONS[kind] * count) and not any(attributes.get(name) for name in _UNUSUAL)
    constant = all(name in constants for name in (*inputs[1:3], *(name for name in inputs[3:4] if name)))
    known_steps = len(shape) == 3 and 0 < shape[0] <= _MOST_STEPS
    return plain and constant and known_steps and not inputs[4] and not inputs[7]


def _read_directions(
    node: onnx.NodeProto,
    inputs: Sequence[str],
    attributes: Mapping[str, Any],
    constants: Mapping[str, npt.NDArray[Any]],
    write: _Writer,
) -> list[_Direction]:
    inner, recurrent = constants[inputs[1]], constants[inputs[2]]
    rows = inner.shape[1]
    bias = constants[inputs[3]] if inputs[3] else np.zeros((len(inner), 2 * rows), np.float32)
    backwards = attributes.get("direction", b"forward") == b"reverse"
    return [
        _Direction(
            kind=node.op_type,
            hidden=rows // _GATES[node.op_type],
            inputs=inner[index],
            recurrent=recurrent[index],
            input_bias=bias[index, :rows],
            recurrent_bias=bias[index, rows:],
            reset_behind=bool(attributes.get("linear_before_reset", 0)),
            backwards=backwards or index == 1,
            first=(
                _read_first_state(write, inputs[5], index, constants),
                _read_first_state(write, inputs[6], index, constants),
            ),
        )
        for index in range(len(inner))
    ]


def _read_first_state(
    write: _Writer, name: str, direction: int, constants: Mapping[str, npt.NDArray[Any]]
) -> str | None:
    """The first state of a direction; None where it is zero."""
    if not name or (name in constants and not constants[name].any()):
        return None
    return write.node("Gather", name, write.integers(direction), axis=0)


def _run(write: _Writer, series: str, direction: _Direction, length: int) -> tuple[list[State], State]:
    """The states at each step, in the order of the series, and the last. All steps share one product of the inputs."""
    step = _STEPS[direction.kind]
    product = write.node("MatMul", series, write.floats(direction.inputs.T))
    projected = write.node("Add", product, write.floats(_add_biases(direction)))
    weights, state = write.floats(direction.recurrent.T), direction.first
    states: list[State] = []
    for step_index in reversed(range(length)) if direction.backwards else range(length):
        now = write.node("Gather", projected, write.integers(step_index), axis=0)
        state = step(write, direction, now, weights, state)
        states.append(state)
    return (states[::-1] if direction.backwards else states), state


def _add_biases(direction: _Direction) -> npt.NDArray[Any]:
    """What is added to the inputs' product: both biases, but for the part of a GRU that its reset gate scales."""
    bias: npt.NDArray[Any] = direction.input_bias + direction.recurrent_bias
    if direction.kind == "GRU" and direction.reset_behind:
        bias[2 * direction.hidden :] = direction.input_bias[2 * direction.hidden :]
    return bias


def _step_lstm(write: _Writer, direction: _Direction, now: str, weights: str, state: State) -> State:
    hidden, cell = state
    total = now if hidden is None else write.node("Add", now, write.node("MatMul", hidden, weights))
    parts = write.split(total, [direction.hidden] * 4)
    enter, leave, forget = (write.node("Sigmoid", part) for part in parts[:3])
    kept = write.node("Mul", enter, write.node("Tanh", parts[3]))
    if cell is not None:
        kept = write.node("Add", write.node("Mul", forget, cell), kept)
    return write.node("Mul", leave, write.node("Tanh", kept)), kept


def _step_gru(write: _Writer, direction: _Direction, now: str, weights: str, state: State) -> State:
    hidden, size = state[0], direction.hidden
    gates, new = write.split(now, [2 * size, size])
    behind = write.floats(direction.recurrent_bias[2 * size :])
    if hidden is not None and direction.reset_behind:
        past, past_new = write.split(write.node("MatMul", hidden, weights), [2 * size, size])
        gates, behind = write.node("Add", gates, past), write.node("Add", past_new, behind)
    elif hidden is not None:
        past = write.node("MatMul", hidden, write.floats(direction.recurrent[: 2 * size].T))
        gates = write.node("Add", gates, past)
    update, reset = (write.node("Sigmoid", part) for part in write.split(gates, [size, size]))
    if direction.reset_behind:
        new = write.node("Add", new, write.node("Mul", reset, behind))
    elif hidden is not None:
        scaled = write.node("Mul", reset, hidden)
        new = write.node("Add", new, write.node("MatMul", scaled, write.floats(direction.recurrent[2 * size :].T)))
    candidate = write.node("Tanh", new)
    fresh = write.node("Mul", write.node("Sub", write.floats(np.ones(1)), update), candidate)
    return (fresh if hidden is None else write.node("Add", fresh, write.node("Mul", update, hidden))), None


def _step_rnn(write: _Writer, direction: _Direction, now: str, weights: str, state: State) -> State:
    del direction
    hidden = state[0]
    total = now if hidden is None else write.node("Add", now, write.node("MatMul", hidden, weights))
    return write.node("Tanh", total), None


_STEPS: Mapping[str, Callable[[_Writer, _Direction, str, str, State], State]] = {
    "LSTM": _step_lstm,
    "GRU": _step_gru,
    "RNN": _step_rnn,
}


def _write_results(write: _Writer, outputs: Sequence[str], directions: Sequence[tuple[list[State], State]]) -> None:
    """Y (T, directions, batch, H), Y_h and Y_c (directions, batch, H), as far as they are read."""
    if outputs[0]:
        columns = zip(*(states for states, _ in directions), strict=True)
        steps = [_stack_directions(write, [state[0] for state in column], "") for column in columns]
        parts = [write.node("Unsqueeze", step, write.integers([0])) for step in steps]
        write.node("Concat", *parts, axis=0, output=outputs[0])
    for output, which in ((outputs[1], 0), (outputs[2], 1)):
        if output:
            _stack_directions(write, [last[which] for _, last in directions], output)


def _stack_directions(write: _Writer, states: Sequence[str | None], output: str) -> str:
    """States (batch, H) of the directions as (directions, batch, H)."""
    parts = [write.node("Unsqueeze", str(state), write.integers([0])) for state in states]
    return write.node("Concat", *parts, axis=0, output=output)
