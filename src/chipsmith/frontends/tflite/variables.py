"""Variables of a `.tflite` network as states: what VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE and CALL_ONCE say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from chipsmith.frontends.tflite.model import FileGraph, FileOperator, ModelFile
from chipsmith.tosa.graph import Array

_Key = tuple[bytes, bytes]
"""What tells variables apart: the container and the shared name."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FileState:
    """A value from one inference to the next: `before` is the tensor that reads it, `after` the one that it becomes.

    `after` is None until the operator that keeps it is lowered.
    """

    name: str
    before: int
    after: int | None
    initial: Array


@dataclass
class _Walk:
    """The variables as the operators so far leave them: the tensor that each reads first, and its value now."""

    handles: dict[int, _Key] = field(default_factory=dict)
    first: dict[_Key, int] = field(default_factory=dict)
    now: dict[_Key, int] = field(default_factory=dict)
    same: dict[int, int] = field(default_factory=dict)

    def take(self, operator: FileOperator) -> bool:
        """Take an operator of a variable in; False for any other."""
        match operator.kind:
            case "VAR_HANDLE":
                self.handles[operator.outputs[0]] = _key_of(operator)
            case "READ_VARIABLE":
                self._read(self.handles[operator.inputs[0]], operator.outputs[0])
            case "ASSIGN_VARIABLE":
                self.now[self.handles[operator.inputs[0]]] = self.value(operator.inputs[1])
            case _:
                return operator.kind == "CALL_ONCE"
        return True

    def value(self, tensor: int) -> int:
        """The tensor whose value a tensor has."""
        return self.same.get(tensor, tensor)

    def _read(self, key: _Key, result: int) -> None:
        if key in self.now:
            self.same[result] = self.now[key]
        else:
            self.first[key] = self.now[key] = result


def take_variables(model: ModelFile) -> tuple[tuple[FileState, ...], FileGraph]:
    """The states that the network's variables are, and the network without the operators that read and set them.

    Raises OperatorRefused for a variable whose first value the file does not hold as a constant.
    """
    walk = _Walk()
    kept = [
        replace(operator, inputs=tuple(map(walk.value, operator.inputs)))
        for operator in model.main.operators
        if not walk.take(operator)
    ]
    outputs = tuple(map(walk.value, model.main.outputs))
    initial = _read_initial(model)
    states = [_make_state(model, key, walk, initial) for key in walk.first]
    graph = replace(model.main, operators=tuple(kept), outputs=outputs)
    return (*states, *_list_kept_tensors(graph)), graph


def _list_kept_tensors(graph: FileGraph) -> Iterator[FileState]:
    """The variable tensors that operators read and change, which begin with zeros."""
    for index in dict.fromkeys(index for operator in graph.operators for index in operator.operands):
        tensor = graph.tensors[index]
        if tensor.is_variable and tensor.dtype is not None:
            zero = tensor.zero_point if tensor.type_name == "INT8" and len(tensor.zero_points) else 0
            yield FileState(
                name=tensor.name, before=index, after=None, initial=np.full(tensor.shape, zero, tensor.dtype)
            )


def _key_of(operator: FileOperator) -> _Key:
    return operator.option("container") or b"", operator.option("sharedName") or b""


def _read_initial(model: ModelFile) -> Mapping[_Key, Array]:
    """The constants that CALL_ONCE's subgraphs assign."""
    values: dict[_Key, Array] = {}
    for call in (operator for operator in model.main.operators if operator.kind == "CALL_ONCE"):
        walk, graph = _Walk(), model.graphs[call.option("initSubgraphIndex")]
        for operator in graph.operators:
            walk.take(operator)
        data = {key: graph.tensors[index].data for key, index in walk.now.items()}
        values |= {key: array for key, array in data.items() if array is not None}
    return values


def _make_state(model: ModelFile, key: _Key, walk: _Walk, initial: Mapping[_Key, Array]) -> FileState:
    name = key[1].decode(errors="replace") or "variable"
    before = walk.first[key]
    if key not in initial:
        reader = model.main.producers[before]
        raise model.main.refuse(
            reader,
            f"the file gives variable '{name}' no constant as its first value; initialise it by one in the network",
            file=model.file,
        )
    return FileState(name=name, before=before, after=walk.now[key], initial=initial[key])
