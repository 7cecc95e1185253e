"""Operators that write into their operands, as operators that give new tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chipsmith.errors import OperatorRefused
from chipsmith.frontends.pytorch.exported import locate_node, silence

if TYPE_CHECKING:
    from torch.export import ExportedProgram
    from torch.fx import Graph, Node

DROPOUTS = frozenset({"dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout"})
_MAY_GIVE_OPERAND = DROPOUTS | frozenset({"type_as", "meshgrid", "broadcast_tensors", "lift_fresh", "getitem"})
"""Operators that may hand on their operand's memory, though their schemas do not say so."""


def make_functional(program: ExportedProgram) -> ExportedProgram:
    """The program, or one that computes the same without writing into tensors that it reads again.

    Where what is written has no other name, its later readers read the result in its place, at no cost. Otherwise
    PyTorch itself takes the program apart; raises OperatorRefused where it cannot.
    """
    drop_dropouts(program)
    graph = program.graph
    writes = [node for node in graph.nodes if is_write(node)]
    inner = any(node.op == "get_attr" for node in graph.nodes) and _any_inner_write(program)
    if inner or not all(_writes_first(node) and _owns_memory(_written(node)) for node in writes):
        return _take_writes_out(program)
    _pass_results_on(graph)
    return program


def drop_dropouts(program: ExportedProgram) -> None:
    """Take out dropouts in evaluation: they give their operand itself, which PyTorch's own passes take for a copy."""
    for node in program.graph.nodes:
        if node.op == "call_function" and operator_name(node.target) in DROPOUTS and not _is_training(node):
            (source, *_) = node.args
            program.graph_signature.replace_all_uses(node.name, source.name)
            node.replace_all_uses_with(source)
            program.graph.erase_node(node)


def _is_training(node: Node) -> bool:
    return bool(node.args[2] if len(node.args) > 2 else node.kwargs.get("train"))


def _take_writes_out(program: ExportedProgram) -> ExportedProgram:
    try:
        with silence():
            return program.run_decompositions({})
    except Exception as error:  # whatever PyTorch's own passes raise
        writes = [node for node in program.graph.nodes if is_write(node)]
        raise OperatorRefused(
            f"PyTorch cannot take apart what writes into its operands: {locate_node(writes[0])}. Compute a new tensor "
            "in its place"
        ) from error


def operator_name(target: Any) -> str:
    """The operator's name without library and overload, such as "relu", of relu_ too; others keep their library's."""
    schema = getattr(target, "_schema", None)
    if schema is None:
        return str(getattr(target, "__name__", target))
    library, _, name = schema.name.partition("::")
    name = name.removesuffix("_") if schema.is_mutable else name
    return name if library == "aten" else f"{library}.{name}"


def is_write(node: Node) -> bool:
    """Whether a node writes into one of its operands."""
    schema = getattr(node.target, "_schema", None)
    return node.op == "call_function" and schema is not None and bool(schema.is_mutable)


def _any_inner_write(program: ExportedProgram) -> bool:
    parts = [part for part in program.graph_module.modules() if hasattr(part, "graph")]
    return any(is_write(node) for part in parts if part is not program.graph_module for node in part.graph.nodes)


def _writes_first(node: Node) -> bool:
    """Whether the first operand of a node is the only one that it writes."""
    aliases: Any = [argument.alias_info for argument in node.target._schema.arguments]
    written = [index for index, alias in enumerate(aliases) if alias is not None and alias.is_write]
    return written == [0] and bool(node.args)


def _written(node: Node) -> Node:
    written: Any = node.args[0]
    return written


def _owns_memory(node: Node) -> bool:
    """Whether a tensor is computed, and neither it nor a reader of it shares its memory under another name."""
    if node.op != "call_function" or not (is_write(node) or not _shares_memory(node)):
        return False
    owner = _written(node) if is_write(node) else None
    return not any(_shares_memory(user) for user in node.users) and (owner is None or _owns_memory(owner))


def _shares_memory(node: Node) -> bool:
    """Whether a node may give the memory of an operand, as views do; a write gives what it wrote, and is followed."""
    if node.op != "call_function" or is_write(node):
        return False
    schema = getattr(node.target, "_schema", None)
    if schema is None or schema.name.rsplit("::", 1)[-1] in _MAY_GIVE_OPERAND:
        return True
    return any(result.alias_info is not None for result in schema.returns)


def _pass_results_on(graph: Graph) -> None:
    order = {node: index for index, node in enumerate(graph.nodes)}
    for node in graph.nodes:
        if is_write(node):
            written: Any = _written(node)
            for user in [user for user in written.users if order[user] > order[node]]:
                user.replace_input_with(written, node)
