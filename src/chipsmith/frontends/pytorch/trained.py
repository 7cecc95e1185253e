"""From a module that was trained with its quantisation, as PT2E converts it, to a QuantizedNetwork."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from chipsmith.frontends.assemble import NetworkSource, assemble_network
from chipsmith.frontends.pytorch.eager import EagerModel
from chipsmith.frontends.pytorch.exported import ModuleCall, export_module, innermost_module
from chipsmith.frontends.pytorch.float_network import build_float_network
from chipsmith.frontends.pytorch.functional import make_functional, operator_name
from chipsmith.frontends.pytorch.quantized_decomposed import DEQUANTIZE, DEQUANTIZE_CHANNELS, QUANTIZE
from chipsmith.frontends.quantized_network import Arithmetic, QuantizedNetwork
from chipsmith.frontends.scales import recover_weights
from chipsmith.quantisation.fold import fold_products
from chipsmith.quantisation.network import FloatLayer, FloatNetwork
from chipsmith.quantisation.plan import Quantisation, QuantisationPlan, quantise_tensor
from chipsmith.quantisation.quantise import QuantisationResult
from chipsmith.tosa.graph import Array

if TYPE_CHECKING:
    import torch
    from torch.export import ExportedProgram
    from torch.fx import Node


def lower_trained(
    converted: torch.nn.Module,
    call: ModuleCall,
    *,
    author: ExportedProgram,
    source: EagerModel,
    calibration: Sequence[Array],
    name: str,
) -> QuantizedNetwork:
    """Lower what convert_trained gave, for arguments of the shapes of `call`; its own scales are kept.

    `author` is the program of the module that was trained: layers and operators have its names. `source` runs that
    module. Raises OperatorRefused, naming it, for an operator without an integer form.
    """
    program = make_functional(export_module(converted, call, name))
    network, plan = read_trained(program, name=name)
    result = QuantisationResult(network=fold_products(network, planned=plan.tensors), plan=plan)
    model = replace(source, program=program)
    origin = NetworkSource(model=model, arithmetic=Arithmetic.ROUNDED, calibration=calibration)
    return _keep_names(assemble_network(result, source=origin), author)


def read_trained(program: ExportedProgram, *, name: str) -> tuple[FloatNetwork, QuantisationPlan]:
    """The float network of a converted module, and the plan of its scales. Raises as build_float_network does."""
    network = build_float_network(program, name=name)
    nodes = {node.name: node for node in program.graph.nodes}
    rounded = {layer.source: layer for layer in network.layers if layer.operator == QUANTIZE}
    plan = {layer.tensor: _read_rounding(nodes[node]) for node, layer in rounded.items()}
    plan |= _plan_inputs(network, plan)
    plan |= _plan_weights(network, program)
    return _name_roundings(network, rounded, nodes), QuantisationPlan(tensors=plan)


def _read_rounding(node: Node) -> Quantisation:
    _, scale, zero_point, *_ = node.args
    return quantise_tensor(float(scale), int(zero_point))


def _plan_inputs(network: FloatNetwork, plan: Mapping[str, Quantisation]) -> dict[str, Quantisation]:
    """An input is rounded as the operator that rounds it."""
    inputs = frozenset(network.graph.inputs)
    return {
        operator.inputs[0]: plan[operator.outputs[0]]
        for operator in network.graph.operators
        if operator.outputs[0] in plan and operator.inputs[0] in inputs
    }


def _plan_weights(network: FloatNetwork, program: ExportedProgram) -> dict[str, Quantisation]:
    """The constants of products that are the module's integers."""
    given: dict[str, list[Quantisation]] = {}
    constants = _list_constants(program)
    for node in program.graph.nodes:
        if node in constants and _operator(node) in (DEQUANTIZE, DEQUANTIZE_CHANNELS):
            scales = _read_scales(node, program)
            for reader in _list_readers(node, constants):
                for named in _names_of(reader):
                    given.setdefault(named, []).append(scales)
    return recover_weights(network.graph, lambda operator: given.get(network.origins.get(operator.name, ""), []))


def _list_constants(program: ExportedProgram) -> set[Node]:
    """The nodes that do not depend on the module's inputs."""
    given = set(program.graph_signature.user_inputs)
    constants: set[Node] = set()
    for node in program.graph.nodes:
        computed = node.name in given if node.op == "placeholder" else not constants.issuperset(node.all_input_nodes)
        if not computed:
            constants.add(node)
    return constants


def _list_readers(node: Node, constants: Collection[Node]) -> Iterator[Node]:
    """Those that compute with a constant and the module's inputs."""
    for user in node.users:
        if user in constants:
            yield from _list_readers(user, constants)
        else:
            yield user


def _read_scales(node: Node, program: ExportedProgram) -> Quantisation:
    scale, zero_point = (_read_operand(operand, program) for operand in node.args[1:3])
    return Quantisation(scale=scale.astype(np.float64), zero_point=zero_point.astype(np.int64))


def _read_operand(operand: Any, program: ExportedProgram) -> Any:
    """A number, or what the buffer of a placeholder holds, flat."""
    if not hasattr(operand, "name"):
        return np.atleast_1d(operand)
    signature = program.graph_signature
    path = {**signature.inputs_to_buffers, **signature.inputs_to_parameters}[operand.name]
    return program.state_dict[path].detach().numpy().reshape(-1)


def _operator(node: Node) -> str:
    return operator_name(node.target) if node.op == "call_function" else ""


def _origin(node: Node) -> str:
    return innermost_module(node)[0] or node.name


def _names_of(node: Node) -> tuple[str, str]:
    """What an author's name of a node may be: its module's path, or that with the node's own behind it."""
    return _origin(node), f"{_origin(node)}.{node.name}"


def _name_roundings(
    network: FloatNetwork, rounded: Mapping[str, FloatLayer], nodes: Mapping[str, Node]
) -> FloatNetwork:
    """The network with each rounded tensor as that of the layer before it, whose operator rounds it."""
    before = {_operand(nodes[node]): layer for node, layer in rounded.items()}
    kept = [layer for layer in network.layers if layer.operator != QUANTIZE]
    layers = (_round_layer(layer, before.get(layer.source)) for layer in kept)
    return replace(network, layers=tuple(layers), origins=_name_rounding_operators(network, rounded.values()))


def _operand(node: Node) -> str:
    return str(node.args[0])


def _round_layer(layer: FloatLayer, rounding: FloatLayer | None) -> FloatLayer:
    return layer if rounding is None else replace(layer, tensor=rounding.tensor, axes=rounding.axes)


def _name_rounding_operators(network: FloatNetwork, rounded: Collection[FloatLayer]) -> dict[str, str]:
    """The origins of all operators: those that round have that of the operator whose result they round."""
    tensors = {layer.tensor for layer in rounded}
    origins: dict[str, str] = {}
    makers: dict[str, str] = {}
    for operator in network.graph.operators:
        (result,) = operator.outputs
        own = network.origins[operator.name]
        origins[operator.name] = makers.get(operator.inputs[0], operator.inputs[0]) if result in tensors else own
        makers[result] = origins[operator.name]
    return origins


def _keep_names(network: QuantizedNetwork, author: ExportedProgram) -> QuantizedNetwork:
    """The network with those names alone that a module or a node of the author's program has.

    The quantiser takes some operators apart, such as layer normalisation, and names the parts itself.
    """
    known = {name for node in author.graph.nodes for name in (_origin(node), node.name)}
    return replace(
        network,
        layers=tuple(layer for layer in network.layers if _is_known(layer.name, known)),
        operator_names={operator: name for operator, name in network.operator_names.items() if _is_known(name, known)},
    )


def _is_known(name: str, known: Collection[str]) -> bool:
    """Whether a name is one of those that are known, or one with a node's behind it."""
    return name in known or name.rpartition(".")[0] in known
