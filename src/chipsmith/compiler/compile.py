"""The driver of the compiler: Graph and Chip to Program, stage by stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from chipsmith.chip.description import Chip
from chipsmith.compiler.allocate.external import refuse_large_layout, refuse_large_ports
from chipsmith.compiler.allocate.memory_map import allocate_memory
from chipsmith.compiler.compilation import Arrangement, Compilation
from chipsmith.compiler.emit.emit_program import emit_program
from chipsmith.compiler.errors import DoesNotFit
from chipsmith.compiler.fuse.fuse_graph import FusedGraph, fuse_graph
from chipsmith.compiler.lower.kernel import KernelList
from chipsmith.compiler.lower.lower_graph import lower_graph
from chipsmith.compiler.schedule.list_schedule import schedule_steps
from chipsmith.compiler.spill.plan import plans
from chipsmith.compiler.spill.spill_plan import SpillPlan
from chipsmith.compiler.wipe.wipe_program import append_wipe
from chipsmith.program.program import Program
from chipsmith.tosa.graph import Graph
from chipsmith.tosa.passes.canonicalize import canonicalize

Made = TypeVar("Made")


def compile_graph(graph: Graph, chip: Chip, *, wipe: bool = False) -> Program:
    """The Program that computes a graph on a chip, from the graph's canonical form.

    `wipe`: behind each inference it clears all that depends on the inputs but the outputs.

    Raises BadInput where the graph is illegal, OperatorRefused with the operator and the reason where the chip cannot
    hold the network.
    """
    return compile_stages(graph, chip, wipe=wipe).program


def compile_stages(graph: Graph, chip: Chip, *, wipe: bool = False) -> Compilation:
    """What each stage makes of a graph on a chip, the Program last; arguments and errors as compile_graph has."""
    refuse_large_tensors(graph, chip)
    return _compile(prepare_graph(graph), chip, wipe=wipe)


def compile_canonical(graph: Graph, chip: Chip) -> Program:
    """The Program of a graph that is taken as it is, operator by operator: nothing is folded away beforehand.

    Raises OperatorRefused with the operator and the reason where the chip cannot hold the network.
    """
    refuse_large_tensors(graph, chip)
    return _compile(fuse_graph(graph), chip, wipe=False).program


def prepare_graph(graph: Graph) -> FusedGraph:
    """What the compiler makes of a graph for all chips alike. Raises BadInput, OperatorRefused as compile_graph."""
    return fuse_graph(canonicalize(graph))


def arrange_graph(fused: FusedGraph, chip: Chip) -> Arrangement:
    """The stages up to the schedule; of the plans the first whose schedule fits counts.

    Raises OperatorRefused as compile_graph.
    """
    name, lowered = fused.index.graph.name, _lower(fused, chip)
    return _first_that_fits(name, lowered, chip, lambda plan: _arrange(name, lowered, plan, chip))


def _compile(fused: FusedGraph, chip: Chip, *, wipe: bool) -> Compilation:
    """All stages behind the prepared graph; of the plans the first whose program fits counts."""
    name, lowered = fused.index.graph.name, _lower(fused, chip)

    def compile_plan(plan: SpillPlan) -> Compilation:
        compilation = _emit(fused, _arrange(name, lowered, plan, chip), chip)
        return replace(compilation, program=append_wipe(compilation.program)) if wipe else compilation

    return _first_that_fits(name, lowered, chip, compile_plan)


def _lower(fused: FusedGraph, chip: Chip) -> KernelList:
    lowered = lower_graph(fused, chip)
    refuse_large_ports(fused.index.graph.name, lowered, chip)
    return lowered


def _first_that_fits(network: str, lowered: KernelList, chip: Chip, follow: Callable[[SpillPlan], Made]) -> Made:
    """What comes of the first plan that does not raise DoesNotFit; the last such error where all do."""
    reason: DoesNotFit | None = None
    for make_plan in plans(lowered, chip):
        try:
            return follow(make_plan())
        except DoesNotFit as error:
            reason = error
    raise reason or DoesNotFit(f"network {network} does not fit on {chip.name}")


def _arrange(network: str, lowered: KernelList, plan: SpillPlan, chip: Chip) -> Arrangement:
    """The stages behind a plan up to the schedule; DoesNotFit where it leaves something without a place."""
    memory = allocate_memory(lowered, plan, chip)
    refuse_large_layout(network, memory.external, chip)
    return Arrangement(lowered=lowered, plan=plan, memory=memory, schedule=schedule_steps(plan, memory, chip))


def _emit(fused: FusedGraph, arrangement: Arrangement, chip: Chip) -> Compilation:
    program = emit_program(fused, arrangement.lowered, arrangement.plan, arrangement.memory, arrangement.schedule, chip)
    return Compilation(**vars(arrangement), canonical=fused.index.graph, fused=fused, program=program)


def refuse_large_tensors(graph: Graph, chip: Chip) -> None:
    """DoesNotFit, before any work, for a tensor that the external memory cannot hold with a byte an element."""
    for tensor in graph.tensors.values():
        if tensor.elements > chip.external_bytes:
            raise DoesNotFit(
                f"tensor {tensor.name} of network {graph.name} has {tensor.elements} elements; the external memory of "
                f"{chip.name} has {chip.external_bytes} bytes: raise external.size_mib or choose another chip",
                part=tensor.name,
            )
