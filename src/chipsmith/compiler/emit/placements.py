"""Where each operator of a graph went: the table that a Program carries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from chipsmith.compiler.fuse.graph_index import GraphIndex
from chipsmith.compiler.fuse.operators import COPIED, VIEWS
from chipsmith.compiler.lower.kernel import Kernel, KernelList
from chipsmith.program.instructions import Engine
from chipsmith.program.layer_names import find_owner, note_other_kind
from chipsmith.program.program import Placed, Placement
from chipsmith.tosa.graph import Graph, Operator

_ENGINES = {Engine.TENSOR: Placed.TENSOR, Engine.VECTOR: Placed.VECTOR}
_FOLDED = "done before the chip: constant, an identity, or part of an operator beside it"


def place_operators(index: GraphIndex, lowered: KernelList) -> tuple[Placement, ...]:
    """A row for each operator of the graph that was lowered, in its order; in several kernels, the first counts."""
    kernels: dict[str, Kernel] = {}
    for kernel in lowered.kernels:
        for name in kernel.operators:
            kernels.setdefault(name, kernel)
    return tuple(_placement(op, kernels.get(op.name), index) for op in index.graph.operators)


def _placement(op: Operator, kernel: Kernel | None, index: GraphIndex) -> Placement:
    if kernel is not None:
        others = [index.operator(name).kind for name in kernel.operators if name != op.name]
        reason = f"fused with {', '.join(others)}" if others else "an instruction of its own"
        return Placement(name=op.name, kind=op.kind, placed=_ENGINES[kernel.engine], reason=reason, kernel=kernel.name)
    placed, reason = Placed.DEAD, "no output depends on it"
    if op.kind in VIEWS:
        placed, reason = Placed.VIEW, "another view of the same bytes"
    elif op.kind in COPIED:
        placed, reason = Placed.VIEW, "its inputs are computed or copied into their places"
    return Placement(name=op.name, kind=op.kind, placed=placed, reason=reason, kernel="")


def place_source_operators(
    source: Graph, compiled: tuple[Placement, ...], names: Mapping[str, str]
) -> Iterator[Placement]:
    """A row for each operator of a network as it came, in its order, then those that the compiler made.

    `compiled`: the rows of its canonical form; `names`: the author's names of the operators, where they are known.
    """
    left = {placement.name: placement for placement in compiled}
    for op in source.operators:
        folded = Placement(name=op.name, kind=op.kind, placed=Placed.FOLDED, reason=_FOLDED, kernel="")
        yield replace(note_other_kind(left.pop(op.name, folded), op.kind), source=names.get(op.name, ""))
    for added in left.values():
        yield replace(added, source=names.get(find_owner(added.name, names), ""))
