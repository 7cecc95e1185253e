"""The integer graph of a network: most operators by the converter, the others here, joined by their tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from chipsmith.frontends.tflite import extremes, lstm, prelu, resize, svdf, table
from chipsmith.frontends.tflite.border import InnerNetwork
from chipsmith.frontends.tflite.locations import read_locations
from chipsmith.frontends.tflite.lowering import Handler, IntegerLowering, dtype_of, has_dtype
from chipsmith.frontends.tflite.model import FileOperator
from chipsmith.frontends.tflite.part import Part, cut_part
from chipsmith.frontends.tflite.variables import FileState
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.file import parse_tosa
from chipsmith.tosa.graph import Graph
from chipsmith.tosa.order import sort_operators

_HANDLERS: Mapping[str, Handler] = {
    **extremes.HANDLERS,
    **lstm.HANDLERS,
    **prelu.HANDLERS,
    **resize.HANDLERS,
    **svdf.HANDLERS,
    **table.HANDLERS,
}
# What arithmetic on tensors raises that an operator of this kind cannot have.
_MISFITS = (AssertionError, AttributeError, LookupError, TypeError, ValueError, ZeroDivisionError)

Convert = Callable[[Part], bytes]
"""Takes a part of a network to the bytes of a `.tosa` file."""


@dataclass(frozen=True, kw_only=True)
class Assembled:
    """The integer graph of a network.

    `entering` holds the graph's input of each of the network's entry points, None where nothing reads it, `leaving` the
    graph's output or constant of each of the network's outputs, None where that is an input as it is. `states` holds
    the graph's input and output of each state. `operator_names` are the file's tensors that operators compute.
    """

    graph: Graph
    entering: tuple[str | None, ...]
    leaving: tuple[str | None, ...]
    states: tuple[tuple[str, str], ...]
    operator_names: Mapping[str, str]


def assemble(network: InnerNetwork, convert: Convert) -> Assembled:
    """The graph whose inputs and outputs are the integers that enter and leave the network, and its states.

    Raises as `convert` does, and OperatorRefused for an operator that is not lowered.
    """
    own = [op for op in network.operators if _is_own(network, op)]
    part = _cut(network, [op for op in network.operators if not _is_own(network, op)], own)
    lower = IntegerLowering(model=network.model, build=GraphBuilder())
    located = _convert_part(part, convert, lower) if part.operators else {}
    placeholders = {index: lower.names.pop(index) for op in own for index in op.outputs if index in lower.names}
    _enter_inputs(network, lower)
    for operator in own:
        lower.names[operator.outputs[0]] = _lower(lower, operator)
    joined = {name: lower.names[index] for index, name in placeholders.items()}
    lower.names.update((index, joined[name]) for index, name in lower.names.items() if name in joined)
    states = tuple(_keep(network, lower, state) for state in network.states)
    leaving = tuple(
        _leave(network, lower, inner, outer)
        for inner, outer in zip(network.leaving, network.graph.outputs, strict=True)
    )
    wanted = [*(name for name in leaving if name is not None), *(after for _, after in states)]
    graph = _join(lower.build.finish(network.model.file.stem, wanted), joined)
    origins = {**located, **lower.build.origins}
    names = (lower.names.get(entry.tensor) for entry in network.entering)
    return Assembled(
        graph=graph,
        entering=tuple(name if name in graph.inputs else None for name in names),
        leaving=leaving,
        states=states,
        operator_names={op.name: origins[op.name] for op in graph.operators if op.name in origins},
    )


def _lower(lower: IntegerLowering, operator: FileOperator) -> str:
    lower.build.scope = lower.build.origin = lower.result(operator).name
    try:
        return _HANDLERS[operator.kind](lower, operator)
    except _MISFITS as error:
        raise lower.refuse(operator, "its operands and settings do not fit together; export the file again") from error


def _is_own(network: InnerNetwork, operator: FileOperator) -> bool:
    """Whether an operator is lowered here: from int8 to int8 (or an index) by constants and what it keeps itself."""
    if operator.kind not in _HANDLERS or not operator.operands or not operator.outputs:
        return False
    first, *others = (network.tensor(index) for index in operator.operands)
    result = network.tensor(operator.outputs[0])
    if not all(tensor.is_constant or tensor.is_variable for tensor in others):
        return False
    if operator.kind in resize.KINDS_OF_REALS and first.type_name == result.type_name == "FLOAT32":
        return True
    if operator.kind in extremes.HANDLERS:
        return first.is_int8 and result.type_name in ("INT32", "INT64")
    return first.is_int8 and result.is_int8 and not (operator.kind in table.CLAMPS and first.is_scaled_as(result))


def _cut(network: InnerNetwork, rest: list[FileOperator], own: list[FileOperator]) -> Part:
    """The converter's part: the author's inputs come first, and the author's outputs."""
    entering = [*(entry.tensor for entry in network.entering), *(state.before for state in network.states)]
    after = [state.after for state in network.states if state.after is not None]
    operands = [index for op in own for index in op.operands]
    return cut_part(network.model, rest, entering=entering, wanted=[*network.leaving, *after, *operands])


def _convert_part(part: Part, convert: Convert, lower: IntegerLowering) -> dict[str, str]:
    """Begin the graph with the part; the file's tensor that each of its operators computes, where that is known."""
    name = part.model.file
    tosa = convert(part)
    graph = parse_tosa(tosa, name.stem)
    lower.build.adopt(graph)
    lower.names.update(zip(part.inputs, graph.inputs, strict=True))
    lower.names.update(zip(part.outputs, graph.outputs, strict=True))
    return read_locations(tosa, name=name.name)


def _enter_inputs(network: InnerNetwork, lower: IntegerLowering) -> None:
    """Declare what enters and is not in the converter's part."""
    for index in (*(entry.tensor for entry in network.entering), *(state.before for state in network.states)):
        tensor = network.tensor(index)
        if index not in lower.names and has_dtype(tensor):
            name = lower.build.free_name(tensor.name)
            lower.names[index] = lower.build.enter(name, tensor.shape, dtype_of(tensor))


def _keep(network: InnerNetwork, lower: IntegerLowering, state: FileState) -> tuple[str, str]:
    """The input and the output of a state."""
    after = lower.updates[state.before] if state.after is None else lower.read(network.tensor(state.after))
    return lower.names[state.before], _as_computed(lower, after)


def _leave(network: InnerNetwork, lower: IntegerLowering, inner: int, outer: int) -> str | None:
    """The tensor of the graph for the integers of an output; None where that is an input of the author."""
    if inner == outer and inner in network.graph.inputs:
        return None
    name = lower.read(network.tensor(inner))
    return name if lower.build.constant_data(name) is not None else _as_computed(lower, name)


def _as_computed(lower: IntegerLowering, name: str) -> str:
    """The tensor, or a copy of one that is computed nowhere."""
    if name in lower.build.computed:
        return name
    lower.build.scope = lower.build.origin = name
    return lower.build.unary("IDENTITY", name)


def _join(graph: Graph, joined: Mapping[str, str]) -> Graph:
    """The graph with what is lowered here in the place of the inputs that stood for it in the converter's part."""
    operators = sort_operators([replace(op, inputs=_mapped(op.inputs, joined)) for op in graph.operators])
    read = {name for op in operators for name in op.inputs}
    outputs = dict.fromkeys(name for name in graph.outputs if name not in graph.constants)
    tensors = {name: tensor for name, tensor in graph.tensors.items() if name not in joined}
    inputs = tuple(name for name in graph.inputs if name in read)
    return replace(graph, tensors=tensors, operators=operators, inputs=inputs, outputs=tuple(outputs))


def _mapped(names: tuple[str, ...], joined: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(joined.get(name, name) for name in names)
