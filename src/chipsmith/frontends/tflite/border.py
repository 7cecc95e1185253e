"""What the host does for a `.tflite` network: its inputs to integers, its outputs from integers, its states kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chipsmith.errors import BadInput
from chipsmith.frontends.tflite.model import FileGraph, FileOperator, FileTensor, ModelFile
from chipsmith.frontends.tflite.variables import FileState, take_variables


@dataclass(frozen=True, kw_only=True)
class EntryPoint:
    """An author's input, by its position, that enters the graph as the integers of `tensor`."""

    position: int
    tensor: int


@dataclass(frozen=True, kw_only=True, eq=False)
class InnerNetwork:
    """The integer part of a file: what is left where the host quantises, dequantises and keeps the states.

    `graph` is the network without variables, `operators` those of it that the host leaves. `leaving` holds, for each of
    the graph's outputs, the tensor whose integers they are.
    """

    model: ModelFile
    graph: FileGraph
    operators: tuple[FileOperator, ...]
    entering: tuple[EntryPoint, ...]
    leaving: tuple[int, ...]
    states: tuple[FileState, ...]

    def tensor(self, index: int) -> FileTensor:
        """The tensor of that index."""
        return self.graph.tensors[index]


def strip_border(model: ModelFile) -> InnerNetwork:
    """Take from the network what the host does: QUANTIZE of float inputs, DEQUANTIZE of float outputs, variables.

    Raises OperatorRefused for a variable whose first value the file does not hold as a constant, BadInput for a tensor
    that nothing makes.
    """
    states, graph = take_variables(model)
    _check_sources(model, graph, states)
    entering = tuple(entry for place, index in enumerate(graph.inputs) for entry in _enter(graph, place, index))
    leaving = tuple(_leave(graph, index) for index in graph.outputs)
    hosted = {entry.tensor for entry in entering} - set(graph.inputs)
    hosted |= set(graph.outputs) - set(leaving)
    kept = tuple(op for op in graph.operators if not hosted.issuperset(op.outputs) or not op.outputs)
    return InnerNetwork(model=model, graph=graph, operators=kept, entering=entering, leaving=leaving, states=states)


def _enter(graph: FileGraph, position: int, index: int) -> Sequence[EntryPoint]:
    readers = graph.readers.get(index, ())
    if graph.tensors[index].is_float and readers and all(op.kind == "QUANTIZE" for op in readers):
        return [EntryPoint(position=position, tensor=op.outputs[0]) for op in readers]
    return [EntryPoint(position=position, tensor=index)]


def _leave(graph: FileGraph, index: int) -> int:
    """The integers that an output is made of where nothing else reads its reals."""
    producer = graph.producers.get(index)
    if producer is None or producer.kind != "DEQUANTIZE" or graph.readers.get(index):
        return index
    source = producer.inputs[0]
    return index if graph.tensors[source].is_float else source


def _check_sources(model: ModelFile, graph: FileGraph, states: Sequence[FileState]) -> None:
    """Each tensor that is read is an input, a constant, a state, or made by an operator."""
    sources = {*graph.inputs, *graph.producers, *(state.before for state in states)}
    for index in (*(index for op in graph.operators for index in op.operands), *graph.outputs):
        if index not in sources and not graph.tensors[index].is_constant:
            name = graph.tensors[index].name
            raise BadInput(f"{model.file}: tensor '{name}' is read, and nothing makes it; export the file again")
