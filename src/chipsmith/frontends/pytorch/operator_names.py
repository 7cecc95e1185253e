"""Which part of the author's module each TOSA operator comes from, as ExecuTorch records it beside its TOSA file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch.export import ExportedProgram


def read_operator_names(record: str) -> dict[str, str]:
    """The author's name by the operator's own, from ExecuTorch's debug record (JSON).

    That is the path of the innermost module; for what the network's own `forward` calls, the node of torch.export, such
    as `softmax`. Operators of which ExecuTorch lost the origin (tables of functions, mostly) are left out.
    """
    names = {event["tosa_info"]["node_name"]: _find_origin(event["torch_info"]) for event in json.loads(record)}
    return {operator: name for operator, name in names.items() if name}


def keep_authors_names(names: Mapping[str, str], program: ExportedProgram) -> dict[str, str]:
    """Of names by operator those of a module or a node of the author's program.

    The quantiser takes some operators apart, such as layer normalisation, and names the parts itself.
    """
    known = {_strip_root(path) for node in program.graph.nodes for path, _ in _module_stack(node.meta)}
    known.update(node.name for node in program.graph.nodes)
    return {operator: name for operator, name in names.items() if name in known}


def _module_stack(meta: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return list((meta.get("nn_module_stack") or {}).values())


def _strip_root(path: str) -> str:
    return path.removeprefix("L['self'].")


def _find_origin(source: dict[str, Any]) -> str:
    """Empty where it is unknown; where ExecuTorch knows nothing it writes a sentence in place of a list or table."""
    modules, trace = source["nn_module_stack"], source["node_trace"]
    if not isinstance(modules, dict):
        return ""
    path = _strip_root(str(list(modules.values())[-1][0]))
    first = str(trace[-1]["name"]) if isinstance(trace, list) else ""
    return path or first
