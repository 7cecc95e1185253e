"""A float network and its plan as an integer graph: operator after operator, each tensor of the plan rounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.quantisation.lower import (
    elementwise,
    joining,
    movement,
    pooling,
    products,
    reduction,
    resize,
    selection,
)
from chipsmith.quantisation.lower.normalise import normalise, softmax
from chipsmith.quantisation.lower.rescale import narrow, to_int32
from chipsmith.quantisation.lower.state import Handler, LoweringState
from chipsmith.quantisation.lower.values import (
    ConstantValue,
    IndexValue,
    Int8Value,
    Int16Value,
    Int32Value,
    MaskValue,
    Tabulated,
    Value,
    quantisation_of,
)
from chipsmith.quantisation.network import FloatNetwork
from chipsmith.quantisation.plan import INT8_WIDTH, Quantisation, QuantisationPlan
from chipsmith.quantisation.regions import Region, RegionKind, find_regions
from chipsmith.quantisation.rounding import round_constant
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.graph import DType, Graph, Operator
from chipsmith.tosa.names import rename_tensors
from chipsmith.tosa.passes.cleanup import drop_dead
from chipsmith.tosa.verify import verify

HANDLERS: Mapping[str, Handler] = {
    kind: handler
    for module in (elementwise, joining, movement, pooling, products, reduction, resize, selection)
    for kind, handler in module.HANDLERS.items()
}
"""The function that lowers each float operator."""

_LARGEST_INDEX = float((1 << 31) - 1)


@dataclass(frozen=True, kw_only=True)
class LoweredTensor:
    """A tensor of the integer graph that holds a tensor of the float graph, in the same shape.

    `quantisation` is 8, 16 or 32 bits wide; None where the tensor holds indices or a mask.
    """

    tensor: str
    quantisation: Quantisation | None


@dataclass(frozen=True, kw_only=True)
class LoweredNetwork:
    """The integer graph of a float network: inputs and outputs have the float graph's names and order.

    `tensors` says by the float graph's names which of its tensors the integer graph holds; all inputs and outputs are
    among them. `origins` are the author's names of the graph's operators.
    """

    graph: Graph
    tensors: Mapping[str, LoweredTensor]
    origins: Mapping[str, str] = field(default_factory=dict)


def lower_network(network: FloatNetwork, plan: QuantisationPlan) -> LoweredNetwork:
    """The integer graph of a network whose tensors are rounded as its plan says.

    Raises OperatorRefused, naming the author's operator and the reason, for what has no integer form, and BadInput
    where an input that is read has no range.
    """
    state = LoweringState(
        graph=network.graph,
        plan=plan,
        origins=network.origins,
        kinds={layer.name: layer.operator for layer in network.layers},
        build=GraphBuilder(reserved=(*network.graph.inputs, *network.graph.outputs)),
    )
    for name in network.graph.inputs:
        state.values[name] = _enter_input(state, name)
    regions = find_regions(network.graph, plan.tensors)
    producers = {region.output: region for region in regions}
    inner = {name for region in regions for name in region.operators}
    for operator in network.graph.operators:
        output = operator.outputs[0]
        if operator.name not in inner or output in producers:
            _enter_scope(state, operator)
            state.values[output] = _lower_and_round(state, operator, producers.get(output))
    return _finish(state)


def _lower_and_round(state: LoweringState, operator: Operator, region: Region | None) -> Value:
    """The value of an operator's output; refusals name the operator."""
    try:
        return _round_value(state, operator.outputs[0], _lower_operator(state, operator, region))
    except OperatorRefused as error:
        named = str(state.refuse(operator, ""))
        raise error if str(error).startswith(named) else OperatorRefused(f"{named}{error}") from None


def _enter_scope(state: LoweringState, operator: Operator) -> None:
    state.build.scope = operator.name
    state.build.origin = state.origins.get(operator.name, operator.name)


def _enter_input(state: LoweringState, name: str) -> Value:
    tensor, planned, build = state.graph.tensors[name], state.planned(name), state.build
    match tensor.dtype:
        case DType.INT32:
            return IndexValue(tensor=build.enter(name, tensor.shape, DType.INT32), bound=_LARGEST_INDEX)
        case DType.BOOL:
            return MaskValue(tensor=build.enter(name, tensor.shape, DType.BOOL))
    if planned is None and _is_needed(state, name):
        raise BadInput(f"input '{name}' has no range: give calibration data that has it")
    if planned is None:
        return Int8Value(tensor=build.enter(name, tensor.shape, DType.INT8), scale=1.0, zero_point=0)
    scale = float(planned.scale[0])
    if planned.width == INT8_WIDTH:
        entered = build.enter(name, tensor.shape, DType.INT8)
        return Int8Value(tensor=entered, scale=scale, zero_point=int(planned.zero_point[0]))
    return Int16Value(tensor=build.enter(name, tensor.shape, DType.INT16), scale=scale)


def _is_needed(state: LoweringState, name: str) -> bool:
    return name in state.graph.outputs or any(name in operator.inputs for operator in state.graph.operators)


def _lower_operator(state: LoweringState, operator: Operator, region: Region | None) -> Value:
    if region is not None:
        return _lower_region(state, operator, region)
    constant = _fold(state, operator)
    if constant is not None:
        return constant
    integers = selection.lower_integers(state, operator)
    if integers is not None:
        return integers
    if operator.kind not in HANDLERS:
        raise state.refuse(operator, "has no integer form")
    return HANDLERS[operator.kind](state, operator)


def _lower_region(state: LoweringState, operator: Operator, region: Region) -> Value:
    value = state.value(region.input)
    if not isinstance(value, Int8Value | Int16Value | Tabulated | Int32Value):
        raise state.refuse(operator, f"its input '{region.input}' must be real numbers that are computed")
    if region.kind is RegionKind.SOFTMAX:
        return softmax(state, value, region.axes[0])
    return normalise(state, value, region.axes, centred=region.centred, factor=region.factor, epsilon=region.epsilon)


def _fold(state: LoweringState, operator: Operator) -> ConstantValue | None:
    """The output of an operator all whose inputs are constants; None where any is computed."""
    values = [state.value(name) for name in operator.inputs]
    arrays = [value.data[None] for value in values if isinstance(value, ConstantValue)]
    if len(arrays) < len(values):
        return None
    return ConstantValue(data=state.evaluate(operator, arrays)[0], name=operator.outputs[0])


def _round_value(state: LoweringState, name: str, value: Value) -> Value:
    """The value as its readers see it: rounded where the plan has the tensor."""
    planned = state.planned(name)
    if planned is None:
        return value
    if isinstance(value, ConstantValue):
        return ConstantValue(data=round_constant(value.data, planned), name=name)
    if isinstance(value, Int8Value | Int16Value | Tabulated | Int32Value):
        return narrow(state.build, value, planned)
    return value


def _finish(state: LoweringState) -> LoweredNetwork:
    outputs: dict[str, str] = {}
    for name in state.graph.outputs:
        state.build.scope, state.build.origin = name, state.origins.get(name, name)
        outputs[name] = _copy_if_taken(state, _output_tensor(state, name), set(outputs.values()))
    graph = drop_dead(state.build.finish(state.graph.name, list(outputs.values())))
    verify(graph)
    renamed = rename_tensors(graph, {tensor: name for name, tensor in outputs.items()})
    names = dict(zip(graph.tensors, renamed.tensors, strict=True))
    return LoweredNetwork(
        graph=renamed,
        tensors=dict(_list_tensors(state, names, outputs)),
        origins={names[name]: origin for name, origin in state.build.origins.items() if name in names},
    )


def _output_tensor(state: LoweringState, name: str) -> str:
    """An output as a tensor of integers with a single scale; from here on that is its value."""
    value = state.value(name)
    if isinstance(value, ConstantValue):
        raise OperatorRefused(f"output '{name}' is a constant, whatever the input: remove it")
    if isinstance(value, Tabulated) and value.real.dtype == np.bool_:
        value = MaskValue(tensor=selection.to_mask(state, value))
    if isinstance(value, Tabulated | Int32Value):
        value = to_int32(state.build, value)
    state.values[name] = value
    return value.tensor


def _copy_if_taken(state: LoweringState, tensor: str, taken: set[str]) -> str:
    """A tensor that is no input and no other output."""
    if tensor not in taken and tensor not in state.graph.inputs:
        return tensor
    return state.build.unary("IDENTITY", tensor)


def _list_tensors(
    state: LoweringState, names: Mapping[str, str], outputs: Mapping[str, str]
) -> Iterator[tuple[str, LoweredTensor]]:
    for name, value in state.values.items():
        if isinstance(value, ConstantValue | Tabulated):
            continue
        tensor, quantisation = outputs.get(name, value.tensor), quantisation_of(value)
        if isinstance(value, Int32Value) and (quantisation is None or state.build.shape(tensor) != value.shape):
            continue
        if tensor in names:
            yield name, LoweredTensor(tensor=names[tensor], quantisation=quantisation)
