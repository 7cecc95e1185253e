"""Nodes of the graphs that PyTorch and ExecuTorch write: the operators that quantise, and the module of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch.fx import Node

QUANTIZE = "quantized_decomposed.quantize_per_tensor.default"
DEQUANTIZE = "quantized_decomposed.dequantize_per_tensor.default"


def innermost_module(node: Node) -> tuple[str, str]:
    """The path and the class of the module that a node belongs to; both empty for the network itself."""
    path, kind = list((node.meta.get("nn_module_stack") or {"": ("", "")}).values())[-1]
    return str(path), str(kind).rsplit(".", 1)[-1]
