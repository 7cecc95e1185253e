"""Which part of the author's module each TOSA operator comes from, as ExecuTorch records it beside its TOSA file."""

from __future__ import annotations

import json
from typing import Any


def read_operator_names(record: str) -> dict[str, str]:
    """The author's name by the operator's own, from ExecuTorch's debug record (JSON).

    That is the path of the innermost module; for what the network's own `forward` calls, the node of torch.export, such
    as `softmax`. Operators of which ExecuTorch lost the origin (tables of functions, mostly) are left out.
    """
    names = {event["tosa_info"]["node_name"]: _find_origin(event["torch_info"]) for event in json.loads(record)}
    return {operator: name for operator, name in names.items() if name}


def _find_origin(source: dict[str, Any]) -> str:
    """Empty where it is unknown; where ExecuTorch knows nothing it writes a sentence in place of a list or table."""
    modules, trace = source["nn_module_stack"], source["node_trace"]
    if not isinstance(modules, dict):
        return ""
    path = str(list(modules.values())[-1][0]).removeprefix("L['self'].")
    first = str(trace[-1]["name"]) if isinstance(trace, list) else ""
    return path or first
