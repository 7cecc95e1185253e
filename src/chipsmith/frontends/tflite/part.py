"""A part of a network as a `.tflite` file of its own, for the converter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from chipsmith.frontends.tflite.model import IDENTIFIER, FileOperator, ModelFile, Shape

_FIRST_SIZE_BYTES = 1024
_AS_THEY_ARE: Mapping[int, Shape] = {}


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """Operators of a network, in the file's order, and the tensors that they read from and give to the rest."""

    model: ModelFile
    operators: tuple[FileOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def to_bytes(self, shapes: Mapping[int, Shape] = _AS_THEY_ARE) -> bytes:
        """The file, whose network is the part alone; `shapes` are other shapes of tensors."""
        import flatbuffers

        tables = copy(self.model.tables)
        tables.subgraphs, tables.signatureDefs, tables.metadata = [self._subgraph(shapes)], None, None
        builder = flatbuffers.Builder(_FIRST_SIZE_BYTES)
        builder.Finish(tables.Pack(builder), file_identifier=IDENTIFIER)
        return bytes(builder.Output())

    def _subgraph(self, shapes: Mapping[int, Shape]) -> Any:
        whole = self.model.tables.subgraphs[0]
        graph = copy(whole)
        graph.inputs, graph.outputs = (np.array(indices, np.int32) for indices in (self.inputs, self.outputs))
        graph.operators = [_with_inputs(whole.operators[op.index], op.inputs) for op in self.operators]
        graph.tensors = [_with_shape(tensor, shapes.get(index)) for index, tensor in enumerate(whole.tensors)]
        return graph


def cut_part(
    model: ModelFile, operators: Sequence[FileOperator], *, wanted: Sequence[int], entering: Sequence[int] = ()
) -> Part:
    """The part that these operators are, `entering` first among its inputs as far as it reads them.

    `wanted` are the tensors that are read outside, in order; those that others make are left out.
    """
    computed = {index for op in operators for index in op.outputs}
    read = {index for op in operators for index in op.operands}
    ordered = dict.fromkeys((*entering, *(index for op in operators for index in op.operands)))
    tensors = model.main.tensors
    return Part(
        model=model,
        operators=tuple(operators),
        inputs=tuple(i for i in ordered if i in read and i not in computed and not tensors[i].is_constant),
        outputs=tuple(dict.fromkeys(index for index in wanted if index in computed)),
    )


def _with_inputs(operator: Any, inputs: tuple[int, ...]) -> Any:
    changed = copy(operator)
    changed.inputs = np.array(inputs, np.int32)
    return changed


def _with_shape(tensor: Any, shape: Shape | None) -> Any:
    if shape is None:
        return tensor
    changed = copy(tensor)
    changed.shape = np.array(shape, np.int32)
    return changed
