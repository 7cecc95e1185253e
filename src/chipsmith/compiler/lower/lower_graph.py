"""Lowering: a fused graph to kernels; views instead of copies, and copies where no view will do."""

from __future__ import annotations

from chipsmith.chip.description import Chip
from chipsmith.compiler.fuse.chains import Chain, Expansion, TensorChain
from chipsmith.compiler.fuse.fuse_graph import FusedGraph
from chipsmith.compiler.fuse.graph_index import integer, integers
from chipsmith.compiler.fuse.operators import VIEWS
from chipsmith.compiler.lower.kernel import KernelList
from chipsmith.compiler.lower.kernel_writer import KernelWriter
from chipsmith.compiler.lower.multi_step import EXPANSIONS
from chipsmith.compiler.lower.tensor_chain import lower_tensor_chain
from chipsmith.compiler.lower.tensor_views import TensorViews
from chipsmith.compiler.lower.vector_chain import lower_vector_chain
from chipsmith.compiler.lower.view import View
from chipsmith.errors import OperatorRefused
from chipsmith.tosa.graph import Operator


def lower_graph(fused: FusedGraph, chip: Chip) -> KernelList:
    """The kernels that compute a fused graph on a chip, and where its tensors stand."""
    graph = fused.index.graph
    tensors = TensorViews(fused.index)
    writer = KernelWriter(chip=chip, tensors=tensors, memo=fused.memo)
    inputs = {name: tensors.view(name) for name in graph.inputs}
    tensors.place_concatenations({chain.output for chain in fused.chains})
    for op in graph.operators:
        if op.name in fused.by_last_operator:
            _lower_named(op, fused.by_last_operator[op.name], writer)
        elif op.kind in VIEWS:
            writer.move(op.outputs[0], _view_of(op, writer))
        elif op.kind == "CONCAT":
            _concatenate(op, writer)
    outputs = _port_outputs(writer)
    return KernelList(kernels=tuple(writer.kernels), buffers=tensors.buffers, inputs=inputs, outputs=outputs)


def _lower_named(op: Operator, chain: Chain, writer: KernelWriter) -> None:
    """Lower a chain; what is refused about it says of which operator."""
    try:
        _lower_chain(chain, writer)
    except OperatorRefused as error:
        if error.part:
            raise
        raise OperatorRefused(f"operator {op.name} ({op.kind}): {error}", part=op.name) from error


def _lower_chain(chain: Chain, writer: KernelWriter) -> None:
    if isinstance(chain, TensorChain):
        lower_tensor_chain(chain, writer)
    elif isinstance(chain, Expansion):
        expand = EXPANSIONS[chain.operator.kind]
        writer.emit_stages(chain, expand(chain.operator, writer.context(chain)))
    else:
        lower_vector_chain(chain, writer)


def _view_of(op: Operator, writer: KernelWriter) -> View:
    """Where the output of an operator stands that only shows its input in another order."""
    source = writer.view(op.inputs[0])
    shape = writer.index.graph.tensor(op.outputs[0]).shape
    match op.kind:
        case "RESHAPE":
            return source.reshape(shape) or writer.copy_dense(op.inputs[0], source).shaped(shape)
        case "TRANSPOSE":
            return source.transpose(integers(op, "perms"))
        case "SLICE":
            start = writer.index.graph.constants[op.inputs[1]]
            return source.slice(tuple(int(first) for first in start), shape)
        case "REVERSE":
            return source.reverse(integer(op, "axis"))
        case _:
            return source


def _concatenate(op: Operator, writer: KernelWriter) -> None:
    """Copy the inputs of a CONCAT that do not stand in their places yet."""
    for name, target in writer.tensors.parts(op):
        if writer.view(name) != target:
            writer.copy(f"{op.name}.{name}", writer.view(name), target)


def _port_outputs(writer: KernelWriter) -> dict[str, View]:
    """Views of the graph's outputs, each the whole of a buffer that no other port has."""
    outputs: dict[str, View] = {}
    taken = set(writer.index.graph.inputs)
    for name in writer.index.graph.outputs:
        view = writer.view(name)
        whole = writer.tensors.buffers[view.buffer]
        fills = view.dense and whole.data is None and view.extent == (0, whole.size_bytes)
        outputs[name] = view if fills and view.buffer not in taken else writer.copy_dense(name, view)
        taken.add(outputs[name].buffer)
    return outputs
