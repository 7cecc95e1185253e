"""From an exported program to a FloatNetwork: its inputs, its nodes, and its outputs in the author's order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from chipsmith.errors import OperatorRefused
from chipsmith.frontends.forms.values import Const, GraphValue, natural_value, restore_order
from chipsmith.frontends.pytorch.calls import Result, as_array, graph_type
from chipsmith.frontends.pytorch.lowering import ProgramLowering
from chipsmith.frontends.pytorch.quantized_decomposed import DEQUANTIZE, DEQUANTIZE_CHANNELS, QUANTIZE
from chipsmith.quantisation.network import FloatNetwork, NetworkInput, NetworkOutput
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.passes.cleanup import drop_dead

if TYPE_CHECKING:
    import torch
    from torch.export import ExportedProgram
    from torch.fx import Node

_ROUNDING_OPERATORS = frozenset({QUANTIZE, DEQUANTIZE, DEQUANTIZE_CHANNELS})
"""What a quantiser puts beside an author's node counts as none of the author's."""


def build_float_network(program: ExportedProgram, *, name: str) -> FloatNetwork:
    """The network that a program of make_functional computes, in float32 whatever floats its author took.

    Inputs bear the names of the arguments of `forward`; outputs are `output`, or `output_0`, `output_1` and so on in
    the order of torch.utils._pytree.tree_leaves. Raises OperatorRefused, naming it, for an operator without a
    counterpart, for random numbers, and for a module that changes its own buffers; BadInput for types that no chip has.
    """
    _refuse_state(program, name)
    arguments = list_arguments(program)
    build = GraphBuilder(reserved=(argument.name for argument in arguments))
    lowering = ProgramLowering(build=build)
    results = lowering.run(program.graph_module, {**_read_constants(program), **_enter(build, program)})
    outputs = _name_outputs(build, results, program)
    computed = dict.fromkeys(output.tensor for output in outputs if output.tensor is not None)
    inputs = {argument.name for argument in arguments}
    graph = drop_dead(build.finish(name, [tensor for tensor in computed if tensor not in inputs]))
    names = _name_nodes(lowering, {build.origins[operator.name] for operator in graph.operators})
    return FloatNetwork(
        graph=graph,
        inputs=arguments,
        outputs=outputs,
        layers=tuple(
            replace(layer, name=names[layer.source]) for layer in lowering.layers if layer.tensor in graph.tensors
        ),
        origins={operator.name: names[build.origins[operator.name]] for operator in graph.operators},
    )


def list_arguments(program: ExportedProgram) -> tuple[NetworkInput, ...]:
    """The tensors that a program takes, in their order."""
    return tuple(_argument(node) for node in _placeholders(program))


def _placeholders(program: ExportedProgram) -> list[Node]:
    given = set(program.graph_signature.user_inputs)
    return [
        node for node in program.graph.nodes if node.op == "placeholder" and node.name in given and _is_tensor(node)
    ]


def _is_tensor(node: Node) -> bool:
    return hasattr(node.meta.get("val"), "dtype")


def _argument(node: Node) -> NetworkInput:
    value: Any = node.meta["val"]
    return NetworkInput(name=node.name, dtype=_numpy_type(value.dtype), shape=tuple(map(int, value.shape)))


def _numpy_type(dtype: torch.dtype) -> np.dtype[np.generic]:
    """The numpy type of a tensor's elements; numpy has no bfloat16, which is float32."""
    import torch

    return np.dtype("float32" if dtype == torch.bfloat16 else str(dtype).removeprefix("torch."))


def _enter(build: GraphBuilder, program: ExportedProgram) -> dict[str, Result]:
    """The values of the inputs by the names of their nodes."""
    return {
        node.name: natural_value(
            build, build.enter(node.name, node.meta["val"].shape, graph_type(node.meta["val"].dtype))
        )
        for node in _placeholders(program)
    }


def _read_constants(program: ExportedProgram) -> dict[str, Result]:
    """Parameters, buffers and constants, and arguments that are no tensors, by the names of their nodes."""
    names: Any = program.graph_signature
    known = {**names.inputs_to_parameters, **names.inputs_to_buffers, **names.inputs_to_lifted_tensor_constants}
    stored = {**program.state_dict, **program.constants}
    constants: dict[str, Result] = {node: stored[path] for node, path in known.items()}
    for spec in names.input_specs:
        if hasattr(spec.arg, "value"):
            constants[spec.arg.name] = spec.arg.value
    return constants


def _refuse_state(program: ExportedProgram, name: str) -> None:
    written = list(program.graph_signature.buffers_to_mutate.values())
    if written:
        raise OperatorRefused(
            f"'{name}' changes its buffer '{written[0]}' as it runs: a chip's network keeps nothing from one call to "
            "the next. Give it as an input, and return what it becomes"
        )


def _name_outputs(build: GraphBuilder, results: Result, program: ExportedProgram) -> tuple[NetworkOutput, ...]:
    """The tensors and numbers among the results, each as often as it is returned; a None of the author's is none.

    Raises OperatorRefused, naming it, for a result that its operator's lowering does not have.
    """
    kinds = [spec.kind.name == "USER_OUTPUT" for spec in program.graph_signature.output_specs]
    nodes = next(node for node in program.graph.nodes if node.op == "output").args[0]
    pairs = [(value, node) for value, node, own in zip(results, nodes, kinds, strict=True) if own and node is not None]
    for value, node in pairs:
        if value is None:
            raise OperatorRefused(
                f"output '{node.name}' is a result of its operator that has no form here (such as the places of a "
                "pooling's maxima, or the statistics of a normalisation): return the others alone"
            )
    names = ["output"] if len(pairs) == 1 else [f"output_{index}" for index in range(len(pairs))]
    return tuple(_output(build, name, value, node) for name, (value, node) in zip(names, pairs, strict=True))


def _output(build: GraphBuilder, name: str, value: Result, node: Any) -> NetworkOutput:
    if not isinstance(value, (GraphValue, Const)):
        array = as_array(value)
        return NetworkOutput(name=name, dtype=array.dtype, tensor=None, constant=array)
    dtype = _numpy_type(node.meta["val"].dtype)
    if isinstance(value, Const):
        return NetworkOutput(name=name, dtype=dtype, tensor=None, constant=value.values.astype(dtype))
    return NetworkOutput(name=name, dtype=dtype, tensor=restore_order(build, value).tensor)


def _name_nodes(lowering: ProgramLowering, left: Collection[str]) -> dict[str, str]:
    """The author's name of each node: the path of its module, the node's own where `forward` is the network's.

    Where several nodes of a module compute, or one that is called again, the node's name stands behind the path.
    `left` are the nodes that the graph still has operators of.
    """
    paths = lowering.paths
    computing = {
        layer.source for layer in lowering.layers if layer.source in left and layer.operator not in _ROUNDING_OPERATORS
    }
    counts = Counter(paths[node] for node in computing)
    return {node: path if counts[path] < 2 or path == node else f"{path}.{node}" for node, path in paths.items()}
