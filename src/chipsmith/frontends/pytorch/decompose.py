"""Operators without a handler, taken apart into simpler ones by PyTorch's own decompositions."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from chipsmith.frontends.forms.values import Const, GraphValue
from chipsmith.frontends.pytorch.calls import Result, as_array
from chipsmith.frontends.pytorch.exported import silence
from chipsmith.frontends.pytorch.functional import operator_name
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.graph import DType

if TYPE_CHECKING:
    import torch
    from torch.fx import GraphModule


def take_apart(
    target: Any, args: Any, kwargs: Any, *, build: GraphBuilder, known: Container[str]
) -> GraphModule | None:
    """The parts of an operator as a graph, whose placeholders are its `list_tensors`; None where PyTorch knows none.

    Operators whose names are `known` stay whole.
    """
    import torch
    from torch._decomp import core_aten_decompositions
    from torch.fx.experimental.proxy_tensor import make_fx

    table = {other: parts for other, parts in core_aten_decompositions().items() if operator_name(other) not in known}
    stand_ins = [_stand_in(item, build) for item in list_tensors((args, kwargs))]

    def compute(*tensors: torch.Tensor) -> Any:
        queue = iter(tensors)
        return target(*_refill(args, queue), **_refill(kwargs, queue))

    try:
        with torch.no_grad(), silence():
            graph: GraphModule = make_fx(compute, decomposition_table=table, tracing_mode="fake")(*stand_ins)
    except Exception:  # whatever a decomposition raises that does not fit
        return None
    return None if any(node.target is target for node in graph.graph.nodes) else graph


def list_tensors(item: Any) -> Sequence[Result]:
    """The computed and constant tensors among operands, in their order."""
    return [leaf for leaf in list_leaves(item) if is_tensor(leaf)]


def list_leaves(item: Any) -> Iterator[Any]:
    """The items of nested lists, tuples and dictionaries."""
    if isinstance(item, (list, tuple)):
        for part in item:
            yield from list_leaves(part)
    elif isinstance(item, dict):
        yield from list_leaves(tuple(item.values()))
    else:
        yield item


def is_tensor(item: Any) -> bool:
    """Whether an operand is a tensor, computed or constant."""
    return isinstance(item, (GraphValue, Const)) or hasattr(item, "untyped_storage")


def _refill(item: Any, queue: Iterator[torch.Tensor]) -> Any:
    if isinstance(item, (list, tuple)):
        return [_refill(part, queue) for part in item]
    if isinstance(item, dict):
        return {key: _refill(part, queue) for key, part in item.items()}
    return next(queue) if is_tensor(item) else item


def _stand_in(item: Result, build: GraphBuilder) -> torch.Tensor:
    """A tensor of the shape and type of an operand."""
    import torch

    if isinstance(item, GraphValue):
        types = {DType.FP32: torch.float32, DType.BOOL: torch.bool}
        return torch.zeros(item.shape, dtype=types.get(build.dtype(item.tensor), torch.int64))
    return torch.from_numpy(as_array(item.values)) if isinstance(item, Const) else item.detach()
